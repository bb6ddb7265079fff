//! Sign-ins that must not succeed.

use serde_json::json;

use super::{on_both_with_provider, text};
use crate::support::{
    Client, Database, Setup,
    codes::API,
    oidc::{Browser, CALLBACK, LOGOUT, START, Site},
    rows,
};

on_both_with_provider!(
    a_sign_in_ends_once_in_its_own_browser,
    what_the_provider_signs_is_checked,
);

async fn a_sign_in_ends_once_in_its_own_browser(site: Site) {
    let Site { server, .. } = &site;
    let mut browser = Browser::default();
    let url = browser.callback(server, "", "bob").await;
    // A link that somebody else sent.
    Browser::default().visit(&url).await.problem(400);
    let mut other = Browser::default();
    other.callback(server, "", "alice").await;
    other.visit(&url).await.problem(400);
    // A state that was never given out takes nothing away.
    let made_up = format!("{}{CALLBACK}?state=x&code=y", server.url());
    browser.visit(&made_up).await.problem(400);
    browser.visit(&url).await.expect(303);
    let page = browser.page(server).await;
    browser.visit(&url).await.problem(400);
    page.get(API).await.expect(200);
    for query in [
        "",
        "?",
        "?code=x",
        "?state=a&state=b",
        "?error=access_denied",
    ] {
        let url = format!("{}{CALLBACK}{query}", server.url());
        browser.visit(&url).await.problem(400);
    }

    // Too late.
    let url = browser.callback(server, "", "bob").await;
    let earlier = "UPDATE pending_sign_ins SET created_at_us = created_at_us - 601000000";
    rows::execute(server, earlier).await;
    browser.visit(&url).await.problem(400);

    // Another provider's answer (RFC 9207).
    let url = browser.callback(server, "", "bob").await;
    let mut mixed = url::Url::parse(&url).unwrap();
    let pairs: Vec<(String, String)> = mixed.query_pairs().into_owned().collect();
    mixed.query_pairs_mut().clear();
    for (name, value) in pairs {
        let value = if name == "iss" {
            "https://evil.example".to_owned()
        } else {
            value
        };
        mixed.query_pairs_mut().append_pair(&name, &value);
    }
    let refused = browser.visit(mixed.as_str()).await.problem(403);
    assert!(
        text(&refused["detail"]).contains("evil.example"),
        "{refused}"
    );
    // That it was refused does not leave it open.
    browser.visit(&url).await.problem(400);

    for path in [
        "https://evil.example/",
        "//evil.example",
        "/%5Cevil.example",
        "docs",
    ] {
        let url = format!("{}{START}?return_to={path}", server.url());
        browser.visit(&url).await.invalid("return_to");
    }
}

async fn what_the_provider_signs_is_checked(site: Site) {
    let Site { server, provider } = &site;
    let attempt = async |errors: serde_json::Value| {
        provider.admin("token", &errors).await;
        let mut browser = Browser::default();
        let answer = browser.sign_in(server, "bob").await;
        assert_eq!(
            answer.status == 303,
            browser.cookies.0.contains_key("qro_session")
        );
        answer
    };
    for errors in [
        json!({ "set": { "aud": "x" } }),
        json!({ "set": { "aud": ["qr", "x"], "azp": "qr" } }),
        json!({ "set": { "iss": "https://evil.example" } }),
        json!({ "set": { "nonce": "x" } }),
        json!({ "set": { "sub": "alice" } }),
        json!({ "header": { "kid": "x" } }),
        json!({ "shift": { "exp": -7200 } }),
        json!({ "shift": { "iat": 120 } }),
    ] {
        attempt(errors).await.problem(403);
    }
    attempt(json!({})).await.expect(303);
    // Clocks differ: a little is taken, much is not.
    provider.admin("clock", &json!({ "seconds": 30 })).await;
    attempt(json!({})).await.expect(303);
    provider.admin("clock", &json!({ "seconds": 120 })).await;
    attempt(json!({})).await.problem(403);
    let log = server.log();
    assert!(log.contains("single sign-on was refused"), "{log}");
}

#[tokio::test]
async fn without_a_provider_there_is_none() {
    let server = Setup::on(Database::Sqlite).start().await;
    let anonymous = Client::anonymous(&server);
    let methods = anonymous.get("/api/session/methods").await.expect(200);
    let methods = methods.json();
    assert_eq!(methods["password"], true);
    assert!(methods["single_sign_on"].is_null());
    for path in [START, CALLBACK] {
        let refused = anonymous.get(path).await.problem(404);
        assert!(
            text(&refused["detail"]).contains("OIDC_ISSUER"),
            "{refused}"
        );
    }
    let form = anonymous.request(reqwest::Method::POST, LOGOUT);
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let sent = crate::support::client::send(form.body("logout_token=x"));
    sent.await.problem(404);
}
