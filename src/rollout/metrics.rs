//! The metrics of one experiment. Every series exists, at 0, from the start.

use metrics::{Counter, Gauge};

use super::{
    breaker::{State, Transition},
    dial::Shares,
};
use crate::telemetry::{
    ArmMetrics, catalogue,
    handles::{counter, gauge},
    labels::{
        BreakerReason, BreakerState, Experiment, FallbackReason, Flag, RouteTo, ShadowResult, Side,
        Why,
    },
};

pub(super) struct Metrics {
    pub control: ArmMetrics,
    pub candidate: ArmMetrics,
    routes: Vec<Vec<Counter>>,
    fallbacks: Vec<Counter>,
    shadows: Vec<Counter>,
    transitions: Vec<Vec<Counter>>,
    breaker: Gauge,
    candidate_percent: Gauge,
    shadow_percent: Gauge,
}

impl Metrics {
    pub fn new(experiment: Experiment) -> Self {
        let name = experiment.label();
        let routes = RouteTo::ALL.iter().map(|route| {
            let of = |why: &Why| counter(&catalogue::ROUTES, &[name, route.label(), why.label()]);
            Why::ALL.iter().map(of).collect()
        });
        let transitions = BreakerState::ALL.iter().map(|to| {
            let of = |reason: &BreakerReason| {
                counter(
                    &catalogue::BREAKER_TRANSITIONS,
                    &[name, to.label(), reason.label()],
                )
            };
            BreakerReason::ALL.iter().map(of).collect()
        });
        let percent = |flag: Flag| gauge(&catalogue::FLAG_PERCENT, &[name, flag.label()]);
        Self {
            control: ArmMetrics::new(experiment, Side::Control),
            candidate: ArmMetrics::new(experiment, Side::Candidate),
            routes: routes.collect(),
            fallbacks: FallbackReason::ALL
                .iter()
                .map(|r| counter(&catalogue::FALLBACKS, &[name, r.label()]))
                .collect(),
            shadows: ShadowResult::ALL
                .iter()
                .map(|r| counter(&catalogue::SHADOWS, &[name, r.label()]))
                .collect(),
            transitions: transitions.collect(),
            breaker: gauge(&catalogue::BREAKER_STATE, &[name]),
            candidate_percent: percent(Flag::Candidate),
            shadow_percent: percent(Flag::Shadow),
        }
    }

    pub fn arm(&self, side: Side) -> &ArmMetrics {
        match side {
            Side::Control => &self.control,
            Side::Candidate => &self.candidate,
        }
    }

    pub fn routed(&self, to: RouteTo, why: Why) {
        self.routes[to as usize][why as usize].increment(1);
    }

    pub fn fell_back(&self, reason: FallbackReason) {
        self.fallbacks[reason as usize].increment(1);
    }

    pub fn shadow(&self, result: ShadowResult) {
        self.shadows[result as usize].increment(1);
    }

    pub fn turned(&self, transition: Transition) {
        self.transitions[transition.to as usize][transition.reason as usize].increment(1);
        self.breaker.set(match transition.to {
            State::Closed => 0.0,
            State::Open => 1.0,
            State::HalfOpen => 2.0,
        });
    }

    pub fn percents(&self, shares: &Shares) {
        self.candidate_percent
            .set(f64::from(shares.candidate.percent_taken()));
        self.shadow_percent
            .set(f64::from(shares.shadow.percent_taken()));
    }
}
