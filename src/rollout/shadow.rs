//! A candidate that runs beside the control, unseen, and what comes of comparing the two.
//!
//! Invariants: a shadow holds its slot from before the control begins until the comparison is made, so that there are never
//! more questions and answers in memory than slots; and a caller never waits for one, not even for a thread to wake up.

use std::{sync::Arc, time::Duration};

use super::{
    Judge, Match, Permit, Pilot, ReadOnly, Unit,
    evidence::Pair,
    examples::Example,
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
    /// What the caller got.
    pub served: (Ended, Result<C::Out>),
}

/// What comparisons found: of the candidate with the control, and of the control with itself, if that was asked twice.
struct Found {
    candidate: Match,
    twin: Option<Match>,
}

impl<C, N, J> Shadow<C, N, J>
where
    C: ReadOnly<Out: Clone + Sync>,
    N: ReadOnly<In = C::In, Out = C::Out>,
    J: Judge<C::Out>,
{
    /// Later, elsewhere, when a processor has nothing better to do.
    pub fn start(self, permit: Permit) {
        let aside = self.parts.pilot.spare.aside.clone();
        aside.spawn("rollout.shadow", self.run(permit));
    }

    async fn run(self, mut permit: Permit) {
        let _slot = permit.take_slot();
        let pilot = Arc::clone(&self.parts.pilot);
        let (first, _) = self.served;
        let (twin, candidate) = self.both(permit).await;
        let (ended, answer) = candidate;
        if ended.outcome == ArmOutcome::Unsupported {
            return pilot.shadow_ended(ShadowResult::Unsupported);
        }
        let faults = (first.is_fault(), ended.is_fault());
        let (false, Some(answer)) = (faults.0 || faults.1, answer) else {
            return pilot.failed(faults);
        };
        let (took, again) = match twin {
            // Only where both ran side by side: the caller's own run was on another thread, at another priority.
            Some((e, Some(again))) if !e.is_fault() => {
                let worked = e.outcome == ArmOutcome::Ok && ended.outcome == ArmOutcome::Ok;
                (worked.then_some((e.took, ended.took)), Some(again))
            }
            _ => (None, None),
        };
        let refused = first.outcome == ArmOutcome::Answer;
        if let Some(found) = self.judge(answer, again).await {
            pilot.compared(&found, refused, took);
        }
    }

    /// The candidate, and in some shadows the control once more: in an order that a coin decides, because whoever begins has
    /// the colder caches.
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

    /// Looks at the answers, one question at a time in the whole process.
    async fn judge(
        self,
        candidate: Result<C::Out>,
        again: Option<Result<C::Out>>,
    ) -> Option<Found> {
        let Self {
            parts,
            ctx,
            input,
            served: (_, control),
            ..
        } = self;
        let _turn = parts.pilot.spare.judging.acquire().await.ok()?;
        let judging = {
            let parts = Arc::clone(&parts);
            tokio::task::spawn_blocking(move || {
                let judge = &parts.judge;
                let control = judge.fact(&control);
                Found {
                    candidate: judge.judge(&control, &judge.fact(&candidate)),
                    twin: again.map(|again| judge.judge(&control, &judge.fact(&again))),
                }
            })
        };
        let Ok(found) = judging.await else {
            tracing::error!(
                request_id = ctx.shown_id(&mut [0; ID_CHARS]),
                "a judge panicked: nothing was learned from this comparison"
            );
            return None;
        };
        if let Match::Mismatch(what) = found.candidate {
            parts.examples.add(Example {
                id: ctx.id,
                at_ms: parts.pilot.now_ms(),
                what,
                input,
            });
        }
        Some(found)
    }
}

impl Pilot {
    /// One of them failed, or both.
    fn failed(&self, faults: (bool, bool)) {
        self.shadow_ended(match faults {
            (true, true) => ShadowResult::BothFault,
            (true, false) => ShadowResult::ControlFault,
            _ => ShadowResult::CandidateFault,
        });
        let pair = Pair {
            slower: None,
            faults,
            mismatch: None,
        };
        let now_ms = self.now_ms();
        self.machine().evidence.pair(now_ms, &pair);
    }

    /// `refused`: the control did. `took`: control and candidate, side by side.
    fn compared(&self, found: &Found, refused: bool, took: Option<(Duration, Duration)>) {
        self.shadow_ended(match found.candidate {
            Match::Same => ShadowResult::Same,
            Match::Tolerated(_) => ShadowResult::Tolerated,
            Match::Mismatch(_) => ShadowResult::Mismatch,
        });
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
        let label = match found.candidate {
            Match::Same => None,
            Match::Tolerated(what) | Match::Mismatch(what) => Some((what, mismatch)),
        };
        // With no processor to spare, others were in the way of one or the other.
        let margin = Duration::from_micros(self.policy.evidence.latency_margin_us);
        let slower = took
            .filter(|_| !self.spare.load.is_saturated())
            .map(|(control, candidate)| candidate > control + control / MARGIN_PART + margin);
        // That both refuse an input shows nothing of their work. The same holds for the control and itself, so that both
        // rates are of the same inputs.
        let counts = |mismatch: &bool| *mismatch || !refused;
        let pair = Pair {
            slower,
            faults: (false, false),
            mismatch: Some(mismatch).filter(counts),
        };
        let now_ms = self.now_ms();
        let mut machine = self.machine();
        machine.found(label);
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
    }
}
