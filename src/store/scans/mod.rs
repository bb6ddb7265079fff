//! Scans: recorded exactly once, and counted.
//!
//! Invariant: a code's counters and its rollups equal the number of its rows, because they change in one transaction.

mod model;
mod read;
mod record;
mod rolled;
mod rollup;
mod snapshot;
mod visitors;

use super::connection::{Connections, timers};
pub use model::{Agent, AgentId, Country, DeviceType, Excluded, ScanRow};
pub use read::{Bucket, Dimension, ScanLog};
pub use record::Recorded;
pub use rolled::{Devices, Totals};
pub use snapshot::Snapshot;

/// Cheap to clone.
#[derive(Clone)]
pub struct Scans {
    db: Connections,
    timers: Timers,
    keys: visitors::Remembered,
}

timers!(
    "scans": record, buckets, logs, by_dimension, first_at, snapshot, rolled_buckets, rolled_agents, rolled_first_at, totals,
    rollup_codes, rollup_step, rollup_upkeep, day_key,
);

impl Scans {
    pub(super) fn new(db: &Connections) -> Self {
        Self {
            timers: Timers::new(db),
            db: db.clone(),
            keys: visitors::Remembered::default(),
        }
    }
}
