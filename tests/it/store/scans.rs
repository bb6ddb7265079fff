//! What analytics read.

use qr_observatory::store::scans::{AgentId, Bucket, Dimension, Excluded, ScanRow};

use super::{
    databases::{self, Fresh, at, ids, on_both, snapshot},
    record::{agent, new_code, scan},
};

on_both!(
    buckets_count_people,
    logs_are_newest_first,
    dimensions_are_counted,
    the_first_scan_is_a_persons
);

const MINUTE_US: i64 = 60_000_000;

async fn buckets_count_people(db: &Fresh) {
    let ids = ids();
    let code = new_code(db, &ids).await;
    let other = new_code(db, &ids).await;
    let mut batch: Vec<ScanRow> = [-1, 0, 59, 60, 200, 300]
        .map(|seconds| scan(&ids, code, seconds))
        .into();
    batch[2].genuine = true;
    batch[4].genuine = true;
    batch.push(ScanRow {
        excluded: Some(Excluded::Bot),
        ..scan(&ids, code, 61)
    });
    batch.push(scan(&ids, other, 62));
    db.scans.record(&batch, &[]).await.unwrap();
    let bucket = |seconds, all, genuine| Bucket {
        start: at(seconds),
        all,
        genuine,
    };
    let found = snapshot(db, code)
        .await
        .buckets(at(0), at(300), MINUTE_US)
        .await;
    assert_eq!(
        found.unwrap(),
        [bucket(0, 2, 1), bucket(60, 1, 0), bucket(180, 1, 1)]
    );
    let from_the_middle = snapshot(db, code)
        .await
        .buckets(at(30), at(301), MINUTE_US)
        .await;
    let later = [bucket(30, 2, 1), bucket(150, 1, 1), bucket(270, 1, 0)];
    assert_eq!(from_the_middle.unwrap(), later);
    let unknown = snapshot(db, ids.next()).await;
    let none = unknown.buckets(at(0), at(300), 0).await;
    assert_eq!(none.unwrap(), []);
}

async fn logs_are_newest_first(db: &Fresh) {
    let ids = ids();
    let code = new_code(db, &ids).await;
    let mut batch: Vec<ScanRow> = (0..5).map(|n| scan(&ids, code, n / 2)).collect();
    batch[0].genuine = true;
    batch[1].genuine = true;
    batch[1].excluded = Some(Excluded::Prefetch);
    batch[4].agent = None;
    db.scans.record(&batch, &[agent(0, "Linux")]).await.unwrap();

    let (logs, total) = snapshot(db, code).await.logs(0, 10, false).await.unwrap();
    assert_eq!(total, 5);
    let seen: Vec<_> = logs.iter().map(|l| l.id).collect();
    let expected: Vec<_> = batch.iter().rev().map(|r| r.id).collect();
    assert_eq!(seen, expected);
    assert_eq!(logs[0].agent, None);
    assert_eq!(logs[1].agent, None, "an agent that was never stored");
    assert_eq!(logs[4].agent, Some(agent(0, "Linux")));
    assert_eq!(logs[3].excluded, Some(Excluded::Prefetch));
    assert_eq!(logs[3].at, at(0));

    let (page, total) = snapshot(db, code).await.logs(1, 2, false).await.unwrap();
    assert_eq!((page.as_slice(), total), (&logs[1..3], 5));
    let all = snapshot(db, code).await.logs(0, u64::MAX, true).await;
    let (genuine, total) = all.unwrap();
    assert_eq!((genuine.as_slice(), total), (&logs[4..], 1));
}

async fn dimensions_are_counted(db: &Fresh) {
    let ids = ids();
    let code = new_code(db, &ids).await;
    // Two agents on one system, one on another, one that nobody knows, none at all.
    let mut batch = Vec::new();
    for (n, id) in [Some(1), Some(1), Some(2), Some(3), Some(99), None]
        .into_iter()
        .enumerate()
    {
        batch.push(ScanRow {
            agent: id.map(AgentId),
            genuine: n == 0,
            ..scan(&ids, code, 1)
        });
    }
    batch.push(ScanRow {
        excluded: Some(Excluded::Bot),
        agent: Some(AgentId(1)),
        ..scan(&ids, code, 1)
    });
    let agents = [agent(1, "iOS"), agent(2, "iOS"), agent(3, "Android")];
    db.scans.record(&batch, &agents).await.unwrap();
    let count = async |dimension, genuine_only| {
        let scans = snapshot(db, code).await;
        let found = scans.by_dimension(dimension, genuine_only).await.unwrap();
        let shown = found.iter().map(|(name, n)| format!("{name} {n}"));
        shown.collect::<Vec<_>>().join(", ")
    };
    for (dimension, genuine_only, counts) in [
        (Dimension::Os, false, "iOS 3, Unknown 2, Android 1"),
        (Dimension::Os, true, "iOS 1"),
        (Dimension::DeviceType, false, "mobile 4, Unknown 2"),
        (Dimension::Browser, false, "Firefox 4, Unknown 2"),
        (Dimension::DeviceFamily, false, "Unknown 6"),
    ] {
        assert_eq!(count(dimension, genuine_only).await, counts);
    }
}

async fn the_first_scan_is_a_persons(db: &Fresh) {
    let ids = ids();
    let code = new_code(db, &ids).await;
    assert_eq!(snapshot(db, code).await.first_at().await.unwrap(), None);
    let bot = ScanRow {
        excluded: Some(Excluded::Bot),
        ..scan(&ids, code, 1)
    };
    let batch = [scan(&ids, code, 9), bot, scan(&ids, code, 5)];
    db.scans.record(&batch, &[]).await.unwrap();
    let first = snapshot(db, code).await.first_at().await;
    assert_eq!(first.unwrap(), Some(at(5)));
}
