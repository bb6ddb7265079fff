//! Moves the schema to and from the versions that the `migrations` crate lists.
//!
//! Invariant: one node migrates at a time. On PostgreSQL an advisory lock makes the others wait and then find
//! nothing left to do. Migrations have no timeout: a long one must not be cut off halfway.

use ::migrations::{APPLIED, MIGRATIONS, Migration, Sql};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, SqlxPostgresConnector, Statement,
    TransactionTrait,
};

use super::{connection::Connections, failure, postgres};
use crate::{
    config::database::Database,
    kernel::{Error, Kind, Result},
};

/// "qrobserv" in ASCII: the advisory lock's key, shared by all nodes.
const LOCK: i64 = 0x7172_6f62_7365_7276;

/// One version of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// e.g. `m0005_codes`
    pub name: String,
    pub applied: bool,
    /// `false`: a newer release applied it.
    pub known: bool,
}

/// Operations on the schema; see [`Store::migrations`](super::Store::migrations).
pub struct Migrations<'a> {
    connections: &'a Connections,
    settings: &'a Database,
}

impl<'a> Migrations<'a> {
    pub(super) fn new(connections: &'a Connections, settings: &'a Database) -> Self {
        Self {
            connections,
            settings,
        }
    }

    /// Every version that this binary knows and every other one that is applied, each oldest first. Changes nothing.
    /// Versions of a newer binary are no fault: migrations keep the previous release working, so that a binary can be
    /// rolled back.
    ///
    /// # Errors
    /// `Unavailable` when the database is away.
    pub async fn status(&self) -> Result<Vec<Version>> {
        let applied = applied(&self.connections.reader)
            .await
            .map_err(failure::classify)?;
        let known = MIGRATIONS.iter().map(|m| Version {
            applied: applied.iter().any(|a| a == m.name),
            name: m.name.to_owned(),
            known: true,
        });
        let unknown = unknown(&applied).map(|name| Version {
            name: name.clone(),
            applied: true,
            known: false,
        });
        Ok(known.chain(unknown).collect())
    }

    /// Names of the versions that are not applied yet, oldest first.
    ///
    /// # Errors
    /// As [`Migrations::status`].
    pub async fn pending(&self) -> Result<Vec<String>> {
        let versions = self.status().await?;
        Ok(versions
            .into_iter()
            .filter(|v| !v.applied)
            .map(|v| v.name)
            .collect())
    }

    /// Names of the versions that a newer release applied, oldest first.
    ///
    /// # Errors
    /// As [`Migrations::status`].
    pub async fn unknown(&self) -> Result<Vec<String>> {
        let applied = applied(&self.connections.reader)
            .await
            .map_err(failure::classify)?;
        Ok(unknown(&applied).cloned().collect())
    }

    /// Applies what is pending.
    ///
    /// # Errors
    /// As [`Migrations::status`]; `Conflict` when something is pending although a newer release was at work. A version
    /// that failed leaves no trace.
    pub async fn up(&self) -> Result<()> {
        if self.pending().await?.is_empty() {
            return Ok(());
        }
        self.refuse_unknown().await?;
        self.alone(async |db| up(db, MIGRATIONS.len()).await).await
    }

    /// Brings a database without any version up to the one called `name`.
    ///
    /// # Errors
    /// `NotFound` when there is no such version; otherwise as [`Migrations::up`].
    pub(super) async fn up_to(&self, name: &str) -> Result<()> {
        let position = MIGRATIONS.iter().position(|m| m.name == name);
        let position = position.ok_or_else(|| Error::not_found("there is no such version"))?;
        self.alone(async |db| up(db, position + 1).await).await
    }

    /// Reverts the newest `steps` versions, with their data.
    ///
    /// # Errors
    /// As [`Migrations::up`]; `Conflict` when a newer release was at work.
    pub async fn down(&self, steps: u32) -> Result<()> {
        self.refuse_unknown().await?;
        self.alone(async |db| down(db, steps as usize).await).await
    }

    /// Refuses a schema with versions of a newer release: this binary can neither add to it nor revert it.
    async fn refuse_unknown(&self) -> Result<()> {
        let unknown = self.unknown().await?;
        if unknown.is_empty() {
            return Ok(());
        }
        let message = format!(
            "a newer release has applied migrations that this one does not know ({}): use that release's binary",
            unknown.join(", ")
        );
        Err(Error::new(Kind::Conflict, message))
    }

    async fn alone(&self, work: impl AsyncFnOnce(&Connections) -> Result<(), DbErr>) -> Result<()> {
        if self.connections.backend() != DbBackend::Postgres {
            return work(self.connections).await.map_err(failure::classify);
        }
        // One connection holds the lock in a transaction: a pooler may give a session's lock to another client. The other
        // one migrates.
        let (holder, db) = (self.patient()?, self.patient()?);
        let result = async {
            let lock = holder.begin().await?;
            let sql = format!(
                "SET LOCAL idle_in_transaction_session_timeout = 0; SELECT pg_advisory_xact_lock({LOCK})"
            );
            lock.execute_unprepared(&sql).await?;
            work(&self.connections.writing_to(&db)).await?;
            lock.commit().await
        };
        let result = result.await.map_err(failure::classify);
        // Closing a pool cannot fail; the signature is sea-orm's.
        let _ = (holder.close().await, db.close().await);
        result
    }

    fn patient(&self) -> Result<DatabaseConnection> {
        let pool = postgres::open_patient(self.settings)?;
        Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
    }
}

/// Names of the applied versions, oldest first. Changes nothing, also where none was ever applied.
pub(super) async fn applied(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let backend = db.get_database_backend();
    let is_there = match backend {
        DbBackend::Postgres => "SELECT 1 WHERE to_regclass('seaql_migrations') IS NOT NULL",
        _ => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'",
    };
    let ask = |sql: &str| Statement::from_string(backend, sql);
    if db.query_one_raw(ask(is_there)).await?.is_none() {
        return Ok(Vec::new());
    }
    let versions = "SELECT version FROM seaql_migrations ORDER BY version";
    let rows = db.query_all_raw(ask(versions)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Applies those of the first `until` versions that are not applied yet, each in a transaction of its own.
async fn up(db: &Connections, until: usize) -> Result<(), DbErr> {
    run(&db.writer, &[APPLIED]).await?;
    let applied = applied(&db.writer).await?;
    let is_pending = |m: &&Migration| !applied.iter().any(|name| name == m.name);
    for migration in MIGRATIONS[..until].iter().filter(is_pending) {
        tracing::info!(migration = migration.name, "changing the schema");
        let tx = db.begin().await?;
        run(&*tx, migration.up).await?;
        let now_s = db.now().as_second().into();
        let note = "INSERT INTO seaql_migrations (version, applied_at) VALUES ($1, $2)";
        tx.execute_raw(db.statement(note, [migration.name.into(), now_s]))
            .await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Reverts the newest `steps` applied versions, newest first.
async fn down(db: &Connections, steps: usize) -> Result<(), DbErr> {
    let applied = applied(&db.writer).await?;
    let is_applied = |m: &&Migration| applied.iter().any(|name| name == m.name);
    for migration in MIGRATIONS.iter().rev().filter(is_applied).take(steps) {
        tracing::info!(
            migration = migration.name,
            "taking a change of the schema back"
        );
        let tx = db.begin().await?;
        run(&*tx, migration.down).await?;
        let forget = "DELETE FROM seaql_migrations WHERE version = $1";
        tx.execute_raw(db.statement(forget, [migration.name.into()]))
            .await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn run(db: &impl ConnectionTrait, parts: &[Sql]) -> Result<(), DbErr> {
    let database = match db.get_database_backend() {
        DbBackend::Postgres => ::migrations::Database::Postgres,
        _ => ::migrations::Database::Sqlite,
    };
    for text in parts.iter().filter_map(|sql| sql.text(database)) {
        db.execute_unprepared(&text).await?;
    }
    Ok(())
}

/// Those of `applied` that this binary does not know.
pub(super) fn unknown(applied: &[String]) -> impl Iterator<Item = &String> {
    let is_known = |name: &String| MIGRATIONS.iter().any(|m| m.name == name);
    applied.iter().filter(move |name| !is_known(name))
}
