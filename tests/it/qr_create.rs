//! `POST /api/v1/qr/static` and `/dynamic`.

use serde_json::{Value, json};

use crate::support::{
    Client, Server,
    codes::{TARGET, get},
    on_both,
};

on_both!(
    static_codes_have_the_defaults_of_dialect_v1,
    static_codes_keep_what_was_asked_for,
    dynamic_codes_encode_their_own_address,
    what_clients_of_the_dialect_send_too_is_ignored,
    text_is_stored_as_it_was_sent,
);

const DYNAMIC: &str = "/api/v1/qr/dynamic";
const STATIC: &str = "/api/v1/qr/static";

async fn static_codes_have_the_defaults_of_dialect_v1(server: Server) {
    let client = Client::admin(&server);
    let body = json!({ "content": "hello" });
    let code = client.post(STATIC, &body).await.expect(201).json();
    for (field, value) in [
        ("content", json!("hello")),
        ("qr_type", json!("static")),
        ("scan_count", json!(0)),
        ("genuine_scan_count", json!(0)),
        ("fill_color", json!("#000000")),
        ("back_color", json!("#FFFFFF")),
        ("size", json!(10)),
        ("border", json!(4)),
        ("error_level", json!("m")),
    ] {
        assert_eq!(code[field], value, "{field}: {code}");
    }
    // Not set and null are one thing to these clients.
    let unset = "redirect_url short_id title description last_scan_at first_genuine_scan_at last_genuine_scan_at";
    for field in unset.split(' ') {
        assert!(code[field].is_null(), "{field}: {code}");
    }
    uuid::Uuid::parse_str(code["id"].as_str().unwrap()).unwrap();
    let created: jiff::Timestamp = code["created_at"].as_str().unwrap().parse().unwrap();
    let age = jiff::Timestamp::now().duration_since(created);
    assert!(age.as_secs().abs() < 60, "{code}");
    assert_eq!(get(&client, code["id"].as_str().unwrap()).await, code);
}

async fn static_codes_keep_what_was_asked_for(server: Server) {
    let client = Client::admin(&server);
    let asked = json!({
        "content": "WIFI:S:guest;T:WPA;P:secret;;",
        "title": "Guests",
        "description": "By the door",
        "fill_color": "#112233",
        "back_color": "#FFEEDD",
        "size": 50,
        "border": 0,
        "error_level": "q",
    });
    let code = client.post(STATIC, &asked).await.expect(201).json();
    for (field, value) in asked.as_object().unwrap() {
        assert_eq!(&code[field], value, "{field}: {code}");
    }
}

async fn dynamic_codes_encode_their_own_address(server: Server) {
    let client = Client::admin(&server);
    let body = json!({ "redirect_url": TARGET, "title": "Menu" });
    let code = client.post(DYNAMIC, &body).await.expect(201).json();
    let short = code["short_id"].as_str().unwrap();
    assert_eq!(short.len(), 8, "{code}");
    let is_hex = |b| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    assert!(short.bytes().all(is_hex), "{code}");
    let says = format!("{}/r/{short}?scan_ref=qr", server.url());
    assert_eq!(code["content"], says);
    assert_eq!(code["qr_type"], "dynamic");
    assert_eq!(code["redirect_url"], TARGET);
    assert_eq!(code["title"], "Menu");

    let other = client.post(DYNAMIC, &body).await.expect(201).json();
    assert_ne!(other["short_id"], code["short_id"], "one address");
}

async fn what_clients_of_the_dialect_send_too_is_ignored(server: Server) {
    let client = Client::admin(&server);
    let body =
        json!({ "redirect_url": TARGET, "content": "https://other.example", "campaign": [1] });
    let code = client.post(DYNAMIC, &body).await.expect(201).json();
    let content = code["content"].as_str().unwrap();
    assert!(content.starts_with(&server.url()), "{code}");
    assert_eq!(code["campaign"], Value::Null);
}

async fn text_is_stored_as_it_was_sent(server: Server) {
    let client = Client::admin(&server);
    let body = json!({
        "content": "Grüße, 世界 🎉 '; DROP TABLE codes; --",
        "title": "é".repeat(100),
        "description": "\"<script>\" \\ \n tab\t",
    });
    let code = client.post(STATIC, &body).await.expect(201).json();
    let found = get(&client, code["id"].as_str().unwrap()).await;
    for field in ["content", "title", "description"] {
        assert_eq!(found[field], body[field], "{field}");
    }
}
