//! One state of a code's scans, for several questions: later scans are not seen.

use sea_orm::{ConnectionTrait, DatabaseTransaction, prelude::Uuid};

use super::{Scans, rollup::EVERYTHING};
use crate::kernel::Result;

/// Holds a connection until it is dropped.
pub struct Snapshot {
    pub(super) scans: Scans,
    pub(super) tx: DatabaseTransaction,
    pub(super) code_id: Uuid,
    recorded: u64,
    is_rolled_up: bool,
}

impl Scans {
    /// The scans of a code at this moment. An unknown code has none.
    ///
    /// # Errors
    /// Faults only.
    pub async fn snapshot(&self, code_id: Uuid) -> Result<Snapshot> {
        // The first read fixes the moment.
        const SQL: &str = "SELECT recorded, counted_before_us FROM rollup_state WHERE code_id = $1";
        let work = async {
            let tx = self.db.begin_snapshot().await?;
            let ask = self.db.statement(SQL, [code_id.into()]);
            let state: Option<(i64, i64)> = match tx.query_one_raw(ask).await? {
                Some(row) => Some((row.try_get_by(0)?, row.try_get_by(1)?)),
                None => None,
            };
            let (recorded, counted_before_us) = state.unwrap_or((0, EVERYTHING));
            Ok(Snapshot {
                scans: self.clone(),
                tx,
                code_id,
                recorded: recorded.unsigned_abs(),
                is_rolled_up: counted_before_us == EVERYTHING,
            })
        };
        self.db.run(&self.timers.snapshot, work).await
    }
}

impl Snapshot {
    /// Grows with every scan of the code that is stored. Two snapshots with the same number have the same rows.
    #[must_use]
    pub fn recorded(&self) -> u64 {
        self.recorded
    }

    /// Whether the rollups hold all of the code's rows.
    #[must_use]
    pub fn is_rolled_up(&self) -> bool {
        self.is_rolled_up
    }
}
