//! Accompanies one run of an arm and records how it ended.
//!
//! Invariant: every permit is counted once. A dropped permit counts as cancelled (the client went away), or as a panic
//! while the thread panics. A cancelled probe is free for another request.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::sync::OwnedSemaphorePermit;

use super::{Pilot, Unit, breaker::Transition, evidence::Run, history};
use crate::{
    kernel::{Ctx, Kind, Result, clock::Instant},
    telemetry::{
        labels::{ArmOutcome, FallbackReason, Side},
        trace,
    },
};

/// The purpose of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Control,
    /// The control, because of an override: says nothing about shares.
    Overridden,
    /// The control, after the candidate failed.
    Fallback,
    Candidate,
    /// The candidate beside the control.
    Shadow,
    /// The control once more, beside the candidate.
    Twin,
    /// The candidate, for an input that the control does not support.
    Unopposed,
}

impl Role {
    fn side(self) -> Side {
        match self {
            Self::Control | Self::Overridden | Self::Fallback | Self::Twin => Side::Control,
            Self::Candidate | Self::Shadow | Self::Unopposed => Side::Candidate,
        }
    }

    /// Whether a caller gets the answer.
    fn serves(self, outcome: ArmOutcome) -> bool {
        let left_to_another = match outcome {
            ArmOutcome::Ok | ArmOutcome::Answer | ArmOutcome::Remembered => false,
            ArmOutcome::Fault | ArmOutcome::Timeout | ArmOutcome::Panic => self == Self::Candidate,
            ArmOutcome::Unsupported | ArmOutcome::Cancelled => true,
        };
        !left_to_another && !matches!(self, Self::Shadow | Self::Twin)
    }
}

/// Permission to run an arm once.
pub struct Permit {
    pilot: Arc<Pilot>,
    unit: u64,
    role: Role,
    probe: bool,
    /// The side that the percentage alone chose.
    placed: Option<Side>,
    started: Instant,
    slot: Option<OwnedSemaphorePermit>,
    open: bool,
}

/// How a run ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub outcome: ArmOutcome,
    pub took: Duration,
}

impl Ended {
    /// Why the control has to answer, if it has to.
    pub fn fallback(self) -> Option<FallbackReason> {
        match self.outcome {
            ArmOutcome::Fault => Some(FallbackReason::Fault),
            ArmOutcome::Timeout => Some(FallbackReason::Timeout),
            ArmOutcome::Panic => Some(FallbackReason::Panic),
            ArmOutcome::Unsupported => Some(FallbackReason::Unsupported),
            _ => None,
        }
    }

    pub fn is_fault(self) -> bool {
        !matches!(self.fallback(), None | Some(FallbackReason::Unsupported))
    }
}

impl Permit {
    pub(super) fn new(pilot: &Arc<Pilot>, unit: &Unit, role: Role, probe: bool) -> Self {
        Self {
            pilot: Arc::clone(pilot),
            unit: unit.number(),
            role,
            probe,
            placed: None,
            started: pilot.clock.instant(),
            slot: None,
            open: true,
        }
    }

    /// The side that the percentage alone chooses, also while the breaker sends the unit elsewhere: without those units the
    /// split of the others would look wrong.
    pub(super) fn placed(mut self, placed: Option<Side>) -> Self {
        self.placed = placed;
        self
    }

    pub(super) fn holding(mut self, slot: OwnedSemaphorePermit) -> Self {
        self.slot = Some(slot);
        self
    }

    pub(super) fn take_slot(&mut self) -> Option<OwnedSemaphorePermit> {
        self.slot.take()
    }

    /// Nothing ran: the permit is not counted.
    pub(super) fn give_back(mut self) {
        self.open = false;
        if std::mem::take(&mut self.probe) {
            let now_ms = self.pilot.now_ms();
            let turned = (self.pilot.machine().breaker(self.role)).probe_ended(now_ms, None);
            self.say(turned);
        }
    }

    /// Runs the control: its panics pass, and its time is not bounded here.
    pub(super) async fn run<T>(
        mut self,
        work: impl Future<Output = Result<T>>,
        is_remembered: impl FnOnce(&T) -> bool,
    ) -> (Ended, Result<T>) {
        self.started = self.pilot.clock.instant();
        let result = trace::of_arm(self.names(), work).await;
        let outcome = outcome(&result, is_remembered);
        (self.end(outcome), result)
    }

    /// Runs a candidate: for half of the remaining time, so that the control can still answer; for all of it where the
    /// control cannot. `None` after a panic or a time-out.
    pub(super) async fn bounded<T>(
        mut self,
        ctx: &Ctx,
        work: impl Future<Output = Result<T>>,
        is_remembered: impl FnOnce(&T) -> bool,
    ) -> (Ended, Option<Result<T>>) {
        self.started = self.pilot.clock.instant();
        let left = ctx.left(self.started);
        let alone = self.role == Role::Unopposed;
        let bound = self.started + if alone { left } else { left / 2 };
        let work = AssertUnwindSafe(trace::of_arm(self.names(), work)).catch_unwind();
        match tokio::time::timeout_at(bound, work).await {
            Ok(Ok(result)) => (self.end(outcome(&result, is_remembered)), Some(result)),
            // The panic hook has logged the message and the place.
            Ok(Err(_)) => (self.end(ArmOutcome::Panic), None),
            Err(_) => (self.end(ArmOutcome::Timeout), None),
        }
    }

    /// Of the experiment and of the side that runs.
    fn names(&self) -> (&'static str, &'static str) {
        (self.pilot.experiment.label(), self.role.side().label())
    }

    fn end(mut self, outcome: ArmOutcome) -> Ended {
        self.open = false;
        self.record(outcome)
    }

    fn record(&mut self, outcome: ArmOutcome) -> Ended {
        let now = self.pilot.clock.instant();
        let took = now.saturating_duration_since(self.started);
        let ended = Ended { outcome, took };
        let side = self.role.side();
        self.pilot.metrics.arm(side).ended(outcome, took);
        let now_ms = self.pilot.at_ms(now);
        let ran = ran(outcome);
        let mut turned = [None, None];
        {
            let mut machine = self.pilot.machine();
            let served = self.role.serves(outcome);
            machine.history.add(
                now_ms,
                &history::Run {
                    side,
                    outcome,
                    took,
                    served,
                },
            );
            if side == Side::Candidate {
                let breaker = machine.breaker(self.role);
                if let Some(fault) = ran {
                    turned[0] = breaker.ran(now_ms, fault);
                }
                if std::mem::take(&mut self.probe) {
                    turned[1] = breaker.probe_ended(now_ms, ran.map(|fault| !fault));
                }
            }
            if let Some(placed) = self.placed {
                machine.evidence.place(now_ms, self.unit, placed);
            }
            let side_run = matches!(self.role, Role::Control | Role::Candidate);
            if side_run && outcome == ArmOutcome::Answer {
                machine.evidence.refused();
            }
            if let (Some(fault), true) = (ran, side_run)
                // A candidate's fault counts after the control has run the same request.
                && !(fault && self.role == Role::Candidate)
            {
                let run = Run {
                    side,
                    unit: self.unit,
                    fault,
                    slow: self.pilot.is_slow(took),
                    fallback_failed: false,
                };
                machine.evidence.run(now_ms, &run);
            }
        }
        for transition in turned {
            self.say(transition);
        }
        ended
    }

    fn say(&self, transition: Option<Transition>) {
        if let Some(transition) = transition {
            self.pilot.turned(self.role, transition);
        }
    }
}

impl Pilot {
    fn is_slow(&self, took: Duration) -> bool {
        took > Duration::from_millis(self.policy.objective_ms)
    }

    /// A candidate's fault, once the control has had the same request.
    pub(super) fn fell_back(&self, unit: &Unit, ended: Ended, fallback_failed: bool) {
        let now_ms = self.now_ms();
        let run = Run {
            side: Side::Candidate,
            unit: unit.number(),
            fault: true,
            slow: self.is_slow(ended.took),
            fallback_failed,
        };
        self.machine().evidence.run(now_ms, &run);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if std::mem::take(&mut self.open) {
            self.record(if std::thread::panicking() {
                ArmOutcome::Panic
            } else {
                ArmOutcome::Cancelled
            });
        }
    }
}

fn outcome<T>(result: &Result<T>, is_remembered: impl FnOnce(&T) -> bool) -> ArmOutcome {
    match result {
        Ok(answer) if is_remembered(answer) => ArmOutcome::Remembered,
        Ok(_) => ArmOutcome::Ok,
        Err(e) if e.kind() == Kind::Unsupported => ArmOutcome::Unsupported,
        Err(e) if e.kind().is_fault() => ArmOutcome::Fault,
        Err(_) => ArmOutcome::Answer,
    }
}

/// Whether the run was a fault; `None` when it says nothing about the arm. A refused input never reaches the arm's work;
/// comparisons find an input that only one arm refuses.
fn ran(outcome: ArmOutcome) -> Option<bool> {
    match outcome {
        ArmOutcome::Ok => Some(false),
        ArmOutcome::Fault | ArmOutcome::Timeout | ArmOutcome::Panic => Some(true),
        ArmOutcome::Answer
        | ArmOutcome::Unsupported
        | ArmOutcome::Cancelled
        | ArmOutcome::Remembered => None,
    }
}
