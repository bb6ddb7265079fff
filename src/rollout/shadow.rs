//! A candidate that runs beside the control, unseen, and what comes of comparing the two.
//!
//! Invariant: a shadow holds its slot from before the control begins until the comparison is made, so that there are never
//! more questions and answers in memory than slots.

use std::{sync::Arc, time::Duration};

use tokio::sync::oneshot;

use super::{
    Judge, Match, Permit, Pilot, ReadOnly, evidence::Pair, examples::Example, experiment::Parts,
    permit::Ended,
};
use crate::{
    kernel::{Ctx, Result},
    telemetry::labels::{ArmOutcome, ShadowResult},
};

/// What a difference in time must exceed to be one: a part of the control's own time …
const MARGIN_PART: u32 = 10;
/// … and what a wake-up of a thread may take.
const MARGIN: Duration = Duration::from_micros(100);

/// What the control did.
pub(super) struct Observed<Out> {
    pub ended: Ended,
    pub answer: Result<Out>,
}

pub(super) struct Shadow<C: ReadOnly, N, J> {
    pub parts: Arc<Parts<C, N, J>>,
    pub ctx: Ctx,
    pub input: C::In,
    /// Compares the control with itself, to learn how often it disagrees with itself.
    pub noise: bool,
    /// Nobody tells when the client went away.
    pub control: oneshot::Receiver<Observed<C::Out>>,
}

impl<C, N, J> Shadow<C, N, J>
where
    C: ReadOnly<Out: Clone + Sync>,
    N: ReadOnly<In = C::In, Out = C::Out>,
    J: Judge<C::Out>,
{
    pub fn start(self, permit: Permit) {
        let aside = self.parts.pilot.spare.aside.clone();
        aside.spawn("rollout.shadow", self.run(permit));
    }

    async fn run(self, mut permit: Permit) {
        let _slot = permit.take_slot();
        let Self {
            parts,
            ctx,
            input,
            noise,
            control,
        } = self;
        let Parts { pilot, .. } = &*parts;
        let fresh = |_: &C::Out| false;
        let (ended, answer) = if noise {
            let run = parts.control.run_anew(&ctx, &input);
            permit.into_noise().bounded(&ctx, run, fresh).await
        } else {
            let run = parts.candidate.run_anew(&ctx, &input);
            permit.bounded(&ctx, run, fresh).await
        };
        let Ok(Observed {
            ended: first,
            answer: control,
        }) = control.await
        else {
            return pilot.shadow_ended(ShadowResult::Cancelled);
        };
        if first.outcome == ArmOutcome::Remembered {
            return pilot.shadow_ended(ShadowResult::Remembered);
        }
        if first.outcome == ArmOutcome::Unsupported || ended.outcome == ArmOutcome::Unsupported {
            return pilot.shadow_ended(ShadowResult::Unsupported);
        }
        let faults = (first.is_fault(), ended.is_fault());
        let (true, Some(candidate)) = (faults == (false, false), answer) else {
            return pilot.failed(noise, faults);
        };
        let Ok(_turn) = pilot.spare.judging.acquire().await else {
            return;
        };
        let judged = {
            let parts = Arc::clone(&parts);
            tokio::task::spawn_blocking(move || {
                let judge = &parts.judge;
                judge.judge(&judge.fact(&control), &judge.fact(&candidate))
            })
        };
        let Ok(found) = judged.await else {
            tracing::error!("a judge panicked: nothing was learned from this comparison");
            return;
        };
        if let Match::Mismatch(what) = found
            && !noise
        {
            parts.examples.add(Example {
                id: ctx.id,
                at_ms: pilot.now_ms(),
                what,
                input,
            });
        }
        pilot.compared(noise, found, (first.took, ended.took));
    }
}

impl Pilot {
    /// One of them failed, or both.
    fn failed(&self, noise: bool, faults: (bool, bool)) {
        let result = match faults {
            (true, true) => ShadowResult::BothFault,
            (true, false) => ShadowResult::ControlFault,
            _ => ShadowResult::CandidateFault,
        };
        self.shadow_ended(result);
        if !noise {
            let pair = Pair {
                slower: None,
                faults,
                mismatch: None,
            };
            let now_ms = self.now_ms();
            self.machine().evidence.pair(now_ms, &pair);
        }
    }

    fn compared(&self, noise: bool, found: Match, took: (Duration, Duration)) {
        let mismatch = matches!(found, Match::Mismatch(_));
        self.shadow_ended(match (noise, found) {
            (true, Match::Mismatch(_)) => ShadowResult::NoiseMismatch,
            (true, _) => ShadowResult::NoiseSame,
            (false, Match::Same) => ShadowResult::Same,
            (false, Match::Tolerated(_)) => ShadowResult::Tolerated,
            (false, Match::Mismatch(_)) => ShadowResult::Mismatch,
        });
        let now_ms = self.now_ms();
        let mut machine = self.machine();
        if noise {
            machine.evidence.noise(mismatch);
            return;
        }
        let label = match found {
            Match::Same => None,
            Match::Tolerated(what) | Match::Mismatch(what) => Some((what, mismatch)),
        };
        machine.found(label);
        // With no processor to spare, the two runs were in each other's way.
        let slower = (!self.spare.load.is_saturated())
            .then(|| took.1 > took.0 + took.0 / MARGIN_PART + MARGIN);
        let pair = Pair {
            slower,
            faults: (false, false),
            mismatch: Some(mismatch),
        };
        machine.evidence.pair(now_ms, &pair);
        let turned = machine.breaker.compared(now_ms, mismatch);
        drop(machine);
        if let Some(transition) = turned {
            self.turned(transition);
        }
    }
}
