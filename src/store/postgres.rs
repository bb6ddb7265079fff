//! PostgreSQL: one pool that connects on demand and reconnects by itself.
//!
//! Invariant: nothing waits for a server that is stopped or unreachable longer than the timeout, neither an
//! operation nor the pool's own upkeep. Otherwise hung connections would use up the pool for as long as TCP
//! retries, a quarter of an hour after the server came back.

use std::{io, time::Duration};

use sea_orm::{
    DatabaseConnection, SqlxPostgresConnector,
    sqlx::{
        self, AssertSqlSafe, ConnectOptions, Connection, Row,
        postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions},
    },
};

use super::{
    failure,
    pooler::{self, Pooling},
};
use crate::{
    config::database::Database,
    kernel::{Error, Kind, Result},
};

/// A connection that was idle longer is checked before use: the server may have restarted.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);
const STATEMENTS: usize = 256;
/// Writes a new version of a row with the same values.
pub(super) const WRITES_NOTHING_NEW: &str = "UPDATE seaql_migrations SET applied_at = applied_at \
     WHERE version = (SELECT min(version) FROM seaql_migrations)";

/// The pool does not connect yet. In transaction mode the server has no time-out of its own for statements.
///
/// # Errors
/// `Invalid` when the URL is none; as [`pooler::detect`].
pub(super) async fn open(
    settings: &Database,
    timeout: Duration,
) -> Result<(DatabaseConnection, Pooling)> {
    let options = options(&settings.url)?;
    let pooling = tokio::time::timeout(timeout, Box::pin(pooler::detect(&options)));
    let pooling = pooling.await.map_err(failure::unavailable)??;
    // The server times out first, so that it sends the reason and the connection stays usable. Not as start-up parameters, which
    // PgBouncer refuses or drops.
    let statement_ms = settings.timeout_ms - settings.timeout_ms / 10;
    let limits = format!(
        "SET statement_timeout = {statement_ms}; SET idle_in_transaction_session_timeout = {statement_ms}"
    );
    let limits = (pooling == Pooling::Session).then_some(limits);
    let pool = PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(timeout)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            let limits = limits.clone();
            Box::pin(async move {
                if let Some(limits) = limits {
                    sqlx::raw_sql(AssertSqlSafe(limits))
                        .execute(connection)
                        .await?;
                }
                Ok(())
            })
        })
        .before_acquire(move |connection, meta| {
            Box::pin(async move {
                if meta.idle_for >= TRUSTED_IDLE {
                    ping(connection, timeout).await?;
                }
                Ok(true)
            })
        })
        // An abandoned operation leaves an answer outstanding. An error here closes the connection hard.
        .after_release(move |connection, _| Box::pin(is_outside_transactions(connection, timeout)))
        .connect_lazy_with(options);
    Ok((
        SqlxPostgresConnector::from_sqlx_postgres_pool(pool),
        pooling,
    ))
}

/// One connection without a statement timeout, for migrations.
///
/// # Errors
/// `Invalid` when the URL is none.
pub(super) fn open_patient(settings: &Database) -> Result<PgPool> {
    Ok(PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_millis(settings.timeout_ms))
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(options(&settings.url)?))
}

/// The same database, with `schema` as the only one that names without a schema mean.
pub(super) fn url_in(url: &str, schema: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}options[search_path]={schema}")
}

/// Open, idle, and how many there may be.
pub(super) fn connections(database: &DatabaseConnection) -> (u32, usize, u32) {
    let pool = database.get_postgres_connection_pool();
    (
        pool.size(),
        pool.num_idle(),
        pool.options().get_max_connections(),
    )
}

fn options(url: &str) -> Result<PgConnectOptions> {
    let options: PgConnectOptions = url
        .parse()
        .map_err(|e| Error::caused(Kind::Invalid, "DATABASE_URL: not a PostgreSQL URL", e))?;
    Ok(options
        .application_name("qr-observatory")
        // Only for numbers as text, which are not read here; PgBouncer refuses it unless configured.
        .extra_float_digits(None)
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging())
}

async fn ping(connection: &mut PgConnection, timeout: Duration) -> Result<(), sqlx::Error> {
    within(timeout, connection.ping()).await
}

/// False within a transaction that the driver does not track: it was abandoned between BEGIN and its answer. Writes on
/// such a connection succeed, are invisible to other connections, and are never committed.
async fn is_outside_transactions(
    connection: &mut PgConnection,
    timeout: Duration,
) -> Result<bool, sqlx::Error> {
    // Both are the same in the first statement of a transaction only.
    let ask = sqlx::raw_sql("SELECT transaction_timestamp() = statement_timestamp()");
    within(timeout, ask.fetch_one(connection)).await?.try_get(0)
}

async fn within<T>(
    timeout: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(timeout, work)
        .await
        .unwrap_or_else(|elapsed| Err(io::Error::new(io::ErrorKind::TimedOut, elapsed).into()))
}
