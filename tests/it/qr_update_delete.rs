//! `PUT` and `DELETE /api/v1/qr/{id}`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Server,
    client::send,
    codes::{API, TARGET, create_dynamic, create_static, get, total},
    eventually,
    load::BROWSER,
    on_both,
};

on_both!(
    a_new_target_takes_effect_at_once,
    what_is_not_sent_stays,
    bad_updates_change_nothing,
    a_deleted_code_is_gone_everywhere,
    unknown_codes_are_404,
);

async fn put(client: &Client, id: &str, body: &Value) -> Answer {
    client.put(&format!("{API}/{id}"), body).await
}

async fn a_new_target_takes_effect_at_once(server: Server) {
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    // Remembered from now on.
    let redirect = client.get(&code.shared).await.expect(302);
    assert_eq!(redirect.header("location"), TARGET);
    let body = json!({ "redirect_url": "https://example.org/new" });
    let answer = put(&client, &code.id, &body).await.expect(200).json();
    assert_eq!(answer["redirect_url"], "https://example.org/new");
    let redirect = client.get(&code.shared).await.expect(302);
    assert_eq!(redirect.header("location"), "https://example.org/new");
}

async fn what_is_not_sent_stays(server: Server) {
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    let before = get(&client, &code.id).await;
    let body = json!({ "description": "By the door" });
    let after = put(&client, &code.id, &body).await.expect(200).json();
    assert_eq!(after["description"], "By the door");
    for field in ["title", "redirect_url", "short_id", "content", "created_at"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    let fixed = create_static(&client, "text").await;
    let body = json!({ "title": "Named" });
    let id = fixed["id"].as_str().unwrap();
    let named = put(&client, id, &body).await.expect(200).json();
    assert_eq!(named["title"], "Named");
    assert_eq!(named["content"], "text");
}

async fn bad_updates_change_nothing(server: Server) {
    let client = Client::admin(&server);
    let dynamic = create_dynamic(&client).await;
    let fixed = create_static(&client, "text").await;
    let (dynamic, fixed) = (dynamic.id.as_str(), fixed["id"].as_str().unwrap());
    for (id, field, value) in [
        (dynamic, "redirect_url", json!("javascript:alert(1)")),
        (dynamic, "redirect_url", json!("")),
        (dynamic, "redirect_url", json!(7)),
        (dynamic, "title", json!("x".repeat(101))),
        (dynamic, "description", json!("x".repeat(501))),
        (fixed, "redirect_url", json!(TARGET)),
    ] {
        let body = json!({ field: value });
        let before = get(&client, id).await;
        put(&client, id, &body).await.invalid(field);
        assert_eq!(get(&client, id).await, before, "{body}");
    }
}

async fn a_deleted_code_is_gone_everywhere(server: Server) {
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    let other = create_dynamic(&client).await;
    let path = format!("{API}/{}", code.id);
    client.get(&code.genuine).await.expect(302);
    client.get(&format!("{path}/image")).await.expect(200);

    let answer = client.delete(&path).await.expect(204);
    assert!(answer.body.is_empty());
    for path in [
        path.clone(),
        format!("{path}/image"),
        format!("{path}/analytics/scan-logs"),
        code.shared.clone(),
    ] {
        client.get(&path).await.problem(404);
    }
    client.delete(&path).await.problem(404);
    assert_eq!(total(&client).await, 1);
    let scan = client
        .request(Method::GET, &other.shared)
        .header("user-agent", BROWSER);
    send(scan).await.expect(302);
    // A scan under way when its code went does not block those behind it.
    eventually(20, async || {
        let count = get(&client, &other.id).await["scan_count"].clone();
        (count == 1).then_some(()).ok_or(format!("{count} scans"))
    })
    .await;
}

async fn unknown_codes_are_404(server: Server) {
    let client = Client::admin(&server);
    for id in ["00000000-0000-7000-8000-000000000000", "not-a-uuid"] {
        let body = json!({ "title": "x" });
        put(&client, id, &body).await.problem(404);
        client.delete(&format!("{API}/{id}")).await.problem(404);
    }
}
