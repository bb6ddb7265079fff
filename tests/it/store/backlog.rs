//! Scans that come faster than they are stored: how a backlog is drained.

use std::{sync::Arc, time::Duration};

use qr_observatory::{
    cache::Tiers,
    config::{Config, scans::Scans},
    kernel::{Clock, SharedClock, SystemClock, Timestamp, clock::Instant, id::Ids},
    scans::{Pipeline, Scan, open_spool},
    store::spool::Spool,
};
use sea_orm::{ConnectionTrait as _, Database};
use uuid::Uuid;

use super::{
    databases::{self, Fresh, ids, on_both, snapshot},
    record::new_code,
};

on_both!(a_backlog_is_drained_in_large_transactions_without_a_pause);

const BATCHES: u32 = 400;
const SCANS_OF_BATCH: u32 = 50;

/// A machine so fast that nothing takes any time: the size of transactions does not depend on this one's.
struct NoTime(Instant);

impl Clock for NoTime {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn instant(&self) -> Instant {
        self.0
    }
}

fn settings(spool: &std::path::Path) -> Scans {
    let settings = [
        ("ADMIN_PASSWORD", "backlog-password"),
        ("SCAN_SPOOL", spool.to_str().unwrap()),
        // A pause would outlast the test.
        ("SCAN_DRAIN_INTERVAL_MS", "60000"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Config::load(None, settings).unwrap().scans
}

/// As a crowd leaves it: many small commits.
async fn fill(spool: &Spool, ids: &Ids, codes: &[Uuid]) {
    let mut next = codes.iter().cycle();
    for _ in 0..BATCHES {
        let mut batch = Vec::new();
        for code in next.by_ref().take(SCANS_OF_BATCH as usize) {
            Scan {
                id: ids.next(),
                code_id: *code,
                at: SystemClock.now(),
                genuine: true,
                excluded: None,
                address: Some("198.51.100.0".parse().unwrap()),
                country: None,
                placement_id: None,
                user_agent: "backlog",
                referer: "",
            }
            .encode(&mut batch);
        }
        spool.append(&batch, SCANS_OF_BATCH).await.unwrap();
    }
}

async fn a_backlog_is_drained_in_large_transactions_without_a_pause(db: &Fresh) {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder.path().join("spool.db"));
    let clock: SharedClock = Arc::new(NoTime(SystemClock.instant()));
    let ids = ids();
    let mut codes = Vec::new();
    for _ in 0..7 {
        codes.push(new_code(db, &ids).await);
    }
    let spool = open_spool(&settings, &clock).await.unwrap();
    fill(&spool, &ids, &codes).await;
    drop(spool);

    let tiers = Tiers::in_memory(&clock);
    let pipeline = Pipeline::start(&settings, db.store.clone(), &tiers, &clock);
    let pipeline = pipeline.await.unwrap();
    for _ in 0..2500 {
        if pipeline.backlog().await.unwrap() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(
        pipeline.backlog().await.unwrap(),
        0,
        "before the first pause"
    );
    let mut stored = 0;
    for code in &codes {
        let scans = snapshot(db, *code).await;
        stored += scans.logs(0, 1, false).await.unwrap().1;
    }
    assert_eq!(stored, u64::from(BATCHES * SCANS_OF_BATCH));
    // 1 000, 2 000, 4 000, 8 000, and the rest: each of these numbers is a transaction's.
    let transactions = transactions(&db.settings.url).await;
    assert_eq!(transactions, 5);
    pipeline.stop(Duration::from_secs(1)).await;
}

async fn transactions(url: &str) -> i64 {
    let db = Database::connect(url).await.unwrap();
    let sql = "SELECT COUNT(DISTINCT batch) FROM rollup_visitors";
    let row = db.query_one_raw(sea_orm::Statement::from_string(
        db.get_database_backend(),
        sql,
    ));
    row.await.unwrap().unwrap().try_get_by(0).unwrap()
}
