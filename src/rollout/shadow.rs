//! A candidate that runs beside the control, unseen, and the comparison of the two answers.
//!
//! Invariants: a shadow holds its slot from before the control begins until the comparison is made, so that memory holds at
//! most one question and its answers per slot. A caller never waits for a shadow.

use std::{sync::Arc, time::Duration};

use super::{
    Judge, Match, Permit, Pilot, ReadOnly, Unit,
    evidence::Pair,
    examples::Mismatch,
    experiment::Parts,
    permit::{Ended, Role},
};
use crate::{
    kernel::{Ctx, ID_CHARS, Result},
    telemetry::labels::{ArmOutcome, ShadowResult},
};

/// What a difference in time must exceed to be one, beside the policy's margin: a part of the control's own time.
const MARGIN_PART: u32 = 10;

/// How a run ended, and its answer, if there is one.
type Ran<Out> = (Ended, Option<Result<Out>>);

pub(super) struct Shadow<C: ReadOnly, N, J> {
    pub parts: Arc<Parts<C, N, J>>,
    pub ctx: Ctx,
    pub input: C::In,
    pub unit: Unit,
    /// How the control's run ended.
    pub ended: Ended,
    /// The control's answer, which the caller got.
    pub control: Result<C::Out>,
}

/// The answers that are compared with the control's.
struct Answers<Out> {
    candidate: Result<Out>,
    /// Of the control's second run, if there was one.
    twin: Option<Result<Out>>,
}

/// The control's answer compared with the candidate's, and with its own second one.
struct Comparison {
    candidate: Match,
    twin: Option<Match>,
    /// The control refused the input.
    refused: bool,
    /// Control and candidate, side by side; `None` where the times say nothing.
    took: Option<(Duration, Duration)>,
}

impl<C, N, J> Shadow<C, N, J>
where
    C: ReadOnly<Out: Clone + Sync>,
    N: ReadOnly<In = C::In, Out = C::Out>,
    J: Judge<C::Out>,
{
    /// Runs on the background thread; the request does not wait.
    pub fn start(self, permit: Permit) {
        let background = self.parts.pilot.shadow_capacity.background.clone();
        background.spawn("rollout.shadow", self.run(permit));
    }

    async fn run(self, mut permit: Permit) {
        let _slot = permit.take_slot();
        let pilot = Arc::clone(&self.parts.pilot);
        let first = self.ended;
        let (twin, (ended, answer)) = self.both(permit).await;
        if ended.outcome == ArmOutcome::Unsupported {
            return pilot.shadow_ended(ShadowResult::Unsupported);
        }
        let (control_failed, candidate_failed) = (first.is_fault(), ended.is_fault());
        let (false, Some(candidate)) = (control_failed || candidate_failed, answer) else {
            return pilot.shadow_failed(control_failed, candidate_failed);
        };
        let (took, twin) = match twin {
            // Only the twin's time: the caller's own run was on another thread, at another priority.
            Some((e, Some(twin))) if !e.is_fault() => {
                let worked = e.outcome == ArmOutcome::Ok && ended.outcome == ArmOutcome::Ok;
                (worked.then_some((e.took, ended.took)), Some(twin))
            }
            _ => (None, None),
        };
        let answers = Answers { candidate, twin };
        if let Some((candidate, twin)) = self.judge(answers).await {
            pilot.compared(&Comparison {
                candidate,
                twin,
                refused: first.outcome == ArmOutcome::Answer,
                took,
            });
        }
    }

    /// Runs the candidate, and in some shadows the control once more. A coin decides the order, because the first run has
    /// the colder processor caches.
    async fn both(&self, permit: Permit) -> (Option<Ran<C::Out>>, Ran<C::Out>) {
        let Self {
            parts, ctx, input, ..
        } = self;
        let fresh = |_: &C::Out| false;
        let candidate = async || {
            let run = parts.candidate.run_anew(ctx, input);
            permit.bounded(ctx, run, fresh).await
        };
        let twin = async || {
            let permit = Permit::new(&parts.pilot, &self.unit, Role::Twin, false);
            let run = parts.control.run_anew(ctx, input);
            permit.bounded(ctx, run, fresh).await
        };
        let draw = parts.pilot.draw();
        if !parts.pilot.wants_twin(draw) {
            return (None, candidate().await);
        }
        if draw >> 32 & 1 == 0 {
            let again = twin().await;
            (Some(again), candidate().await)
        } else {
            let candidate = candidate().await;
            (Some(twin().await), candidate)
        }
    }

    /// Compares the candidate's answer, and the twin's, with the control's. One question at a time in the whole process.
    /// `None` when the judge panicked.
    async fn judge(self, answers: Answers<C::Out>) -> Option<(Match, Option<Match>)> {
        let Self {
            parts,
            ctx,
            input,
            control,
            ..
        } = self;
        let _turn = parts.pilot.shadow_capacity.judging.acquire().await.ok()?;
        let judging = {
            let parts = Arc::clone(&parts);
            tokio::task::spawn_blocking(move || {
                let judge = &parts.judge;
                let control = judge.fact(&control);
                let compare = |answer| judge.judge(&control, &judge.fact(&answer));
                (compare(answers.candidate), answers.twin.map(compare))
            })
        };
        let Ok(found) = judging.await else {
            tracing::error!(
                request_id = ctx.shown_id(&mut [0; ID_CHARS]),
                "a judge panicked: this comparison is no evidence"
            );
            return None;
        };
        if let Match::Mismatch(what) = found.0 {
            let (id, at_ms) = (ctx.id, parts.pilot.now_ms());
            parts.examples.add(Mismatch { id, at_ms, what }, input);
        }
        Some(found)
    }
}

impl Pilot {
    /// One arm failed, or both.
    fn shadow_failed(&self, control_failed: bool, candidate_failed: bool) {
        let pair = Pair {
            control_failed,
            candidate_failed,
            ..Pair::default()
        };
        let now_ms = self.now_ms();
        self.machine().evidence.pair(now_ms, &pair);
        self.shadow_ended(match (control_failed, candidate_failed) {
            (true, true) => ShadowResult::BothFault,
            (true, false) => ShadowResult::ControlFault,
            _ => ShadowResult::CandidateFault,
        });
    }

    fn compared(&self, found: &Comparison) {
        let (result, difference) = match found.candidate {
            Match::Same => (ShadowResult::Same, None),
            Match::Tolerated(what) => (ShadowResult::Tolerated, Some(what)),
            Match::Mismatch(what) => (ShadowResult::Mismatch, Some(what)),
        };
        let is_mismatch = |found: Match| matches!(found, Match::Mismatch(_));
        let noise = found.twin.map(is_mismatch);
        if let Some(mismatch) = noise {
            self.shadow_ended(if mismatch {
                ShadowResult::NoiseMismatch
            } else {
                ShadowResult::NoiseSame
            });
        }
        let mismatch = is_mismatch(found.candidate);
        // Without a free processor other work slowed one arm or the other.
        let margin = Duration::from_micros(self.policy.evidence.latency_margin_us);
        let slower = found
            .took
            .filter(|_| !self.shadow_capacity.load.is_saturated())
            .map(|(control, candidate)| candidate > control + control / MARGIN_PART + margin);
        // Two refusals show nothing of the arms' work. The control's noise leaves them out, too: both rates are of the same
        // inputs.
        let counts = |mismatch: &bool| *mismatch || !found.refused;
        let pair = Pair {
            slower,
            mismatch: Some(mismatch).filter(counts),
            ..Pair::default()
        };
        let now_ms = self.now_ms();
        let mut machine = self.machine();
        if let Some(what) = difference {
            let difference = machine.differences.entry(what).or_default();
            difference.is_mismatch = mismatch;
            difference.count += 1;
        }
        if let Some(mismatch) = noise.filter(counts) {
            machine.evidence.noise(mismatch);
        }
        machine.evidence.pair(now_ms, &pair);
        let counted = pair.mismatch;
        let turned = counted.and_then(|mismatch| machine.breaker.compared(now_ms, mismatch));
        drop(machine);
        if let Some(transition) = turned {
            self.turned(Role::Shadow, transition);
        }
        self.shadow_ended(result);
    }
}
