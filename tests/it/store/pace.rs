//! How fast scans are recorded and answered for. Prints, asserts nothing: `cargo nextest run pace --run-ignored all
//! --no-capture`.

use std::time::{Duration, Instant};

use qr_observatory::store::scans::{AgentId, ScanRow};

use super::{
    databases::{clock, ids, sqlite},
    record::{agent, new_code, scan},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn recording() {
    const SCANS: usize = 50_000;
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
                at: now - Duration::from_millis(n as u64 / 5),
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
        println!("round {round}: {:.0} scans/s", SCANS as f64 / took.as_secs_f64());
    }
}
