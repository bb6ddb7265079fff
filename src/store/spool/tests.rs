//! Whatever fails on the spool's connections: what is reported as kept afterwards is there.

use std::sync::Arc;

use futures_util::FutureExt as _;

use super::*;
use crate::kernel::{Kind, SystemClock};

const TRIGGERS: &str = "
    CREATE TRIGGER a BEFORE INSERT ON spool WHEN NEW.payload = X'BAD0' BEGIN SELECT RAISE (ROLLBACK, 'a'); END;
    CREATE TRIGGER b BEFORE INSERT ON set_aside WHEN NEW.reason = 'bad' BEGIN SELECT RAISE (ROLLBACK, 'b'); END;
    CREATE TRIGGER c BEFORE DELETE ON spool WHEN OLD.payload = X'BAD1' BEGIN SELECT RAISE (ROLLBACK, 'c'); END;";

async fn open(path: &Path) -> Spool {
    let clock = Arc::new(SystemClock);
    Spool::open(path, Durability::Process, clock).await.unwrap()
}

async fn on(connection: &connection::Connection, sql: &'static str) {
    let mut connection = connection.take().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut *connection).await.unwrap();
    connection.put_back();
}

/// As the next start finds them, beside this one.
async fn kept(path: &Path) -> Vec<i64> {
    let entries = open(path).await.oldest(100).await.unwrap();
    entries.iter().map(|e| e.id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_reported_as_kept_is_kept_whatever_failed_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spool.db");
    let spool = open(&path).await;
    on(&spool.0.appender, TRIGGERS).await;
    let stays = spool.append(&[0xBA, 0xD1], 1).await.unwrap();
    let mut ids = vec![stays];
    for _ in 0..3 {
        spool.append(&[0xBA, 0xD0], 1).await.unwrap_err();
        ids.push(spool.append(b"a", 1).await.unwrap());
        on(&spool.0.appender, "PRAGMA max_page_count = 1").await;
        let full = spool.append(&vec![0; 100_000], 1).await.unwrap_err();
        assert_eq!(full.kind(), Kind::Unavailable);
        ids.push(spool.append(&vec![0; 100_000], 1).await.unwrap());
        // Mostly given up after one poll, but its answer may be there by then.
        let answer = spool.append(b"given up", 1).now_or_never();
        ids.extend(answer.map(Result::unwrap));
        let gone = spool.append(b"gone", 1).await.unwrap();
        for _ in 0..2 {
            spool.set_aside(ids[1], "bad").await.unwrap_err();
            spool.delete(&[gone, stays]).await.unwrap_err();
        }
        assert!(spool.set_aside(gone, "good").await.unwrap());
        let gone = spool.append(b"gone", 1).await.unwrap();
        spool.delete(&[gone]).await.unwrap();
        let mut left = kept(&path).await;
        // Given up means unknown: it may be there.
        left.retain(|id| ids.contains(id));
        assert_eq!(left, ids);
    }
    assert!(ids.is_sorted());
}

#[tokio::test]
async fn an_id_that_was_set_aside_is_not_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spool.db");
    let spool = open(&path).await;
    let far = i64::MAX / 2;
    spool.0.last_id.store(far, Ordering::Relaxed);
    let id = spool.append(b"a", 1).await.unwrap();
    assert!(spool.set_aside(id, "why").await.unwrap());
    drop(spool);
    assert!(open(&path).await.append(b"b", 1).await.unwrap() > id);
}

#[tokio::test]
async fn a_spool_that_takes_nothing_does_not_pass_its_check() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spool.db");
    let spool = open(&path).await;
    on(&spool.0.appender, TRIGGERS).await;
    spool.append(&[0xBA, 0xD0], 1).await.unwrap_err();
    // The file grows no further, whoever writes.
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    spool.backlog().await.unwrap_err();
    std::fs::remove_dir(&path).unwrap();
    spool.backlog().await.unwrap_err();
}

/// On a full disk it could not be made again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_index_of_the_log_stays_while_connections_are_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&folder.path().join("spool.db")).await;
    spool.append(b"a", 1).await.unwrap();
    drop(spool.0.appender.take().await.unwrap());
    drop(spool.0.drainer.take().await.unwrap());
    // They are closed by threads of their own.
    for _ in 0..20 {
        assert!(folder.path().join("spool.db-shm").exists());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(spool.backlog().await.unwrap(), (1, 1));
}
