//! The spool's file: opening it, its schema, and replacing a damaged one.

use std::{
    ffi::OsString,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use sea_orm::sqlx::{
    self, ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::sync::Mutex;

use super::{Durability, connection, failure};
use crate::{
    kernel::{Result, SharedClock},
    store::sqlite::{WAL_LIMIT_BYTES, create_parent},
};

/// `scans` stands before `payload`, so that counting does not read payloads.
pub(in crate::store) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS spool (
        id INTEGER PRIMARY KEY NOT NULL, scans INTEGER NOT NULL, payload BLOB NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS set_aside (
        id INTEGER PRIMARY KEY NOT NULL, scans INTEGER NOT NULL, at_us INTEGER NOT NULL,
        reason TEXT NOT NULL, payload BLOB NOT NULL
    ) STRICT;";

/// How long to wait for locks of other processes, e.g. an operator's shell. Our own two connections take turns.
const BUSY: Duration = Duration::from_secs(5);
/// Pages in the log before a commit folds it into the file. The drainer does it early, so that appending, which a redirect waits
/// for, nearly never has to.
const DRAINER_CHECKPOINT_PAGES: &str = "1000";
const APPENDER_CHECKPOINT_PAGES: &str = "16000";
/// SQLite's primary result codes CORRUPT and NOTADB.
const DAMAGED: [i32; 2] = [11, 26];

/// All connections to the file.
pub(super) struct Opened {
    pub appender: connection::Connection,
    pub drainer: connection::Connection,
    /// Never used. While it is open, SQLite keeps the log and its index although both others are closed. On a full disk
    /// the index could not be made again: that fails, or ends the process with SIGBUS where blocks are smaller than pages.
    pub idle: Mutex<SqliteConnection>,
}

/// Opens the file, or a new one where it is damaged.
pub(super) async fn open(
    path: &Path,
    durability: Durability,
    clock: &SharedClock,
) -> Result<Opened> {
    create_parent(path)?;
    let opened = match connect(path, durability).await {
        Err(e) if is_damage(&e) => {
            let aside = rename(path, clock.now().as_microsecond())?;
            tracing::error!(
                file = %path.display(), kept = %aside.display(),
                "the spool is damaged ({e}); it was set aside with the scans in it, and a new one begun"
            );
            connect(path, durability).await
        }
        other => other,
    };
    opened.map_err(failure::classify_sqlx)
}

async fn connect(path: &Path, durability: Durability) -> Result<Opened, sqlx::Error> {
    let synchronous = match durability {
        Durability::Power => SqliteSynchronous::Full,
        Durability::Process => SqliteSynchronous::Normal,
    };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(BUSY)
        .pragma("journal_size_limit", WAL_LIMIT_BYTES)
        .disable_statement_logging();
    let draining = options
        .clone()
        .synchronous(SqliteSynchronous::Normal)
        .pragma("wal_autocheckpoint", DRAINER_CHECKPOINT_PAGES);
    let mut drainer = draining.connect().await?;
    if let Err(e) = prepare(&mut drainer).await {
        // Before the file is renamed: a connection that closes later would delete the log of the new one.
        drainer.close().await?;
        return Err(e);
    }
    let appending = options
        .synchronous(synchronous)
        .pragma("wal_autocheckpoint", APPENDER_CHECKPOINT_PAGES);
    let appender = appending.connect().await?;
    // Opened anew they find the tables there: a file that is missing then is an error, not a new spool.
    let again = |options: SqliteConnectOptions| options.create_if_missing(false);
    Ok(Opened {
        idle: Mutex::new(draining.connect().await?),
        appender: connection::Connection::new(again(appending), appender),
        drainer: connection::Connection::new(again(draining), drainer),
    })
}

async fn prepare(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(SCHEMA).execute(&mut *connection).await?;
    let verdict: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(connection)
        .await?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(sqlx::Error::Decode(Box::new(Damage(verdict))))
}

/// Findings of SQLite's own check.
#[derive(Debug)]
struct Damage(String);

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Damage {}

fn is_damage(e: &sqlx::Error) -> bool {
    match e {
        sqlx::Error::Database(cause) => cause
            .code()
            .and_then(|code| code.parse::<i32>().ok())
            .is_some_and(|code| DAMAGED.contains(&(code & 0xff))),
        sqlx::Error::Decode(cause) => cause.is::<Damage>(),
        _ => false,
    }
}

/// Moves the file and its log out of the way; the log first, because without the file it is of no use to SQLite
/// and with a new file it would be mistaken for its log.
fn rename(path: &Path, now_us: i64) -> Result<PathBuf> {
    let aside = with_suffix(path, &format!(".damaged-{now_us}"));
    for suffix in ["-wal", "-shm", ""] {
        let from = with_suffix(path, suffix);
        match std::fs::rename(&from, with_suffix(&aside, suffix)) {
            // SQLite may be removing its log at this moment.
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(failure::unavailable(e)),
            _ => {}
        }
    }
    Ok(aside)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
