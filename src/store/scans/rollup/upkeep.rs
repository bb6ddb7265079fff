//! After a day: deletes its key, then replaces the hashes of its visitors by their number.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement, Value, prelude::Uuid};

use super::{
    super::{
        Scans,
        record::lock,
        visitors::{self, Visitors},
    },
    insert,
};
use crate::{kernel::Result, store::statement::placeholders};

/// Codes in one transaction: a day's visitors of one may be many.
const CODES: u32 = 16;

impl Scans {
    /// Deletes the keys of past days. False when there were none.
    ///
    /// # Errors
    /// Faults only.
    pub async fn forget_keys(&self) -> Result<bool> {
        const SQL: &str = "DELETE FROM visitor_keys WHERE day_us < $1";
        let live_us = visitors::first_live_day_us(self.db.now());
        let work = self.db.execute(self.db.statement(SQL, [live_us.into()]));
        let gone = self.db.write(&self.timers.rollup_upkeep, work).await?;
        Ok(gone > 0)
    }

    /// Replaces the visitors of past days by their number.
    ///
    /// # Errors
    /// Faults only. Codes that are done stay done.
    pub async fn forget_visitors(&self) -> Result<()> {
        const SQL: &str = "SELECT DISTINCT code_id FROM rollup_visitors \
             WHERE day_us < $1 AND code_id > $2 ORDER BY code_id LIMIT $3";
        let live_us = visitors::first_live_day_us(self.db.now());
        let mut after = Uuid::nil();
        loop {
            let work = async {
                let values = [live_us.into(), after.into(), i64::from(CODES).into()];
                let ask = self.db.statement(SQL, values);
                let rows = self.db.reader.query_all_raw(ask).await?;
                let codes: Result<Vec<Uuid>, DbErr> =
                    rows.iter().map(|row| row.try_get_by(0)).collect();
                let codes = codes?;
                if !codes.is_empty() {
                    let tx = self.db.begin().await?;
                    forget_visitors_of(&tx, &codes, live_us).await?;
                    tx.commit().await?;
                }
                Ok(codes)
            };
            let codes = self.db.write(&self.timers.rollup_upkeep, work).await?;
            match codes.last() {
                Some(last) => after = *last,
                None => return Ok(()),
            }
        }
    }
}

async fn forget_visitors_of(
    tx: &DatabaseTransaction,
    codes: &[Uuid],
    live_us: i64,
) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    lock(tx, codes).await?;
    let ids = placeholders(backend, 1, codes.len());
    let of = |first: &str| {
        let values = codes.iter().map(|id| Value::from(*id));
        let sql = format!("{first} WHERE code_id IN {ids} AND day_us < {live_us}");
        Statement::from_sql_and_values(backend, sql, values)
    };
    let mut days: BTreeMap<(Uuid, i64), Visitors> = BTreeMap::new();
    let ask = of("SELECT code_id, day_us, visitors FROM rollup_visitors");
    for row in tx.query_all_raw(ask).await? {
        let day = days.entry((row.try_get_by(0)?, row.try_get_by(1)?));
        day.or_default()
            .add_packed(&row.try_get_by::<Vec<u8>, _>(2)?);
    }
    let rows = days.iter();
    let rows = rows.map(|((code, day), v)| [(*code).into(), (*day).into(), v.count().into()]);
    let into = "INSERT INTO rollup_visits (code_id, day_us, visitors)";
    let conflict = "ON CONFLICT (code_id, day_us) DO UPDATE \
         SET visitors = rollup_visits.visitors + excluded.visitors";
    insert(tx, into, conflict, &rows.collect::<Vec<_>>()).await?;
    tx.execute_raw(of("DELETE FROM rollup_visitors")).await?;
    Ok(())
}
