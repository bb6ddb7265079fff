//! `/api/rollout`, `flags` and `verdict`; who answers requests, and what becomes of it when arms, files, databases and flag
//! servers fail.

mod api;
mod crowd;
mod faults;
mod files;
mod flags;
mod fleet;
mod nodes;
mod parity;
mod paths;
mod unleash;

use qr_observatory::rollout::Share;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Server,
    client::{Auth, send},
    codes::{API, create_static},
    process::PASSWORD,
};

const ALL: &str = "/api/rollout";
const RENDER: &str = "/api/rollout/render";
const VALIDATE: &str = "/api/rollout/validate";
const AUDIT: &str = "/api/rollout/audit?limit=100";

/// One experiment, or all, or the audit log.
async fn look(client: &Client, path: &str) -> Value {
    client.get(path).await.expect(200).json()
}

async fn set(client: &Client, path: &str, body: Value) -> Value {
    client.put(path, &body).await.expect(200).json()
}

async fn candidate(client: &Client, path: &str, percent: u8) -> Value {
    set(client, path, json!({ "candidate_percent": percent })).await
}

/// `kill`, `release` or `rehearse`.
async fn order(client: &Client, path: &str, order: &str, body: Value) -> Value {
    let path = format!("{path}/{order}");
    client.post(&path, &body).await.expect(200).json()
}

async fn conditional(client: &Client, path: &str, tag: &str, body: &Value) -> Answer {
    let request = client.request(Method::PUT, path).header("if-match", tag);
    send(request.json(body)).await
}

/// Somebody who was made by `rows::join`.
fn user(server: &Server, name: &str) -> Client {
    Client::with(server, Auth::Basic(name.into(), PASSWORD.into()))
}

/// `candidate` or `control`, if this experiment, and no other, took part.
#[track_caller]
fn path(answer: &Answer, experiment: &str) -> String {
    assert_eq!(answer.header("x-qr-experiment"), experiment, "{answer:?}");
    answer.header("x-qr-path").to_owned()
}

/// A code to draw.
async fn code(client: &Client) -> String {
    let code = create_static(client, "https://example.com/menu").await;
    code["id"].as_str().unwrap().to_owned()
}

/// The `n`-th picture of a code: no two are alike, so none is remembered.
fn picture(id: &str, format: &str, n: u32) -> String {
    assert!(n < 1 << 16, "too light to read");
    format!("{API}/{id}/image?image_format={format}&size=4&fill_color=%23{n:06x}")
}

async fn draw(client: &Client, id: &str, n: u32) -> Answer {
    client.get(&picture(id, "svg", n)).await.expect(200)
}

/// Which side the percentage alone puts an image on: by the digest in its entity tag.
fn is_in(image: &Answer, percent: u8) -> bool {
    let tag = image.header("etag");
    let digest = tag.trim_start_matches('"').split('-').next().unwrap();
    assert_eq!(digest.len(), 64, "{tag}");
    Share::percent(percent, "qr.render.candidate").takes(digest)
}

/// A check of a target that takes no row: it is refused. No two are alike.
async fn refused(client: &Client, n: u32) -> Answer {
    let body = json!({ "redirect_url": format!("ftp://{n}.example.com/") });
    client.post("/api/v1/qr/dynamic", &body).await.expect(422)
}
