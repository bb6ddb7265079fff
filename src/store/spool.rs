//! The local spool: scans that were accepted and are not yet in the database, in a SQLite file of this node.
//!
//! Invariants: a batch that [`Spool::append`] returned an id for survives a kill of the process, and with
//! [`Durability::Power`] a power cut. Nothing is ever deleted but by [`Spool::delete`]. An id is never used twice,
//! so that deleting an entry twice cannot hit another one. A connection on which an operation failed or was abandoned
//! is not used again.
//!
//! One row is one commit and holds a whole batch: a commit costs the same for one scan as for a thousand. Appending
//! and draining have a connection each. Only the appending one syncs: a deletion that a power cut undoes delivers
//! its scans again, and recording them is exactly once.
//!
//! A damaged file is renamed to `<file>.damaged-<µs>` together with its log, an error is logged, and a new
//! one is begun: the service must start, and the batches in the damaged file can be recovered with `sqlite3 <file> .recover`.

mod connection;
mod file;

pub(super) use file::SCHEMA;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use sea_orm::sqlx::{self, Connection as _, SqliteConnection};
use tokio::sync::Mutex;

use super::{failure, sqlite::WRITES_NOTHING_NEW};
use crate::{
    kernel::{Result, SharedClock},
    telemetry::StoreTimer,
};

/// Batches that [`Spool::oldest`] returns at most.
pub const ROWS_AT_ONCE: usize = 1024;

/// How durable an acknowledged append is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Survives a power cut: the disk has confirmed each commit.
    Power,
    /// Survives the end of the process: the operating system has each commit.
    Process,
}

/// A batch of scans that waits for the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpoolEntry {
    /// Ascending in the order of appending.
    pub id: i64,
    /// How many scans the payload holds.
    pub scans: u32,
    pub payload: Vec<u8>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Spool(Arc<Inner>);

struct Inner {
    clock: SharedClock,
    last_id: AtomicI64,
    /// SQLite lets one connection write at a time, and one that finds it taken sleeps for whole milliseconds.
    /// Waiting here costs no more than the other's commit.
    turn: Mutex<()>,
    appender: connection::Connection,
    drainer: connection::Connection,
    /// Keeps the log's index: see [`file::Opened`].
    _idle: Mutex<SqliteConnection>,
    /// Whether the last append failed.
    failing: AtomicBool,
    timers: Timers,
}

struct Timers {
    append: StoreTimer,
    oldest: StoreTimer,
    delete: StoreTimer,
    set_aside: StoreTimer,
    backlog: StoreTimer,
}

impl Spool {
    /// Opens the spool at `path`, makes it and its folder if they are missing, and starts anew if it is damaged.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be opened or written.
    pub async fn open(path: &Path, durability: Durability, clock: SharedClock) -> Result<Self> {
        let file::Opened {
            appender,
            drainer,
            idle,
        } = file::open(path, durability, &clock).await?;
        let newest = newest_id(&drainer).await;
        let newest = newest.map_err(failure::classify_sqlx)?;
        let timer = |operation| StoreTimer::new(clock.clone(), operation);
        let timers = Timers {
            append: timer("spool.append"),
            oldest: timer("spool.oldest"),
            delete: timer("spool.delete"),
            set_aside: timer("spool.set_aside"),
            backlog: timer("spool.backlog"),
        };
        Ok(Self(Arc::new(Inner {
            last_id: AtomicI64::new(newest.unwrap_or(0)),
            turn: Mutex::new(()),
            appender,
            drainer,
            _idle: idle,
            failing: AtomicBool::new(false),
            timers,
            clock,
        })))
    }

    /// Appends one batch and returns its id. Once this returned, the batch is durable.
    ///
    /// # Errors
    /// `Unavailable`, e.g. when the disk is full; the batch may be in the spool nevertheless.
    pub async fn append(&self, payload: &[u8], scans: u32) -> Result<i64> {
        let work = async {
            let mut connection = self.0.appender.take().await?;
            let _turn = self.0.turn.lock().await;
            let id = self.next_id();
            sqlx::query("INSERT INTO spool (id, scans, payload) VALUES (?, ?, ?)")
                .bind(id)
                .bind(scans)
                .bind(payload)
                .execute(&mut *connection)
                .await?;
            connection.put_back();
            Ok(id)
        };
        let timed = self.0.timers.append.time(work).await;
        self.0.failing.store(timed.is_err(), Ordering::Relaxed);
        timed.map_err(failure::classify_sqlx)
    }

    /// The oldest batches, in the order of appending: as many as hold at most `scans` together, but at least one, and at most
    /// [`ROWS_AT_ONCE`].
    ///
    /// # Errors
    /// `Unavailable`, or `Internal` when the file was damaged since it was opened.
    pub async fn oldest(&self, scans: u32) -> Result<Vec<SpoolEntry>> {
        // The inner queries read no payload.
        const SQL: &str = "SELECT id, scans, payload FROM spool WHERE id <= (SELECT MAX(id) FROM (\
             SELECT id, scans, SUM(scans) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS upto \
             FROM (SELECT id, scans FROM spool ORDER BY id LIMIT ?2)) WHERE upto <= max(scans, ?1)) ORDER BY id";
        let work = async {
            let mut connection = self.0.drainer.take().await?;
            let rows = sqlx::query_as(SQL)
                .bind(scans)
                .bind(i64::try_from(ROWS_AT_ONCE).unwrap_or(i64::MAX))
                .fetch_all(&mut *connection)
                .await?;
            connection.put_back();
            Ok(rows)
        };
        let timed = self.0.timers.oldest.time(work).await;
        let rows: Vec<(i64, u32, Vec<u8>)> = timed.map_err(failure::classify_sqlx)?;
        Ok(rows
            .into_iter()
            .map(|(id, scans, payload)| SpoolEntry { id, scans, payload })
            .collect())
    }

    /// Deletes recorded batches. Unknown ids are ignored.
    ///
    /// # Errors
    /// `Unavailable`; the batches are then delivered again.
    pub async fn delete(&self, ids: &[i64]) -> Result<()> {
        let list: Vec<String> = ids.iter().map(i64::to_string).collect();
        let work = async {
            let mut connection = self.0.drainer.take().await?;
            let _turn = self.0.turn.lock().await;
            sqlx::query("DELETE FROM spool WHERE id IN (SELECT value FROM json_each(?))")
                .bind(format!("[{}]", list.join(",")))
                .execute(&mut *connection)
                .await?;
            connection.put_back();
            Ok(())
        };
        let timed = self.0.timers.delete.time(work).await;
        timed.map_err(failure::classify_sqlx)
    }

    /// Moves a batch that can never be recorded to another table, with the reason. False when it is not in the spool.
    ///
    /// # Errors
    /// `Unavailable`; the batch is then where it was.
    pub async fn set_aside(&self, id: i64, reason: &str) -> Result<bool> {
        let now_us = self.0.clock.now().as_microsecond();
        let work = async {
            let mut connection = self.0.drainer.take().await?;
            let _turn = self.0.turn.lock().await;
            let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
            sqlx::query(
                "INSERT INTO set_aside (id, scans, at_us, reason, payload) \
                 SELECT id, scans, ?, ?, payload FROM spool WHERE id = ?",
            )
            .bind(now_us)
            .bind(reason)
            .bind(id)
            .execute(&mut *tx)
            .await?;
            let moved = sqlx::query("DELETE FROM spool WHERE id = ?")
                .bind(id)
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
            connection.put_back();
            Ok(moved.rows_affected() > 0)
        };
        let timed = self.0.timers.set_aside.time(work).await;
        timed.map_err(failure::classify_sqlx)
    }

    /// Numbers of batches and scans. Reads the whole file: for the start and for health checks. After a failed append it writes,
    /// too, to find out whether appending works again.
    ///
    /// # Errors
    /// As [`Spool::oldest`], and `Unavailable` when nothing can be appended.
    pub async fn backlog(&self) -> Result<(u64, u64)> {
        let work = async {
            if self.0.failing.load(Ordering::Relaxed) {
                self.try_to_write().await?;
            }
            let mut connection = self.0.drainer.take().await?;
            let found = sqlx::query_as("SELECT COUNT(*), COALESCE(SUM(scans), 0) FROM spool")
                .fetch_one(&mut *connection)
                .await?;
            connection.put_back();
            Ok(found)
        };
        let timed = self.0.timers.backlog.time(work).await;
        let (rows, scans): (i64, i64) = timed.map_err(failure::classify_sqlx)?;
        Ok((rows.unsigned_abs(), scans.unsigned_abs()))
    }

    async fn try_to_write(&self) -> Result<(), sqlx::Error> {
        let mut connection = self.0.appender.take().await?;
        let _turn = self.0.turn.lock().await;
        sqlx::query(WRITES_NOTHING_NEW)
            .execute(&mut *connection)
            .await?;
        connection.put_back();
        self.0.failing.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// The time in microseconds, or one more than the last id if the clock did not move on. Call it only with the
    /// appending connection.
    fn next_id(&self) -> i64 {
        let now_us = self.0.clock.now().as_microsecond();
        let id = now_us.max(self.0.last_id.load(Ordering::Relaxed) + 1);
        self.0.last_id.store(id, Ordering::Relaxed);
        id
    }
}

/// The highest id that is in use.
async fn newest_id(drainer: &connection::Connection) -> Result<Option<i64>, sqlx::Error> {
    const SQL: &str =
        "SELECT MAX(id) FROM (SELECT id FROM spool UNION ALL SELECT id FROM set_aside)";
    let mut connection = drainer.take().await?;
    let newest = sqlx::query_scalar(SQL).fetch_one(&mut *connection).await?;
    connection.put_back();
    Ok(newest)
}

#[cfg(test)]
mod tests;
