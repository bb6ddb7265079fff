//! `POST …/cache/clear`.

use reqwest::Method;
use serde_json::{Value, json};

use super::{CLEAR, PATIENT, connected, for_admins, image, number, stats};
use crate::support::{
    Client, Database, Server, Setup,
    client::send,
    codes::create_dynamic,
    eventually, on_both,
    redis::{RedisCluster, RedisServer, RedisSetup},
};

on_both!(
    memory_is_cleared_by_pattern,
    everything_is_cleared_as_callers_ask_for_it,
    what_makes_no_sense_clears_nothing,
    clearing_is_for_admins,
);

async fn clear(client: &Client, pattern: &str) -> Value {
    let body = json!({ "pattern": pattern });
    client.post(CLEAR, &body).await.expect(200).json()["cleared"].clone()
}

async fn memory_is_cleared_by_pattern(server: Server) {
    let client = Client::admin(&server);
    let (one, other) = (create_dynamic(&client).await, create_dynamic(&client).await);
    for code in [&one, &other] {
        image(&client, &code.id).await;
        client.get(&code.shared).await.expect(302);
    }
    let first = format!("render_*{}*", one.id);
    assert_eq!(
        clear(&client, &first).await,
        json!({ "memory": 1, "redis": 0 })
    );
    assert_eq!(clear(&client, &first).await["memory"], 0);
    assert_eq!(clear(&client, "render_*").await["memory"], 1);
    let body = json!({ "pattern": "slug:*" });
    let answer = client.post("/api/qr/cache/clear", &body).await.expect(200);
    assert_eq!(answer.json()["cleared"]["memory"], 2);
    image(&client, &one.id).await;
    assert_eq!(clear(&client, "render_*").await["memory"], 1, "made anew");
}

async fn everything_is_cleared_as_callers_ask_for_it(server: Server) {
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    let form = "application/x-www-form-urlencoded";
    for (path, content_type, body) in [
        (CLEAR, None, None),
        ("/api/qr/cache/clear", None, None),
        (CLEAR, Some("application/json"), Some("")),
        (CLEAR, Some("application/json"), Some("{}")),
        (CLEAR, Some("application/json"), Some(r#"{"pattern":null}"#)),
        (CLEAR, Some("application/json"), Some(r#"{"pattern":"*"}"#)),
        // `curl -d` says that it sends a form.
        (CLEAR, Some(form), Some("")),
        (CLEAR, Some(form), Some("{}")),
        (CLEAR, Some(form), Some(r#" {"pattern":"*"}"#)),
        ("/api/qr/cache/clear", None, Some("{}")),
        (CLEAR, None, Some(r#"{"pattern":"*"}"#)),
    ] {
        image(&client, &code.id).await;
        client.get(&code.shared).await.expect(302);
        let mut request = client.request(Method::POST, path);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let answer = send(request).await.expect(200);
        // The image, the code that it is drawn from, and where the slug leads.
        let memory = answer.json()["cleared"]["memory"].as_u64();
        assert!(memory >= Some(2), "{path} {body:?}: {}", answer.text());
    }
    image(&client, &code.id).await;
    for body in ["pattern=*", "a", "[]"] {
        let request = client.request(Method::POST, CLEAR);
        let request = request.header("content-type", form).body(body);
        send(request).await.problem(415);
    }
    assert!(clear(&client, "*").await["memory"].as_u64() >= Some(1));
}

async fn what_makes_no_sense_clears_nothing(server: Server) {
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    image(&client, &code.id).await;
    for pattern in ["", "render_[", "a\\", "a\u{0}"] {
        let body = json!({ "pattern": pattern });
        client.post(CLEAR, &body).await.invalid("pattern");
    }
    client
        .post(CLEAR, &json!({ "pattern": 7 }))
        .await
        .invalid("pattern");
    // As `warm` calls it: without this, no pattern at all, which means everything.
    let misspelt = client.post(CLEAR, &json!({ "patterns": ["slug:*"] })).await;
    let answer = misspelt.expect(422);
    assert!(answer.text().contains("patterns"), "{}", answer.text());
    client.post(CLEAR, &json!([])).await.invalid("body");
    client.post_bytes(CLEAR, "render_*").await.problem(400);
    client.get(CLEAR).await.problem(405);
    assert_eq!(clear(&client, "render_*").await["memory"], 1);
}

async fn clearing_is_for_admins(server: Server) {
    for_admins(&server, CLEAR, &json!({ "pattern": "slug:*" })).await;
}

/// No master keeps a cleared value.
#[tokio::test]
async fn a_cluster_is_cleared_on_all_masters() {
    let cluster = RedisCluster::start(RedisSetup::default()).await;
    let server = Setup::on(Database::Sqlite)
        .env("REDIS_CLUSTER_NODES", cluster.nodes())
        .env(PATIENT.0, PATIENT.1)
        .env("REDIS_ADMISSION", "always")
        .start()
        .await;
    connected(&server).await;
    let client = Client::admin(&server);
    let mut codes = Vec::new();
    for _ in 0..30 {
        codes.push(create_dynamic(&client).await.id);
    }
    for id in &codes {
        image(&client, id).await;
    }
    let kept = async || {
        let mut kept = Vec::new();
        for port in cluster.masters().await {
            let names = cluster.on(port).ask(&["KEYS", "qr_engine_v2:render_*"]);
            kept.push(names.await?.split_whitespace().count());
        }
        Ok::<_, String>(kept)
    };
    let spread = eventually(10, async || match kept().await? {
        kept if kept.iter().sum::<usize>() == codes.len() => Ok(kept),
        kept => Err(format!("{kept:?}")),
    })
    .await;
    assert!(spread.iter().all(|n| *n > 0), "{spread:?}");
    let cleared = clear(&client, "render_*").await;
    assert_eq!(cleared, json!({ "memory": 30, "redis": 30 }));
    assert_eq!(kept().await.unwrap(), [0, 0, 0]);
}

#[tokio::test]
async fn without_redis_memory_is_cleared_and_the_answer_says_so() {
    let mut redis = RedisServer::start(RedisSetup::default()).await;
    let server = Setup::on(Database::Sqlite)
        .env("REDIS_URL", redis.url())
        .start()
        .await;
    connected(&server).await;
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    image(&client, &code.id).await;
    redis.kill();
    let body = json!({ "pattern": "render_*" });
    let problem = client.post(CLEAR, &body).await.problem(503);
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("memory of this node was cleared"),
        "{detail}"
    );
    let before = number(&stats(&server).await, "/memory/misses");
    image(&client, &code.id).await;
    assert!(number(&stats(&server).await, "/memory/misses") > before);
}
