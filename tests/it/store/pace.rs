//! How fast scans are recorded and answered for. Prints, asserts nothing: `cargo nextest run pace --run-ignored all
//! --no-capture`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use qr_observatory::{
    analytics::{Period, Question, Range, Rollups, legacy::Rows},
    kernel::{Clock, Ctx, SystemClock},
    rollout::Arm,
    store::{
        Store,
        scans::{AgentId, ScanRow},
    },
};

use super::{
    databases::{clock, ids, sqlite},
    record::{agent, new_code, scan},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn recording() {
    const SCANS: u32 = 50_000;
    let now = clock().now();
    for round in 0..4 {
        let db = sqlite().await;
        let ids = ids();
        let mut codes = Vec::new();
        for _ in 0..200 {
            codes.push(new_code(&db, &ids).await);
        }
        let mut dice = 0x5eed_u64;
        let mut roll = |sides: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (dice >> 33) % sides
        };
        let rows: Vec<ScanRow> = (0..SCANS)
            .map(|n| ScanRow {
                code_id: codes[usize::try_from(roll(200)).unwrap()],
                // 60 agents, the first ones more often.
                agent: Some(AgentId({
                    let most = roll(60) + 1;
                    roll(most).cast_signed()
                })),
                address: Some(format!("198.{}.{}.0", roll(50), roll(200))),
                genuine: roll(3) > 0,
                at: now - Duration::from_millis(u64::from(n) / 5),
                ..scan(&ids, codes[0], 0)
            })
            .collect();
        let agents: Vec<_> = (0..60).map(|n| agent(n, "os")).collect();
        db.scans.record(&[], &agents).await.unwrap();
        let start = Instant::now();
        for batch in rows.chunks(4096) {
            db.scans.record(batch, &[]).await.unwrap();
        }
        let took = start.elapsed();
        println!(
            "round {round}: {:.0} scans/s",
            f64::from(SCANS) / took.as_secs_f64()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn answering() {
    const SCANS: i64 = 100_000;
    let db = sqlite().await;
    let ids = ids();
    let code = new_code(&db, &ids).await;
    let now = clock().now();
    let rows: Vec<ScanRow> = (0..SCANS)
        .map(|n| ScanRow {
            at: now - Duration::from_secs((n * 31_000_000 / SCANS).unsigned_abs()),
            agent: Some(AgentId(n % 60)),
            ..scan(&ids, code, 0)
        })
        .collect();
    let agents: Vec<_> = (0..60).map(|n| agent(n, "os")).collect();
    for batch in rows.chunks(4096) {
        db.scans.record(batch, &agents).await.unwrap();
    }
    let start = Instant::now();
    db.scans.rebuild(code, |_| {}).await.unwrap();
    println!("rebuild of {SCANS}: {:?}", start.elapsed());
    for round in 0..2 {
        // Cold: connections and caches of their own.
        let store = Store::connect(&db.settings, clock()).await.unwrap();
        let ctx = Ctx::new(ids.next(), SystemClock.instant());
        let (rows, rollups) = (Rows::new(store.clone()), Rollups::new(store));
        let timeline = |period| Question::Timeline {
            code_id: code,
            period,
            time_zone: "Europe/Berlin".into(),
            now,
        };
        for asked in [
            timeline(Period::Year),
            timeline(Period::Days7),
            Question::Devices {
                code_id: code,
                genuine_only: false,
            },
            Question::Timeseries {
                code_id: code,
                range: Range::AllTime,
                now,
            },
        ] {
            let asked = Arc::new(asked);
            let start = Instant::now();
            let counted = rows.run(&ctx, &asked).await.unwrap();
            let by_rows = start.elapsed();
            let start = Instant::now();
            let rolled = rollups.run(&ctx, &asked).await.unwrap();
            let by_rollups = start.elapsed();
            assert_eq!(counted, rolled);
            println!("round {round}: {asked:?}: rows {by_rows:?}, rollups {by_rollups:?}");
        }
    }
}
