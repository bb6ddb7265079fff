//! `GET …/cache/stats`.

use serde_json::Value;

use super::{STATS, connected, image, number, space, stats, user};
use crate::support::{
    Client, Database, Server, Setup,
    codes::create_dynamic,
    eventually, on_both,
    redis::{RedisServer, RedisSetup},
};

on_both!(memory_is_counted, looking_is_for_analysts_and_above);

async fn memory_is_counted(server: Server) {
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    for _ in 0..4 {
        image(&client, &code.id).await;
        client.get(&code.shared).await.expect(302);
    }
    let stats = eventually(10, async || {
        let stats = stats(&server).await;
        // Entries follow within milliseconds.
        if number(&stats, "/memory/entries") >= 3 {
            Ok(stats)
        } else {
            Err(stats.to_string())
        }
    })
    .await;
    assert_eq!(stats["success"], true);
    assert_eq!(stats["mode"], "none");
    assert_eq!(stats["connected"], false);
    assert_eq!(stats["redis"], Value::Null);
    assert_eq!(stats["admission"]["kinds"].as_array().unwrap().len(), 0);
    let images = space(&stats, "render_legacy");
    assert_eq!((&images["hits"], &images["misses"]), (&3.into(), &1.into()));
    assert_eq!(images["hit_rate"], 0.75);
    assert_eq!(space(&stats, "slug")["hits"], 3);
    assert!(number(&stats, "/memory/bytes") > 300, "{stats}");
    assert!(stats["memory"]["latency_ms"]["get"].as_f64().unwrap() > 0.0);
    let sum: u64 = stats["memory"]["spaces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|space| space["hits"].as_u64().unwrap())
        .sum();
    assert_eq!(number(&stats, "/memory/hits"), sum);
    let unversioned = client.get("/api/qr/cache/stats").await.expect(200).json();
    for name in ["slug", "render_legacy"] {
        assert_eq!(space(&unversioned, name), space(&stats, name));
    }
    // The caller's credentials come from memory.
    let credentials = |stats| number(space(stats, "credentials"), "/hits");
    assert!(credentials(&unversioned) > credentials(&stats));
}

async fn looking_is_for_analysts_and_above(server: Server) {
    Client::anonymous(&server).get(STATS).await.problem(401);
    let member = user(&server, "member").await;
    member.get(STATS).await.problem(403);
    let analyst = user(&server, "analyst").await;
    analyst.get(STATS).await.expect(200);
}

#[tokio::test]
async fn redis_is_counted() {
    let redis = RedisServer::start(RedisSetup::default().line("maxmemory 64mb")).await;
    let server = Setup::on(Database::Sqlite)
        .env("REDIS_URL", redis.url())
        .env("REDIS_ADMISSION", "always")
        .start()
        .await;
    connected(&server).await;
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    image(&client, &code.id).await;
    let stats = eventually(20, async || {
        let stats = stats(&server).await;
        let redis = &stats["redis"];
        // What Redis tells of itself is asked for every five seconds.
        if redis["entries"].as_u64() > Some(1) && redis["latency_ms"]["set"].is_f64() {
            Ok(stats)
        } else {
            Err(stats.to_string())
        }
    })
    .await;
    assert_eq!(stats["mode"], "standalone");
    let redis = &stats["redis"];
    assert_eq!(redis["memory_limit_bytes"], 64 << 20);
    assert!(redis["bytes"].as_u64() > Some(100_000), "{redis}");
    assert_eq!(redis["breaker"], "closed");
    assert_eq!(redis["pending_invalidations"], 0);
    assert_eq!(
        (&redis["hits"], &redis["hit_rate"]),
        (&0.into(), &0.0.into())
    );
    assert!(redis["latency_ms"]["get"].as_f64().unwrap() > 0.0);
    assert!(redis["operations_per_second"].is_u64());
    assert_eq!(stats["admission"]["rule"], "always");
    let kinds = stats["admission"]["kinds"].as_array().unwrap();
    let png = kinds.iter().find(|kind| kind["kind"] == "png").unwrap();
    assert!(png["make_us"].as_f64().unwrap() > 0.0 && png["admitted"] == true);
}

#[tokio::test]
async fn a_redis_that_is_not_there_is_told_with_what_to_do() {
    let server = Setup::on(Database::Sqlite)
        .env("REDIS_URL", "redis://127.0.0.1:1")
        .start()
        .await;
    let stats = eventually(10, async || {
        let stats = stats(&server).await;
        match stats["detail"].as_str() {
            Some(detail) if detail.contains("nobody listens") => Ok(stats),
            _ => Err(stats.to_string()),
        }
    })
    .await;
    assert_eq!(stats["connected"], false);
    assert_eq!(stats["mode"], "standalone");
    assert_eq!(stats["redis"]["breaker"], "open");
    assert_eq!(stats["redis"]["entries"], Value::Null);
}
