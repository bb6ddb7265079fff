//! An implementation of a capability (render, validate, analyze).

use std::future::Future;

use super::Unit;
use crate::kernel::{Ctx, Result};

/// One implementation. Callers hold *an* arm and cannot tell which, nor whether several stand behind it.
pub trait Arm: Send + Sync + 'static {
    /// Cheap to clone: `Arc` or `Bytes` inside.
    type In: Clone + Send + Sync + 'static;
    type Out: Send + 'static;

    /// # Errors
    /// A refusal (4xx kinds) when the input is at fault, else a fault; `Unsupported` for an input that another arm may
    /// support.
    fn run(&self, ctx: &Ctx, input: &Self::In) -> impl Future<Output = Result<Self::Out>> + Send;

    /// As [`Arm::run`], but past the arm's cache: neither reads it nor fills it.
    ///
    /// # Errors
    /// Those of [`Arm::run`].
    fn run_anew(
        &self,
        ctx: &Ctx,
        input: &Self::In,
    ) -> impl Future<Output = Result<Self::Out>> + Send {
        self.run(ctx, input)
    }

    /// Whether this arm supports the input, as far as that is known beforehand. An input that one arm does not support goes
    /// to the other arm, and is no part of the rollout. If only the work shows it, the error is `Unsupported`.
    fn supports(&self, _input: &Self::In) -> bool {
        true
    }

    /// Whether the answer is in the arm's cache. A hint: it may be wrong a moment later.
    fn recalls(&self, _input: &Self::In) -> bool {
        false
    }
}

/// Promise: running twice changes nothing. Only such an arm may be compared with another on live traffic.
pub trait ReadOnly: Arm {
    /// Name and version. The version changes when any answer does: evidence of another version does not count.
    const NAME: &'static str;

    /// Equal questions have equal units: a unit stays on one side of a split.
    fn unit(question: &Self::In) -> Unit;
}
