//! Recording a batch of scans: exactly once, each in one transaction with the counters of its code.
//!
//! Invariants: a scan whose id is stored already changes nothing. Locks are taken in one order (codes, agents,
//! scans, rollups, each by id, scans by their code first), so that recorders on several nodes, and several of one, wait for
//! each other instead of deadlocking.

use std::collections::{BTreeMap, HashSet};

use futures_util::future::try_join;

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement, Value, prelude::Uuid,
};

use super::{
    Agent, ScanRow, Scans,
    rollup::{self, Tallies},
    visitors::DayKeys,
};
use crate::{
    kernel::{Result, id},
    store::statement::{chunks, placeholders},
};

/// So many rows are two transactions at once where the database takes more than one: one of PostgreSQL's uses one processor
/// of its server.
const TWO: usize = 2048;

/// Outcome of a batch; the three add up to its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// New rows.
    pub stored: usize,
    /// Rows that were there before, or twice in the batch.
    pub duplicates: usize,
    /// Rows of codes that do not exist any more. They are not stored.
    pub orphaned: usize,
}

/// How the new rows of a batch are determined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// All of them, as nearly always: then a count is enough. Returning each row's id costs as much again as
    /// inserting it.
    AllNew,
    /// A batch that is delivered again.
    Some,
}

impl Scans {
    /// Stores `rows` and adds them to their codes' counters. `agents` are the agents of `rows` that may not be
    /// known yet; known ones are left as they are.
    ///
    /// # Errors
    /// `Invalid` when a text holds a NUL; `Unavailable` or `Timeout` when trying again may help. After any error
    /// nothing is known to be stored, and recording the same batch again is safe.
    pub async fn record(&self, rows: &[ScanRow], agents: &[Agent]) -> Result<Recorded> {
        rows.iter().try_for_each(ScanRow::check)?;
        agents.iter().try_for_each(Agent::check)?;
        // Before the transaction: no lock is held while a key is read.
        let keys = self.day_keys(rows).await?;
        let keyed = (&keys, i64::from_le_bytes(id::random()?));
        let (rows, duplicates) = distinct(rows);
        let work = async {
            let part = |rows| self.record_part(rows, agents, keyed);
            let mut done = if rows.len() < TWO || self.db.backend() == DbBackend::Sqlite {
                part(&rows).await?
            } else {
                let (first, second) = rows.split_at(middle(&rows));
                let (first, second) = try_join(part(first), part(second)).await?;
                Recorded {
                    stored: first.stored + second.stored,
                    duplicates: first.duplicates + second.duplicates,
                    orphaned: first.orphaned + second.orphaned,
                }
            };
            done.duplicates += duplicates;
            Ok(done)
        };
        self.db.write(&self.timers.record, work).await
    }

    /// All rows of their codes in a batch, in one transaction.
    async fn record_part(
        &self,
        rows: &[&ScanRow],
        agents: &[Agent],
        keyed: (&DayKeys, i64),
    ) -> Result<Recorded, DbErr> {
        if let Some(done) = self.attempt(rows, agents, keyed, Expect::AllNew).await? {
            return Ok(done);
        }
        let done = self.attempt(rows, agents, keyed, Expect::Some).await?;
        done.ok_or_else(|| DbErr::Custom("a batch was neither new nor known".to_owned()))
    }

    /// `None`, and nothing changed, when `expect` was wrong.
    async fn attempt(
        &self,
        rows: &[&ScanRow],
        agents: &[Agent],
        (keys, batch): (&DayKeys, i64),
        expect: Expect,
    ) -> Result<Option<Recorded>, DbErr> {
        let mut done = Recorded::default();
        let tx = self.db.begin().await?;
        let codes = lock_codes(&tx, rows).await?;
        let (rows, orphans): (Vec<&ScanRow>, Vec<_>) =
            rows.iter().partition(|r| codes.contains(&r.code_id));
        done.orphaned = orphans.len();
        insert_agents(&tx, agents).await?;
        let Some(new) = insert_scans(&tx, &rows, expect).await? else {
            tx.rollback().await?;
            return Ok(None);
        };
        done.stored = new.len();
        done.duplicates = rows.len() - new.len();
        count(&tx, &new).await?;
        count_placements(&tx, &new).await?;
        let open = rollup::incomplete_among(&tx, &codes).await?;
        Tallies::of(&new, &open, keys).add(&tx, batch).await?;
        tx.commit().await?;
        Ok(Some(done))
    }
}

/// Each id once, by code: scans of one code share pages of an index. And how many there were twice.
fn distinct(rows: &[ScanRow]) -> (Vec<&ScanRow>, usize) {
    let mut distinct: Vec<&ScanRow> = rows.iter().collect();
    distinct.sort_unstable_by_key(|r| r.id);
    distinct.dedup_by_key(|r| r.id);
    distinct.sort_unstable_by_key(|r| (r.code_id, r.id));
    let duplicates = rows.len() - distinct.len();
    (distinct, duplicates)
}

/// Where the first code behind half of the rows, ordered by code, begins.
fn middle(rows: &[&ScanRow]) -> usize {
    let half = rows.get(rows.len() / 2);
    half.map_or(0, |half| rows.partition_point(|r| r.code_id < half.code_id))
}

/// Those codes of `rows`, ordered by code, that exist, and keep existing until the transaction ends.
async fn lock_codes(tx: &DatabaseTransaction, rows: &[&ScanRow]) -> Result<HashSet<Uuid>, DbErr> {
    let mut wanted: Vec<Uuid> = rows.iter().map(|r| r.code_id).collect();
    wanted.dedup();
    lock(tx, &wanted).await
}

/// Those of `codes`, ascending, that exist, and keep existing until the transaction ends. The holder of this lock may
/// write rollups of these codes.
pub(super) async fn lock(tx: &DatabaseTransaction, codes: &[Uuid]) -> Result<HashSet<Uuid>, DbErr> {
    let backend = tx.get_database_backend();
    // SQLite's transaction holds the only write lock already. PostgreSQL's lock is the weakest that keeps out
    // both deletions and other recorders.
    let lock = match backend {
        DbBackend::Postgres => " ORDER BY id FOR NO KEY UPDATE",
        _ => "",
    };
    let mut found = HashSet::with_capacity(codes.len());
    for chunk in chunks(codes) {
        let ids = placeholders(backend, 1, chunk.len());
        let sql = format!("SELECT id FROM codes WHERE id IN {ids}{lock}");
        let values = chunk.iter().map(|id| Value::from(*id));
        let ask = Statement::from_sql_and_values(backend, sql, values);
        for row in tx.query_all_raw(ask).await? {
            found.insert(row.try_get_by(0)?);
        }
    }
    Ok(found)
}

async fn insert_agents(tx: &DatabaseTransaction, agents: &[Agent]) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    let mut agents: Vec<&Agent> = agents.iter().collect();
    agents.sort_by_key(|a| a.id);
    agents.dedup_by_key(|a| a.id);
    for chunk in chunks(&agents) {
        let sql = format!(
            "INSERT INTO agents (id, user_agent, device_type, device_family, os_family, os_version, \
             browser_family, browser_version) VALUES {} ON CONFLICT DO NOTHING",
            placeholders(backend, chunk.len(), 8)
        );
        let values = chunk
            .iter()
            .flat_map(|a| std::iter::once(a.id.0.into()).chain(a.texts().map(Value::from)));
        tx.execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
    }
    Ok(())
}

/// The rows that were new; `None` when all should have been and some were not.
async fn insert_scans<'a>(
    tx: &DatabaseTransaction,
    rows: &[&'a ScanRow],
    expect: Expect,
) -> Result<Option<Vec<&'a ScanRow>>, DbErr> {
    let backend = tx.get_database_backend();
    let returning = match expect {
        Expect::AllNew => "",
        Expect::Some => " RETURNING id",
    };
    let mut new: HashSet<Uuid> = HashSet::new();
    for chunk in chunks(rows) {
        let sql = format!(
            "INSERT INTO scans (id, code_id, at_us, genuine, excluded, address, referer, agent_id, \
             country, rollup_version, placement_id) VALUES {} ON CONFLICT DO NOTHING{returning}",
            placeholders(backend, chunk.len(), 11)
        );
        let values = chunk.iter().flat_map(|r| values(r));
        let insert = Statement::from_sql_and_values(backend, sql, values);
        match expect {
            Expect::AllNew => {
                let inserted = tx.execute_raw(insert).await?.rows_affected();
                if inserted != chunk.len() as u64 {
                    return Ok(None);
                }
            }
            Expect::Some => {
                for row in tx.query_all_raw(insert).await? {
                    new.insert(row.try_get_by(0)?);
                }
            }
        }
    }
    let mut rows = rows.to_vec();
    if expect == Expect::Some {
        rows.retain(|r| new.contains(&r.id));
    }
    Ok(Some(rows))
}

fn values(row: &ScanRow) -> [Value; 11] {
    [
        row.id.into(),
        row.code_id.into(),
        row.at.as_microsecond().into(),
        row.genuine.into(),
        row.excluded.map(super::Excluded::label).into(),
        row.address.clone().into(),
        row.referer.clone().into(),
        row.agent.map(|a| a.0).into(),
        row.country.map(|c| c.to_string()).into(),
        rollup::VERSION.into(),
        row.placement_id.into(),
    ]
}

/// Additions of a batch to one code's counters. Times in microseconds.
struct Tally {
    scans: i64,
    last: i64,
    genuine: i64,
    first_genuine: Option<i64>,
    last_genuine: Option<i64>,
}

/// Adds scans by people, and only those, to the counters of their codes.
async fn count(tx: &DatabaseTransaction, new: &[&ScanRow]) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    let tallies: Vec<(Uuid, Tally)> = tally(new).into_iter().collect();
    for chunk in chunks(&tallies) {
        let sql = format!(
            "UPDATE codes SET \
             scan_count = scan_count + v.column2, \
             last_scan_at_us = CASE WHEN last_scan_at_us >= v.column3 THEN last_scan_at_us \
               ELSE v.column3 END, \
             genuine_scan_count = genuine_scan_count + v.column4, \
             first_genuine_scan_at_us = CASE WHEN v.column5 IS NULL \
               OR first_genuine_scan_at_us <= v.column5 THEN first_genuine_scan_at_us \
               ELSE v.column5 END, \
             last_genuine_scan_at_us = CASE WHEN v.column6 IS NULL \
               OR last_genuine_scan_at_us >= v.column6 THEN last_genuine_scan_at_us \
               ELSE v.column6 END \
             FROM (VALUES {}) AS v WHERE codes.id = v.column1",
            placeholders(backend, chunk.len(), 6)
        );
        let values = chunk.iter().flat_map(|(id, t)| {
            [
                Value::from(*id),
                t.scans.into(),
                t.last.into(),
                t.genuine.into(),
                t.first_genuine.into(),
                t.last_genuine.into(),
            ]
        });
        tx.execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
    }
    Ok(())
}

fn tally(new: &[&ScanRow]) -> BTreeMap<Uuid, Tally> {
    let mut tallies: BTreeMap<Uuid, Tally> = BTreeMap::new();
    for row in new.iter().filter(|r| r.excluded.is_none()) {
        let at = row.at.as_microsecond();
        let t = tallies.entry(row.code_id).or_insert(Tally {
            scans: 0,
            last: at,
            genuine: 0,
            first_genuine: None,
            last_genuine: None,
        });
        t.scans += 1;
        t.last = t.last.max(at);
        if row.genuine {
            t.genuine += 1;
            t.first_genuine = Some(t.first_genuine.map_or(at, |first| first.min(at)));
            t.last_genuine = Some(t.last_genuine.map_or(at, |last| last.max(at)));
        }
    }
    tallies
}

/// The same for the placements whose slugs were scanned; their code's lock is held.
async fn count_placements(tx: &DatabaseTransaction, new: &[&ScanRow]) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    // Scans of people: number, of those genuine, the last.
    let mut tallies: BTreeMap<Uuid, (i64, i64, i64)> = BTreeMap::new();
    for row in new.iter().filter(|r| r.excluded.is_none()) {
        let Some(id) = row.placement_id else { continue };
        let (scans, genuine, last) = tallies.entry(id).or_insert((0, 0, i64::MIN));
        *scans += 1;
        *genuine += i64::from(row.genuine);
        *last = row.at.as_microsecond().max(*last);
    }
    let tallies: Vec<_> = tallies.into_iter().collect();
    for chunk in chunks(&tallies) {
        let sql = format!(
            "UPDATE placements SET \
             scan_count = scan_count + v.column2, \
             genuine_scan_count = genuine_scan_count + v.column3, \
             last_scan_at_us = CASE WHEN last_scan_at_us >= v.column4 THEN last_scan_at_us \
               ELSE v.column4 END \
             FROM (VALUES {}) AS v WHERE placements.id = v.column1",
            placeholders(backend, chunk.len(), 4)
        );
        let values = chunk.iter().flat_map(|(id, (scans, genuine, last))| {
            [
                Value::from(*id),
                (*scans).into(),
                (*genuine).into(),
                (*last).into(),
            ]
        });
        tx.execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
    }
    Ok(())
}
