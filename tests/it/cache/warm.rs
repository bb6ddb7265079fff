//! What is ready before somebody asks: `POST …/cache/warm`, `REDIS_WARM_CACHE`, and `qr-observatory warm`.

use reqwest::Method;
use serde_json::{Value, json};

use super::{CLEAR, PATIENT, connected, flushed, for_admins, image, number, space, stats};
use crate::support::{
    Client, Database, Server, Setup,
    client::send,
    codes::{Dynamic, create_dynamic, create_static},
    command::Says as _,
    eventually,
    metrics::Scrape,
    on_both,
    postgres::signal,
    redis::{RedisCluster, RedisServer, RedisSetup},
};

const WARM: &str = "/api/v2/qr/cache/warm";

on_both!(
    what_matches_is_ready,
    without_patterns_the_most_scanned_are_ready,
    what_makes_no_sense_warms_nothing,
    warming_is_for_admins,
    the_arm_that_answers_is_warmed,
    a_start_warms_memory,
);

async fn warm(client: &Client, patterns: Value) -> Value {
    let body = json!({ "patterns": patterns });
    client.post(WARM, &body).await.expect(200).json()
}

async fn create(client: &Client, count: usize) -> Vec<Dynamic> {
    let mut codes = Vec::new();
    for _ in 0..count {
        codes.push(create_dynamic(client).await);
    }
    codes
}

/// Slug and picture come from memory.
async fn assert_ready(server: &Server, code: &Dynamic, arm: &str) {
    let client = Client::admin(server);
    let counts = |stats: &Value, name: &str| {
        let space = space(stats, name);
        (number(space, "/hits"), number(space, "/misses"))
    };
    let before = stats(server).await;
    image(&client, &code.id).await;
    client.get(&code.shared).await.expect(302);
    let after = stats(server).await;
    for name in [arm, "slug"] {
        let ((hits, misses), now) = (counts(&before, name), counts(&after, name));
        assert_eq!(now, (hits + 1, misses), "{name}: {after}");
    }
}

async fn what_matches_is_ready(server: Server) {
    let client = Client::admin(&server);
    let codes = create(&client, 3).await;
    let text = create_static(&client, "for ever").await;
    let alike = format!("{}*", &codes[0].id[..30]);
    let done = warm(&client, json!([alike, "no such"])).await;
    assert_eq!(done["success"], true);
    assert!(done["duration_ms"].is_u64(), "{done}");
    let counts = |done: &Value| ["matched", "warmed", "failed"].map(|n| done[n].as_u64().unwrap());
    // Ids that are made at once begin alike.
    let [matched, warmed, failed] = counts(&done);
    assert!((1..=4).contains(&matched), "{done}");
    assert_eq!((warmed, failed), (matched, 0), "{done}");
    assert_ready(&server, &codes[0], "render_legacy").await;

    let slug = codes[1].shared.trim_start_matches("/r/");
    let body = json!({ "patterns": [slug] });
    let done = client.post("/api/qr/cache/warm", &body).await;
    let done = done.expect(200).json();
    assert_eq!(counts(&done), [1, 1, 0]);
    let done = warm(&client, json!([text["id"]])).await;
    assert_eq!(counts(&done), [1, 1, 0], "one without a slug");
    let done = warm(&client, json!(["Men?", "menu"])).await;
    assert_eq!(counts(&done), [3, 3, 0], "by title, as it is written");
    assert_ready(&server, &codes[2], "render_legacy").await;

    let scrape = Scrape::of(&client).await;
    // Nothing was learned from it.
    let runs = scrape.at("qr_arm_requests_total experiment=render outcome=ok");
    assert!(runs.unwrap_or_default() < 0.5);
    let warmed = scrape.sum("qr_cache_warmed_codes_total", &[("result", "ok")]);
    assert!(warmed >= Some(6.0), "{warmed:?}");
}

/// As callers ask for it: with nothing, with an empty object, and as `curl -d` calls what it sends.
async fn without_patterns_the_most_scanned_are_ready(server: Server) {
    let client = Client::admin(&server);
    let codes = create(&client, 2).await;
    let form = "application/x-www-form-urlencoded";
    let plain = "application/json";
    for (path, content_type, body) in [
        (WARM, None, None),
        ("/api/qr/cache/warm", None, None),
        (WARM, None, Some("{}")),
        (WARM, Some(form), Some("{}")),
        (WARM, Some(form), Some("")),
        (WARM, Some(plain), Some("")),
        (WARM, Some(plain), Some("{}")),
    ] {
        client.post(CLEAR, &json!({})).await.expect(200);
        let mut request = client.request(Method::POST, path);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let done = send(request).await.expect(200).json();
        assert_eq!((&done["matched"], &done["warmed"]), (&json!(2), &json!(2)));
    }
    assert_ready(&server, &codes[1], "render_legacy").await;
}

async fn what_makes_no_sense_warms_nothing(server: Server) {
    let client = Client::admin(&server);
    create(&client, 1).await;
    let refused = async |patterns: Value, field: &str| {
        let body = json!({ "patterns": patterns });
        client.post(WARM, &body).await.invalid(field);
    };
    for pattern in ["*", "**", "", "a[", "a\\", "\u{7}"] {
        refused(json!([pattern]), "patterns[0]").await;
        refused(json!(["a*", pattern]), "patterns[1]").await;
    }
    refused(json!([]), "patterns").await;
    refused(json!(vec!["a"; 21]), "patterns").await;
    refused(json!("a*"), "patterns").await;
    refused(json!(["a", 7]), "patterns[1]").await;
    client.post_bytes(WARM, "{").await.problem(400);
    let stats = stats(&server).await;
    assert_eq!(space(&stats, "render_legacy")["entries"], 0);
}

async fn warming_is_for_admins(server: Server) {
    for_admins(&server, WARM, &json!({ "patterns": ["a*"] })).await;
}

async fn the_arm_that_answers_is_warmed(server: Server) {
    let client = Client::admin(&server);
    let codes = create(&client, 2).await;
    let dial = async |percent: u8| {
        let body = json!({ "candidate_percent": percent });
        client.put("/api/rollout/render", &body).await.expect(200);
        warm(&client, json!([codes[0].id])).await;
        let stats = stats(&server).await;
        ["render_legacy", "render_engine"].map(|arm| number(space(&stats, arm), "/entries"))
    };
    assert_eq!(dial(100).await, [0, 1]);
    assert_ready(&server, &codes[0], "render_engine").await;
    assert_eq!(dial(50).await, [1, 1]);
}

async fn a_start_warms_memory(mut server: Server) {
    let client = Client::admin(&server);
    let codes = create(&client, 40).await;
    server.stop().await;
    server.set("REDIS_WARM_CACHE", "true");
    server.start().await;
    // Behind everything else that runs on this machine.
    eventually(60, async || {
        let log = server.log();
        let is_warm = log.contains("the cache is warm");
        is_warm.then_some(()).ok_or_else(|| "cold".to_owned())
    })
    .await;
    let scrape = Scrape::of(&client).await;
    let warmed = |result| scrape.sum("qr_cache_warmed_codes_total", &[("result", result)]);
    assert_eq!((warmed("ok"), warmed("failed")), (Some(40.0), Some(0.0)));
    assert_ready(&server, &codes[39], "render_legacy").await;
    assert_ready(&server, &codes[0], "render_legacy").await;
}

fn on_redis(redis: &RedisServer, database: Database) -> Setup {
    Setup::on(database)
        .env("REDIS_URL", redis.url())
        .env(PATIENT.0, PATIENT.1)
        .env("REDIS_ADMISSION", "always")
}

/// What a server that knows nothing yet is asked for comes from Redis.
async fn assert_in_redis(server: &Server, codes: &[Dynamic]) {
    let client = Client::admin(server);
    connected(server).await;
    for code in codes {
        image(&client, &code.id).await;
        client.get(&code.shared).await.expect(302);
    }
    let stats = stats(server).await;
    assert_eq!(number(&stats, "/redis/hits"), codes.len() as u64 * 2);
    assert_eq!(number(&stats, "/redis/misses"), 0);
}

async fn everything_is_put_into_redis(database: Database) {
    let redis = RedisServer::start(RedisSetup::default().password("secret")).await;
    let mut server = on_redis(&redis, database).start().await;
    let codes = create(&Client::admin(&server), 25).await;
    flushed(&server).await;
    let done = server.run_json(&["warm", "--batch", "10", "--json"]);
    for (field, n) in [
        ("codes", 25),
        ("kept", 50),
        ("failed", 0),
        ("resumed_at", 0),
    ] {
        assert_eq!(done[field], n, "{done}");
    }
    assert!(done["codes_per_second"].as_f64().unwrap() > 0.0);
    server.kill().await;
    server.start().await;
    assert_in_redis(&server, &codes).await;
    assert!(!server.path("data/warm-progress.json").exists());

    // A change after it was put there is seen all the same.
    let client = Client::admin(&server);
    let body = json!({ "redirect_url": "https://example.org/new" });
    let path = format!("/api/v1/qr/{}", codes[0].id);
    client.put(&path, &body).await.expect(200);
    let answer = client.get(&codes[0].shared).await.expect(302);
    assert_eq!(answer.header("location"), "https://example.org/new");
}

#[tokio::test]
async fn everything_is_put_into_redis_on_sqlite() {
    everything_is_put_into_redis(Database::Sqlite).await;
}

#[tokio::test]
async fn everything_is_put_into_redis_on_postgres() {
    everything_is_put_into_redis(Database::Postgres).await;
}

#[tokio::test]
async fn a_cluster_is_warmed() {
    let cluster = RedisCluster::start(RedisSetup::default()).await;
    let mut server = Setup::on(Database::Sqlite)
        .env("REDIS_CLUSTER_NODES", cluster.nodes())
        .env(PATIENT.0, PATIENT.1)
        .env("REDIS_ADMISSION", "always")
        .start()
        .await;
    let codes = create(&Client::admin(&server), 25).await;
    flushed(&server).await;
    let done = server.run_json(&["warm", "--json"]);
    assert_eq!(done["kept"], 50, "{done}");
    server.kill().await;
    server.start().await;
    assert_in_redis(&server, &codes).await;
}

#[tokio::test]
async fn what_is_cheaper_to_make_is_not_kept() {
    let redis = RedisServer::start(RedisSetup::default()).await;
    let setup = on_redis(&redis, Database::Sqlite);
    let server = setup.env("REDIS_ADMISSION", "never").start().await;
    create(&Client::admin(&server), 3).await;
    let done = server.run_json(&["warm", "--json"]);
    assert_eq!(done["kept"], 0, "{done}");
    assert_eq!(done["bypassed"], 6, "{done}");
}

#[tokio::test]
async fn an_interrupted_run_goes_on_where_it_was() {
    let redis = RedisServer::start(RedisSetup::default()).await;
    let server = on_redis(&redis, Database::Sqlite).start().await;
    create(&Client::admin(&server), 40).await;
    let progress = server.path("data/warm-progress.json");
    let position = || {
        let text = std::fs::read(&progress).map_err(|e| e.to_string())?;
        let progress: Value = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
        Ok::<_, String>(progress["position"].as_u64().unwrap())
    };
    let mut slow = server.begin(&["warm", "--rate", "10", "--batch", "5"]);
    eventually(20, async || match position()? {
        0..10 => Err("it begins".to_owned()),
        _ => Ok(()),
    })
    .await;
    signal("INT", &[slow.id()]);
    assert!(!slow.wait().unwrap().success());
    let position = position().unwrap();
    assert!((10..35).contains(&position), "{position}");

    let done = server.run_json(&["warm", "--json"]);
    assert_eq!(done["resumed_at"], position);
    assert_eq!(done["codes"], 40 - position);
    assert!(!progress.exists());
    let names = redis.cli(&["KEYS", "qr_engine_v2:render_legacy:*"]);
    assert_eq!(names.split_whitespace().count(), 40, "{names}");
    let again = server.run_json(&["warm", "--restart", "--json"]);
    assert_eq!(again["codes"], 40);
    assert_eq!(again["resumed_at"], 0);
}

#[tokio::test]
async fn without_redis_it_says_what_to_do() {
    let server = Setup::on(Database::Sqlite).prepare();
    let said = server.run_to(1, &["warm"]);
    said.says("REDIS_WARM_CACHE|/cache/warm");
    let away = Setup::on(Database::Sqlite).env("REDIS_URL", "redis://127.0.0.1:1");
    let said = away.prepare().run_to(1, &["warm"]);
    said.says("nobody listens");
}
