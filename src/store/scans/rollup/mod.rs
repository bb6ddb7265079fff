//! Scans counted beforehand: what a batch adds, in the transaction that stores it.
//!
//! Invariant: a code's rollups hold its rows before `counted_before_us`, each once; who writes them holds the lock on
//! the code. See `docs/adr/0008-rollups.md`.

mod rebuild;
mod upkeep;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement, Value, prelude::Uuid};

use super::{Country, Excluded, ScanRow, visitors::DayKeys};
use crate::store::statement::{chunks, placeholders};

/// What new rows are marked with. A release that changes what rollups hold takes another number.
pub(super) const VERSION: i16 = 1;
/// Width of the finest rollup: midnights of every time zone are multiples of it.
pub(super) const QUARTER_US: i64 = 15 * 60 * 1_000_000;
pub(super) const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;
/// `counted_before_us` of a code whose rollups hold nothing that can be trusted.
const NOTHING: i64 = i64::MIN;
/// … and of one whose rollups hold everything.
pub(super) const EVERYTHING: i64 = i64::MAX;
/// Stands for a scan without a user agent.
const NO_AGENT: i64 = i64::MIN;

/// Of the codes whose rollups are not complete: how far they go.
pub(super) type Open = HashMap<Uuid, i64>;

/// Asked after the codes are locked, in a statement of its own: only then what it says cannot change any more.
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

/// A table of counts: how a row is added to it.
struct Table {
    insert: &'static str,
    columns: usize,
    conflict: &'static str,
}

const STATE: Table = Table {
    insert: "INSERT INTO rollup_state (code_id, counted_before_us, recorded)",
    columns: 3,
    // How far the rollups go stays: these rows are counted, or will be by a rebuild.
    conflict: "ON CONFLICT (code_id) DO UPDATE SET recorded = rollup_state.recorded + excluded.recorded",
};
const QUARTERS: Table = Table {
    insert: "INSERT INTO rollup_quarters (code_id, start_us, people, genuine, head, prefetch, bot)",
    columns: 7,
    conflict: "ON CONFLICT (code_id, start_us) DO UPDATE SET \
        people = rollup_quarters.people + excluded.people, \
        genuine = rollup_quarters.genuine + excluded.genuine, \
        head = rollup_quarters.head + excluded.head, \
        prefetch = rollup_quarters.prefetch + excluded.prefetch, \
        bot = rollup_quarters.bot + excluded.bot",
};
const AGENTS: Table = Table {
    insert: "INSERT INTO rollup_agents (code_id, day_us, agent_id, people, genuine)",
    columns: 5,
    conflict: "ON CONFLICT (code_id, day_us, agent_id) DO UPDATE SET \
        people = rollup_agents.people + excluded.people, \
        genuine = rollup_agents.genuine + excluded.genuine",
};
const COUNTRIES: Table = Table {
    insert: "INSERT INTO rollup_countries (code_id, day_us, country, people, genuine)",
    columns: 5,
    conflict: "ON CONFLICT (code_id, day_us, country) DO UPDATE SET \
        people = rollup_countries.people + excluded.people, \
        genuine = rollup_countries.genuine + excluded.genuine",
};
/// A set: who is in it already stays.
const VISITORS: Table = Table {
    insert: "INSERT INTO rollup_visitors (code_id, day_us, visitor)",
    columns: 3,
    conflict: "ON CONFLICT DO NOTHING",
};

impl Table {
    async fn add<R>(
        &self,
        tx: &DatabaseTransaction,
        rows: &[R],
        values: impl Fn(&R, &mut Vec<Value>),
    ) -> Result<(), DbErr> {
        let backend = tx.get_database_backend();
        for chunk in chunks(rows) {
            let sql = format!(
                "{} VALUES {} {}",
                self.insert,
                placeholders(backend, chunk.len(), self.columns),
                self.conflict
            );
            let mut bound = Vec::with_capacity(chunk.len() * self.columns);
            for row in chunk {
                values(row, &mut bound);
            }
            tx.execute_raw(Statement::from_sql_and_values(backend, sql, bound))
                .await?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Quarter {
    people: i64,
    genuine: i64,
    head: i64,
    prefetch: i64,
    bot: i64,
}

#[derive(Default)]
struct People {
    all: i64,
    genuine: i64,
}

/// What rows add to each rollup. Ordered as their tables are: that is how a b-tree is filled fastest.
#[derive(Default)]
pub(super) struct Tallies {
    recorded: BTreeMap<Uuid, i64>,
    quarters: BTreeMap<(Uuid, i64), Quarter>,
    agents: BTreeMap<(Uuid, i64, i64), People>,
    countries: BTreeMap<(Uuid, i64, Country), People>,
    visitors: BTreeSet<(Uuid, i64, i64)>,
}

impl Tallies {
    pub(super) fn of(new: &[&ScanRow], open: &Open, keys: &DayKeys) -> Self {
        let mut tallies = Self::default();
        for row in new {
            *tallies.recorded.entry(row.code_id).or_default() += 1;
            if let Some((day_us, visitor)) = keys.visitor(row) {
                tallies.visitors.insert((row.code_id, day_us, visitor));
            }
            // What lies ahead of a rebuild is counted by it.
            let counted_before = open.get(&row.code_id).copied().unwrap_or(EVERYTHING);
            if row.at.as_microsecond() < counted_before {
                tallies.count(row);
            }
        }
        tallies
    }

    fn count(&mut self, row: &ScanRow) {
        let at_us = row.at.as_microsecond();
        let start_us = at_us / QUARTER_US * QUARTER_US;
        let quarter = self.quarters.entry((row.code_id, start_us)).or_default();
        match row.excluded {
            Some(Excluded::Head) => quarter.head += 1,
            Some(Excluded::Prefetch) => quarter.prefetch += 1,
            Some(Excluded::Bot) => quarter.bot += 1,
            None => {}
        }
        if row.excluded.is_some() {
            return;
        }
        let genuine = i64::from(row.genuine);
        quarter.people += 1;
        quarter.genuine += genuine;
        let day_us = at_us / DAY_US * DAY_US;
        let agent = row.agent.map_or(NO_AGENT, |a| a.0);
        let agents = self.agents.entry((row.code_id, day_us, agent));
        let countries = row
            .country
            .map(|c| self.countries.entry((row.code_id, day_us, c)).or_default());
        for people in countries.into_iter().chain([agents.or_default()]) {
            people.all += 1;
            people.genuine += genuine;
        }
    }

    pub(super) async fn add(self, tx: &DatabaseTransaction) -> Result<(), DbErr> {
        let rows: Vec<_> = self.recorded.into_iter().collect();
        STATE
            .add(tx, &rows, |(code, n), out| {
                out.extend([(*code).into(), EVERYTHING.into(), (*n).into()]);
            })
            .await?;
        let rows: Vec<_> = self.quarters.into_iter().collect();
        QUARTERS
            .add(tx, &rows, |((code, start), q), out| {
                out.extend([Value::from(*code), (*start).into()]);
                out.extend([q.people, q.genuine, q.head, q.prefetch, q.bot].map(Value::from));
            })
            .await?;
        let rows: Vec<_> = self.agents.into_iter().collect();
        AGENTS
            .add(tx, &rows, |((code, day, agent), n), out| {
                out.push((*code).into());
                out.extend([*day, *agent, n.all, n.genuine].map(Value::from));
            })
            .await?;
        let rows: Vec<_> = self.countries.into_iter().collect();
        COUNTRIES
            .add(tx, &rows, |((code, day, country), n), out| {
                out.extend([(*code).into(), (*day).into(), country.to_string().into()]);
                out.extend([n.all, n.genuine].map(Value::from));
            })
            .await?;
        let rows: Vec<_> = self.visitors.into_iter().collect();
        VISITORS
            .add(tx, &rows, |(code, day, visitor), out| {
                out.extend([(*code).into(), (*day).into(), (*visitor).into()]);
            })
            .await
    }
}
