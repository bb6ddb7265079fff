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

use super::connection::Connections;
use crate::telemetry::StoreTimer;
pub use model::{Agent, AgentId, Country, DeviceType, Excluded, ScanRow};
pub use read::{Bucket, Dimension, ScanLog};
pub use record::Recorded;
pub use rolled::{ByDimension, Totals};
pub use snapshot::Snapshot;

/// Cheap to clone.
#[derive(Clone)]
pub struct Scans {
    db: Connections,
    timers: Timers,
    keys: visitors::Remembered,
}

#[derive(Clone)]
struct Timers {
    record: StoreTimer,
    buckets: StoreTimer,
    logs: StoreTimer,
    by_dimension: StoreTimer,
    first_at: StoreTimer,
    snapshot: StoreTimer,
    rolled_buckets: StoreTimer,
    rolled_agents: StoreTimer,
    rolled_first_at: StoreTimer,
    totals: StoreTimer,
    rollup_codes: StoreTimer,
    rollup_step: StoreTimer,
    rollup_upkeep: StoreTimer,
    day_key: StoreTimer,
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
                snapshot: db.timer("scans.snapshot"),
                rolled_buckets: db.timer("scans.rolled_buckets"),
                rolled_agents: db.timer("scans.rolled_agents"),
                rolled_first_at: db.timer("scans.rolled_first_at"),
                totals: db.timer("scans.totals"),
                rollup_codes: db.timer("scans.rollup_codes"),
                rollup_step: db.timer("scans.rollup_step"),
                rollup_upkeep: db.timer("scans.rollup_upkeep"),
                day_key: db.timer("scans.day_key"),
            },
            db: db.clone(),
            keys: visitors::Remembered::default(),
        }
    }
}
