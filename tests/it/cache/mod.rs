//! The cache with real Redis processes behind it, in every deployment, healthy and faulty; statistics, clearing and warming.
// What was measured is printed.
#![allow(clippy::print_stdout)]

mod answers;
mod bad_input;
mod clear;
mod deployed;
mod failover;
mod faults;
mod lag;
mod modes;
mod node;
mod nodes;
mod pressure;
mod stats;
mod warm;

use reqwest::Method;
use serde_json::Value;

use crate::support::{
    Client, Server,
    client::{Auth, send},
    eventually,
    process::PASSWORD,
};

const STATS: &str = "/api/v2/qr/cache/stats";
const CLEAR: &str = "/api/v2/qr/cache/clear";

async fn stats(server: &Server) -> Value {
    Client::admin(server).get(STATS).await.expect(200).json()
}

/// Waits until requests ask Redis.
async fn connected(server: &Server) -> Value {
    eventually(20, async || {
        let stats = stats(server).await;
        if stats["connected"] == true && stats["redis"]["subscribed"] == true {
            Ok(stats)
        } else {
            Err(stats["detail"].to_string())
        }
    })
    .await
}

/// Redis for tests in which a look-up must find it, however busy the machine is.
const PATIENT: (&str, &str) = ("REDIS_BUDGET_MS", "1000");

/// Waits until Redis has every invalidation.
async fn flushed(server: &Server) {
    connected(server).await;
    eventually(20, async || {
        let stats = stats(server).await;
        match number(&stats, "/redis/pending_invalidations") {
            0 => Ok(()),
            pending => Err(format!("{pending} invalidations are pending")),
        }
    })
    .await;
}

/// A member of this role, whose name is its role.
async fn user(server: &Server, role: &str) -> Client {
    crate::support::rows::join(server, role, role).await;
    Client::with(server, Auth::Basic(role.into(), PASSWORD.into()))
}

/// Checks that only administrators may post this, and only from our own site.
async fn for_admins(server: &Server, path: &str, body: &Value) {
    let anonymous = Client::anonymous(server);
    anonymous.post(path, body).await.problem(401);
    for role in ["member", "analyst", "manager"] {
        let client = user(server, role).await;
        client.post(path, body).await.problem(403);
    }
    let admin = user(server, "owner").await;
    let request = admin.request(Method::POST, path).json(body);
    let request = request.header("sec-fetch-site", "cross-site");
    send(request).await.problem(403);
    admin.post(path, body).await.expect(200);
}

/// Asks for an image.
async fn image(client: &Client, id: &str) -> Vec<u8> {
    let path = format!("/api/v1/qr/{id}/image");
    client.get(&path).await.expect(200).body
}

/// A number in the answer of `stats`.
fn number(stats: &Value, pointer: &str) -> u64 {
    let number = stats.pointer(pointer).and_then(Value::as_u64);
    number.unwrap_or_else(|| panic!("no {pointer} in {stats}"))
}

/// The figures of one space of the first tier.
fn space<'a>(stats: &'a Value, name: &str) -> &'a Value {
    let mut spaces = stats["memory"]["spaces"].as_array().unwrap().iter();
    spaces
        .find(|space| space["space"] == name)
        .unwrap_or_else(|| panic!("no {name} in {stats}"))
}
