//! Events: who is invited, what they show at a gate, and who is inside.

mod checkins;
mod people;

use serde_json::{Value, json};

use crate::support::{Answer, Client};

pub const EVENTS: &str = "/api/events";

/// An event that is on now, with these people.
pub async fn event(client: &Client, people: &[&str]) -> String {
    let new = json!({ "name": "Open day", "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z" });
    let made = client.post(EVENTS, &new).await.expect(201).json();
    let id = made["id"].as_str().unwrap().to_owned();
    if !people.is_empty() {
        let rows: Vec<_> = people
            .iter()
            .map(|number| json!({ "registration_no": number, "name": format!("Person {number}") }))
            .collect();
        let path = format!("{EVENTS}/{id}/attendees/import");
        let done = client.post(&path, &json!({ "rows": rows })).await;
        assert_eq!(done.expect(200).json()["created"], people.len());
    }
    id
}

pub async fn token(client: &Client, number: &str) -> String {
    let shown = client.get(&format!("/api/students/{number}/qr")).await;
    shown.expect(200).json()["qr_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// A scan at the main gate.
pub async fn scan(client: &Client, token: &str, direction: &str, nonce: &str) -> Answer {
    let scan = json!({ "token": token, "direction": direction, "gate": "main", "nonce": nonce });
    client.post("/api/checkins", &scan).await
}

/// Everybody of an event, by number.
pub async fn people(client: &Client, event: &str) -> Vec<Value> {
    let page = client
        .get(&format!("{EVENTS}/{event}/attendees?limit=100"))
        .await;
    page.expect(200).json()["items"].as_array().unwrap().clone()
}
