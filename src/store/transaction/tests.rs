//! Whatever fails on the connection that writes: what is reported as written afterwards is there.

use std::{path::Path, time::Duration};

use sea_orm::{ConnectionTrait, TransactionTrait};

use super::*;
use crate::{
    config::database::Database,
    kernel::{Kind, Result, SystemClock},
    store::{Store, sqlite},
};

const TABLES: &str = "
    CREATE TABLE marks (n INTEGER PRIMARY KEY);
    CREATE TABLE parents (id INTEGER PRIMARY KEY);
    CREATE TABLE children (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE large (bytes BLOB);
    CREATE TABLE poison (n INTEGER);
    CREATE TRIGGER swallowed BEFORE INSERT ON poison BEGIN SELECT RAISE (ROLLBACK, 'swallowed'); END;";

/// Ways in which a transaction ends badly.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// SQLite rolls back by itself, in a statement.
    ItsOwnRollback,
    /// The same, because nothing fits any more.
    Full,
    /// COMMIT fails, and the transaction stays open.
    Refused,
    /// The caller goes away while a statement runs.
    GivenUp,
    /// The caller goes away between two statements.
    Dropped,
}

const FAULTS: [Fault; 5] = [
    Fault::ItsOwnRollback,
    Fault::Full,
    Fault::Refused,
    Fault::GivenUp,
    Fault::Dropped,
];

impl Fault {
    async fn strike(self, store: &Store) {
        const LONG: &str = "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 200000) \
             INSERT INTO large SELECT 1 FROM c WHERE n < 0";
        let db = &store.connections;
        let sql = match self {
            Self::ItsOwnRollback => "INSERT INTO poison VALUES (1)",
            Self::Full => "INSERT INTO large VALUES (zeroblob(1000000))",
            Self::Refused => "INSERT INTO children VALUES (17)",
            Self::GivenUp => LONG,
            Self::Dropped => "INSERT INTO marks VALUES (-1)",
        };
        let work = async {
            let tx = db.begin().await?;
            if matches!(self, Self::Full) {
                // Of this connection only.
                let limit = "PRAGMA max_page_count = 1";
                tx.execute_unprepared(limit).await?;
            }
            tx.execute_unprepared("INSERT INTO marks VALUES (-2)")
                .await?;
            tx.execute_unprepared(sql).await?;
            if matches!(self, Self::Dropped) {
                return Err(DbErr::Custom("dropped".to_owned()));
            }
            tx.commit().await
        };
        let work = db.write(&store.ping, work);
        if matches!(self, Self::GivenUp) {
            let given_up = tokio::time::timeout(Duration::from_millis(5), work).await;
            assert!(given_up.is_err(), "{self:?}");
        } else {
            work.await.unwrap_err();
        }
    }
}

async fn mark(store: &Store, n: i64) -> Result<()> {
    let db = &store.connections;
    let insert = db.statement("INSERT INTO marks VALUES ($1)", [n.into()]);
    let work = async {
        let tx = db.begin().await?;
        tx.execute_raw(insert).await?;
        tx.commit().await
    };
    db.write(&store.ping, work).await
}

/// The same in one statement.
async fn mark_alone(store: &Store, n: i64) -> Result<u64> {
    let db = &store.connections;
    let insert = db.statement("INSERT INTO marks VALUES ($1)", [n.into()]);
    db.write(&store.ping, db.execute(insert)).await
}

/// As another process sees them.
async fn marks(folder: &Path) -> Vec<i64> {
    let path = folder.join("test.db");
    let db = sqlite::look_at(&path, Duration::from_secs(5))
        .await
        .unwrap();
    let ask = sea_orm::Statement::from_string(DbBackend::Sqlite, "SELECT n FROM marks ORDER BY n");
    let rows = db.query_all_raw(ask).await.unwrap();
    db.close().await.unwrap();
    rows.iter()
        .map(|r| r.try_get_by_index(0).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_reported_as_written_is_written_whatever_failed_before() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::for_test(folder.path()).await;
    let made = store.connections.writer.execute_unprepared(TABLES).await;
    made.unwrap();
    let mut reported = Vec::new();
    let mut n = 0;
    for first in FAULTS {
        for second in FAULTS {
            // Two in a row: after the first the driver may use savepoints, which end otherwise.
            first.strike(&store).await;
            second.strike(&store).await;
            mark(&store, n).await.unwrap();
            mark_alone(&store, n + 1).await.unwrap();
            reported.extend([n, n + 1]);
            n += 2;
            assert_eq!(
                marks(folder.path()).await,
                reported,
                "{first:?}, {second:?}"
            );
        }
    }
    store.close().await;
    assert_eq!(marks(folder.path()).await, reported);
}

#[tokio::test]
async fn a_conflict_keeps_the_connection_and_fails_no_write() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::for_test(folder.path()).await;
    let writer = &store.connections.writer;
    writer.execute_unprepared(TABLES).await.unwrap();
    writer
        .execute_unprepared("CREATE TEMP TABLE mine (n INTEGER)")
        .await
        .unwrap();
    mark_alone(&store, 1).await.unwrap();
    assert_eq!(
        mark_alone(&store, 1).await.unwrap_err().kind(),
        Kind::Conflict
    );
    assert_eq!(mark(&store, 1).await.unwrap_err().kind(), Kind::Conflict);
    assert!(!store.connections.writes_are_failing());
    writer
        .execute_unprepared("INSERT INTO mine VALUES (1)")
        .await
        .unwrap();
}

#[tokio::test]
async fn the_release_of_a_savepoint_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::for_test(folder.path()).await;
    let db = &store.connections;
    let outer = db.begin().await.unwrap();
    let inner = outer.begin().await.unwrap();
    let inner = Transaction::new(inner, db.backend(), outer.write_state.clone());
    let refused = crate::store::failure::classify(inner.commit().await.unwrap_err());
    assert_eq!(refused.kind(), Kind::Unavailable);
    outer.commit().await.unwrap();
}

#[tokio::test]
async fn a_database_that_takes_no_writes_does_not_pass_its_check() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/test.db?mode=rwc", folder.path().display());
    let settings = Database {
        url,
        max_connections: 2,
        timeout_ms: 200,
    };
    let clock = Arc::new(SystemClock);
    let store = Store::connect(&settings, clock).await.unwrap();
    store.migrations().up().await.unwrap();
    let made = store.connections.writer.execute_unprepared(TABLES).await;
    made.unwrap();
    let path = folder.path().join("test.db");
    let other = sqlite::make(&path, Duration::from_secs(5)).await.unwrap();
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    store.ping().await.unwrap();
    assert_eq!(
        mark_alone(&store, 1).await.unwrap_err().kind(),
        Kind::Unavailable
    );
    assert_eq!(store.ping().await.unwrap_err().kind(), Kind::Unavailable);
    held.rollback().await.unwrap();
    store.ping().await.unwrap();
    assert!(!store.connections.writes_are_failing());
    mark(&store, 1).await.unwrap();
    assert_eq!(marks(folder.path()).await, [1]);
}
