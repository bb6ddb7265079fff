//! Which tables and columns a database has, and whether they hold rows.

use std::collections::{BTreeMap, BTreeSet};

use ::migrations::DEFAULT_ORGANIZATION;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement, Value, prelude::Uuid,
};

/// Every table of the database, PostgreSQL's current schema, with the names of its columns.
pub(super) async fn columns(
    tx: &DatabaseTransaction,
) -> Result<BTreeMap<String, BTreeSet<String>>, DbErr> {
    let backend = tx.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => {
            "SELECT c.relname::text, a.attname::text FROM pg_attribute a \
             JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') \
             AND a.attnum > 0 AND NOT a.attisdropped"
        }
        _ => {
            "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'"
        }
    };
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in tx
        .query_all_raw(Statement::from_string(backend, sql))
        .await?
    {
        let (table, column) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        found.entry(table).or_default().insert(column);
    }
    Ok(found)
}

/// Whether a table has a row that no migration put there.
pub(super) async fn holds(db: &impl ConnectionTrait, table: &str) -> Result<bool, DbErr> {
    let mut sql = format!("SELECT 1 FROM {table}");
    let mut values: Vec<Value> = Vec::new();
    if table == "organizations" {
        sql += " WHERE id <> $1";
        values.push(Uuid::from_u128(DEFAULT_ORGANIZATION).into());
    }
    sql += " LIMIT 1";
    let ask = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Ok(db.query_one_raw(ask).await?.is_some())
}

/// Those of our tables that PostgreSQL's current schema has.
pub(super) async fn tables(db: &impl ConnectionTrait) -> Result<Vec<&'static str>, DbErr> {
    let sql = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()";
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql));
    let rows = rows.await?;
    let found: Result<Vec<String>, DbErr> = rows.iter().map(|r| r.try_get_by_index(0)).collect();
    let found = found?;
    let ours = super::tables::names().filter(|name| found.iter().any(|f| f == name));
    Ok(ours.collect())
}
