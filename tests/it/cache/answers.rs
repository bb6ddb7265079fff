//! Answers about scans: cached, and counted anew after new scans.

use std::time::{Duration, Instant};

use qr_observatory::{
    cache::{Tag, Tiers},
    config::Config,
    kernel::{SharedClock, SystemClock, id::Uuid},
};
use serde_json::{Value, json};

use crate::support::{
    Client, Database, Server, Setup,
    codes::{API, Dynamic, counted, create_dynamic},
    eventually,
    metrics::Scrape,
    redis::{RedisCluster, RedisServer, RedisSetup},
};

const HOUR: &str = "3600000";
/// Longer than any processor is busy with other tests.
const PATIENT: &str = "1000";
const QUESTIONS: [&str; 3] = [
    "scan-timeseries",
    "scan-timeseries?time_range=allTime",
    "device-stats",
];

async fn ask(client: &Client, code: &Dynamic, what: &str) -> Value {
    let path = format!("{API}/{}/analytics/{what}", code.id);
    client.get(&path).await.expect(200).json()
}

/// People of all days, as the answer says.
async fn people(client: &Client, code: &Dynamic) -> u64 {
    let series = ask(client, code, "scan-timeseries").await;
    let all = series["datasets"]["all_scans"].as_array().unwrap();
    all.iter().map(|n| n.as_u64().unwrap()).sum()
}

/// Answers that a tier gave, of either arm.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counted
async fn requests(client: &Client, tier: &str, result: &str) -> u64 {
    let scrape = Scrape::of(client).await;
    let of = |space| {
        let labels = [("tier", tier), ("space", space), ("result", result)];
        scrape
            .sum("qr_cache_requests_total", &labels)
            .unwrap_or(0.0)
    };
    (of("analytics_legacy") + of("analytics_rollups")) as u64
}

async fn scan(client: &Client, code: &Dynamic, total: u64) {
    client.get(&code.genuine).await.expect(302);
    counted(client, &code.id, total, total).await;
}

async fn rename(client: &Client, code: &Dynamic) {
    let path = format!("{API}/{}", code.id);
    let body = json!({ "title": "new" });
    client.put(&path, &body).await.expect(200);
}

/// Redis is in use, and invalidations of the start are through.
async fn connected(server: &Server) {
    super::connected(server).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
}

async fn shown(client: &Client, code: &Dynamic, expected: u64) -> Duration {
    let start = Instant::now();
    eventually(10, async || match people(client, code).await {
        n if n == expected => Ok(()),
        n => Err(format!("{n} of {expected} scans")),
    })
    .await;
    start.elapsed()
}

#[tokio::test]
async fn a_second_question_is_answered_from_memory() {
    let setup = Setup::on(Database::Sqlite).env("ANALYTICS_REFRESH_MS", HOUR);
    let server = setup.start().await;
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    scan(&client, &code, 1).await;
    for what in QUESTIONS {
        let before = requests(&client, "memory", "hit").await;
        let first = ask(&client, &code, what).await;
        let second = ask(&client, &code, what).await;
        let hits = requests(&client, "memory", "hit").await;
        assert_eq!(hits, before + 1, "{what}");
        for part in ["datasets", "labels", "os_families"] {
            assert_eq!(first[part], second[part], "{what}: {part}");
        }
        // It shows when it was asked, and not when it was counted.
        let ends = |v: &Value| v["end_date"].as_str().map(str::to_owned);
        assert_eq!(ends(&first).is_some(), what != "device-stats");
        let is_later = ends(&second) > ends(&first);
        assert!(is_later || ends(&first).is_none(), "{second}");
    }
    // Single scans are read each time.
    let before = requests(&client, "memory", "hit").await;
    for _ in 0..2 {
        assert_eq!(ask(&client, &code, "scan-logs").await["total"], 1);
    }
    assert_eq!(requests(&client, "memory", "hit").await, before);
}

#[tokio::test]
async fn scans_are_counted_when_their_time_has_come_and_not_before() {
    for database in [Database::Sqlite, Database::Postgres] {
        let setup = Setup::on(database).env("ANALYTICS_REFRESH_MS", "1000");
        let server = setup.start().await;
        let client = Client::admin(&server);
        let code = create_dynamic(&client).await;
        for n in 1..=3 {
            assert_eq!(people(&client, &code).await, n - 1);
            scan(&client, &code, n).await;
            let took = shown(&client, &code, n).await;
            assert!(took < Duration::from_secs(2), "{took:?}");
        }
    }
}

#[tokio::test]
async fn a_change_of_the_code_drops_its_answers() {
    let setup = Setup::on(Database::Sqlite).env("ANALYTICS_REFRESH_MS", HOUR);
    let server = setup.start().await;
    let client = Client::admin(&server);
    let (code, other) = (create_dynamic(&client).await, create_dynamic(&client).await);
    for code in [&code, &other] {
        assert_eq!(people(&client, code).await, 0);
        scan(&client, code, 1).await;
        assert_eq!(people(&client, code).await, 0, "remembered");
    }
    rename(&client, &code).await;
    assert_eq!(people(&client, &code).await, 1);
    assert_eq!(people(&client, &other).await, 0, "nobody changed it");
}

/// On one database and one Redis.
async fn two(redis: &RedisServer, refresh_ms: &str) -> (Server, Server) {
    let first = on_redis(Database::Postgres, redis, refresh_ms);
    let first = first.start().await;
    let second = on_redis(Database::Sqlite, redis, refresh_ms);
    let second = second.env("DATABASE_URL", first.database_url());
    (first, second.start().await)
}

fn on_redis(database: Database, redis: &RedisServer, refresh_ms: &str) -> Setup {
    Setup::on(database)
        .env("REDIS_URL", redis.url())
        .env("REDIS_ADMISSION", "always")
        .env("REDIS_BUDGET_MS", PATIENT)
        .env("ANALYTICS_REFRESH_MS", refresh_ms)
}

fn keys(redis: &RedisServer) -> usize {
    let keys = redis.cli(&["--scan", "--pattern", "*:analytics_*"]);
    keys.lines().count()
}

/// Waits until an answer is in Redis.
async fn stored(redis: &RedisServer) {
    eventually(5, async || match keys(redis) {
        0 => Err("nothing in Redis".to_owned()),
        _ => Ok(()),
    })
    .await;
}

#[tokio::test]
async fn a_scan_on_one_node_is_in_the_answers_of_the_other() {
    let redis = RedisServer::start(RedisSetup::default()).await;
    let (first, second) = two(&redis, "500").await;
    let (here, there) = (Client::admin(&first), Client::admin(&second));
    connected(&first).await;
    connected(&second).await;
    let code = create_dynamic(&here).await;
    let mut slowest = Duration::ZERO;
    for n in 1..=5 {
        for client in [&here, &there] {
            assert_eq!(people(client, &code).await, n - 1);
        }
        scan(&here, &code, n).await;
        for client in [&there, &here] {
            slowest = slowest.max(shown(client, &code, n).await);
        }
    }
    println!("the slowest took {slowest:?}");
    assert!(slowest < Duration::from_millis(1500), "{slowest:?}");
}

#[tokio::test]
async fn nodes_share_answers_until_the_code_changes() {
    let redis = RedisServer::start(RedisSetup::default()).await;
    let (first, second) = two(&redis, HOUR).await;
    let (here, there) = (Client::admin(&first), Client::admin(&second));
    connected(&first).await;
    connected(&second).await;
    let code = create_dynamic(&here).await;
    assert_eq!(people(&here, &code).await, 0);
    stored(&redis).await;
    scan(&here, &code, 1).await;
    assert_eq!(people(&there, &code).await, 0, "as it was counted there");
    assert!(requests(&there, "redis", "hit").await >= 1);
    rename(&here, &code).await;
    let took = shown(&there, &code, 1).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(people(&here, &code).await, 1);
    stored(&redis).await;
    let path = format!("{API}/{}", code.id);
    here.delete(&path).await.expect(204);
    eventually(1, async || match keys(&redis) {
        0 => Ok(()),
        n => Err(format!("{n} answers about a code that is gone")),
    })
    .await;
}

#[tokio::test]
async fn what_a_killed_node_recorded_last_is_counted_after_its_start() {
    let redis = RedisServer::start(RedisSetup::default()).await;
    let mut server = on_redis(Database::Sqlite, &redis, HOUR).start().await;
    let client = Client::admin(&server);
    connected(&server).await;
    let code = create_dynamic(&client).await;
    assert_eq!(people(&client, &code).await, 0);
    stored(&redis).await;
    scan(&client, &code, 1).await;
    server.kill().await;
    server.start().await;
    connected(&server).await;
    assert_eq!(people(&client, &code).await, 1);
}

#[tokio::test]
async fn a_rebuild_drops_the_answers_of_running_servers() {
    let redis = RedisServer::start(RedisSetup::default()).await;
    let setup = Setup::on(Database::Sqlite)
        .env("REDIS_URL", redis.url())
        .env("ANALYTICS_REFRESH_MS", HOUR);
    let server = setup.start().await;
    let client = Client::admin(&server);
    let all = json!({ "candidate_percent": 100 });
    client.put("/api/rollout/analytics", &all).await.expect(200);
    connected(&server).await;
    let code = create_dynamic(&client).await;
    for arguments in [
        &["rollups", "rebuild"][..],
        &["rollups", "rebuild", "--code", &code.id],
    ] {
        people(&client, &code).await;
        let before = requests(&client, "memory", "miss").await;
        people(&client, &code).await;
        assert_eq!(requests(&client, "memory", "miss").await, before);
        let output = server.run(arguments);
        let is_silent = output.stderr.is_empty();
        assert!(output.status.success() && is_silent, "{output:?}");
        eventually(2, async || {
            people(&client, &code).await;
            match requests(&client, "memory", "miss").await {
                n if n > before => Ok(()),
                _ => Err("still remembered".to_owned()),
            }
        })
        .await;
    }
}

/// As many as a busy minute may bring.
const MANY: usize = 10_000;

/// How long it took.
async fn invalidate_many(settings: &[(&str, String)], stored: impl AsyncFn() -> usize) -> Duration {
    let settings = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    let settings = Config::load(None, settings).unwrap().redis;
    let clock: SharedClock = std::sync::Arc::new(SystemClock);
    let tiers = Tiers::start(&settings, &clock).unwrap();
    eventually(10, async || match tiers.redis() {
        Some(redis) if redis.usable => Ok(()),
        _ => Err("not connected".to_owned()),
    })
    .await;
    let tags: Vec<Tag> = (0..MANY).map(|_| Tag::Scans(Uuid::new_v4())).collect();
    let start = Instant::now();
    tiers.invalidate_in_background(&tags).await;
    let took = start.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
    eventually(10, async || match tiers.redis().unwrap().pending {
        0 => Ok(()),
        n => Err(format!("{n} are pending")),
    })
    .await;
    // A generation for each.
    let stored = stored().await;
    assert!(stored >= MANY, "{stored}");
    took
}

fn size(server: &RedisServer) -> usize {
    server.cli(&["DBSIZE"]).trim().parse().unwrap()
}

#[tokio::test]
async fn ten_thousand_invalidations_are_sent_soon() {
    let redis = RedisServer::start(RedisSetup::default()).await;
    let took = invalidate_many(&[("REDIS_URL", redis.url())], async || size(&redis)).await;
    println!("{MANY} invalidations were sent in {took:?}");
}

#[tokio::test]
async fn ten_thousand_invalidations_are_sent_soon_to_a_cluster() {
    let cluster = RedisCluster::start(RedisSetup::default()).await;
    let settings = [("REDIS_CLUSTER_NODES", cluster.nodes())];
    let masters = cluster.masters().await;
    let sizes = async || {
        let of = |port: &u16| {
            let port = port.to_string();
            let asked = cluster.any().cli(&["-p", &port, "DBSIZE"]);
            asked.trim().parse::<usize>().unwrap()
        };
        masters.iter().map(of).sum()
    };
    let took = invalidate_many(&settings, sizes).await;
    println!("{MANY} invalidations were sent in {took:?}");
}
