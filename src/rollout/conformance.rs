//! What every experiment must do, whatever its arms are about: run over each of them with its real arms.
//!
//! Invariant: nothing here knows what is rendered, validated or counted.

use std::{sync::Arc, time::Duration};

use super::{
    Arm, Dial, Experiment, Hold, Judge, Pilot, ReadOnly, Rehearsal,
    breaker::{self, Forced, State},
    evidence,
    pilot::{Policy, Spare},
    rehearsal::{Drills, Mishap},
};
use crate::{
    kernel::{Clock as _, Ctx, SharedClock, SystemClock},
    telemetry::{
        Load,
        labels::{ArmOutcome, Experiment as Name, ShadowResult, Side},
    },
};

/// Short, so that nobody waits.
const RESET_MS: u64 = 60;

/// What an experiment is tried with.
pub(crate) struct Stand {
    pub pilot: Arc<Pilot>,
    pub drills: Drills,
    load: Arc<Load>,
    spare: Spare,
}

impl Stand {
    fn new(name: Name) -> Self {
        let clock: SharedClock = Arc::new(SystemClock);
        let load = Arc::new(Load::default());
        let spare = Spare::new(Arc::clone(&load), 1).unwrap();
        let policy = Policy {
            breaker: breaker::Policy {
                reset_ms: RESET_MS,
                ..breaker::Policy::default()
            },
            evidence: evidence::Policy {
                settle_ms: 0,
                ..evidence::Policy::default()
            },
            objective_ms: 1000,
        };
        Self {
            pilot: Pilot::new(name, policy, spare.clone(), Arc::clone(&clock)),
            drills: Drills::new(clock),
            load,
            spare,
        }
    }

    fn dial(&self, candidate: u8, shadow: u8) {
        self.pilot
            .turn(Dial::percent(self.pilot.experiment, candidate, shadow));
    }

    fn drill(&self, mishap: Mishap) {
        self.drills.set(Some((mishap, 100, Duration::from_mins(1))));
    }

    fn candidate(&self, outcome: ArmOutcome) -> u64 {
        self.pilot.state().candidate.total.of(outcome)
    }

    fn runs(&self, side: Side) -> u64 {
        let state = self.pilot.state();
        match side {
            Side::Control => state.control.total.all(),
            Side::Candidate => state.candidate.total.all(),
        }
    }

    fn shadows(&self) -> u64 {
        self.pilot.state().shadows.iter().sum()
    }

    fn breaker(&self) -> State {
        self.pilot.state().breaker.state
    }
}

fn ctx(within: Duration) -> Ctx {
    Ctx::new(uuid::Uuid::nil(), SystemClock.instant() + within)
}

/// An experiment to be tried, as the product makes it.
pub(crate) fn experiment<C, N, J>(
    name: Name,
    (control, candidate): (C, N),
    judge: J,
) -> (Experiment<C, Rehearsal<N>, J>, Stand)
where
    C: ReadOnly<Out: Clone + Sync>,
    N: ReadOnly<In = C::In, Out = C::Out>,
    J: Judge<C::Out>,
{
    let stand = Stand::new(name);
    let candidate = Rehearsal::new(candidate, stand.drills.clone(), J::spoil);
    let pilot = Arc::clone(&stand.pilot);
    (Experiment::new(control, candidate, judge, pilot), stand)
}

/// Runs all of it. `input`: one that both arms support, and of which no answer is remembered.
pub(crate) async fn conforms<C, N, J>(
    experiment: &Experiment<C, Rehearsal<N>, J>,
    stand: &Stand,
    input: &C::In,
) where
    C: ReadOnly<Out: Clone + Sync>,
    N: ReadOnly<In = C::In, Out = C::Out>,
    J: Judge<C::Out>,
{
    let suite = Suite {
        experiment,
        stand,
        input,
    };
    suite.routes().await;
    suite.faults_reach_nobody().await;
    suite.a_breaker_opens_and_closes().await;
    suite.operators_decide().await;
    suite.shadows_are_shed().await;
    suite.a_client_that_goes_away_is_no_failure().await;
}

/// Of an input that the control does not support: whatever the dial, the shadows and a kill say.
pub(crate) async fn only_the_candidate_answers<C, N, J>(
    experiment: &Experiment<C, Rehearsal<N>, J>,
    stand: &Stand,
    input: &C::In,
) where
    C: ReadOnly<Out: Clone + Sync>,
    N: ReadOnly<In = C::In, Out = C::Out>,
    J: Judge<C::Out>,
{
    let name = stand.pilot.experiment;
    let held = |hold| Dial {
        hold: Some(hold),
        ..Dial::percent(name, 100, 100)
    };
    for dial in [
        Dial::percent(name, 0, 0),
        Dial::percent(name, 0, 100),
        held(Hold::Killed),
        held(Hold::Damaged),
        held(Hold::NoFlags),
    ] {
        stand.pilot.turn(dial.clone());
        let ctx = ctx(Duration::from_secs(20));
        let answer = experiment.run(&ctx, input).await;
        assert!(answer.is_ok(), "{dial:?}: {:?}", answer.err());
        assert_eq!(ctx.trail.steps(), [(name.label(), "candidate")], "{dial:?}");
    }
}

struct Suite<'a, C: Arm, N: Arm, J> {
    experiment: &'a Experiment<C, Rehearsal<N>, J>,
    stand: &'a Stand,
    input: &'a C::In,
}

impl<C, N, J> Suite<'_, C, N, J>
where
    C: ReadOnly<Out: Clone + Sync>,
    N: ReadOnly<In = C::In, Out = C::Out>,
    J: Judge<C::Out>,
{
    /// The side that the headers name.
    async fn ask_within(&self, within: Duration) -> &'static str {
        let ctx = ctx(within);
        let answer = self.experiment.run(&ctx, self.input).await;
        assert!(answer.is_ok(), "{:?}", answer.err());
        let steps = ctx.trail.steps();
        assert_eq!(steps.len(), 1, "{steps:?}");
        assert_eq!(steps[0].0, self.stand.pilot.experiment.label());
        steps[0].1
    }

    async fn ask(&self) -> &'static str {
        self.ask_within(Duration::from_secs(20)).await
    }

    async fn until(&self, what: &str, reached: impl Fn() -> bool) {
        for _ in 0..2000 {
            if reached() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("never: {what}");
    }

    /// No flags, then none of it, then unseen, then all of it.
    async fn routes(&self) {
        let stand = self.stand;
        assert_eq!(stand.pilot.hold(), Some(Hold::NoFlags));
        assert_eq!(self.ask().await, "control");
        stand.dial(0, 0);
        assert_eq!(self.ask().await, "control");
        assert_eq!(stand.runs(Side::Candidate), 0);

        stand.dial(0, 100);
        // What the control remembers is not compared: then there is nothing to wait for.
        if !self.experiment.recalls_for_test(self.input) {
            assert_eq!(self.ask().await, "control");
            self.until("a shadow", || stand.shadows() >= 1).await;
            let state = stand.pilot.state();
            let mismatch = state.shadows[ShadowResult::Mismatch as usize];
            assert_eq!(mismatch, 0, "{:?}", state.found);
        }

        stand.dial(100, 100);
        assert_eq!(self.ask().await, "candidate");
        let answered = stand.candidate(ArmOutcome::Ok) + stand.candidate(ArmOutcome::Remembered);
        assert!(answered >= 1);
    }

    async fn faults_reach_nobody(&self) {
        let stand = self.stand;
        stand.dial(100, 0);
        let mishaps = [
            (Mishap::Error, ArmOutcome::Fault, Duration::from_secs(20)),
            (Mishap::Panic, ArmOutcome::Panic, Duration::from_secs(20)),
            // Half of the deadline is the candidate's, half is left for the control.
            (
                Mishap::Hang,
                ArmOutcome::Timeout,
                Duration::from_millis(100),
            ),
            (
                Mishap::Unsupported,
                ArmOutcome::Unsupported,
                Duration::from_secs(20),
            ),
        ];
        for (mishap, outcome, within) in mishaps {
            let (before, fallbacks) = (stand.candidate(outcome), stand.pilot.state().fallbacks);
            stand.drill(mishap);
            assert_eq!(self.ask_within(within).await, "control", "{mishap:?}");
            assert_eq!(stand.candidate(outcome), before + 1, "{mishap:?}");
            assert_eq!(stand.pilot.state().fallbacks, fallbacks + 1);
            assert_eq!(stand.breaker(), State::Closed);
        }
        // Slow, but within its time: that is an answer.
        stand.drill(Mishap::Slow);
        assert_eq!(self.ask().await, "candidate");
        stand.drills.set(None);
        assert_eq!(self.ask().await, "candidate");
    }

    async fn a_breaker_opens_and_closes(&self) {
        let stand = self.stand;
        stand.drill(Mishap::Error);
        for _ in 0..5 {
            assert_eq!(stand.breaker(), State::Closed);
            assert_eq!(self.ask().await, "control");
        }
        assert_eq!(stand.breaker(), State::Open);
        let runs = stand.runs(Side::Candidate);
        assert_eq!(self.ask().await, "control");
        assert_eq!(
            stand.runs(Side::Candidate),
            runs,
            "an open breaker lets nothing through"
        );

        tokio::time::sleep(Duration::from_millis(RESET_MS + 5)).await;
        assert_eq!(self.ask().await, "control", "the probe failed");
        assert_eq!(stand.runs(Side::Candidate), runs + 1);
        assert_eq!(stand.breaker(), State::Open);

        // The second wait is twice as long. A client that goes away leaves its probe to the next one.
        tokio::time::sleep(Duration::from_millis(2 * RESET_MS + 5)).await;
        stand.drill(Mishap::Slow);
        self.go_away().await;
        assert_eq!(stand.breaker(), State::HalfOpen);
        stand.drills.set(None);
        for _ in 0..3 {
            assert_eq!(self.ask().await, "candidate");
        }
        self.closes_after_probes();
    }

    /// A remembered answer proves nothing, so with a cache in between it takes the end of the entry, or an operator.
    fn closes_after_probes(&self) {
        if self.stand.candidate(ArmOutcome::Remembered) == 0 {
            assert_eq!(self.stand.breaker(), State::Closed);
        } else {
            self.force(Forced::Closed);
            self.force(Forced::No);
        }
    }

    fn force(&self, breaker: Forced) {
        let dial = Dial::percent(self.stand.pilot.experiment, 100, 0);
        self.stand.pilot.turn(Dial { breaker, ..dial });
    }

    async fn operators_decide(&self) {
        let stand = self.stand;
        self.force(Forced::Open);
        assert_eq!(self.ask().await, "control");
        self.force(Forced::Closed);
        stand.drill(Mishap::Error);
        for _ in 0..20 {
            assert_eq!(self.ask().await, "control");
        }
        assert_eq!(
            stand.breaker(),
            State::Closed,
            "an operator wants it closed"
        );
        stand.drills.set(None);
        assert_eq!(self.ask().await, "candidate");

        for hold in [Hold::Killed, Hold::Damaged, Hold::NoFlags] {
            let runs = stand.runs(Side::Candidate);
            let dial = Dial::percent(stand.pilot.experiment, 100, 100);
            stand.pilot.turn(Dial {
                hold: Some(hold),
                breaker: Forced::Closed,
                ..dial
            });
            assert_eq!(self.ask().await, "control", "{hold:?}");
            assert_eq!(stand.runs(Side::Candidate), runs, "{hold:?}");
        }
    }

    async fn shadows_are_shed(&self) {
        let stand = self.stand;
        stand.dial(0, 100);
        let (shed, shadows) = (stand.pilot.state().shed, stand.shadows());
        stand.load.pretend(true);
        assert_eq!(self.ask().await, "control");
        stand.load.pretend(false);
        let slot = stand.spare.shadows.try_acquire();
        if !self.experiment.recalls_for_test(self.input) {
            assert_eq!(self.ask().await, "control");
            assert_eq!(stand.pilot.state().shed, shed + 2);
        }
        drop(slot);
        assert_eq!(stand.shadows(), shadows);
    }

    async fn a_client_that_goes_away_is_no_failure(&self) {
        let stand = self.stand;
        stand.dial(100, 0);
        let (cancelled, runs) = (
            stand.candidate(ArmOutcome::Cancelled),
            stand.runs(Side::Candidate),
        );
        stand.drill(Mishap::Slow);
        self.go_away().await;
        stand.drills.set(None);
        assert_eq!(stand.candidate(ArmOutcome::Cancelled), cancelled + 1);
        assert_eq!(
            stand.runs(Side::Candidate),
            runs + 1,
            "and nothing else is counted"
        );
        assert_eq!(stand.breaker(), State::Closed);
    }

    /// Asks, and does not wait for the answer.
    async fn go_away(&self) {
        let ctx = ctx(Duration::from_secs(20));
        let asked = self.experiment.run(&ctx, self.input);
        let waited = tokio::time::timeout(Duration::from_millis(3), asked).await;
        assert!(waited.is_err(), "it answered at once");
    }
}

impl<C: Arm, N, J> Experiment<C, N, J> {
    fn recalls_for_test(&self, input: &C::In) -> bool {
        self.parts().control.recalls(input)
    }
}
