//! Every row of a database as text that is the same for both, read past the product and without its list of tables.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

use crate::support::Server;

/// By table; rows sorted.
pub type Contents = BTreeMap<String, Vec<String>>;

/// What a backup must hold of a server's database.
pub async fn contents(server: &Server) -> Contents {
    contents_at(&server.database_url()).await
}

pub async fn contents_at(url: &str) -> Contents {
    let db = Database::connect(url).await.unwrap();
    let tables = match db.get_database_backend() {
        DbBackend::Sqlite => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        }
        _ => "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()",
    };
    let mut all = Contents::new();
    for table in texts(&db, tables).await {
        // What has been migrated is another matter, and keys of visitors are left out on purpose.
        if table == "seaql_migrations" || table == "visitor_keys" {
            continue;
        }
        let columns = columns(&db, &table).await;
        let list: Vec<String> = columns
            .iter()
            .map(|c| format!("coalesce({c}, '~')"))
            .collect();
        let sql = format!("SELECT {} FROM {table}", list.join(" || '|' || "));
        let mut rows = texts(&db, &sql).await;
        rows.sort();
        all.insert(table, rows);
    }
    db.close().await.unwrap();
    all
}

/// An expression for each column, by name.
async fn columns(db: &DatabaseConnection, table: &str) -> Vec<String> {
    let sql = match db.get_database_backend() {
        DbBackend::Sqlite => format!(
            "SELECT CASE type WHEN 'BLOB' THEN 'CASE WHEN ' || name || ' IS NULL THEN NULL ELSE lower(hex(' || name || ')) END' ELSE 'CAST(' || name || ' AS TEXT)' END \
             FROM pragma_table_info('{table}') ORDER BY name"
        ),
        _ => format!(
            "SELECT CASE data_type WHEN 'bytea' THEN format('encode(%s, ''hex'')', column_name) \
             WHEN 'uuid' THEN format('replace(%s::text, ''-'', '''')', column_name) \
             WHEN 'boolean' THEN format('%s::int::text', column_name) \
             ELSE format('%s::text', column_name) END FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = '{table}' ORDER BY column_name::text COLLATE \"C\""
        ),
    };
    texts(db, &sql).await
}

async fn texts(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    let ask = Statement::from_string(db.get_database_backend(), sql);
    let rows = db
        .query_all_raw(ask)
        .await
        .unwrap_or_else(|e| panic!("{sql}: {e}"));
    rows.iter()
        .map(|r| r.try_get_by_index(0).unwrap())
        .collect()
}
