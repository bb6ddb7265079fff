//! What was taken away is refused on another node within a second.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{INSTALLATION, key, user};
use crate::support::{
    Client, Database, Server, Setup,
    client::Auth,
    codes::API,
    process::PASSWORD,
    redis::{RedisServer, RedisSetup},
};

/// Two nodes on one database.
async fn nodes(env: &[(String, String)]) -> (Server, Server) {
    let with = |setup: Setup| {
        env.iter()
            .fold(setup, |s, (name, value)| s.env(name, value.clone()))
    };
    let base = "http://qr.example.com";
    let one = with(Setup::on(Database::Postgres))
        .env("BASE_URL", base)
        .start()
        .await;
    let other = with(Setup::on(Database::Postgres))
        .env("BASE_URL", base)
        .env("DATABASE_URL", one.database_url());
    let other = other.start().await;
    (one, other)
}

/// Until the client is refused, which it was not before.
async fn refused_after(client: &Client) -> Duration {
    let start = Instant::now();
    loop {
        let status = client.get(API).await.status;
        if status == 401 || status == 403 {
            return start.elapsed();
        }
        assert_eq!(status, 200);
        assert!(start.elapsed() < Duration::from_secs(3), "never refused");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn everything_is_refused_in_time(one: &Server, other: &Server) {
    let admin = Client::signed_in(one, "admin", PASSWORD).await;
    let password = user(one, "ada", "manager");
    let there = async |auth: Auth| {
        let client = Client::with(other, auth);
        client.get(API).await.expect(200);
        client
    };
    // A replaced password that is still remembered there begins no session.
    let old = user(one, "dot", "analyst");
    let dialog = there(Auth::Basic("dot".to_owned(), old.clone())).await;
    let words = json!({ "current_password": old, "new_password": "seven-slow-windmills" });
    let dot = Client::signed_in(one, "dot", &old).await;
    dot.put("/api/account/password", &words).await.expect(200);
    dialog.post("/ops/session", &json!({})).await.problem(401);

    let mut worst = Duration::ZERO;
    // A sign-out.
    let session = begun(one, "ada", &password).await;
    let client = there(session.clone()).await;
    Client::with(one, session)
        .delete("/api/session")
        .await
        .expect(204);
    worst = worst.max(refused_after(&client).await);
    // A revoked key.
    let (text, id) = key(&admin, &["codes:read"]).await;
    let client = there(Auth::Bearer(text)).await;
    admin
        .delete(&format!("/api/account/keys/{id}"))
        .await
        .expect(204);
    worst = worst.max(refused_after(&client).await);
    // A removed member, with session and password.
    let session = there(begun(one, "ada", &password).await).await;
    let basic = there(Auth::Basic("ada".into(), password)).await;
    let path = format!("/api/organizations/{INSTALLATION}/members");
    let members = admin.get(&path).await.json();
    let ada = members["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["name"] == "ada");
    let id = ada.unwrap()["user_id"].as_str().unwrap().to_owned();
    admin.delete(&format!("{path}/{id}")).await.expect(204);
    worst = worst.max(refused_after(&session).await);
    worst = worst.max(refused_after(&basic).await);
    eprintln!("refused after at most {worst:?}");
    assert!(worst < Duration::from_millis(1100), "{worst:?}");
}

async fn begun(server: &Server, name: &str, password: &str) -> Auth {
    let body = serde_json::json!({ "username": name, "password": password });
    let begun = Client::anonymous(server).post("/api/session", &body).await;
    begun.expect(200).session()
}

#[tokio::test]
async fn without_redis() {
    let (one, other) = nodes(&[]).await;
    everything_is_refused_in_time(&one, &other).await;
}

#[tokio::test]
async fn with_redis() {
    let redis = RedisServer::start(RedisSetup::default()).await;
    let (one, other) = nodes(&[("REDIS_URL".to_owned(), redis.url())]).await;
    for node in [&one, &other] {
        let admin = Client::admin(node);
        crate::support::eventually(10, async || {
            let stats = admin.get("/api/v2/qr/cache/stats").await.text();
            if stats.contains("\"subscribed\":true") {
                Ok(())
            } else {
                Err(stats)
            }
        })
        .await;
    }
    everything_is_refused_in_time(&one, &other).await;
}
