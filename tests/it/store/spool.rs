//! The spool: nothing that was appended is lost.

use std::path::Path;

use qr_observatory::store::spool::{Durability, Spool};
use sea_orm::Database;

use super::databases::clock;

async fn open(path: &Path) -> Spool {
    Spool::open(path, Durability::Power, clock()).await.unwrap()
}

async fn payloads(spool: &Spool) -> Vec<Vec<u8>> {
    let entries = spool.oldest(100).await.unwrap();
    entries.into_iter().map(|e| e.payload).collect()
}

#[tokio::test]
async fn what_was_appended_comes_out_in_order_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep").join("spool.db");
    let spool = open(&path).await;
    let mut last = 0;
    for n in 0..10_u8 {
        let id = spool.append(&[n; 3], n.into()).await.unwrap();
        assert!(id > last);
        last = id;
    }
    assert_eq!(spool.backlog().await.unwrap(), (10, 45));
    drop(spool);

    let spool = open(&path).await;
    let first = spool.oldest(3).await.unwrap();
    assert_eq!(first.len(), 3);
    assert_eq!(
        (first[1].scans, first[1].payload.as_slice()),
        (1, &[1; 3][..])
    );
    let ids: Vec<i64> = first.iter().map(|e| e.id).collect();
    spool.delete(&ids).await.unwrap();
    spool.delete(&ids).await.unwrap();
    spool.delete(&[]).await.unwrap();
    assert_eq!(spool.backlog().await.unwrap(), (7, 42));
    assert_eq!(payloads(&spool).await[0], [3; 3]);
}

#[tokio::test]
async fn a_batch_that_can_never_be_recorded_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spool.db");
    let spool = open(&path).await;
    let bad = spool.append(b"bad", 2).await.unwrap();
    spool.append(b"good", 1).await.unwrap();
    assert!(spool.set_aside(bad, "unreadable").await.unwrap());
    assert!(!spool.set_aside(bad, "unreadable").await.unwrap());
    assert_eq!(payloads(&spool).await, [b"good"]);
    assert_eq!(spool.backlog().await.unwrap(), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appending_and_draining_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(&folder.path().join("s.db"), Durability::Process, clock())
        .await
        .unwrap();
    let appends = (0..300_u32).map(|n| {
        let spool = spool.clone();
        async move { spool.append(&n.to_be_bytes(), 1).await.unwrap() }
    });
    let drain = async {
        let mut seen = Vec::new();
        while seen.len() < 300 {
            let entries = spool.oldest(16).await.unwrap();
            let ids: Vec<i64> = entries.iter().map(|e| e.id).collect();
            spool.delete(&ids).await.unwrap();
            seen.extend(entries.into_iter().map(|e| e.payload));
            tokio::task::yield_now().await;
        }
        seen
    };
    let (ids, mut seen) = tokio::join!(futures_util::future::join_all(appends), drain);
    assert_eq!(ids.len(), 300);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 300);
    assert_eq!(spool.backlog().await.unwrap(), (0, 0));
}

#[tokio::test]
async fn a_damaged_file_is_kept_and_the_spool_starts_anew() {
    for damage in [Damage::NotADatabase, Damage::PagesOverwritten] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool.db");
        let spool = open(&path).await;
        for _ in 0..20 {
            spool.append(&[7; 3000], 1).await.unwrap();
        }
        drop(spool);
        damage.inflict(&path).await;

        let spool = open(&path).await;
        assert_eq!(spool.backlog().await.unwrap(), (0, 0));
        spool.append(b"next", 1).await.unwrap();
        drop(spool);
        let kept = std::fs::read_dir(folder.path())
            .unwrap()
            .filter_map(|e| e.unwrap().file_name().into_string().ok())
            .any(|name| name.starts_with("spool.db.damaged-"));
        assert!(kept);
        assert_eq!(payloads(&open(&path).await).await, [b"next"]);
    }
}

enum Damage {
    NotADatabase,
    PagesOverwritten,
}

impl Damage {
    async fn inflict(&self, path: &Path) {
        // Whatever was still in the log belongs into the file first. Closing happens in the background, and of two connections that
        // close at once each may leave the log to the other: so a third one closes after them.
        while path.with_extension("db-wal").exists() {
            let url = format!("sqlite://{}", path.display());
            let third = Database::connect(url).await.unwrap();
            third.close().await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let mut bytes = std::fs::read(path).unwrap();
        match self {
            Self::NotADatabase => bytes[..16].fill(b'x'),
            Self::PagesOverwritten => bytes[4096..].fill(0xaa),
        }
        std::fs::write(path, bytes).unwrap();
    }
}
