//! Recording: exactly once, and the counters equal the rows.

use std::sync::Arc;

use qr_observatory::{
    kernel::{Kind, id::Ids},
    store::{
        Store,
        organizations::Organizations,
        scans::{Agent, AgentId, DeviceType, Excluded, Recorded, ScanRow},
    },
};
use uuid::Uuid;

use super::databases::{self, Fresh, at, code, ids, on_both, snapshot, told};
use crate::support::dice::Dice;

on_both!(
    a_batch_is_stored_once,
    duplicates_inside_a_batch_are_stored_once,
    scans_of_unknown_codes_are_orphans,
    only_people_count,
    older_scans_do_not_move_the_last,
    large_batches_are_stored_whole,
    text_with_a_nul_is_refused,
    nothing_is_fine,
    concurrent_recorders_agree_with_the_rows,
    deleting_a_code_takes_its_scans,
);

pub fn scan(ids: &Ids, code_id: Uuid, seconds: i64) -> ScanRow {
    ScanRow {
        id: ids.next(),
        code_id,
        at: at(seconds),
        genuine: false,
        excluded: None,
        address: Some("203.0.113.0".to_owned()),
        referer: None,
        agent: Some(AgentId(seconds % 3)),
        country: None,
        placement_id: None,
    }
}

pub fn agent(id: i64, os: &str) -> Agent {
    Agent {
        id: AgentId(id),
        user_agent: format!("agent {id}"),
        device_type: DeviceType::Mobile,
        device_family: String::new(),
        os_family: os.to_owned(),
        os_version: "1".to_owned(),
        browser_family: "Firefox".to_owned(),
        browser_version: "140".to_owned(),
    }
}

pub async fn new_code(store: &Store, ids: &Ids) -> Uuid {
    let code = code(ids.next());
    store.codes.insert(&code, vec![], &told()).await.unwrap();
    code.id
}

fn recorded(stored: usize, duplicates: usize, orphaned: usize) -> Recorded {
    Recorded {
        stored,
        duplicates,
        orphaned,
    }
}

/// All counters of a code must be what its rows say.
async fn check(store: &Store, code_id: Uuid) -> i64 {
    let code = store.codes.get(Organizations::DEFAULT, code_id).await;
    let counters = code.unwrap().unwrap().counters;
    let scans = snapshot(store, code_id).await;
    let (logs, _) = scans.logs(0, 1_000_000, false).await.unwrap();
    let people: Vec<_> = logs.iter().filter(|l| l.excluded.is_none()).collect();
    let genuine: Vec<_> = people.iter().filter(|l| l.genuine).collect();
    assert_eq!(counters.scans, i64::try_from(people.len()).unwrap());
    let count = i64::try_from(genuine.len()).unwrap();
    assert_eq!(counters.genuine_scans, count);
    assert_eq!(counters.last_scan_at, people.iter().map(|l| l.at).max());
    let times = genuine.iter().map(|l| l.at);
    assert_eq!(counters.first_genuine_scan_at, times.clone().min());
    assert_eq!(counters.last_genuine_scan_at, times.max());
    counters.scans
}

async fn a_batch_is_stored_once(db: &Fresh) {
    let ids = ids();
    let code = new_code(db, &ids).await;
    let batch: Vec<ScanRow> = (0..7).map(|n| scan(&ids, code, n)).collect();
    let agents = [agent(2, "b"), agent(1, "a"), agent(1, "a")];
    for (from, to, stored) in [(0, 5, 5), (0, 5, 0), (3, 7, 2), (0, 7, 0)] {
        let done = db.scans.record(&batch[from..to], &agents).await.unwrap();
        assert_eq!(done, recorded(stored, to - from - stored, 0));
    }
    assert_eq!(check(db, code).await, 7);
}

async fn duplicates_inside_a_batch_are_stored_once(db: &Fresh) {
    let ids = ids();
    let code = new_code(db, &ids).await;
    let one = scan(&ids, code, 1);
    let batch = [one.clone(), scan(&ids, code, 2), one.clone(), one];
    let done = db.scans.record(&batch, &[]).await.unwrap();
    assert_eq!(done, recorded(2, 2, 0));
    let done = db.scans.record(&batch, &[]).await.unwrap();
    assert_eq!(done, recorded(0, 4, 0));
    assert_eq!(check(db, code).await, 2);
}

async fn scans_of_unknown_codes_are_orphans(db: &Fresh) {
    let ids = ids();
    let code = new_code(db, &ids).await;
    let gone = ids.next();
    let batch = [(gone, 1), (code, 2), (gone, 3)].map(|(id, at)| scan(&ids, id, at));
    let done = db.scans.record(&batch, &[]).await.unwrap();
    assert_eq!(done, recorded(1, 0, 2));
    let done = db.scans.record(&batch[..1], &[]).await.unwrap();
    assert_eq!(done, recorded(0, 0, 1));
    assert_eq!(check(db, code).await, 1);
}

async fn only_people_count(db: &Fresh) {
    let ids = ids();
    let code = new_code(db, &ids).await;
    let excluded = [Excluded::Head, Excluded::Prefetch, Excluded::Bot];
    let mut batch: Vec<ScanRow> = excluded
        .into_iter()
        .map(|why| ScanRow {
            excluded: Some(why),
            genuine: true,
            ..scan(&ids, code, 90)
        })
        .collect();
    let done = db.scans.record(&batch, &[]).await.unwrap();
    assert_eq!(done, recorded(3, 0, 0));
    assert_eq!(check(db, code).await, 0);
    batch.push(scan(&ids, code, 5));
    db.scans.record(&batch, &[]).await.unwrap();
    assert_eq!(check(db, code).await, 1);
}

async fn older_scans_do_not_move_the_last(db: &Fresh) {
    let ids = ids();
    let code = new_code(db, &ids).await;
    for (seconds, genuine) in [(50, true), (10, true), (70, false), (30, true), (60, true)] {
        let row = ScanRow {
            genuine,
            ..scan(&ids, code, seconds)
        };
        db.scans.record(&[row], &[]).await.unwrap();
        check(db, code).await;
    }
}

async fn large_batches_are_stored_whole(db: &Fresh) {
    let ids = ids();
    let mut codes = Vec::new();
    for _ in 0..37 {
        codes.push(new_code(db, &ids).await);
    }
    let batch: Vec<ScanRow> = (0..3001)
        .map(|n| scan(&ids, codes[usize::try_from(n).unwrap() % 37], n))
        .collect();
    let agents: Vec<Agent> = (0..700).map(|n| agent(n, "os")).collect();
    let done = db.scans.record(&batch[1..], &agents).await.unwrap();
    assert_eq!(done, recorded(3000, 0, 0));
    let done = db.scans.record(&batch, &agents).await.unwrap();
    assert_eq!(done, recorded(1, 3000, 0));
    let mut total = 0;
    for code in codes {
        total += check(db, code).await;
    }
    assert_eq!(total, 3001);
}

async fn text_with_a_nul_is_refused(db: &Fresh) {
    let ids = ids();
    let code = new_code(db, &ids).await;
    let row = ScanRow {
        referer: Some("a\0b".to_owned()),
        ..scan(&ids, code, 1)
    };
    let batch = [scan(&ids, code, 2), row];
    let refused = db.scans.record(&batch, &[]).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Invalid);
    let refused = db.scans.record(&batch[..1], &[agent(1, "\0")]).await;
    assert_eq!(refused.unwrap_err().kind(), Kind::Invalid);
    assert_eq!(check(db, code).await, 0);
}

async fn nothing_is_fine(db: &Fresh) {
    let done = db.scans.record(&[], &[]).await.unwrap();
    assert_eq!(done, recorded(0, 0, 0));
}

/// Four recorders deliver overlapping slices of the same scans, in different orders.
async fn concurrent_recorders_agree_with_the_rows(db: &Fresh) {
    let ids = ids();
    let mut codes = Vec::new();
    for _ in 0..5 {
        codes.push(new_code(db, &ids).await);
    }
    let mut dice = Dice(0x5eed);
    let scans: Vec<ScanRow> = (0..600)
        .map(|n| ScanRow {
            code_id: dice.pick(&codes),
            genuine: dice.percent(50),
            excluded: dice.percent(25).then_some(Excluded::Bot),
            ..scan(&ids, codes[0], (n * 7919) % 600)
        })
        .collect();
    let scans = Arc::new(scans);
    let recorders = (0..4).map(|_| {
        let slices: Vec<(usize, usize)> = (0..25)
            .map(|_| {
                let from = dice.index(600);
                (from, (from + dice.index(100)).min(600))
            })
            .collect();
        let (store, scans) = (db.store.clone(), scans.clone());
        async move {
            let mut stored = 0;
            for (from, to) in slices.into_iter().chain([(0, 600)]) {
                let mut batch = scans[from..to].to_vec();
                batch.reverse();
                let agents = [agent(2, "b"), agent(0, "c"), agent(1, "a")];
                stored += store.scans.record(&batch, &agents).await.unwrap().stored;
            }
            stored
        }
    });
    let stored = futures_util::future::join_all(recorders).await;
    // Each scan was stored exactly once.
    assert_eq!(stored.iter().sum::<usize>(), 600);
    for code in codes {
        check(db, code).await;
    }
}

async fn deleting_a_code_takes_its_scans(db: &Fresh) {
    let ids = ids();
    let code = new_code(db, &ids).await;
    let batch = [scan(&ids, code, 1), scan(&ids, code, 2)];
    db.scans.record(&batch, &[]).await.unwrap();
    assert!(
        db.codes
            .delete(Organizations::DEFAULT, code, &told())
            .await
            .unwrap()
    );
    let logs = snapshot(db, code).await.logs(0, 10, false).await;
    assert_eq!(logs.unwrap().1, 0);
    let late = db.scans.record(&batch, &[]).await.unwrap();
    assert_eq!(late, recorded(0, 0, 2));
}
