//! The database to be replaced, and the new one that is built beside it.
//!
//! Invariants: as those of [`SqliteFile`]; on PostgreSQL the new one is built in a schema of its own, and both are swapped in
//! one transaction. Only tables and functions of ours are moved: a schema may also hold those of other programs.

use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, SqlxPostgresConnector, Statement,
    TransactionTrait,
};

use super::{file::SqliteFile, schema, tables};
use crate::{
    config::database::Database,
    kernel::{Error, Kind, Result, SharedClock},
    store::{Store, connection::Backend, failure, migrations, postgres, sqlite},
};

/// A database that no server uses, or that does not exist yet; and the new one.
pub struct ClaimedDatabase {
    new: Database,
    claim: Claim,
}

enum Claim {
    Sqlite(SqliteFile),
    Postgres(Schemas),
}

struct Schemas {
    db: DatabaseConnection,
    stamp: String,
    /// The schema of our tables.
    current: String,
}

impl ClaimedDatabase {
    /// `stamp`, of digits and letters, becomes part of names.
    ///
    /// # Errors
    /// `Conflict` when a server uses the database, or a newer release has changed it; `Unavailable` when it does not answer.
    pub async fn claim(settings: &Database, stamp: &str) -> Result<Self> {
        let (url, claim) = match Backend::of(&settings.url)? {
            Backend::Sqlite => {
                let path = sqlite::path(&settings.url)?;
                let file = SqliteFile::claim(&path, stamp).await?;
                (sqlite::url(&file.beside()), Claim::Sqlite(file))
            }
            Backend::Postgres => {
                let schemas = Schemas::claim(settings, stamp).await?;
                let url = postgres::url_in(&settings.url, &schemas.restoring());
                (url, Claim::Postgres(schemas))
            }
        };
        let new = Database {
            url,
            ..settings.clone()
        };
        Ok(Self { new, claim })
    }

    /// Claim is there, for people; `None` when nothing is.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be read.
    pub async fn describe(&mut self) -> Result<Option<String>> {
        match &mut self.claim {
            Claim::Sqlite(file) => file.describe().await,
            Claim::Postgres(schemas) => schemas.describe().await,
        }
    }

    /// Makes the new database, with the tables that the migration `newest` leaves.
    ///
    /// # Errors
    /// Claim the database refuses.
    pub async fn make(&self, newest: &str, clock: SharedClock) -> Result<()> {
        if let Claim::Postgres(schemas) = &self.claim {
            let sql = format!("CREATE SCHEMA {}", schemas.restoring());
            schemas.run(&sql).await.map_err(failure::classify)?;
        }
        let store = Store::connect(&self.new, clock).await?;
        let made = store.migrations().up_to(newest).await;
        store.close().await;
        made
    }

    /// Brings the new database up to this binary's schema.
    ///
    /// # Errors
    /// Claim the database refuses.
    pub async fn bring_up(&self, clock: SharedClock) -> Result<()> {
        let store = Store::connect(&self.new, clock).await?;
        let made = store.migrations().up().await;
        store.close().await;
        made
    }

    /// How to reach the new database.
    #[must_use]
    pub fn new_database(&self) -> &Database {
        &self.new
    }

    /// Replaces the old database by the new one. Returns the path or schema of the old one, for people; `None` if there was none.
    ///
    /// # Errors
    /// The disk's or the database's; then nothing was moved.
    pub async fn swap(self) -> Result<Option<String>> {
        match self.claim {
            Claim::Sqlite(file) => {
                let replaced = file.swap().await?.replaced;
                Ok(replaced.map(|path| path.display().to_string()))
            }
            Claim::Postgres(schemas) => {
                let swapped = schemas.swap().await;
                schemas.discard().await;
                swapped
            }
        }
    }

    /// Removes the new database.
    pub async fn discard(&self) {
        match &self.claim {
            Claim::Sqlite(file) => file.discard(),
            Claim::Postgres(schemas) => schemas.discard().await,
        }
    }
}

impl Schemas {
    async fn claim(settings: &Database, stamp: &str) -> Result<Self> {
        let pool = postgres::open_patient(settings)?;
        let mut schemas = Self {
            db: SqlxPostgresConnector::from_sqlx_postgres_pool(pool),
            stamp: stamp.to_lowercase(),
            current: String::new(),
        };
        let current = schemas.text("SELECT current_schema()::text").await;
        schemas.current = current.map_err(failure::classify)?.ok_or_else(|| {
            let message = "the search path of this user names no schema that exists";
            Error::new(Kind::Invalid, message)
        })?;
        schemas.refuse_others().await?;
        schemas.refuse_newer().await?;
        Ok(schemas)
    }

    /// PostgreSQL may list a closed connection for a moment.
    async fn refuse_others(&self) -> Result<()> {
        // Ours is one of them.
        let sql = "SELECT (COUNT(*) - 1)::text FROM pg_stat_activity \
                   WHERE datname = current_database() AND application_name = 'qr-observatory'";
        let mut tries = 0;
        loop {
            let others = self.text(sql).await.map_err(failure::classify)?;
            let Some(n) = others.filter(|n| n != "0") else {
                return Ok(());
            };
            if tries == TRIES {
                let message = format!(
                    "{n} connections of qr-observatory are open to this database: stop every node"
                );
                return Err(Error::new(Kind::Conflict, message));
            }
            tries += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// A newer release's tables are not known here, and could not be moved.
    async fn refuse_newer(&self) -> Result<()> {
        let newer = async {
            let tx = self.db.begin().await?;
            let applied = migrations::applied(&tx).await?;
            tx.rollback().await?;
            Ok(applied.iter().any(|name| tables::database(name).is_none()))
        };
        if newer.await.map_err(failure::classify)? {
            let message = "a newer release has changed the schema of the database that is there: \
                           use that release's binary";
            return Err(Error::new(Kind::Conflict, message));
        }
        Ok(())
    }

    async fn describe(&self) -> Result<Option<String>> {
        let look = async {
            for table in schema::tables(&self.db).await? {
                if table != "seaql_migrations" && schema::holds(&self.db, table).await? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        let held = look.await.map_err(failure::classify)?;
        Ok(held.then(|| format!("schema {}", self.current)))
    }

    async fn swap(&self) -> Result<Option<String>> {
        let keep = self.describe().await?.is_some();
        self.exchange(keep).await.map_err(failure::classify)?;
        Ok(keep.then(|| format!("schema {}", self.replaced())))
    }

    async fn discard(&self) {
        let sql = format!("DROP SCHEMA IF EXISTS {} CASCADE", self.restoring());
        // Whoever filled it may not have noticed yet that its connection is gone. Claim stays is in nobody's way.
        for _ in 0..TRIES {
            if self.run(&sql).await.is_ok() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn exchange(&self, keep: bool) -> Result<(), DbErr> {
        let (replaced, restoring) = (self.replaced(), self.restoring());
        let current = format!("\"{}\"", self.current.replace('"', "\"\""));
        let old = schema::tables(&self.db).await?;
        let tx = self.db.begin().await?;
        let lock_ms = LOCK.as_millis();
        tx.execute_unprepared(&format!("SET LOCAL lock_timeout = {lock_ms}"))
            .await?;
        tx.execute_unprepared(&format!("CREATE SCHEMA {replaced}"))
            .await?;
        relocate(&tx, &old, (&current, &replaced)).await?;
        // Now the search path finds only the new tables.
        tx.execute_unprepared(&format!("SET LOCAL search_path = {restoring}"))
            .await?;
        let new = schema::tables(&tx).await?;
        relocate(&tx, &new, (&restoring, &current)).await?;
        tx.execute_unprepared(&format!("DROP SCHEMA {restoring}"))
            .await?;
        if !keep {
            tx.execute_unprepared(&format!("DROP SCHEMA {replaced} CASCADE"))
                .await?;
        }
        tx.commit().await
    }

    fn restoring(&self) -> String {
        format!("restoring_{}", self.stamp)
    }

    fn replaced(&self) -> String {
        format!("replaced_{}", self.stamp)
    }

    async fn run(&self, sql: &str) -> Result<(), DbErr> {
        self.db.execute_unprepared(sql).await.map(drop)
    }

    async fn text(&self, sql: &str) -> Result<Option<String>, DbErr> {
        let ask = Statement::from_string(DbBackend::Postgres, sql);
        match self.db.query_one_raw(ask).await? {
            Some(row) => row.try_get_by_index(0),
            None => Ok(None),
        }
    }
}

/// How often connections are counted, and the pause in between.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);
/// How long the swap waits for a lock on a table.
const LOCK: Duration = Duration::from_secs(10);

/// Moves tables, with what belongs to them, and the functions of their triggers.
async fn relocate(
    db: &impl ConnectionTrait,
    tables: &[&str],
    (from, to): (&str, &str),
) -> Result<(), DbErr> {
    if tables.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = tables
        .iter()
        .map(|t| format!("'{}.{t}'::regclass", from.replace('\'', "''")))
        .collect();
    let functions = format!(
        "SELECT DISTINCT p.oid::regprocedure::text FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid \
         JOIN pg_class c ON c.oid = t.tgrelid \
         WHERE t.tgrelid IN ({}) AND NOT t.tgisinternal AND p.pronamespace = c.relnamespace",
        list.join(", ")
    );
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, functions));
    let mut work = Vec::new();
    for row in rows.await? {
        let function: String = row.try_get_by_index(0)?;
        // PostgreSQL adds the schema to the name where it is not in the search path.
        work.push(format!("ALTER FUNCTION {function} SET SCHEMA {to}"));
    }
    let tables = tables.iter();
    work.extend(tables.map(|table| format!("ALTER TABLE {from}.{table} SET SCHEMA {to}")));
    db.execute_unprepared(&work.join(";")).await.map(drop)
}
