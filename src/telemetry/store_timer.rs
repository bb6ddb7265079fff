//! Times database operations: as a metric, and as a step of a trace.

use std::sync::Arc;

use metrics::Histogram;

use super::{
    OBSERVED, catalogue,
    handles::{LabelValue, Outcome, histogram},
    trace,
};
use crate::kernel::{SharedClock, clock::Instant};

/// Measures one named database operation (`qr_store_operation_duration_seconds`). Make it once, clone freely.
#[derive(Clone)]
pub struct StoreTimer(Arc<StoreTimerInner>);

struct StoreTimerInner {
    operation: LabelValue,
    clock: SharedClock,
    ok: Histogram,
    error: Histogram,
}

impl StoreTimer {
    /// `operation` is `<aggregate>.<verb>`, e.g. `codes.get`.
    #[must_use]
    pub fn new(clock: SharedClock, operation: LabelValue) -> Self {
        Self(Arc::new(StoreTimerInner {
            operation,
            clock,
            ok: histogram(
                &catalogue::STORE_DURATION,
                &[operation, Outcome::Ok.label()],
            ),
            error: histogram(
                &catalogue::STORE_DURATION,
                &[operation, Outcome::Error.label()],
            ),
        }))
    }

    /// Runs `work` and records how long it took and how it ended.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn time<T, E>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        if !OBSERVED {
            return work.await;
        }
        let start: Instant = self.0.clock.instant();
        let result = trace::of_store(("sql", self.0.operation), work).await;
        let took = self.0.clock.instant().saturating_duration_since(start);
        match Outcome::of(&result) {
            Outcome::Ok => self.0.ok.record(took),
            Outcome::Error => self.0.error.record(took),
        }
        result
    }
}
