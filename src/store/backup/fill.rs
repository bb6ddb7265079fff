//! Writes rows into a new database that has no other users.

use std::{path::Path, time::Duration};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector, Statement,
    TransactionTrait, Value,
};

use super::{row::Row, tables::TableLayout};
use crate::{
    config::database::Database,
    kernel::Result,
    store::{
        connection::Backend,
        failure, postgres, spool, sqlite,
        statement::{chunks, placeholders},
        transaction::WriteState,
    },
};

/// A connection to the new database.
pub struct Filling {
    db: DatabaseConnection,
}

impl Filling {
    /// For a database that has its tables.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be opened.
    pub async fn of_database(settings: &Database) -> Result<Self> {
        let db = match Backend::of(&settings.url)? {
            Backend::Sqlite => sqlite::writer(settings, TIMEOUT, &WriteState::default()).await?,
            Backend::Postgres => {
                let pool = postgres::open_patient(settings)?;
                SqlxPostgresConnector::from_sqlx_postgres_pool(pool)
            }
        };
        Ok(Self { db })
    }

    /// For a new spool at `path`.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be made.
    pub async fn of_spool(path: &Path) -> Result<Self> {
        let pool = sqlite::make(path, TIMEOUT).await?;
        let db = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
        let made = db.execute_unprepared(spool::SCHEMA).await;
        made.map_err(failure::classify)?;
        Ok(Self { db })
    }

    /// Deletes the rows that migrations or triggers made.
    ///
    /// # Errors
    /// The database's.
    pub async fn clear(&self, layout: &TableLayout) -> Result<()> {
        let sql = format!("DELETE FROM {}", layout.name);
        let cleared = self.db.execute_unprepared(&sql).await;
        cleared.map(drop).map_err(failure::classify)
    }

    /// Inserts all of these rows, or none.
    ///
    /// # Errors
    /// What the database refuses, such as a row that is there twice.
    pub async fn put(&self, layout: &TableLayout, rows: &[Row]) -> Result<()> {
        let backend = self.db.get_database_backend();
        let names: Vec<&str> = layout.columns.iter().map(|c| c.name).collect();
        let columns = names.join(", ");
        let work = async {
            let tx = self.db.begin().await?;
            for chunk in chunks(rows) {
                let sql = format!(
                    "INSERT INTO {} ({columns}) VALUES {}",
                    layout.name,
                    placeholders(backend, chunk.len(), names.len())
                );
                let cells = chunk.iter().flat_map(|row| row.iter().zip(&layout.columns));
                let values: Vec<Value> = cells.map(|(cell, column)| cell.bound(column)).collect();
                tx.execute_raw(Statement::from_sql_and_values(backend, sql, values))
                    .await?;
            }
            tx.commit().await
        };
        work.await.map_err(failure::classify)
    }

    /// Everything is on the disk when this returns.
    pub async fn close(self) {
        // Closing a pool cannot fail; the signature is sea-orm's.
        let _ = self.db.close().await;
    }
}

/// Time limit for opening a connection.
const TIMEOUT: Duration = Duration::from_secs(30);
