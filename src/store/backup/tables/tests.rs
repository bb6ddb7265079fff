//! The list of tables against what migrations make.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::*;
use crate::store::{Store, spool};

/// Name, declared type, position in the primary key.
async fn columns(db: &impl ConnectionTrait, table: &str) -> Vec<(String, String, i64)> {
    let sql = format!("SELECT name, type, pk FROM pragma_table_info('{table}') ORDER BY cid");
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql));
    let rows = rows.await.unwrap();
    rows.iter()
        .map(|r| {
            let cell = |i| r.try_get_by_index(i).unwrap();
            (cell(0), cell(1), r.try_get_by_index(2).unwrap())
        })
        .collect()
}

async fn tables(db: &impl ConnectionTrait) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql));
    let rows = rows.await.unwrap();
    let mut names: Vec<String> = rows
        .iter()
        .map(|r| r.try_get_by_index(0).unwrap())
        .collect();
    names.retain(|name| name != "seaql_migrations" && !LEFT_OUT.contains(&name.as_str()));
    names.sort();
    names
}

fn declared(kind: Kind) -> &'static str {
    match kind {
        Kind::Uuid | Kind::Bytes => "BLOB",
        Kind::Bool | Kind::I16 | Kind::I64 => "INTEGER",
        Kind::Text => "TEXT",
    }
}

async fn compare(db: &impl ConnectionTrait, layouts: &[TableLayout]) {
    let mut names: Vec<&str> = layouts.iter().map(|l| l.name).collect();
    names.sort_unstable();
    assert_eq!(tables(db).await, names);
    for layout in layouts {
        let found = columns(db, layout.name).await;
        let key = |i: usize| layout.key.iter().position(|k| *k == i);
        let listed: Vec<(String, String, i64)> = layout
            .columns
            .iter()
            .enumerate()
            .map(|(i, c)| {
                let key = key(i).map_or(0, |k| i64::try_from(k + 1).unwrap());
                (c.name.to_owned(), declared(c.kind).to_owned(), key)
            })
            .collect();
        // A column that came later stands last in the table, and so it must here.
        assert_eq!(found, listed, "{}", layout.name);
    }
}

#[tokio::test]
async fn the_list_is_the_schema_at_every_version() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::for_test(dir.path()).await;
    let mut versions = store.migrations().status().await.unwrap();
    while let Some(newest) = versions.pop() {
        let layouts = database(&newest.name).unwrap();
        compare(&store.connections.writer, &layouts).await;
        store.migrations().down(1).await.unwrap();
    }
    assert_eq!(database("m9999_novelty"), None);
}

#[tokio::test]
async fn the_list_is_the_spools_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::for_test(dir.path()).await;
    let all = u32::try_from(store.migrations().status().await.unwrap().len()).unwrap();
    store.migrations().down(all).await.unwrap();
    let db = &store.connections.writer;
    db.execute_unprepared(spool::SCHEMA).await.unwrap();
    compare(db, &super::spool()).await;
}
