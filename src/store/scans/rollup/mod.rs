//! Rollups: precomputed counts of scans. A batch is added in the transaction that stores it.
//!
//! Invariant: a code's rollups hold its rows before `counted_before_us`, each once; a writer of them holds the lock on
//! the code. See `docs/adr/0008-rollups.md`.

mod counts;
mod rebuild;
mod upkeep;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement, Value, prelude::Uuid,
};

use super::{ScanRow, visitors::DayKeys};
use crate::store::statement::{chunks, placeholders};
use counts::Day;
pub(super) use counts::{Agents, Countries, Quarter, Quarters};

/// `rollup_version` of new rows. A release with other rollups takes another number.
pub(super) const VERSION: i16 = 1;
/// Width of the finest rollup: midnights of every time zone are multiples of it.
pub(super) const QUARTER_US: i64 = 15 * 60 * 1_000_000;
pub(super) const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;
/// `counted_before_us` of a code without valid rollups.
const NOTHING: i64 = i64::MIN;
/// `counted_before_us` of a code with complete rollups.
pub(super) const EVERYTHING: i64 = i64::MAX;

/// `counted_before_us` of the codes with incomplete rollups.
pub(super) type Open = HashMap<Uuid, i64>;

/// To be called after the codes are locked, in a statement of its own: only then the answer cannot change any more.
pub(super) async fn incomplete_among(
    tx: &DatabaseTransaction,
    codes: &HashSet<Uuid>,
) -> Result<Open, DbErr> {
    let backend = tx.get_database_backend();
    let codes: Vec<Uuid> = codes.iter().copied().collect();
    let mut open = Open::new();
    for chunk in chunks(&codes) {
        let sql = format!(
            "SELECT code_id, counted_before_us FROM rollup_state \
             WHERE counted_before_us < 9223372036854775807 AND code_id IN {}",
            placeholders(backend, 1, chunk.len())
        );
        let values = chunk.iter().map(|id| Value::from(*id));
        let ask = Statement::from_sql_and_values(backend, sql, values);
        for row in tx.query_all_raw(ask).await? {
            open.insert(row.try_get_by(0)?, row.try_get_by(1)?);
        }
    }
    Ok(open)
}

/// Additions of rows to each rollup. Ordered as the tables: a b-tree is filled fastest in its order.
#[derive(Default)]
pub(super) struct Tallies {
    recorded: BTreeMap<Uuid, i64>,
    /// By day and code.
    days: BTreeMap<i64, BTreeMap<Uuid, Day>>,
    visitors: BTreeMap<(Uuid, i64), BTreeSet<i64>>,
}

impl Tallies {
    /// `open`: the codes with incomplete rollups.
    pub(super) fn of(new: &[&ScanRow], open: &Open, keys: &DayKeys) -> Self {
        let mut tallies = Self::default();
        for row in new {
            *tallies.recorded.entry(row.code_id).or_default() += 1;
            // A rebuild counts the rows that it has not reached yet.
            let counted_before = open.get(&row.code_id).copied().unwrap_or(EVERYTHING);
            if row.at.as_microsecond() < counted_before {
                tallies.count(row);
            }
            tallies.visit(row, keys);
        }
        tallies
    }

    fn count(&mut self, row: &ScanRow) {
        let day_us = day_of(row.at.as_microsecond());
        let codes = self.days.entry(day_us).or_default();
        codes.entry(row.code_id).or_default().count(row);
    }

    fn visit(&mut self, row: &ScanRow, keys: &DayKeys) {
        if let Some((day_us, visitor)) = keys.visitor(row) {
            let visitors = self.visitors.entry((row.code_id, day_us)).or_default();
            visitors.insert(visitor);
        }
    }

    /// `batch`: a number that no other transaction of these codes has.
    pub(super) async fn add(mut self, tx: &DatabaseTransaction, batch: i64) -> Result<(), DbErr> {
        const STATE: &str = "INSERT INTO rollup_state (code_id, counted_before_us, recorded)";
        const DAYS: &str = "INSERT INTO rollup_days (code_id, day_us, quarters, agents, countries)";
        const VISITORS: &str = "INSERT INTO rollup_visitors (code_id, day_us, batch, visitors)";
        // `counted_before_us` stays: these rows are counted, or a rebuild will count them.
        let rows = self
            .recorded
            .iter()
            .map(|(code, n)| [(*code).into(), EVERYTHING.into(), (*n).into()]);
        let conflict = "ON CONFLICT (code_id) DO UPDATE \
             SET recorded = rollup_state.recorded + excluded.recorded";
        insert(tx, STATE, conflict, &rows.collect::<Vec<_>>()).await?;
        for (day_us, codes) in &mut self.days {
            merge_stored(tx, *day_us, codes).await?;
        }
        let days = self.days.iter();
        let rows = days.flat_map(|(day_us, codes)| {
            codes.iter().map(|(code, day)| {
                [
                    (*code).into(),
                    (*day_us).into(),
                    day.quarters.pack().into(),
                    day.agents.pack().into(),
                    day.countries.pack().into(),
                ]
            })
        });
        let conflict = "ON CONFLICT (code_id, day_us) DO UPDATE SET \
             quarters = excluded.quarters, agents = excluded.agents, countries = excluded.countries";
        insert(tx, DAYS, conflict, &rows.collect::<Vec<_>>()).await?;
        let rows = self.visitors.iter().map(|((code, day_us), visitors)| {
            let packed: Vec<u8> = visitors.iter().flat_map(|v| v.to_le_bytes()).collect();
            [
                (*code).into(),
                (*day_us).into(),
                batch.into(),
                packed.into(),
            ]
        });
        let conflict = "ON CONFLICT DO NOTHING";
        insert(tx, VISITORS, conflict, &rows.collect::<Vec<_>>()).await
    }
}

/// Adds the stored counts of the days. No other transaction can change them: the codes are locked.
async fn merge_stored(
    tx: &DatabaseTransaction,
    day_us: i64,
    codes: &mut BTreeMap<Uuid, Day>,
) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    let ids: Vec<Uuid> = codes.keys().copied().collect();
    for chunk in chunks(&ids) {
        let day = match backend {
            DbBackend::Postgres => format!("${}", chunk.len() + 1),
            _ => "?".to_owned(),
        };
        let sql = format!(
            "SELECT code_id, quarters, agents, countries FROM rollup_days \
             WHERE code_id IN {} AND day_us = {day}",
            placeholders(backend, 1, chunk.len())
        );
        let values = chunk.iter().map(|id| Value::from(*id));
        let values = values.chain([day_us.into()]);
        let ask = Statement::from_sql_and_values(backend, sql, values);
        for row in tx.query_all_raw(ask).await? {
            let packed: Vec<Vec<u8>> = (1..4)
                .map(|column| row.try_get_by(column))
                .collect::<Result<_, DbErr>>()?;
            if let Some(day) = codes.get_mut(&row.try_get_by::<Uuid, _>(0)?) {
                day.quarters.add_packed(&packed[0])?;
                day.agents.add_packed(&packed[1])?;
                day.countries.add_packed(&packed[2])?;
            }
        }
    }
    Ok(())
}

async fn insert<const N: usize>(
    tx: &DatabaseTransaction,
    into: &str,
    conflict: &str,
    rows: &[[Value; N]],
) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    for chunk in chunks(rows) {
        let values = placeholders(backend, chunk.len(), N);
        let sql = format!("{into} VALUES {values} {conflict}");
        let bound = chunk.iter().flatten().cloned();
        tx.execute_raw(Statement::from_sql_and_values(backend, sql, bound))
            .await?;
    }
    Ok(())
}

/// The UTC day of a time, as the microsecond of its midnight.
pub(super) const fn day_of(at_us: i64) -> i64 {
    at_us / DAY_US * DAY_US
}
