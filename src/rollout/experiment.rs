//! Two arms of the same shape as one.
//!
//! Invariants: where the candidate has no answer, the caller gets the control's. A candidate's 4xx is an answer. An input
//! that one arm does not support goes to the other arm, past percentages, kills and evidence. No request waits for a
//! shadow.

use std::sync::Arc;

use super::{
    Arm, Judge, Permit, Pilot, ReadOnly, Route, Shown, Unit,
    examples::{Examples, Mismatch},
    permit::{Ended, Role},
    shadow::Shadow,
};
use crate::{
    kernel::{Ctx, Error, ID_CHARS, Kind, Result, id::Uuid},
    telemetry::labels::{ArmOutcome, ShadowResult, Side, Why},
};
use futures_util::future::BoxFuture;

/// An arm that asks a pilot which of two arms answers. Cheap to clone.
pub struct Experiment<C: Arm, N, J>(Arc<Parts<C, N, J>>);

pub(super) struct Parts<C: Arm, N, J> {
    pub control: C,
    pub candidate: N,
    pub judge: J,
    pub pilot: Arc<Pilot>,
    pub examples: Examples<C::In>,
}

impl<C: Arm, N, J> Clone for Experiment<C, N, J> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C, N, J> Experiment<C, N, J>
where
    C: ReadOnly<Out: Clone + Sync>,
    N: ReadOnly<In = C::In, Out = C::Out>,
    J: Judge<C::Out>,
{
    /// Starts as its pilot does: at control.
    pub fn new(control: C, candidate: N, judge: J, pilot: Arc<Pilot>) -> Self {
        Self(Arc::new(Parts {
            control,
            candidate,
            judge,
            pilot,
            examples: Examples::default(),
        }))
    }

    /// Runs both arms, past the pilot and past their caches: the first request may go to either.
    async fn exercise(&self, ctx: &Ctx, input: &C::In) -> Result<C::Out> {
        let answer = self.0.control.run_anew(ctx, input).await;
        let candidate = self.0.candidate.run_anew(ctx, input).await;
        match answer {
            Err(e) if e.kind() == Kind::Unsupported => candidate,
            answer => answer,
        }
    }

    fn note(&self, ctx: &Ctx, side: Side) {
        ctx.trail
            .note(self.0.pilot.experiment.label(), side.label());
    }

    async fn run_control(
        &self,
        ctx: &Ctx,
        input: &C::In,
        permit: Permit,
    ) -> (Ended, Result<C::Out>) {
        let Parts { control, judge, .. } = &*self.0;
        let run = control.run(ctx, input);
        permit.run(run, |a| judge.is_remembered(a)).await
    }

    async fn run_candidate(
        &self,
        ctx: &Ctx,
        input: &C::In,
        permit: Permit,
    ) -> (Ended, Option<Result<C::Out>>) {
        let Parts {
            candidate, judge, ..
        } = &*self.0;
        let run = candidate.run(ctx, input);
        permit.bounded(ctx, run, |a| judge.is_remembered(a)).await
    }

    async fn by_control(&self, ctx: &Ctx, input: &C::In, unit: &Unit, why: Why) -> Result<C::Out> {
        let pilot = &self.0.pilot;
        let (role, placed) = match why {
            Why::Killed | Why::Damaged | Why::NoFlags | Why::Unsupported => {
                (Role::Overridden, None)
            }
            Why::BreakerOpen => (Role::Control, Some(pilot.dialled(unit))),
            _ => (Role::Control, Some(Side::Control)),
        };
        let permit = Permit::new(pilot, unit, role, false).placed(placed);
        let (ended, answer) = self.run_control(ctx, input, permit).await;
        if ended.outcome == ArmOutcome::Unsupported {
            return Box::pin(self.unopposed(ctx, input, unit)).await;
        }
        self.note(ctx, Side::Control);
        answer
    }

    /// Runs the candidate for an input that the control does not support, whatever the percentages and kills say.
    async fn unopposed(&self, ctx: &Ctx, input: &C::In, unit: &Unit) -> Result<C::Out> {
        let Some(permit) = self.0.pilot.only_candidate(unit) else {
            return Err(Error::new(
                Kind::Unavailable,
                "the only implementation that can do this failed too often: try again later",
            ));
        };
        self.note(ctx, Side::Candidate);
        let (_, answer) = self.run_candidate(ctx, input, permit).await;
        answer.unwrap_or_else(|| Err(no_answer()))
    }

    async fn by_candidate(
        &self,
        ctx: &Ctx,
        input: &C::In,
        unit: &Unit,
        permit: Permit,
    ) -> Result<C::Out> {
        let pilot = &self.0.pilot;
        let (ended, answer) = self.run_candidate(ctx, input, permit).await;
        let (reason, failed) = match (ended.fallback(), answer) {
            (None, Some(answer)) => {
                self.note(ctx, Side::Candidate);
                return answer;
            }
            (reason, answer) => (reason, answer.and_then(Result::err)),
        };
        if let Some(e) = failed.as_ref().filter(|_| ended.is_fault()) {
            let experiment = pilot.experiment.label();
            tracing::warn!(
                request_id = ctx.shown_id(&mut [0; ID_CHARS]),
                experiment,
                "a candidate failed and the control answers: {e:?}"
            );
        }
        if let Some(reason) = reason {
            pilot.falls_back(reason);
        }
        let permit = Permit::new(pilot, unit, Role::Fallback, false);
        let (control, answer) = self.run_control(ctx, input, permit).await;
        if ended.is_fault() {
            if control.outcome == ArmOutcome::Unsupported {
                // Not `Unsupported`: the candidate supports the input, and failed. Nothing was compared.
                self.note(ctx, Side::Candidate);
                return Err(failed.unwrap_or_else(no_answer));
            }
            pilot.fell_back(unit, ended, control.is_fault());
        }
        self.note(ctx, Side::Control);
        answer
    }

    async fn shadowed(
        &self,
        ctx: &Ctx,
        input: &C::In,
        unit: &Unit,
        permit: Permit,
    ) -> Result<C::Out> {
        let pilot = &self.0.pilot;
        let own = Permit::new(pilot, unit, Role::Control, false).placed(Some(Side::Control));
        let (ended, answer) = self.run_control(ctx, input, own).await;
        match ended.outcome {
            ArmOutcome::Remembered => {
                permit.give_back();
                pilot.shadow_ended(ShadowResult::Remembered);
            }
            ArmOutcome::Unsupported => {
                permit.give_back();
                pilot.shadow_ended(ShadowResult::Unsupported);
                return Box::pin(self.unopposed(ctx, input, unit)).await;
            }
            _ => {
                let shadow = Shadow {
                    parts: Arc::clone(&self.0),
                    ctx: ctx.apart(),
                    input: input.clone(),
                    unit: *unit,
                    ended,
                    control: answer.clone(),
                };
                shadow.start(permit);
            }
        }
        self.note(ctx, Side::Control);
        answer
    }
}

impl<C, N, J> Arm for Experiment<C, N, J>
where
    C: ReadOnly<Out: Clone + Sync>,
    N: ReadOnly<In = C::In, Out = C::Out>,
    J: Judge<C::Out>,
{
    type In = C::In;
    type Out = C::Out;

    fn supports(&self, input: &C::In) -> bool {
        self.0.control.supports(input) || self.0.candidate.supports(input)
    }

    async fn run(&self, ctx: &Ctx, input: &C::In) -> Result<C::Out> {
        if ctx.exercise {
            return Box::pin(self.exercise(ctx, input)).await;
        }
        let unit = C::unit(input);
        match (
            self.0.control.supports(input),
            self.0.candidate.supports(input),
        ) {
            (false, true) => return Box::pin(self.unopposed(ctx, input, &unit)).await,
            (true, false) => {
                return self.by_control(ctx, input, &unit, Why::Unsupported).await;
            }
            _ => {}
        }
        match self.0.pilot.route(&unit, || self.0.control.recalls(input)) {
            Route::Control(why) => self.by_control(ctx, input, &unit, why).await,
            Route::Candidate(permit) => self.by_candidate(ctx, input, &unit, permit).await,
            Route::Shadow(permit) => self.shadowed(ctx, input, &unit, permit).await,
        }
    }
}

impl<C, N, J> ReadOnly for Experiment<C, N, J>
where
    C: ReadOnly<Out: Clone + Sync>,
    N: ReadOnly<In = C::In, Out = C::Out>,
    J: Judge<C::Out>,
{
    const NAME: &'static str = "experiment";

    fn unit(question: &C::In) -> Unit {
        C::unit(question)
    }
}

/// An experiment without the types of its arms: the part that operators use.
pub trait AnyExperiment: Send + Sync {
    fn pilot(&self) -> &Arc<Pilot>;

    /// Names and versions of control and candidate.
    fn arms(&self) -> [&'static str; 2];

    /// The last mismatches, newest first.
    fn mismatches(&self) -> Vec<Mismatch>;

    /// Runs one arm again on the question of a mismatch. The caller has checked that the operator may see the answer.
    ///
    /// # Errors
    /// `NotFound` when the mismatch is not stored any more; else the arm's.
    fn replay<'a>(&'a self, ctx: &'a Ctx, id: Uuid, side: Side) -> BoxFuture<'a, Result<Shown>>;
}

impl<C, N, J> AnyExperiment for Experiment<C, N, J>
where
    C: ReadOnly<Out: Clone + Sync>,
    N: ReadOnly<In = C::In, Out = C::Out>,
    J: Judge<C::Out>,
{
    fn pilot(&self) -> &Arc<Pilot> {
        &self.0.pilot
    }

    fn arms(&self) -> [&'static str; 2] {
        [C::NAME, N::NAME]
    }

    fn mismatches(&self) -> Vec<Mismatch> {
        self.0.examples.mismatches()
    }

    fn replay<'a>(&'a self, ctx: &'a Ctx, id: Uuid, side: Side) -> BoxFuture<'a, Result<Shown>> {
        Box::pin(async move {
            let Parts {
                control,
                candidate,
                judge,
                ..
            } = &*self.0;
            let Some(input) = self.0.examples.input(id) else {
                return Err(Error::not_found(
                    "this mismatch is not kept any more: only the last few are",
                ));
            };
            let answer = match side {
                Side::Control => control.run_anew(ctx, &input).await,
                Side::Candidate => candidate.run_anew(ctx, &input).await,
            };
            Ok(judge.show(&answer?))
        })
    }
}

fn no_answer() -> Error {
    Error::internal("the only implementation that can do this gave no answer")
}
