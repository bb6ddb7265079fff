//! Builds a code's rollups from its rows, a stretch of time after the other, beside recorders and other rebuilds.
//!
//! Invariant: a step holds the lock on the code and moves `counted_before_us` over the rows that it counts, in one
//! transaction. So any number of nodes may take steps for the same code, and one that dies is resumed by the next.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, QueryResult, prelude::Uuid};

use super::{
    super::{
        AgentId, Country, Excluded, ScanRow, Scans, record::lock, visitors, visitors::DayKeys,
    },
    DAY_US, EVERYTHING, NOTHING, Open, Tallies,
};
use crate::kernel::{Result, clock::from_micros, id};

/// Rows of one step, unless more came in one microsecond: some tens of milliseconds.
const STEP_ROWS: i64 = 8192;

/// Where a code is after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Number of rows counted; there may be more.
    Counted(u64),
    Complete(u64),
}

impl Scans {
    /// Codes whose rollups are not complete, at most `limit`, after the id `after`; ascending.
    ///
    /// # Errors
    /// Faults only.
    pub async fn incomplete(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<Uuid>> {
        const SQL: &str = "SELECT code_id FROM rollup_state \
             WHERE counted_before_us < 9223372036854775807 AND code_id > $1 ORDER BY code_id LIMIT $2";
        self.code_ids(SQL, after, limit).await
    }

    /// Codes that have rollups, complete or not: as [`Scans::incomplete`].
    ///
    /// # Errors
    /// Faults only.
    pub async fn rolled_up(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<Uuid>> {
        const SQL: &str =
            "SELECT code_id FROM rollup_state WHERE code_id > $1 ORDER BY code_id LIMIT $2";
        self.code_ids(SQL, after, limit).await
    }

    async fn code_ids(&self, sql: &str, after: Option<Uuid>, limit: u32) -> Result<Vec<Uuid>> {
        let work = async {
            let values = [after.unwrap_or_default().into(), i64::from(limit).into()];
            let rows = self
                .db
                .reader
                .query_all_raw(self.db.statement(sql, values))
                .await?;
            rows.iter().map(|row| row.try_get_by(0)).collect()
        };
        self.db.run(&self.timers.rollup_codes, work).await
    }

    /// How many codes have incomplete rollups.
    ///
    /// # Errors
    /// Faults only.
    pub async fn count_incomplete(&self) -> Result<u64> {
        self.count_codes(" WHERE counted_before_us < 9223372036854775807")
            .await
    }

    /// How many codes have rollups.
    ///
    /// # Errors
    /// Faults only.
    pub async fn count_rolled_up(&self) -> Result<u64> {
        self.count_codes("").await
    }

    async fn count_codes(&self, which: &str) -> Result<u64> {
        let sql = format!("SELECT COUNT(*) FROM rollup_state{which}");
        let work = async {
            let row = self
                .db
                .reader
                .query_one_raw(self.db.statement(&sql, []))
                .await?;
            let count: i64 = row.map_or(Ok(0), |row| row.try_get_by(0))?;
            Ok(count.unsigned_abs())
        };
        self.db.run(&self.timers.rollup_codes, work).await
    }

    /// Deletes a code's rollups and builds them again from its rows; `progress` gets the number of rows of each step.
    /// Until the end the code's rollups are incomplete. Visitors of past days stay as they were: their keys are
    /// deleted. Returns the rows counted; 0 for a code that does not exist.
    ///
    /// # Errors
    /// Faults only. Steps that are done stay done: [`Scans::complete`] continues.
    pub async fn rebuild(&self, code_id: Uuid, progress: impl FnMut(u64)) -> Result<u64> {
        const SQL: &str = "UPDATE rollup_state SET counted_before_us = $2 WHERE code_id = $1";
        let work = async {
            let tx = self.db.begin().await?;
            lock(&tx, &[code_id]).await?;
            let values = [code_id.into(), NOTHING.into()];
            tx.execute_raw(self.db.statement(SQL, values)).await?;
            tx.commit().await
        };
        self.db.write(&self.timers.rollup_step, work).await?;
        self.complete(code_id, progress).await
    }

    /// Counts the rows that a code's rollups do not hold yet; see [`Scans::rebuild`].
    ///
    /// # Errors
    /// Faults only.
    pub async fn complete(&self, code_id: Uuid, mut progress: impl FnMut(u64)) -> Result<u64> {
        let mut total = 0;
        loop {
            let step = self.step(code_id).await?;
            let (Step::Counted(rows) | Step::Complete(rows)) = step;
            total += rows;
            progress(rows);
            if matches!(step, Step::Complete(_)) {
                return Ok(total);
            }
        }
    }

    async fn step(&self, code_id: Uuid) -> Result<Step> {
        let live_us = visitors::first_live_day_us(self.db.now());
        let keys = self.keys_of([live_us, live_us + DAY_US]).await?;
        let batch = i64::from_le_bytes(id::random()?);
        let work = async {
            let tx = self.db.begin().await?;
            let step = self.count_stretch(&tx, code_id, (live_us, &keys, batch));
            let step = step.await?;
            tx.commit().await?;
            Ok(step)
        };
        self.db.write(&self.timers.rollup_step, work).await
    }

    async fn count_stretch(
        &self,
        tx: &DatabaseTransaction,
        code_id: Uuid,
        (live_us, keys, batch): (i64, &DayKeys, i64),
    ) -> Result<Step, DbErr> {
        const MOVE: &str = "UPDATE rollup_state SET counted_before_us = $2 WHERE code_id = $1";
        let codes = lock(tx, &[code_id]).await?;
        let open: Open = super::incomplete_among(tx, &codes).await?;
        let Some(&counted_before_us) = open.get(&code_id) else {
            return Ok(Step::Complete(0));
        };
        if counted_before_us == NOTHING {
            self.clear(tx, code_id, live_us).await?;
        }
        // Times before 1970 do not exist here: scans carry the clock's time.
        let from_us = counted_before_us.max(0);
        let to_us = self.stretch_end(tx, code_id, from_us).await?;
        let rows = self.stretch(tx, code_id, (from_us, to_us)).await?;
        let mut tallies = Tallies::default();
        for row in &rows {
            tallies.count(row);
            tallies.visit(row, keys);
        }
        tallies.add(tx, batch).await?;
        tx.execute_raw(self.db.statement(MOVE, [code_id.into(), to_us.into()]))
            .await?;
        let rows = rows.len() as u64;
        Ok(if to_us == EVERYTHING {
            Step::Complete(rows)
        } else {
            Step::Counted(rows)
        })
    }

    async fn clear(
        &self,
        tx: &DatabaseTransaction,
        code_id: Uuid,
        live_us: i64,
    ) -> Result<(), DbErr> {
        const DAYS: &str = "DELETE FROM rollup_days WHERE code_id = $1";
        // Those of past days stay: their keys are deleted.
        const VISITORS: &str = "DELETE FROM rollup_visitors WHERE code_id = $1 AND day_us >= $2";
        tx.execute_raw(self.db.statement(DAYS, [code_id.into()]))
            .await?;
        let values = [code_id.into(), live_us.into()];
        tx.execute_raw(self.db.statement(VISITORS, values)).await?;
        Ok(())
    }

    /// The end of the stretch that begins at `from_us` and holds [`STEP_ROWS`].
    async fn stretch_end(
        &self,
        tx: &DatabaseTransaction,
        code_id: Uuid,
        from_us: i64,
    ) -> Result<i64, DbErr> {
        const SQL: &str = "SELECT at_us FROM scans WHERE code_id = $1 AND at_us >= $2 \
             ORDER BY at_us LIMIT 1 OFFSET $3";
        let values = [code_id.into(), from_us.into(), STEP_ROWS.into()];
        let found = tx.query_one_raw(self.db.statement(SQL, values)).await?;
        let end: Option<i64> = found.map(|row| row.try_get_by(0)).transpose()?;
        Ok(end.map_or(EVERYTHING, |end| end.max(from_us + 1)))
    }

    /// The counted columns of the rows in a stretch.
    async fn stretch(
        &self,
        tx: &DatabaseTransaction,
        code_id: Uuid,
        (from_us, to_us): (i64, i64),
    ) -> Result<Vec<ScanRow>, DbErr> {
        const SQL: &str = "SELECT at_us, genuine, excluded, agent_id, address, country FROM scans \
             WHERE code_id = $1 AND at_us >= $2 AND at_us < $3";
        let values = [code_id.into(), from_us.into(), to_us.into()];
        let found = tx.query_all_raw(self.db.statement(SQL, values)).await?;
        found.iter().map(|row| counted(code_id, row)).collect()
    }
}

fn counted(code_id: Uuid, row: &QueryResult) -> Result<ScanRow, DbErr> {
    let excluded: Option<String> = row.try_get_by(2)?;
    let country: Option<String> = row.try_get_by(5)?;
    Ok(ScanRow {
        id: Uuid::nil(),
        code_id,
        at: from_micros(row.try_get_by(0)?),
        genuine: row.try_get_by(1)?,
        excluded: excluded.map(|text| Excluded::read(&text)).transpose()?,
        address: row.try_get_by(4)?,
        referer: None,
        agent: row.try_get_by::<Option<i64>, _>(3)?.map(AgentId),
        country: country.and_then(|text| Country::parse(text.as_bytes())),
        placement_id: None,
    })
}
