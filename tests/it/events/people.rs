//! Events, attendees, and what they are given.

use std::fmt::Write as _;

use reqwest::Method;
use serde_json::{Value, json};

use super::{EVENTS, event, people, token};
use crate::{
    identity::organization,
    support::{Client, Server, client::send, decode::decode, on_both, process::PASSWORD},
};

on_both!(
    an_event_is_made_changed_and_deleted,
    people_come_from_spreadsheets,
    a_badge_is_read_verified_and_revoked,
    other_organizations_see_and_verify_nothing,
);

async fn an_event_is_made_changed_and_deleted(server: Server) {
    let client = Client::admin(&server);
    let id = event(&client, &["1"]).await;
    let path = format!("{EVENTS}/{id}");
    let wanted = json!({ "name": "Night", "ends_at": "2098-01-01T00:00:00Z" });
    let changed = client.patch(&path, &wanted).await.expect(200).json();
    assert_eq!(
        (&changed["name"], &changed["ends_at"]),
        (&json!("Night"), &json!("2098-01-01T00:00:00Z"))
    );
    assert_eq!(client.get(&path).await.expect(200).json(), changed);
    for (body, field) in [
        (json!({ "ends_at": "2019-01-01T00:00:00Z" }), "ends_at"),
        (json!({ "name": "" }), "name"),
        (json!({ "starts_at": "soon" }), "starts_at"),
        (json!({ "colour": "red" }), "colour"),
    ] {
        client.patch(&path, &body).await.invalid(field);
    }
    assert_eq!(
        client.get(EVENTS).await.expect(200).json()["items"],
        json!([changed])
    );
    client.delete(&path).await.expect(204);
    client.get(&path).await.problem(404);
    client.delete(&path).await.problem(404);
    client.get("/api/students/1/qr").await.problem(404);
}

async fn people_come_from_spreadsheets(server: Server) {
    let client = Client::admin(&server);
    let id = event(&client, &[]).await;
    let path = format!("{EVENTS}/{id}/attendees/import");
    let csv = async |text: &str| {
        let request = client
            .request(Method::POST, &path)
            .header("content-type", "text/csv; charset=utf-8");
        send(request.body(text.to_owned())).await
    };
    let mut file = "\u{feff}registration_no;name\r\n".to_owned();
    for n in 0..1500 {
        write!(file, "S{n:04};Person {n}\r\n").unwrap();
    }
    let done = csv(&file).await.expect(200).json();
    assert_eq!(done, json!({ "created": 1500, "updated": 0 }));
    let before = token(&client, "S0007").await;
    // The name changes; what was printed stays.
    let done = csv("registration_no,name\nS0007,\"Bond, James\"\nS9999,=cmd()\n")
        .await
        .expect(200)
        .json();
    assert_eq!(done, json!({ "created": 1, "updated": 1 }));
    assert_eq!(token(&client, "S0007").await, before);
    csv("registration_no,name\nS5000,New\nS5000,New\n")
        .await
        .invalid("rows[1].registration_no");
    client.get("/api/students/S5000/qr").await.problem(404);
    // Page by page everybody is seen once.
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = format!("{EVENTS}/{id}/attendees?limit=100&cursor={cursor}");
        let page = client.get(&page).await.expect(200).json();
        seen.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen.len(), 1501);
    let found = client
        .get(&format!("{EVENTS}/{id}/attendees?search=BOND"))
        .await
        .expect(200)
        .json();
    assert_eq!(found["items"][0]["registration_no"], "S0007");
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let literal = client
        .get(&format!("{EVENTS}/{id}/attendees?search=%25"))
        .await;
    assert_eq!(literal.expect(200).json()["items"], json!([]));
}

async fn verified(client: &Client, token: &str) -> Value {
    client
        .post("/api/tokens/verify", &json!({ "token": token }))
        .await
        .expect(200)
        .json()
}

async fn a_badge_is_read_verified_and_revoked(server: Server) {
    let client = Client::admin(&server);
    let id = event(&client, &["17/A", "18"]).await;
    let shown = client.get("/api/students/18/qr").await.expect(200).json();
    let text = shown["qr_token"].as_str().unwrap().to_owned();
    let read = decode(
        &crate::support::decode::file_of(&json!({ "image": shown["qr_image"] })),
        "png",
    );
    assert_eq!(read, text);
    assert_eq!(text.len(), 135);
    let good = verified(&client, &text).await;
    assert_eq!(
        good,
        json!({ "valid": true, "registration_no": "18", "name": "Person 18", "kind": "attendee" })
    );
    // By id, too, which numbers with a slash need.
    let attendee = people(&client, &id).await[0].clone();
    assert_eq!(attendee["registration_no"], "17/A");
    let path = format!("/api/students/{}/qr", attendee["id"].as_str().unwrap());
    client.get(&path).await.expect(200);
    let rotating = client
        .get(&format!("{path}/rotating"))
        .await
        .expect(200)
        .json();
    assert!((1..=30).contains(&rotating["seconds_until_rotation"].as_i64().unwrap()));
    assert_eq!(
        verified(&client, rotating["qr_token"].as_str().unwrap()).await["kind"],
        "rotating"
    );
    // Another token: the one of before is told apart from a forged one.
    let next = client
        .post("/api/students/18/qr/regenerate", &json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        verified(&client, next["qr_token"].as_str().unwrap()).await["valid"],
        true
    );
    assert_eq!(verified(&client, &text).await["reason"], "revoked");
    let old = super::scan(&client, &text, "in", "old-badge")
        .await
        .expect(200);
    assert_eq!(old.json()["reason"], "revoked");
    let ledger = client
        .get(&format!("{EVENTS}/{id}/ledger"))
        .await
        .expect(200)
        .json();
    assert_eq!(ledger["items"][0]["reason"], "revoked");
    let mut forged = text.clone().into_bytes();
    forged[100] = if forged[100] == b'A' { b'B' } else { b'A' };
    assert_eq!(
        verified(&client, &String::from_utf8(forged).unwrap()).await["reason"],
        "bad_signature"
    );
    for foreign in [
        "WIFI:T:WPA;S:guest;;",
        "M1DESMARAIS/LUC EABC123 YULFRAAC 0834 326J001A0025 100",
        "eyJhbGciOiJub25lIn0.e30.",
        "x",
    ] {
        assert_eq!(
            verified(&client, foreign).await["reason"],
            "malformed",
            "{foreign}"
        );
    }
    let stalls = json!({ "rows": [{ "registration_no": "200" }] });
    client
        .post(&format!("{EVENTS}/{id}/stalls/import"), &stalls)
        .await
        .expect(200);
    let stall = client.get("/api/stalls/200/qr").await.expect(200).json();
    let stall = stall["qr_token"].as_str().unwrap().to_owned();
    assert_eq!(verified(&client, &stall).await["kind"], "stall");
    assert_eq!(
        super::scan(&client, &stall, "in", "stalls-walk")
            .await
            .expect(200)
            .json()["reason"],
        "wrong_kind"
    );
    // Whoever has the keys can verify without asking.
    let keys = Client::anonymous(&server)
        .get("/.well-known/jwks.json")
        .await
        .expect(200)
        .json();
    assert_eq!(keys["keys"][0]["crv"], "Ed25519");
}

async fn other_organizations_see_and_verify_nothing(server: Server) {
    let client = Client::admin(&server);
    let id = event(&client, &["1"]).await;
    let text = token(&client, "1").await;
    let attendee = people(&client, &id).await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let other = Client::signed_in(&server, "admin", PASSWORD).await;
    let elsewhere = organization(&other, "Elsewhere").await;
    let switched = other
        .put("/api/session/organization", &json!({ "id": elsewhere }))
        .await;
    let other = Client::with(&server, switched.expect(200).session());
    assert_eq!(
        other.get(EVENTS).await.expect(200).json()["items"],
        json!([])
    );
    for path in [
        format!("{EVENTS}/{id}"),
        format!("{EVENTS}/{id}/attendees"),
        format!("{EVENTS}/{id}/ledger"),
        format!("{EVENTS}/{id}/gates"),
        format!("/api/students/{attendee}/qr"),
        "/api/students/1/qr".to_owned(),
    ] {
        other.get(&path).await.problem(404);
    }
    assert_eq!(verified(&other, &text).await["reason"], "wrong_event");
    assert_eq!(
        super::scan(&other, &text, "in", "elsewhere")
            .await
            .expect(200)
            .json()["accepted"],
        false
    );
    let by_hand =
        json!({ "attendee_id": attendee, "direction": "in", "gate": "main", "nonce": "by-hand-1" });
    other.post("/api/checkins", &by_hand).await.problem(404);
    assert_eq!(people(&client, &id).await[0]["inside"], false);
}
