//! Codes and scans as a client makes them.

use serde_json::{Value, json};

use super::{Client, eventually};

pub const API: &str = "/api/v1/qr";
pub const TARGET: &str = "https://example.com/menu?table=7";

/// A dynamic code.
pub struct Dynamic {
    pub id: String,
    /// `/r/{slug}`, as a shared link has it.
    pub shared: String,
    /// The same with what only the symbol carries.
    pub genuine: String,
}

pub async fn create_static(client: &Client, content: &str) -> Value {
    let body = json!({ "content": content });
    let answer = client.post("/api/v1/qr/static", &body).await;
    answer.expect(201).json()
}

pub async fn create_dynamic(client: &Client) -> Dynamic {
    let body = json!({ "redirect_url": TARGET, "title": "Menu" });
    let answer = client.post("/api/v1/qr/dynamic", &body).await;
    let code = answer.expect(201).json();
    let shared = format!("/r/{}", code["short_id"].as_str().unwrap());
    Dynamic {
        id: code["id"].as_str().unwrap().to_owned(),
        genuine: format!("{shared}?scan_ref=qr"),
        shared,
    }
}

pub async fn get(client: &Client, id: &str) -> Value {
    client.get(&format!("{API}/{id}")).await.expect(200).json()
}

/// How many codes there are.
pub async fn total(client: &Client) -> u64 {
    let list = client.get(API).await.expect(200).json();
    list["total"].as_u64().unwrap()
}

/// Waits until exactly `all` scans are counted, `genuine` of them genuine; returns the code.
pub async fn counted(client: &Client, id: &str, all: u64, genuine: u64) -> Value {
    eventually(20, async || {
        let code = get(client, id).await;
        let [scans, of_them] = [&code["scan_count"], &code["genuine_scan_count"]];
        if *scans == all && *of_them == genuine {
            return Ok(code);
        }
        let found = format!("found {scans}, {of_them} genuine");
        Err(format!("expected {all} scans, {genuine} genuine, {found}"))
    })
    .await
}
