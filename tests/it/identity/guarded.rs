//! What must not work.

use std::time::Instant;

use reqwest::Method;
use serde_json::json;

use super::user;
use crate::support::{
    Client, Database, Server, Setup,
    client::{Auth, send},
    codes::{API, create_static, total},
    on_both,
    process::PASSWORD,
};

on_both!(a_session_is_only_used_by_pages_of_ours);

async fn a_session_is_only_used_by_pages_of_ours(server: Server) {
    let body = json!({ "username": "admin", "password": PASSWORD });
    let begun = Client::anonymous(&server)
        .post("/api/session", &body)
        .await
        .expect(200);
    let Auth::Session { cookie, csrf } = begun.session() else {
        unreachable!()
    };
    let other = Client::anonymous(&server)
        .post("/api/session", &body)
        .await
        .session();
    let Auth::Session { csrf: foreign, .. } = other else {
        unreachable!()
    };
    let anonymous = Client::anonymous(&server);
    let ours = server.url();
    let create = |headers: &[(&str, &str)]| {
        let request = anonymous.request(Method::POST, &format!("{API}/static"));
        let request = request.header("cookie", &cookie);
        let set =
            |r: reqwest::RequestBuilder, (name, value): &(&str, &str)| r.header(*name, *value);
        send(
            headers
                .iter()
                .fold(request, set)
                .json(&json!({ "content": "a" })),
        )
    };
    let token = ("x-csrf-token", csrf.as_str());
    let same = ("sec-fetch-site", "same-origin");
    let bent = csrf.to_uppercase();
    for headers in [
        &[][..],
        &[same],
        &[token],
        &[token, ("sec-fetch-site", "cross-site")],
        &[token, ("sec-fetch-site", "same-site")],
        &[token, ("origin", "https://evil.example")],
        &[token, ("origin", "null")],
        &[same, ("x-csrf-token", "")],
        &[same, ("x-csrf-token", &bent)],
        &[same, ("x-csrf-token", &foreign)],
    ] {
        create(headers).await.problem(403);
    }
    create(&[token, same]).await.expect(201);
    create(&[token, ("origin", &ours)]).await.expect(201);
    // A body that a form could have sent.
    let form = anonymous
        .request(Method::POST, &format!("{API}/static"))
        .header("cookie", &cookie);
    let form = form.header(same.0, same.1).header(token.0, token.1);
    send(form.body(r#"{"content":"a"}"#)).await.problem(415);
    assert_eq!(total(&Client::admin(&server)).await, 2);
    // No GET changes anything: the log of changes is as long as before.
    let admin = Client::admin(&server);
    let audit = format!(
        "/api/organizations/{}/audit?limit=1000",
        super::INSTALLATION
    );
    let before = admin.get(&audit).await.expect(200).json()["items"]
        .as_array()
        .unwrap()
        .len();
    let document = admin.get("/openapi.json").await.json();
    for (path, methods) in document["paths"].as_object().unwrap() {
        if methods.get("get").is_some() && !path.ends_with("/events") {
            let path = path
                .replace("{org_id}", super::INSTALLATION)
                .replace("{experiment}", "render");
            admin.get(&path).await;
        }
    }
    let after = admin.get(&audit).await.json()["items"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!((before, total(&admin).await), (after, 2));
}

#[tokio::test]
async fn a_planted_token_is_never_taken_on() {
    let server = Setup::on(Database::Sqlite).start().await;
    let planted = "0123456789abcdef".repeat(4);
    let cookie = format!("qro_session={planted}");
    let request = Client::anonymous(&server).request(Method::POST, "/api/session");
    let body = json!({ "username": "admin", "password": PASSWORD });
    let begun = send(
        request
            .header("cookie", &cookie)
            .header("sec-fetch-site", "same-origin")
            .json(&body),
    )
    .await;
    assert!(!begun.expect(200).header("set-cookie").contains(&planted));
    let with = Client::anonymous(&server)
        .request(Method::GET, API)
        .header("cookie", &cookie);
    send(with).await.problem(401);
    // A sign-in ends the session that the browser had.
    let first = Client::signed_in(&server, "admin", PASSWORD).await;
    let again = first.request(Method::POST, "/api/session").json(&body);
    send(again).await.expect(200);
    first.get(API).await.problem(401);
}

#[tokio::test]
async fn a_wrong_name_takes_as_long_as_a_wrong_password_and_leaves_no_line_of_its_own() {
    let server = Setup::on(Database::Sqlite).start().await;
    user(&server, "ada", "member");
    let attempt = async |name: &str| {
        let start = Instant::now();
        let body = json!({ "username": name, "password": "wrong-but-long-enough" });
        Client::anonymous(&server)
            .post("/api/session", &body)
            .await
            .problem(401);
        start.elapsed()
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        known.push(attempt("ada").await);
        unknown.push(attempt("nobody").await);
    }
    known.sort_unstable();
    unknown.sort_unstable();
    let ratio = known[4].as_secs_f64() / unknown[4].as_secs_f64();
    eprintln!("a wrong password takes {ratio:.2} x as long as a wrong name");
    assert!((0.5..2.0).contains(&ratio), "{ratio}");
    attempt("x\n2026-01-01 ERROR forged").await;
    assert!(
        !server
            .log()
            .lines()
            .any(|line| line.starts_with("2026-01-01 ERROR forged"))
    );
    let nul = json!({ "username": "a\0b", "password": "x" });
    Client::anonymous(&server)
        .post("/api/session", &nul)
        .await
        .problem(401);
}

#[tokio::test]
async fn only_people_on_an_operators_page_get_a_dialog() {
    let server = Setup::on(Database::Sqlite).start().await;
    let anonymous = Client::anonymous(&server);
    let ask = async |path: &str, headers: &[(&str, &str)]| {
        let request = anonymous.request(Method::GET, path);
        let set =
            |r: reqwest::RequestBuilder, (name, value): &(&str, &str)| r.header(*name, *value);
        let answer = send(headers.iter().fold(request, set)).await;
        answer.problem(401);
        answer.header("www-authenticate").contains("Basic")
    };
    let navigate = ("sec-fetch-mode", "navigate");
    assert!(ask("/ops/rollout", &[navigate]).await);
    assert!(ask("/ops/rollout", &[("accept", "text/html,*/*")]).await);
    for headers in [
        &[("sec-fetch-mode", "cors")][..],
        &[navigate, ("cookie", "qro_session=over")],
        &[],
    ] {
        assert!(!ask("/ops/rollout", headers).await, "{headers:?}");
    }
    assert!(!ask(API, &[navigate]).await);
    assert!(!ask("/api/rollout", &[("accept", "text/html")]).await);
    // The cookie of a session that is over goes, and the next visit may ask.
    for path in ["/ops/rollout", API] {
        let old = anonymous
            .request(Method::GET, path)
            .header("cookie", "qro_session=over");
        let answer = send(old).await;
        answer.problem(401);
        assert!(answer.header("set-cookie").contains("Max-Age=0"), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    // With a session the page opens without Basic.
    let session = Client::signed_in(&server, "admin", PASSWORD).await;
    session.get("/ops/rollout").await.expect(200);
    assert_eq!(
        session.get("/api/account").await.header("cache-control"),
        "no-store"
    );
    // A wrong password in the body of a change ends nothing.
    let wrong = json!({ "password": "not the password" });
    let refused = session.post("/api/session/step-up", &wrong).await;
    refused.problem(401);
    assert_eq!(refused.header("set-cookie"), "");
    session.get("/api/session").await.expect(200);
    session
        .put("/api/rollout/render", &json!({ "candidate_percent": 1 }))
        .await
        .expect(200);
    let change = anonymous.get("/.well-known/change-password").await;
    assert_eq!(
        (change.status, change.header("location")),
        (303, "/docs#/Account")
    );
    create_static(&session, "text").await;
}
