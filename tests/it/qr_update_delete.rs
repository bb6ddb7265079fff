//! `PUT` and `DELETE /api/v1/qr/{id}`.

use reqwest::Method;
use serde_json::json;

use crate::support::{
    Client, Server,
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

async fn a_new_target_takes_effect_at_once(server: Server) {
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    // Remembered from now on.
    assert_eq!(
        client
            .get(&code.shared)
            .await
            .expect(302)
            .header("location"),
        TARGET
    );
    let body = json!({ "redirect_url": "https://example.org/new" });
    let answer = client
        .put(&format!("{API}/{}", code.id), &body)
        .await
        .expect(200)
        .json();
    assert_eq!(answer["redirect_url"], "https://example.org/new");
    let location = client.get(&code.shared).await.expect(302);
    assert_eq!(location.header("location"), "https://example.org/new");
}

async fn what_is_not_sent_stays(server: Server) {
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    let path = format!("{API}/{}", code.id);
    let before = get(&client, &code.id).await;
    let after = client
        .put(&path, &json!({ "description": "By the door" }))
        .await
        .expect(200)
        .json();
    assert_eq!(after["description"], "By the door");
    for field in ["title", "redirect_url", "short_id", "content", "created_at"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    let fixed = create_static(&client, "text").await;
    let path = format!("{API}/{}", fixed["id"].as_str().unwrap());
    let named = client
        .put(&path, &json!({ "title": "Named" }))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&named["title"], &named["content"]),
        (&json!("Named"), &json!("text"))
    );
}

async fn bad_updates_change_nothing(server: Server) {
    let client = Client::admin(&server);
    let dynamic = create_dynamic(&client).await;
    let fixed = create_static(&client, "text").await;
    let fixed = fixed["id"].as_str().unwrap();
    for (id, body, field) in [
        (
            dynamic.id.as_str(),
            json!({ "redirect_url": "javascript:alert(1)" }),
            "redirect_url",
        ),
        (&dynamic.id, json!({ "redirect_url": "" }), "redirect_url"),
        (&dynamic.id, json!({ "redirect_url": 7 }), "redirect_url"),
        (&dynamic.id, json!({ "title": "x".repeat(101) }), "title"),
        (
            &dynamic.id,
            json!({ "description": "x".repeat(501) }),
            "description",
        ),
        (fixed, json!({ "redirect_url": TARGET }), "redirect_url"),
    ] {
        let before = get(&client, id).await;
        client
            .put(&format!("{API}/{id}"), &body)
            .await
            .invalid(field);
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
        let path = format!("{API}/{id}");
        client
            .put(&path, &json!({ "title": "x" }))
            .await
            .problem(404);
        client.delete(&path).await.problem(404);
    }
}
