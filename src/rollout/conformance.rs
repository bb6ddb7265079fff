//! The suite that every experiment must pass, whatever its arms do.
//!
//! Invariant: nothing here knows about rendering, validation or analytics.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;

use super::{
    Arm, Dial, FaultInjector, Override, Pilot,
    breaker::{Mode, State},
    fault_injection::{Fault, FaultInjection},
};
use crate::{
    kernel::{Clock, Ctx, SystemClock, Timestamp, clock::Instant},
    telemetry::labels::{ArmOutcome, ShadowResult, Side},
};

/// The system's time, and what a test skipped.
#[derive(Default)]
pub(crate) struct SkippingClock(Mutex<Duration>);

impl SkippingClock {
    pub fn skip(&self, time: Duration) {
        *self.0.lock() += time;
    }
}

impl Clock for SkippingClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + *self.0.lock()
    }

    fn instant(&self) -> Instant {
        SystemClock.instant() + *self.0.lock()
    }
}

/// The parts of an experiment that a test turns and reads.
pub(crate) struct Stand {
    pub pilot: Arc<Pilot>,
    pub injector: FaultInjector,
    /// The pilot's.
    pub clock: Arc<SkippingClock>,
}

impl Stand {
    pub fn ctx(&self, within: Duration) -> Ctx {
        Ctx::new(uuid::Uuid::nil(), self.clock.instant() + within)
    }

    pub fn dial(&self, candidate: u8, shadow: u8) {
        self.pilot
            .turn(Dial::percent(self.pilot.experiment, candidate, shadow));
    }

    fn overridden(&self, by: Override) -> Dial {
        Dial {
            overridden: Some(by),
            ..Dial::percent(self.pilot.experiment, 100, 100)
        }
    }

    fn force(&self, breaker: Mode) {
        let dial = Dial::percent(self.pilot.experiment, 100, 0);
        self.pilot.turn(Dial { breaker, ..dial });
    }

    pub fn inject(&self, fault: Fault) {
        self.injector.set(Some(FaultInjection {
            fault,
            percent: 100,
            lasting: Duration::from_hours(1),
        }));
    }

    fn candidate(&self, outcome: ArmOutcome) -> u64 {
        self.pilot.state().candidate.total.of(outcome)
    }

    fn runs(&self) -> u64 {
        self.pilot.state().candidate.total.all()
    }

    /// Shadows that ended, without the control's second runs.
    pub fn shadows(&self) -> u64 {
        let ended = self.pilot.state().shadows;
        let twins = [ShadowResult::NoiseSame, ShadowResult::NoiseMismatch];
        ended.iter().sum::<u64>() - twins.iter().map(|t| ended[*t as usize]).sum::<u64>()
    }

    fn breaker(&self) -> State {
        self.pilot.state().breaker.state
    }

    /// Waits until so many shadows have ended. They have the lowest priority: on a busy machine that may take long.
    pub async fn until_shadows(&self, count: u64) {
        for _ in 0..15_000 {
            if self.shadows() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("{} shadows instead of {count}", self.shadows());
    }

    /// Lets the breaker's `nth` wait in a row pass; each is twice as long as the one before.
    pub fn skip_wait(&self, nth: u32) {
        let wait_ms = self.pilot.policy.breaker.reset_ms << (nth - 1);
        self.clock.skip(Duration::from_millis(wait_ms + 5));
    }
}

/// Runs the suite. `input` makes questions that both arms support, a different one for each number.
pub(crate) async fn conforms<E: Arm>(experiment: &E, stand: &Stand, input: impl Fn(u32) -> E::In) {
    let suite = Suite {
        experiment,
        stand,
        input,
        asked: AtomicU32::new(0),
    };
    suite.routes().await;
    suite.faults_reach_nobody().await;
    suite.a_breaker_opens_and_closes().await;
    suite.operators_decide().await;
    suite.shadows_are_shed().await;
    suite.a_client_that_goes_away_is_no_failure().await;
}

/// Of an input that the control does not support: whatever the dial, the shadows and a kill say.
pub(crate) async fn only_the_candidate_answers<E: Arm>(
    experiment: &E,
    stand: &Stand,
    input: &E::In,
) {
    let name = stand.pilot.experiment;
    for dial in [
        Dial::percent(name, 0, 0),
        Dial::percent(name, 0, 100),
        stand.overridden(Override::Killed),
        stand.overridden(Override::Damaged),
        stand.overridden(Override::NoFlags),
    ] {
        stand.pilot.turn(dial.clone());
        let ctx = stand.ctx(Duration::from_secs(20));
        let answer = experiment.run(&ctx, input).await;
        assert!(answer.is_ok(), "{dial:?}: {:?}", answer.err());
        assert_eq!(
            *ctx.trail.steps(),
            [(name.label(), "candidate")],
            "{dial:?}"
        );
    }
}

/// Of an experiment between arms that remember: `input` was not asked before.
pub(crate) async fn remembered_answers_are_not_compared<E: Arm>(
    experiment: &E,
    stand: &Stand,
    input: &E::In,
) {
    let ask = async || {
        let ctx = stand.ctx(Duration::from_secs(20));
        assert!(experiment.run(&ctx, input).await.is_ok());
        let state = stand.pilot.state();
        [Side::Control, Side::Candidate].map(|side| {
            let arm = match side {
                Side::Control => &state.control,
                Side::Candidate => &state.candidate,
            };
            arm.total.of(ArmOutcome::Remembered)
        })
    };
    stand.dial(0, 0);
    let [before, _] = ask().await;
    stand.dial(0, 100);
    let shadows = stand.shadows();
    assert_eq!(ask().await[0], before + 1);
    assert_eq!(stand.shadows(), shadows);
    stand.dial(100, 0);
    let [_, before] = ask().await;
    assert_eq!(
        ask().await[1],
        before + 1,
        "the arms have caches of their own"
    );
}

struct Suite<'a, E, F> {
    experiment: &'a E,
    stand: &'a Stand,
    input: F,
    asked: AtomicU32,
}

impl<E: Arm, F: Fn(u32) -> E::In> Suite<'_, E, F> {
    fn next(&self) -> E::In {
        (self.input)(self.asked.fetch_add(1, Ordering::Relaxed))
    }

    /// The side that the headers name.
    async fn ask_within(&self, within: Duration) -> &'static str {
        let ctx = self.stand.ctx(within);
        let answer = self.experiment.run(&ctx, &self.next()).await;
        assert!(answer.is_ok(), "{:?}", answer.err());
        let steps = ctx.trail.steps();
        assert_eq!(steps.len(), 1, "{steps:?}");
        assert_eq!(steps[0].0, self.stand.pilot.experiment.label());
        steps[0].1
    }

    async fn ask(&self) -> &'static str {
        self.ask_within(Duration::from_secs(20)).await
    }

    /// No flags, then none of it, then unseen, then all of it.
    async fn routes(&self) {
        let stand = self.stand;
        assert_eq!(stand.pilot.overridden(), Some(Override::NoFlags));
        assert_eq!(self.ask().await, "control");
        stand.dial(0, 0);
        assert_eq!(self.ask().await, "control");
        assert_eq!(stand.runs(), 0);

        stand.dial(0, 100);
        assert_eq!(self.ask().await, "control");
        stand.until_shadows(1).await;
        let state = stand.pilot.state();
        let mismatch = state.shadows[ShadowResult::Mismatch as usize];
        assert_eq!(mismatch, 0, "{:?}", state.differences);

        stand.dial(100, 100);
        let answered = stand.candidate(ArmOutcome::Ok);
        assert_eq!(self.ask().await, "candidate");
        assert_eq!(stand.candidate(ArmOutcome::Ok), answered + 1);
    }

    async fn faults_reach_nobody(&self) {
        let stand = self.stand;
        stand.dial(100, 0);
        let long = Duration::from_secs(20);
        for (fault, outcome, within) in [
            (Fault::Error, ArmOutcome::Fault, long),
            (Fault::Panic, ArmOutcome::Panic, long),
            // Half of the deadline is the candidate's, half is left for the control.
            (Fault::Hang, ArmOutcome::Timeout, long / 50),
            (Fault::Unsupported, ArmOutcome::Unsupported, long),
        ] {
            let (before, fallbacks) = (stand.candidate(outcome), stand.pilot.state().fallbacks);
            stand.inject(fault);
            assert_eq!(self.ask_within(within).await, "control", "{fault:?}");
            assert_eq!(stand.candidate(outcome), before + 1, "{fault:?}");
            assert_eq!(stand.pilot.state().fallbacks, fallbacks + 1);
            assert_eq!(stand.breaker(), State::Closed);
        }
        // Slow, but within its time: that is an answer.
        stand.inject(Fault::Slow);
        assert_eq!(self.ask().await, "candidate");
        stand.injector.set(None);
        assert_eq!(self.ask().await, "candidate");
    }

    async fn a_breaker_opens_and_closes(&self) {
        let stand = self.stand;
        stand.inject(Fault::Error);
        for _ in 0..5 {
            assert_eq!(stand.breaker(), State::Closed);
            assert_eq!(self.ask().await, "control");
        }
        assert_eq!(stand.breaker(), State::Open);
        let runs = stand.runs();
        assert_eq!(self.ask().await, "control");
        assert_eq!(stand.runs(), runs, "an open breaker lets nothing through");

        stand.skip_wait(1);
        assert_eq!(self.ask().await, "control", "the probe failed");
        assert_eq!(stand.runs(), runs + 1);
        assert_eq!(stand.breaker(), State::Open);
        stand.skip_wait(1);
        assert_eq!(self.ask().await, "control");
        assert_eq!(stand.runs(), runs + 1, "the second wait is twice as long");

        // A client that goes away leaves its probe to the next one.
        stand.skip_wait(1);
        stand.inject(Fault::Hang);
        self.go_away().await;
        assert_eq!(stand.breaker(), State::HalfOpen);
        stand.injector.set(None);
        for _ in 0..3 {
            assert_eq!(self.ask().await, "candidate");
        }
        assert_eq!(stand.breaker(), State::Closed);
    }

    async fn operators_decide(&self) {
        let stand = self.stand;
        stand.force(Mode::Open);
        assert_eq!(self.ask().await, "control");
        stand.force(Mode::Closed);
        stand.inject(Fault::Error);
        for _ in 0..20 {
            assert_eq!(self.ask().await, "control");
        }
        assert_eq!(
            stand.breaker(),
            State::Closed,
            "an operator wants it closed"
        );
        stand.injector.set(None);
        assert_eq!(self.ask().await, "candidate");

        for by in [Override::Killed, Override::Damaged, Override::NoFlags] {
            let runs = stand.runs();
            stand.pilot.turn(Dial {
                breaker: Mode::Closed,
                ..stand.overridden(by)
            });
            assert_eq!(self.ask().await, "control", "{by:?}");
            assert_eq!(stand.runs(), runs, "{by:?}");
        }
    }

    async fn shadows_are_shed(&self) {
        let stand = self.stand;
        stand.dial(0, 100);
        let shadow_capacity = &stand.pilot.shadow_capacity;
        let (shed, shadows) = (stand.pilot.state().shed, stand.shadows());
        shadow_capacity.load.pretend(true);
        assert_eq!(self.ask().await, "control");
        shadow_capacity.load.pretend(false);
        let all = u32::try_from(shadow_capacity.shadows.available_permits()).unwrap();
        let slots = shadow_capacity.shadows.try_acquire_many(all);
        assert_eq!(self.ask().await, "control");
        assert_eq!(stand.pilot.state().shed, shed + 2);
        drop(slots);
        assert_eq!(stand.shadows(), shadows);
    }

    async fn a_client_that_goes_away_is_no_failure(&self) {
        let stand = self.stand;
        stand.dial(100, 0);
        let (cancelled, runs) = (stand.candidate(ArmOutcome::Cancelled), stand.runs());
        stand.inject(Fault::Hang);
        self.go_away().await;
        stand.injector.set(None);
        assert_eq!(stand.candidate(ArmOutcome::Cancelled), cancelled + 1);
        assert_eq!(stand.runs(), runs + 1, "and nothing else is counted");
        assert_eq!(stand.breaker(), State::Closed);
    }

    /// Asks, and does not wait for the answer.
    async fn go_away(&self) {
        let (ctx, input) = (self.stand.ctx(Duration::from_secs(20)), self.next());
        let asked = self.experiment.run(&ctx, &input);
        let waited = tokio::time::timeout(Duration::from_millis(3), asked).await;
        assert!(waited.is_err(), "it answered at once");
    }
}
