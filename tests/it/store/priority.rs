//! A connection has the priority of those who wait for it, whoever used the database first.

use std::{fs, time::Duration};

use futures_util::future::join_all;
use qr_observatory::{
    kernel::task::{BackgroundThread, Priority},
    store::Store,
};
use tokio::sync::mpsc;

use super::databases::{postgres, sqlite};

/// Asks the database eight times at once from a thread of the lowest priority, and lets that thread go.
async fn asked_aside(store: &Store) {
    let background = BackgroundThread::start("test-background", Priority::Lowest).unwrap();
    let (tell, mut told) = mpsc::unbounded_channel();
    for _ in 0..8 {
        let (store, tell) = (store.clone(), tell.clone());
        background.spawn("test.ask", async move {
            tell.send(store.codes.count().await.is_ok()).unwrap();
        });
    }
    for _ in 0..8 {
        assert_eq!(told.recv().await, Some(true));
    }
    drop(background);
    while threads().iter().any(|(name, _)| name == "test-background") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Names and nice values of this process' threads (`proc_pid_stat(5)`).
fn threads() -> Vec<(String, i32)> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let stat = tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("stat")).ok());
    let read = |stat: String| {
        let (name, rest) = stat.split_once('(').unwrap().1.rsplit_once(") ").unwrap();
        let nice = rest.split(' ').nth(16).unwrap().parse().unwrap();
        (name.to_owned(), nice)
    };
    stat.map(read).collect()
}

#[tokio::test]
async fn readers_of_sqlite_do_not_inherit_that_of_a_shadow() {
    let db = sqlite().await;
    let own = threads()[0].1;
    db.open_readers().await.unwrap();
    let count = || {
        let threads = threads();
        let workers = threads
            .into_iter()
            .filter(|(name, _)| name.starts_with("sqlx-sqlite"));
        let workers: Vec<i32> = workers.map(|(_, nice)| nice).collect();
        assert!(
            workers.iter().all(|nice| *nice == own),
            "{own}: {workers:?}"
        );
        workers.len()
    };
    let before = count();
    assert_eq!(before, 9, "eight that read, one that writes");
    asked_aside(&db).await;
    assert_eq!(count(), before);
}

#[tokio::test]
async fn connections_to_postgresql_do_not_depend_on_a_shadows_runtime() {
    let db = postgres().await;
    // All but the first are opened by the shadow.
    asked_aside(&db).await;
    let all = join_all((0..8).map(|_| db.codes.count())).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
}
