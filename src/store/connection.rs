//! The connection pools. Repositories use them through here: timed, bounded, with classified errors.
//!
//! Invariant: SQLite has exactly one writing connection, so writers of this process queue in the pool instead of
//! failing on a locked file; a transaction takes the write lock when it begins, so it never has to give up later.
//! Every write goes through [`Connections::write`], and there through [`Connections::begin`] or
//! [`Connections::execute`]: see `transaction` for when a write is believed.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait, Value,
};
use tokio::runtime::Handle;

use super::{
    failure,
    pooler::Pooling,
    postgres, sqlite,
    transaction::{Transaction, WriteState},
};
use crate::{
    config::database::Database,
    kernel::{Error, Kind, Result, SharedClock, Timestamp},
    telemetry::{
        StoreTimer,
        catalogue::{STORE_CONNECTIONS, STORE_CONNECTIONS_MAX},
        handles::gauge,
        labels::{ConnectionState, Pool},
    },
};

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Connections {
    /// Sees every row that `writer` has committed.
    pub reader: DatabaseConnection,
    pub writer: DatabaseConnection,
    write_state: WriteState,
    /// Whether a pooler hands each transaction to another connection of the server.
    pub is_pooled: bool,
    pub timeout: Duration,
    clock: SharedClock,
    /// The runtime that the server was started on.
    runtime: Handle,
}

impl Connections {
    pub async fn open(settings: &Database, clock: SharedClock) -> Result<Self> {
        let timeout = Duration::from_millis(settings.timeout_ms);
        let write_state = WriteState::default();
        let (reader, writer, is_pooled) = match Backend::of(&settings.url)? {
            Backend::Sqlite => {
                let (reader, writer) = sqlite::open(settings, timeout, &write_state).await?;
                (reader, writer, false)
            }
            Backend::Postgres => {
                let (pool, pooling) = postgres::open(settings, timeout).await?;
                (pool.clone(), pool, pooling == Pooling::Transaction)
            }
        };
        Ok(Self {
            reader,
            writer,
            write_state,
            is_pooled,
            timeout,
            clock,
            runtime: Handle::current(),
        })
    }

    /// Opens the reading connections, on this thread. PostgreSQL's are opened when they are needed: they are sockets, which
    /// [`Connections::run`] ties to the runtime of the start.
    pub async fn open_readers(&self) -> Result<()> {
        match self.backend() {
            DbBackend::Sqlite => sqlite::open_all(&self.reader).await,
            _ => Ok(()),
        }
    }

    pub fn timer(&self, operation: &'static str) -> StoreTimer {
        StoreTimer::new(self.clock.clone(), operation)
    }

    /// Runs one operation: measured as `timer`, abandoned after the timeout, its failure classified. A connection that it
    /// opens belongs to the runtime of the start, also where it runs on another: a shadow's runtime has the lowest
    /// priority, and later users of the connection would wait for it.
    pub async fn run<T>(
        &self,
        timer: &StoreTimer,
        work: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T> {
        let mut work = pin!(work);
        let work = poll_fn(|cx| {
            let _entered = self.runtime.enter();
            work.as_mut().poll(cx)
        });
        let bounded = async {
            match tokio::time::timeout(self.timeout, work).await {
                Ok(result) => result.map_err(failure::classify),
                Err(elapsed) => Err(failure::unavailable(elapsed)),
            }
        };
        timer.time(bounded).await
    }

    /// [`Connections::run`] for writes: also records whether it failed, for health checks.
    pub async fn write<T>(
        &self,
        timer: &StoreTimer,
        work: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T> {
        let result = self.run(timer, work).await;
        if let Err(e) = &result
            && matches!(e.kind(), Kind::Unavailable | Kind::Timeout)
        {
            self.write_state.failed();
        }
        result
    }

    /// The same, writing through `db`.
    pub fn writing_to(&self, db: &DatabaseConnection) -> Self {
        Self {
            writer: db.clone(),
            ..self.clone()
        }
    }

    /// Whether the last write failed.
    pub fn writes_are_failing(&self) -> bool {
        self.write_state.are_failing()
    }

    /// Writes without a change.
    pub async fn try_to_write(&self, timer: &StoreTimer) -> Result<()> {
        let work = async {
            let nothing = match self.backend() {
                DbBackend::Sqlite => sqlite::WRITES_NOTHING_NEW,
                _ => postgres::WRITES_NOTHING_NEW,
            };
            self.writer.execute_raw(self.statement(nothing, [])).await?;
            self.write_state.succeeded();
            Ok(())
        };
        self.write(timer, work).await
    }

    /// A transaction that may write.
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let begun = self.writer.begin_with_options(options).await?;
        Ok(Transaction::new(
            begun,
            self.backend(),
            self.write_state.clone(),
        ))
    }

    /// A transaction that only reads, and sees one state of the database from its first read on.
    pub async fn begin_snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = match self.backend() {
            DbBackend::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
            // Its transactions are always snapshots.
            _ => TransactionOptions::default(),
        };
        self.reader.begin_with_options(options).await
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// `sql` with `$1`… bound; both databases read those.
    pub fn statement<const N: usize>(&self, sql: &str, values: [Value; N]) -> Statement {
        Statement::from_sql_and_values(self.backend(), sql, values)
    }

    /// Writes with one statement, without RETURNING. Returns the number of rows.
    pub async fn execute(&self, statement: Statement) -> Result<u64, DbErr> {
        let done = self.writer.execute_raw(statement).await?;
        if done.rows_affected() > 0 {
            self.write_state.succeeded();
        }
        Ok(done.rows_affected())
    }

    /// Writes with one statement, as [`Connections::write`]. Returns the number of rows.
    pub async fn write_one(&self, timer: &StoreTimer, statement: Statement) -> Result<u64> {
        self.write(timer, self.execute(statement)).await
    }

    /// Brings the gauges of the pools up to date.
    #[allow(clippy::cast_precision_loss)] // gauges
    pub fn observe(&self) {
        let pools: &[(Pool, (u32, usize, u32))] = match self.backend() {
            DbBackend::Sqlite => &[
                (Pool::Reader, sqlite::connections(&self.reader)),
                (Pool::Writer, sqlite::connections(&self.writer)),
            ],
            _ => &[(Pool::Writer, postgres::connections(&self.writer))],
        };
        for (pool, (open, idle, max)) in pools {
            let set = |state: ConnectionState, n: f64| {
                gauge(&STORE_CONNECTIONS, &[pool.label(), state.label()]).set(n);
            };
            set(ConnectionState::Idle, *idle as f64);
            set(ConnectionState::Used, f64::from(*open) - *idle as f64);
            gauge(&STORE_CONNECTIONS_MAX, &[pool.label()]).set(f64::from(*max));
        }
    }

    pub async fn close(&self) {
        // Closing a pool cannot fail; the signature is sea-orm's.
        let _ = self.reader.close_by_ref().await;
        let _ = self.writer.close_by_ref().await;
    }
}

/// Declares `Timers`: `timers!("users": find, insert)` times `users.find` and `users.insert`.
macro_rules! timers {
    ($repository:literal: $($operation:ident),+ $(,)?) => {
        #[derive(Clone)]
        struct Timers {
            $($operation: $crate::telemetry::StoreTimer,)+
        }

        impl Timers {
            fn new(db: &$crate::store::connection::Connections) -> Self {
                Self {
                    $($operation: db.timer(concat!($repository, ".", stringify!($operation))),)+
                }
            }
        }
    };
}
pub(super) use timers;

/// Which database a URL means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    /// # Errors
    /// `Invalid` for any other scheme. The URL, which may hold a password, is not repeated.
    pub fn of(url: &str) -> Result<Self> {
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Ok(Self::Sqlite),
            Some("postgres" | "postgresql") => Ok(Self::Postgres),
            _ => Err(Error::invalid(
                "DATABASE_URL",
                "begins with sqlite:// or postgres://",
            )),
        }
    }
}

/// An offset or a limit, cut to the 63 bits of the databases.
pub(super) fn in_range(n: u64) -> u64 {
    n.min(i64::MAX.unsigned_abs())
}
