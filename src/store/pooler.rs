//! Detects a pooler, such as `PgBouncer`, between this process and PostgreSQL.
//!
//! Invariant: a pooler that loses session state which the driver or `DATABASE_URL` needs is refused when the database is opened, with
//! the setting to change.

use sea_orm::sqlx::{
    self, AssertSqlSafe, Connection, Executor, Row,
    postgres::{PgConnectOptions, PgConnection},
};

use super::failure;
use crate::kernel::{Error, Kind, Result};

/// Transactions on one connection of the server after which the pooling counts as by session.
const ROUNDS: u32 = 3;

const PREPARED: &str = "a pooler (PgBouncer) in transaction mode does not keep prepared statements: set \
     max_prepared_statements there (200; PgBouncer 1.21 or later), or pool_mode = session";
const STATEMENT_MODE: &str = "a pooler (PgBouncer) in statement mode allows no transactions: set pool_mode there to \
     session, or to transaction with max_prepared_statements";
const REFUSED_PARAMETER: &str = "a pooler (PgBouncer) refuses a start-up parameter of DATABASE_URL: remove it from \
     DATABASE_URL, or connect to PostgreSQL directly";

/// How connections of the server are assigned to ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pooling {
    /// One, as long as ours lives. Session settings stay.
    Session,
    /// Another one for each transaction. Session settings are lost, or seen by other clients.
    Transaction,
}

/// Detects it with two connections.
///
/// # Errors
/// `Unavailable` when the server does not answer, or the pooler cannot be used.
pub(super) async fn detect(options: &PgConnectOptions) -> Result<Pooling> {
    let connect = || PgConnection::connect_with(options);
    let (mut a, mut b) = tokio::try_join!(connect(), connect()).map_err(explained)?;
    if let Some(name) = lost_parameter(&mut a, options).await.map_err(explained)? {
        let message = format!(
            "a pooler (PgBouncer) drops the start-up parameter {name} of DATABASE_URL (ignore_startup_parameters): \
             connect to PostgreSQL directly"
        );
        return Err(Error::new(Kind::Unavailable, message));
    }
    let pooling = if moves(&mut a, &mut b).await.map_err(explained)? {
        prepare(&mut a, &mut b).await.map_err(explained)?;
        Pooling::Transaction
    } else {
        Pooling::Session
    };
    // Neither is used any more; a failure to close changes nothing.
    let _ = tokio::join!(a.close(), b.close());
    Ok(pooling)
}

/// The first start-up parameter of the URL that is not in force.
async fn lost_parameter(
    connection: &mut PgConnection,
    options: &PgConnectOptions,
) -> Result<Option<String>, sqlx::Error> {
    // As the driver writes them: `-c name=value -c name=value`.
    let given = options.get_options().unwrap_or_default().split("-c ");
    for (name, _) in given.filter_map(|option| option.split_once('=')) {
        let sql = format!(
            "SELECT source IN ('client', 'session') FROM pg_settings WHERE lower(name) = lower('{}')",
            name.replace('\'', "''")
        );
        let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_optional(&mut *connection);
        let in_force = row
            .await?
            .map(|row| row.try_get::<bool, _>(0))
            .transpose()?;
        if in_force == Some(false) {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}

/// Whether a connection of ours changes the server's connection from one transaction to the next.
async fn moves(a: &mut PgConnection, b: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let mut first = None;
    for _ in 0..ROUNDS {
        let pids = (begin(a).await?, begin(b).await?);
        // In this order: a pooler assigns the connection next that was released last, and so to the other one.
        a.execute("COMMIT").await?;
        b.execute("COMMIT").await?;
        if *first.get_or_insert(pids) != pids {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The process that serves the transaction.
async fn begin(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    // Without a prepared statement.
    let sql = sqlx::raw_sql("BEGIN; SELECT pg_backend_pid()");
    sql.fetch_one(connection).await?.try_get(0)
}

/// Both prepare different statements under one name, and one of them runs its own on another connection of the server.
async fn prepare(a: &mut PgConnection, b: &mut PgConnection) -> Result<(), sqlx::Error> {
    for _ in 0..ROUNDS {
        sqlx::query("SELECT 1").execute(&mut *a).await?;
        sqlx::query("SELECT 2").execute(&mut *b).await?;
        begin(b).await?;
        sqlx::query("SELECT 1").execute(&mut *a).await?;
        b.execute("COMMIT").await?;
    }
    Ok(())
}

/// An error for operators that names the setting of the pooler.
fn explained(e: sqlx::Error) -> Error {
    let Some(told) = e.as_database_error() else {
        return failure::classify_sqlx(e);
    };
    let message = match told.code().as_deref() {
        // duplicate_prepared_statement, invalid_sql_statement_name
        Some("42P05" | "26000") => PREPARED,
        _ if told.message().contains("statement pooling mode") => STATEMENT_MODE,
        _ if told.message().contains("unsupported startup parameter") => REFUSED_PARAMETER,
        _ => return failure::classify_sqlx(e),
    };
    Error::caused(Kind::Unavailable, message, e)
}
