//! Moves the schema to and from the versions that the `migrations` crate lists.
//!
//! Invariant: one node migrates at a time. On PostgreSQL an advisory lock makes the others wait and then find
//! nothing left to do. Migrations have no timeout: a long one must not be cut off halfway.

use ::migrations::{Migrator, MigratorTrait, SchemaManager};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, SqlxPostgresConnector, TransactionTrait,
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
        let applied = self.applied().await.map_err(failure::classify)?;
        let known = Migrator::migrations().into_iter().map(|m| Version {
            applied: applied.iter().any(|a| a == m.name()),
            name: m.name().to_owned(),
            known: true,
        });
        let unknown = unknown(&applied).map(|name| Version {
            name: name.clone(),
            applied: true,
            known: false,
        });
        Ok(known.chain(unknown).collect())
    }

    async fn applied(&self) -> Result<Vec<String>, DbErr> {
        let db = &self.connections.reader;
        let manager = SchemaManager::new(db);
        if !manager.has_table("seaql_migrations").await? {
            return Ok(Vec::new());
        }
        let ask = self
            .connections
            .statement("SELECT version FROM seaql_migrations ORDER BY version", []);
        let rows = db.query_all_raw(ask).await?;
        rows.iter().map(|row| row.try_get_by_index(0)).collect()
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
        let applied = self.applied().await.map_err(failure::classify)?;
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
        self.alone(async |db| Migrator::up(db, None).await).await
    }

    /// Brings a database without any version up to the one called `name`.
    ///
    /// # Errors
    /// `NotFound` when there is no such version; otherwise as [`Migrations::up`].
    pub(super) async fn up_to(&self, name: &str) -> Result<()> {
        let versions = Migrator::migrations();
        let position = versions.iter().position(|m| m.name() == name);
        let position = position.ok_or_else(|| Error::not_found("there is no such version"))?;
        let steps = u32::try_from(position + 1).unwrap_or(u32::MAX);
        self.alone(async |db| Migrator::up(db, Some(steps)).await)
            .await
    }

    /// Takes back the newest `steps` versions, with their data.
    ///
    /// # Errors
    /// As [`Migrations::up`]; `Conflict` when a newer release was at work.
    pub async fn down(&self, steps: u32) -> Result<()> {
        self.refuse_unknown().await?;
        self.alone(async |db| Migrator::down(db, Some(steps)).await)
            .await
    }

    /// The newest version is not one of ours, so that nothing can be put on it or taken from under it.
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

    async fn alone(
        &self,
        work: impl AsyncFnOnce(&DatabaseConnection) -> Result<(), DbErr>,
    ) -> Result<()> {
        if self.connections.backend() != DbBackend::Postgres {
            return work(&self.connections.writer)
                .await
                .map_err(failure::classify);
        }
        // One holds the lock, which ends with its transaction: a pooler may give a session's lock to somebody else. The
        // other works.
        let (holder, db) = (self.patient()?, self.patient()?);
        let result = async {
            let lock = holder.begin().await?;
            let sql = format!(
                "SET LOCAL idle_in_transaction_session_timeout = 0; SELECT pg_advisory_xact_lock({LOCK})"
            );
            lock.execute_unprepared(&sql).await?;
            work(&db).await?;
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

/// Those of `applied` that this binary does not know.
pub(super) fn unknown(applied: &[String]) -> impl Iterator<Item = &String> {
    let known = Migrator::migrations();
    applied
        .iter()
        .filter(move |name| known.iter().all(|m| m.name() != name.as_str()))
}
