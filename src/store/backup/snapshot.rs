//! One state of a whole database, while it is read.
//!
//! Invariant: everything is read in one read-only transaction. Later writes are not seen, and writers do not wait.

use std::{path::Path, time::Duration};

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, IsolationLevel,
    SqlxPostgresConnector, Statement, TransactionOptions, TransactionTrait, Value,
};

use super::{
    row::{self, Row},
    schema,
    tables::{self, TableLayout},
};
use crate::{
    config::database::Database,
    kernel::{Error, Kind, Result},
    store::{connection::Backend, failure, migrations, postgres, sqlite, statement::placeholders},
};

/// Holds a connection until it is closed.
pub struct Snapshot {
    db: DatabaseConnection,
    tx: DatabaseTransaction,
    layouts: Vec<TableLayout>,
    newest: String,
    kind: &'static str,
    beyond: Beyond,
}

/// Changes of the schema by a newer release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beyond {
    /// Migrations that this binary does not know, oldest first.
    pub migrations: Vec<String>,
    /// Tables and columns that it does not know, and which a snapshot lacks: `table x`, `column codes.x`.
    pub left_out: Vec<String>,
}

impl Snapshot {
    /// Begins a snapshot of the database.
    ///
    /// # Errors
    /// `NotFound` when there is none, or it is empty; `Conflict` when a newer release has removed a part of the schema
    /// that is known here; `Unavailable` when it does not answer.
    pub async fn of_database(settings: &Database) -> Result<Self> {
        let timeout = Duration::from_millis(settings.timeout_ms);
        let (db, options, kind) = match Backend::of(&settings.url)? {
            Backend::Sqlite => {
                let path = sqlite::path(&settings.url)?;
                let db = sqlite::look_at(&path, timeout).await?;
                (db, TransactionOptions::default(), "sqlite")
            }
            Backend::Postgres => {
                let pool = postgres::open_patient(settings)?;
                let db = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
                let options = TransactionOptions {
                    isolation_level: Some(IsolationLevel::RepeatableRead),
                    access_mode: Some(AccessMode::ReadOnly),
                    ..TransactionOptions::default()
                };
                (db, options, "postgresql")
            }
        };
        let work = async {
            let tx = db.begin_with_options(options).await?;
            // The first read: it fixes the moment.
            let applied = migrations::applied(&tx).await?;
            Ok((tx, applied))
        };
        let (tx, applied) = work.await.map_err(failure::classify)?;
        let newest = newest(&applied)?;
        let layouts = tables::database(&newest).unwrap_or_default();
        let mut beyond = Beyond {
            migrations: migrations::unknown(&applied).cloned().collect(),
            left_out: Vec::new(),
        };
        if !beyond.migrations.is_empty() {
            let found = schema::columns(&tx).await.map_err(failure::classify)?;
            beyond.left_out = tables::left_out(&layouts, &found)
                .map_err(|missing| reduced(&missing, &beyond.migrations))?;
        }
        Ok(Self {
            db,
            tx,
            layouts,
            newest,
            kind,
            beyond,
        })
    }

    /// Begins a snapshot of the spool at `path`; `None` when there is no such file.
    ///
    /// # Errors
    /// `Unavailable` or `Internal` when it cannot be read.
    pub async fn of_spool(path: &Path) -> Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        let db = sqlite::look_at(path, BUSY).await?;
        let tx = db.begin().await.map_err(failure::classify)?;
        Ok(Some(Self {
            db,
            tx,
            layouts: tables::spool(),
            newest: String::new(),
            kind: "sqlite",
            beyond: Beyond::default(),
        }))
    }

    /// Ends the transaction and closes the connection.
    pub async fn close(self) {
        // Nothing was written, and closing a pool cannot fail.
        let _ = self.tx.rollback().await;
        let _ = self.db.close().await;
    }

    #[must_use]
    pub fn layouts(&self) -> &[TableLayout] {
        &self.layouts
    }

    /// Migrations, tables and columns that this snapshot lacks.
    #[must_use]
    pub fn beyond(&self) -> &Beyond {
        &self.beyond
    }

    /// The newest migration that is applied and known.
    #[must_use]
    pub fn newest(&self) -> &str {
        &self.newest
    }

    /// `sqlite` or `postgresql`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// How many rows a table has.
    ///
    /// # Errors
    /// The database's.
    pub async fn count(&self, layout: &TableLayout) -> Result<u64> {
        let sql = format!("SELECT COUNT(*) FROM {}", layout.name);
        let ask = Statement::from_string(self.tx.get_database_backend(), sql);
        let work = async {
            let row = self.tx.query_one_raw(ask).await?;
            let n: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
            Ok(n.unwrap_or(0).unsigned_abs())
        };
        work.await.map_err(failure::classify)
    }

    /// Up to `limit` rows after the row `after`, in the order of the primary key.
    ///
    /// # Errors
    /// The database's.
    pub async fn rows(
        &self,
        layout: &TableLayout,
        after: Option<&Row>,
        limit: u32,
    ) -> Result<Vec<Row>> {
        let backend = self.tx.get_database_backend();
        let names: Vec<&str> = layout.columns.iter().map(|c| c.name).collect();
        let key: Vec<&str> = layout.key.iter().map(|i| names[*i]).collect();
        let (columns, order) = (names.join(", "), key.join(", "));
        let (bound, values): (_, Vec<Value>) = match after {
            Some(after) => (
                format!("WHERE ({order}) > {}", placeholders(backend, 1, key.len())),
                layout
                    .key
                    .iter()
                    .map(|i| after[*i].bound(&layout.columns[*i]))
                    .collect(),
            ),
            None => (String::new(), Vec::new()),
        };
        let sql = format!(
            "SELECT {columns} FROM {} {bound} ORDER BY {order} LIMIT {limit}",
            layout.name
        );
        let ask = Statement::from_sql_and_values(backend, sql, values);
        let work = async {
            let rows = self.tx.query_all_raw(ask).await?;
            let rows: Result<Vec<Row>, DbErr> = rows.iter().map(|r| row::read(r, layout)).collect();
            rows
        };
        work.await.map_err(failure::classify)
    }
}

/// How long to wait for locks of other processes.
const BUSY: Duration = Duration::from_secs(5);

/// Of the applied migrations, among those that are known.
fn newest(applied: &[String]) -> Result<String> {
    let none = || Error::new(Kind::NotFound, "the database has no tables of ours");
    let known = applied
        .iter()
        .rfind(|name| tables::database(name).is_some());
    known.cloned().ok_or_else(none)
}

fn reduced(missing: &str, by: &[String]) -> Error {
    let message = format!(
        "a newer release ({}) has removed {missing} from the database: use that release's binary",
        by.join(", ")
    );
    Error::new(Kind::Conflict, message)
}
