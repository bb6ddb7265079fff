//! Scans: recorded exactly once, and counted.
//!
//! Invariant: a code's counters equal the number of its rows, because both change in one transaction.

mod model;
mod read;
mod record;

use super::connection::Connections;
use crate::telemetry::StoreTimer;
pub use model::{Agent, AgentId, DeviceType, Excluded, ScanRow};
pub use read::{Bucket, Dimension, ScanLog};
pub use record::Recorded;

/// Cheap to clone.
#[derive(Clone)]
pub struct Scans {
    db: Connections,
    timers: Timers,
}

#[derive(Clone)]
struct Timers {
    record: StoreTimer,
    buckets: StoreTimer,
    logs: StoreTimer,
    by_dimension: StoreTimer,
    first_at: StoreTimer,
}

impl Scans {
    pub(super) fn new(db: &Connections) -> Self {
        Self {
            timers: Timers {
                record: db.timer("scans.record"),
                buckets: db.timer("scans.buckets"),
                logs: db.timer("scans.logs"),
                by_dimension: db.timer("scans.by_dimension"),
                first_at: db.timer("scans.first_at"),
            },
            db: db.clone(),
        }
    }
}
