//! What pages of other sites have a browser send: nothing that changes something is let through, whatever it is.

use reqwest::Method;

use crate::support::{
    Client, Database, Setup,
    client::send,
    codes::{API, create_dynamic, total},
};

const STATELESS: [&str; 5] = [
    "/v1/create-qr-code",
    "/v1/read-qr-code",
    "/qr",
    "/chart",
    "/gchart",
];

/// Every described operation that changes something: method and path, with something in the place of parameters.
async fn operations(client: &Client, id: &str) -> Vec<(Method, String)> {
    let document = client.get("/openapi.json").await.json();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        // These change nothing: they only draw and read.
        if STATELESS.contains(&path.as_str()) {
            continue;
        }
        let path = path
            .replace("{experiment}", "render")
            .replace("{qr_id}", id)
            .replace("{id}", id);
        for method in methods.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            if !method.is_safe() {
                operations.push((method, path.clone()));
            }
        }
    }
    operations
}

#[tokio::test]
async fn other_sites_change_nothing() {
    let server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    let operations = operations(&client, &code.id).await;
    assert!(operations.len() > 8, "{operations:?}");
    // Also what no router knows.
    let more = [
        (Method::PATCH, "/".to_owned()),
        (Method::POST, "/r/abc".to_owned()),
    ];
    let ours = server.url();
    for (method, path) in operations.iter().chain(&more) {
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
            ("origin", "http://localhost"),
            ("origin", "null"),
        ] {
            // With a body that would be taken, with one that is called a form, and without one.
            for (content_type, body) in [
                (Some("application/json"), r#"{"content":"a","pattern":"*"}"#),
                (
                    Some("application/x-www-form-urlencoded"),
                    r#"{"content":"a"}"#,
                ),
                (None, r#"{"redirect_url":"https://example.com/"}"#),
                (None, ""),
            ] {
                let mut request = client.request(method.clone(), path).header(name, value);
                if let Some(content_type) = content_type {
                    request = request.header("content-type", content_type);
                }
                let answer = send(request.body(body)).await;
                assert_eq!(answer.status, 403, "{method} {path} {name}: {value}");
                answer.problem(403);
            }
        }
        // Our own pages, and what is no browser, get an answer of the operation's.
        for (name, value) in [("sec-fetch-site", "same-origin"), ("origin", &ours)] {
            let stranger = Client::anonymous(&server);
            let request = stranger.request(method.clone(), path).header(name, value);
            let status = send(request).await.status;
            // Some are public, and miss a body.
            assert!(
                [400, 401, 404, 405, 415].contains(&status),
                "{method} {path}: {status}"
            );
        }
    }
    assert_eq!(total(&client).await, 1);
}

#[tokio::test]
async fn what_is_no_browser_needs_no_content_type() {
    let server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    let form = "application/x-www-form-urlencoded";
    let created = client
        .request(Method::POST, &format!("{API}/dynamic"))
        .header("content-type", form)
        .body(r#"{"redirect_url":"https://example.com/menu"}"#);
    let created = send(created).await.expect(201).json();
    let path = format!("{API}/{}", created["id"].as_str().unwrap());
    let changed = client
        .request(Method::PUT, &path)
        .header("content-type", form);
    let changed = send(changed.body(r#"{"title":"menu"}"#)).await.expect(200);
    assert_eq!(changed.json()["title"], "menu");
    for body in ["title=menu", "%7B%22title%22%3A1%7D=", "[]", "\"a\""] {
        let request = client
            .request(Method::PUT, &path)
            .header("content-type", form);
        send(request.body(body)).await.problem(415);
    }
    for other in [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/xml",
    ] {
        let request = client
            .request(Method::PUT, &path)
            .header("content-type", other);
        send(request.body(r#"{"title":"x"}"#)).await.problem(415);
    }
    assert_eq!(client.get(&path).await.json()["title"], "menu");
    assert_eq!(total(&client).await, 1);
}
