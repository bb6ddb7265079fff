//! SQLite: one connection that writes, several that read, all with the same pragmas.

use std::{
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use sea_orm::{
    DatabaseConnection, SqlxSqliteConnector,
    sqlx::{
        self, ConnectOptions, Connection as _, SqliteConnection, SqlitePool,
        sqlite::{
            SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqlitePoolOptions,
            SqliteSynchronous,
        },
    },
};

use super::transaction::WriteState;
use crate::{
    config::database::Database,
    kernel::{Error, Kind, Result},
};

/// Each reader is a thread and a page cache; more than this only adds memory.
const READERS_MAX: u32 = 16;
/// Distinct statements kept prepared per connection. `record` alone has about sixty.
const STATEMENTS: usize = 256;
/// 16 MiB of pages per connection (negative: KiB); filled only as far as it is used.
const CACHE_KIB: &str = "-16384";
/// How long to wait for exclusive access: enough for an operator's shell, not for a server.
const ALONE: Duration = Duration::from_secs(2);
/// Characters that are percent-encoded in a URL's path: all but letters, digits and `/.-_`.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_');
/// Readers map this much of the file into memory, without copying pages.
const MMAP_BYTES: &str = "268435456";
/// A log that grew under load is cut to this after a checkpoint.
pub(super) const WAL_LIMIT_BYTES: &str = "67108864";
/// Costs a page of the log. Sets an unused number in the file's header.
pub(super) const WRITES_NOTHING_NEW: &str = "PRAGMA user_version = 0";

/// A reader and a writer.
///
/// # Errors
/// `Invalid` when the URL is none; `Unavailable` when the file cannot be opened.
pub(super) async fn open(
    settings: &Database,
    timeout: Duration,
    write_state: &WriteState,
) -> Result<(DatabaseConnection, DatabaseConnection)> {
    // The writer first: it makes the file and switches it to WAL.
    let writer = writer(settings, timeout, write_state).await?;
    if in_memory(&settings.url) {
        return Ok((writer.clone(), writer));
    }
    let options = options(&settings.url, timeout)?.pragma("query_only", "ON");
    // One is open from now on: a writer that is replaced is then not the last connection, which would remove the log
    // and its index, and may not be able to make them again on a full disk.
    let reader = pool(settings.max_connections.clamp(1, READERS_MAX), timeout)
        .connect_with(options)
        .await
        .map_err(super::failure::unavailable)?;
    Ok((SqlxSqliteConnector::from_sqlx_sqlite_pool(reader), writer))
}

/// The only connection that writes.
///
/// # Errors
/// As [`open`].
pub(super) async fn writer(
    settings: &Database,
    timeout: Duration,
    write_state: &WriteState,
) -> Result<DatabaseConnection> {
    let options = options(&settings.url, timeout)?;
    if settings.url.contains("mode=rwc") {
        create_parent(options.get_filename())?;
    }
    let mut pool = count_commits(pool(1, timeout), write_state);
    if !in_memory(&settings.url) {
        pool = replace_when_broken(pool, write_state);
    }
    let opened = pool.connect_with(options).await;
    let pool = opened.map_err(super::failure::unavailable)?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

fn pool(connections: u32, timeout: Duration) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(timeout)
        // A file does not go away as a server does: no round trip before each use, no renewal.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// Counts every commit in `write_state`: see `transaction`.
fn count_commits(pool: SqlitePoolOptions, write_state: &WriteState) -> SqlitePoolOptions {
    let write_state = write_state.clone();
    pool.after_connect(move |connection, _| {
        let write_state = write_state.clone();
        Box::pin(async move {
            connection.lock_handle().await?.set_commit_hook(move || {
                write_state.committing();
                true
            });
            Ok(())
        })
    })
}

/// Closes connections whose state may differ from the driver's: see `transaction`.
fn replace_when_broken(pool: SqlitePoolOptions, write_state: &WriteState) -> SqlitePoolOptions {
    let write_state = write_state.clone();
    pool.after_release(|connection, _| {
        Box::pin(async move {
            // Runs after the queued operations, such as the rollback of a dropped transaction.
            connection.ping().await?;
            Ok(!connection.is_in_transaction())
        })
    })
    .before_acquire(move |_, _| {
        let usable = !write_state.are_failing();
        Box::pin(async move { Ok(usable) })
    })
}

/// Opens every connection that the pool may have, from this thread.
///
/// # Errors
/// `Unavailable` when one cannot be opened.
pub(super) async fn open_all(database: &DatabaseConnection) -> Result<()> {
    let pool = database.get_sqlite_connection_pool();
    let mut open = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        open.push(pool.acquire().await.map_err(super::failure::unavailable)?);
    }
    Ok(())
}

/// Open, idle, and how many there may be.
pub(super) fn connections(database: &DatabaseConnection) -> (u32, usize, u32) {
    let pool = database.get_sqlite_connection_pool();
    (
        pool.size(),
        pool.num_idle(),
        pool.options().get_max_connections(),
    )
}

/// The file of a URL.
///
/// # Errors
/// `Invalid` when the URL is none, or means a database in memory.
pub(super) fn path(url: &str) -> Result<PathBuf> {
    if in_memory(url) {
        let message = "is a database in memory, which no other process can see";
        return Err(Error::invalid("DATABASE_URL", message));
    }
    Ok(parse(url)?.get_filename().to_owned())
}

/// The URL of a file that is made if it is not there.
pub(super) fn url(path: &Path) -> String {
    let path = percent_encode(path.as_os_str().as_bytes(), PLAIN);
    format!("sqlite://{path}?mode=rwc")
}

/// One connection that only reads, to a file that must be there.
///
/// # Errors
/// `NotFound` when it is not; `Unavailable` when it cannot be opened.
pub(super) async fn look_at(path: &Path, timeout: Duration) -> Result<DatabaseConnection> {
    if !path.exists() {
        let message = format!("there is no database: {} is not there", path.display());
        return Err(Error::new(Kind::NotFound, message));
    }
    let options = tuned(SqliteConnectOptions::new().filename(path), timeout);
    let pool = one(options.pragma("query_only", "ON"), timeout).await?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// One connection to a file that is made if it is not there.
///
/// # Errors
/// `Unavailable` when it cannot be opened.
pub(super) async fn make(path: &Path, timeout: Duration) -> Result<SqlitePool> {
    let options = SqliteConnectOptions::new().filename(path);
    one(tuned(options.create_if_missing(true), timeout), timeout).await
}

async fn one(options: SqliteConnectOptions, timeout: Duration) -> Result<SqlitePool> {
    let pool = replace_when_broken(pool(1, timeout), &WriteState::default());
    let opened = pool.connect_with(options).await;
    opened.map_err(super::failure::unavailable)
}

/// One connection that, once it has read, keeps every other one out.
///
/// # Errors
/// The driver's.
pub(super) async fn alone(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(path);
    let options = options.locking_mode(SqliteLockingMode::Exclusive);
    let options = options.busy_timeout(ALONE).disable_statement_logging();
    options.connect().await
}

fn options(url: &str, timeout: Duration) -> Result<SqliteConnectOptions> {
    Ok(tuned(parse(url)?, timeout))
}

fn parse(url: &str) -> Result<SqliteConnectOptions> {
    url.parse()
        .map_err(|e| Error::caused(Kind::Invalid, "DATABASE_URL: not a SQLite URL", e))
}

fn tuned(options: SqliteConnectOptions, timeout: Duration) -> SqliteConnectOptions {
    options
        .journal_mode(SqliteJournalMode::Wal)
        // A code that was answered with 201 is printed, and a batch of scans is deleted from the spool once it is
        // committed here: both must survive a power cut. Scans come in batches, so a sync is shared by many.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(timeout)
        .pragma("cache_size", CACHE_KIB)
        .pragma("mmap_size", MMAP_BYTES)
        .pragma("temp_store", "MEMORY")
        .pragma("journal_size_limit", WAL_LIMIT_BYTES)
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging()
}

/// A database in memory belongs to one connection.
fn in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

/// Makes the folder that is to hold `file`.
///
/// # Errors
/// `Unavailable` when it cannot be made.
pub(super) fn create_parent(file: &Path) -> Result<()> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            std::fs::create_dir_all(folder).map_err(super::failure::unavailable)
        }
        _ => Ok(()),
    }
}
