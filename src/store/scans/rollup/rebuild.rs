//! Builds a code's rollups from its rows, a stretch of time after the other, beside everything else that happens.
//!
//! Invariant: a step holds the lock on the code and moves `counted_before_us` over the rows that it counts, in one
//! transaction. So any number of nodes may take steps for the same code, and one that dies is resumed by the next.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, QueryResult, Value, prelude::Uuid};

use super::{
    super::{AgentId, ScanRow, Scans, record::lock, visitors},
    DAY_US, EVERYTHING, NO_AGENT, NOTHING, Open, QUARTER_US, Tallies,
};
use crate::{
    kernel::{Result, clock::from_micros},
    store::scans::visitors::DayKeys,
};

/// Rows of one step, unless more came in one microsecond: some tens of milliseconds.
const STEP_ROWS: i64 = 10_000;

/// Where a code is after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// So many rows were counted, and there may be more.
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
            let values = [
                after.unwrap_or_default().into(),
                i64::from(limit).into(),
            ];
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
        const SQL: &str = "SELECT COUNT(*) FROM rollup_state \
             WHERE counted_before_us < 9223372036854775807";
        let work = async {
            let row = self.db.reader.query_one_raw(self.db.statement(SQL, []));
            let count: i64 = row.await?.map_or(Ok(0), |row| row.try_get_by(0))?;
            Ok(count.unsigned_abs())
        };
        self.db.run(&self.timers.rollup_codes, work).await
    }

    /// Forgets a code's rollups and builds them again from its rows; `progress` is told how many rows each step
    /// counted. Until it is through the code's rollups are incomplete. Visitors of days that are over stay as they
    /// were: nobody can compute them again. Returns the rows counted; 0 for a code that does not exist.
    ///
    /// # Errors
    /// Faults only. What is done by then stays done: [`Scans::complete`] goes on.
    pub async fn rebuild(&self, code_id: Uuid, progress: impl FnMut(u64)) -> Result<u64> {
        const SQL: &str = "UPDATE rollup_state SET counted_before_us = $2 WHERE code_id = $1";
        let work = async {
            let tx = self.db.begin().await?;
            lock(&tx, &[code_id]).await?;
            let values = [code_id.into(), NOTHING.into()];
            tx.execute_raw(self.db.statement(SQL, values)).await?;
            tx.commit().await
        };
        self.db.run(&self.timers.rollup_step, work).await?;
        self.complete(code_id, progress).await
    }

    /// Counts what a code's rollups do not hold yet; see [`Scans::rebuild`].
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
        let work = async {
            let tx = self.db.begin().await?;
            let step = self.count_stretch(&tx, code_id, (live_us, &keys)).await?;
            tx.commit().await?;
            Ok(step)
        };
        self.db.run(&self.timers.rollup_step, work).await
    }

    async fn count_stretch(
        &self,
        tx: &DatabaseTransaction,
        code_id: Uuid,
        (live_us, keys): (i64, &DayKeys),
    ) -> Result<Step, DbErr> {
        let codes = lock(tx, &[code_id]).await?;
        let open: Open = super::incomplete_among(tx, &codes).await?;
        let Some(&counted_before_us) = open.get(&code_id) else {
            return Ok(Step::Complete(0));
        };
        if counted_before_us == NOTHING {
            self.clear(tx, code_id).await?;
        }
        // Times before 1970 do not exist here: scans carry the clock's time.
        let from_us = counted_before_us.max(0);
        let to_us = self.stretch_end(tx, code_id, from_us).await?;
        let stretch = [code_id.into(), from_us.into(), to_us.into()];
        let rows = self.count_rows(tx, &stretch).await?;
        if to_us > live_us {
            self.add_visitors(tx, (code_id, from_us.max(live_us), to_us), keys)
                .await?;
        }
        const MOVE: &str = "UPDATE rollup_state SET counted_before_us = $2 WHERE code_id = $1";
        tx.execute_raw(self.db.statement(MOVE, [code_id.into(), to_us.into()]))
            .await?;
        Ok(if to_us == EVERYTHING {
            Step::Complete(rows)
        } else {
            Step::Counted(rows)
        })
    }

    async fn clear(&self, tx: &DatabaseTransaction, code_id: Uuid) -> Result<(), DbErr> {
        for sql in [
            "DELETE FROM rollup_quarters WHERE code_id = $1",
            "DELETE FROM rollup_agents WHERE code_id = $1",
            "DELETE FROM rollup_countries WHERE code_id = $1",
        ] {
            tx.execute_raw(self.db.statement(sql, [code_id.into()]))
                .await?;
        }
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

    /// Adds the rows of a stretch (code, from, to) to the rollups, in the database.
    async fn count_rows(
        &self,
        tx: &DatabaseTransaction,
        stretch: &[Value; 3],
    ) -> Result<u64, DbErr> {
        const COUNT: &str =
            "SELECT COUNT(*) FROM scans WHERE code_id = $1 AND at_us >= $2 AND at_us < $3";
        let people = "SUM(CASE WHEN excluded IS NULL THEN 1 ELSE 0 END)";
        let genuine = "SUM(CASE WHEN excluded IS NULL AND genuine = TRUE THEN 1 ELSE 0 END)";
        let why = |why: &str| format!("SUM(CASE WHEN excluded = '{why}' THEN 1 ELSE 0 END)");
        let from = "FROM scans WHERE code_id = $1 AND at_us >= $2 AND at_us < $3";
        let quarters = format!(
            "{} SELECT code_id, at_us / {QUARTER_US} * {QUARTER_US} AS start_us, {people}, {genuine}, {}, {}, {} \
             {from} GROUP BY code_id, at_us / {QUARTER_US} {}",
            super::QUARTERS.insert,
            why("head"),
            why("prefetch"),
            why("bot"),
            super::QUARTERS.conflict
        );
        let agents = format!(
            "{} SELECT code_id, at_us / {DAY_US} * {DAY_US} AS day_us, COALESCE(agent_id, $4), {people}, {genuine} \
             {from} AND excluded IS NULL GROUP BY code_id, at_us / {DAY_US}, agent_id {}",
            super::AGENTS.insert,
            super::AGENTS.conflict
        );
        let countries = format!(
            "{} SELECT code_id, at_us / {DAY_US} * {DAY_US} AS day_us, country, {people}, {genuine} \
             {from} AND excluded IS NULL AND country IS NOT NULL \
             GROUP BY code_id, at_us / {DAY_US}, country {}",
            super::COUNTRIES.insert,
            super::COUNTRIES.conflict
        );
        let [code, from_us, to_us] = stretch.clone();
        let with_agent = [code, from_us, to_us, NO_AGENT.into()];
        tx.execute_raw(self.db.statement(&quarters, stretch.clone()))
            .await?;
        tx.execute_raw(self.db.statement(&agents, with_agent))
            .await?;
        tx.execute_raw(self.db.statement(&countries, stretch.clone()))
            .await?;
        let count = tx
            .query_one_raw(self.db.statement(COUNT, stretch.clone()))
            .await?;
        let rows: i64 = count.map_or(Ok(0), |row| row.try_get_by(0))?;
        Ok(rows.unsigned_abs())
    }

    /// Who visited on a day whose key is still there. Those who are known stay known.
    async fn add_visitors(
        &self,
        tx: &DatabaseTransaction,
        (code_id, from_us, to_us): (Uuid, i64, i64),
        keys: &DayKeys,
    ) -> Result<(), DbErr> {
        const SQL: &str = "SELECT at_us, address, agent_id FROM scans \
             WHERE code_id = $1 AND at_us >= $2 AND at_us < $3 AND excluded IS NULL";
        let values = [code_id.into(), from_us.into(), to_us.into()];
        let found = tx.query_all_raw(self.db.statement(SQL, values)).await?;
        let rows: Result<Vec<ScanRow>, DbErr> = found.iter().map(|r| visit(code_id, r)).collect();
        let mut tallies = Tallies::default();
        for row in rows? {
            if let Some((day_us, visitor)) = keys.visitor(&row) {
                tallies.visitors.insert((code_id, day_us, visitor));
            }
        }
        tallies.add(tx).await
    }
}

/// As much of a scan as tells who it was.
fn visit(code_id: Uuid, row: &QueryResult) -> Result<ScanRow, DbErr> {
    Ok(ScanRow {
        id: Uuid::nil(),
        code_id,
        at: from_micros(row.try_get_by(0)?),
        genuine: false,
        excluded: None,
        address: row.try_get_by(1)?,
        referer: None,
        agent: row.try_get_by::<Option<i64>, _>(2)?.map(AgentId),
        country: None,
    })
}
