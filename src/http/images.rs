//! Images by the dialect that asked for them: each dialect that draws has one of these.
//!
//! Invariant: every combination of a dialect's labels exists at 0 from its start.

use metrics::Counter;

use crate::{
    kernel::Ctx,
    render::Format,
    telemetry::{
        catalogue, handles,
        labels::{Dialect, Status},
    },
};

/// Counters of one dialect.
pub struct Images {
    /// By format: drawn, and refused or failed.
    counters: [(Counter, Counter); Format::ALL.len()],
}

impl Images {
    pub fn new(dialect: Dialect) -> Self {
        let counter = |format: Format, status: Status| {
            let labels = [dialect.label(), format.label(), status.label()];
            handles::counter(&catalogue::IMAGES, &labels)
        };
        let both = |f| (counter(f, Status::Success), counter(f, Status::Failure));
        Self {
            counters: Format::ALL.map(both),
        }
    }

    /// The server's own requests are not counted.
    pub fn count(&self, ctx: &Ctx, format: Format, is_drawn: bool) {
        if ctx.exercise {
            return;
        }
        let (drawn, refused) = &self.counters[format as usize];
        if is_drawn { drawn } else { refused }.increment(1);
    }
}
