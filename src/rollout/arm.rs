//! An implementation of a capability (render, validate, analyze), whoever wrote it and however old it is.

use std::future::Future;

use super::Unit;
use crate::kernel::{Ctx, Result};

/// One implementation. Callers hold *an* arm and cannot tell which, nor whether several stand behind it.
pub trait Arm: Send + Sync + 'static {
    /// Cheap to clone: `Arc` or `Bytes` inside.
    type In: Clone + Send + Sync + 'static;
    type Out: Send + 'static;

    /// # Errors
    /// An answer (4xx kinds) when the input decided it, a fault otherwise; `Unsupported` when this arm cannot
    /// do what another may.
    fn run(&self, ctx: &Ctx, input: &Self::In) -> impl Future<Output = Result<Self::Out>> + Send;

    /// As [`Arm::run`], but never from a memory of earlier answers, and leaving none.
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

    /// Whether this arm can do it at all, as far as that is known beforehand. For an input that one arm does not support
    /// there is nothing to roll out: the other one answers. What only shows in the work is an `Unsupported` error.
    fn supports(&self, _input: &Self::In) -> bool {
        true
    }

    /// Whether the answer would come from a memory. A hint: it may be wrong a moment later.
    fn recalls(&self, _input: &Self::In) -> bool {
        false
    }
}

/// Promise: running twice changes nothing. Only such an arm may be compared with another on live traffic.
pub trait ReadOnly: Arm {
    /// Name and version. The version changes when any answer does: what was learned of another one does not count.
    const NAME: &'static str;

    /// What keeps a question on one side of a split: equal questions have equal units.
    fn unit(question: &Self::In) -> Unit;
}
