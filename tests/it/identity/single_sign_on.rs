//! Single sign-on at a certified provider: who comes in, with which role, and what the provider's word ends.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{INSTALLATION, text, user};
use crate::support::{
    Answer, Client, Database, Server,
    client::{Auth, send},
    codes::API,
    metrics::Scrape,
    oidc::{Browser, CALLBACK, LOGOUT, Posts, START, Site},
    process::PASSWORD,
    rows,
    unleash::node,
};

mod refused;

macro_rules! on_both_with_provider {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            use crate::support::{Database, oidc::Site};
            $(#[tokio::test]
            async fn $name() {
                super::$name(Site::start(Database::Sqlite).await).await;
            })+
        }
        mod postgres {
            use crate::support::{Database, oidc::Site};
            $(#[tokio::test]
            async fn $name() {
                super::$name(Site::start(Database::Postgres).await).await;
            })+
        }
    };
}
pub(crate) use on_both_with_provider;

on_both_with_provider!(
    a_first_sign_in_makes_a_member,
    a_role_follows_the_claims,
    the_last_owner_stays,
    nobody_becomes_a_local_user,
    the_provider_ends_sessions,
    it_is_proved_again_at_the_provider,
    the_provider_may_be_away,
);

/// The role of the session in this browser.
async fn role(browser: &Browser, server: &Server) -> String {
    let session = browser.page(server).await.get("/api/session").await;
    text(&session.json()["organization"]["role"])
}

/// What single sign-on did of this kind, newest first.
async fn audited(server: &Server, action: &str) -> Vec<Value> {
    let path = format!("/api/organizations/{INSTALLATION}/audit?limit=200");
    let all = Client::admin(server).get(&path).await.expect(200).json();
    let all = all["items"].as_array().unwrap().clone();
    let is_it = |e: &Value| e["action"] == action && e["via"] == "provider";
    all.into_iter().filter(is_it).collect()
}

async fn member(server: &Server, name: &str) -> Option<Value> {
    let path = format!("/api/organizations/{INSTALLATION}/members");
    let all = Client::admin(server).get(&path).await.expect(200).json();
    let all = all["items"].as_array().unwrap();
    all.iter().find(|m| m["name"] == name).cloned()
}

async fn a_first_sign_in_makes_a_member(site: Site) {
    let Site { server, .. } = &site;
    let methods = Client::anonymous(server).get("/api/session/methods").await;
    let expected =
        json!({ "password": true, "single_sign_on": { "host": "127.0.0.1", "start": START } });
    assert_eq!(methods.expect(200).json(), expected);

    let mut browser = Browser::default();
    let url = browser
        .callback(server, "?return_to=/docs%3Fa=1%23b", "bob")
        .await;
    let back = browser.visit(&url).await.expect(303);
    assert_eq!(back.header("location"), "/docs?a=1#b");
    assert_eq!(back.header("cache-control"), "no-store");
    let cookie = back.header("set-cookie");
    assert!(cookie.starts_with("qro_session=") && cookie.contains("; HttpOnly; SameSite=Lax; "));
    let page = browser.page(server).await;
    let session = page.get("/api/session").await.json();
    assert_eq!(session["user"]["name"], "bob");
    assert_eq!(session["organization"]["id"], INSTALLATION);
    assert_eq!(session["organization"]["role"], "analyst");
    page.get(API).await.expect(200);
    let bob = member(server, "bob").await.unwrap();
    assert_eq!(
        (&bob["role"], &bob["source"]),
        (&json!("analyst"), &json!("provider"))
    );
    let made = audited(server, "user.create").await;
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(
        (text(&made[0]["actor"]), text(&made[0]["via"])),
        ("bob".into(), "provider".into())
    );
    assert!(
        made[0]
            .to_string()
            .contains("realm_access.roles contains qr-analysts"),
        "{made:?}"
    );

    // The same person again, elsewhere; and one whom no claim gives a role.
    Browser::default().sign_in(server, "bob").await.expect(303);
    assert_eq!(audited(server, "user.create").await.len(), 1);
    let carol = Browser::default()
        .sign_in(server, "carol")
        .await
        .problem(403);
    assert!(
        text(&carol["detail"]).contains("ask an administrator"),
        "{carol}"
    );
    assert!(member(server, "carol").await.is_none());
    let scrape = Scrape::of(&Client::admin(server)).await;
    for (outcome, count) in [("ok", 2.0), ("error", 1.0)] {
        let labels = [("how", "provider"), ("outcome", outcome)];
        assert_eq!(scrape.sum("qr_sign_ins_total", &labels), Some(count));
    }

    // Without a password there is nothing to guess, and nothing to change.
    for password in ["", "x", PASSWORD] {
        let basic = Client::with(server, Auth::Basic("bob".into(), password.into()));
        basic.get(API).await.problem(401);
    }
    let change = json!({ "current_password": "", "new_password": "six-new-lanterns-glow" });
    let refused = page
        .put("/api/account/password", &change)
        .await
        .problem(403);
    assert!(
        text(&refused["detail"]).contains("single sign-on"),
        "{refused}"
    );
    let token = &browser.cookies.0["qro_session"];
    assert!(!server.log().contains(token) && !server.log().contains("code="));
}

async fn a_role_follows_the_claims(site: Site) {
    let Site { server, provider } = &site;
    let mut browser = Browser::default();
    browser.sign_in(server, "bob").await.expect(303);
    let before = browser.page(server).await;

    // Another role: what was signed in with the old one ends.
    let managers = json!({ "realm_access": null, "groups": ["/qr-managers", "/staff"] });
    provider.claims("bob", managers).await;
    browser.sign_in(server, "bob").await.expect(303);
    assert_eq!(role(&browser, server).await, "manager");
    before.get(API).await.problem(401);

    // The provider says nothing: nothing changes.
    provider.claims("bob", json!({ "groups": null })).await;
    browser.sign_in(server, "bob").await.expect(303);
    assert_eq!(role(&browser, server).await, "manager");

    // It says that there is no role: the membership is gone, with sessions and keys.
    let page = browser.page(server).await;
    let url = browser.callback(server, "?step_up=true", "bob").await;
    browser.visit(&url).await.expect(303);
    let fresh = browser.page(server).await;
    page.get(API).await.problem(401);
    let body = json!({ "name": "test", "scopes": ["codes:read"] });
    let made = fresh.post("/api/account/keys", &body).await.expect(201);
    let key = Client::with(server, Auth::Bearer(text(&made.json()["key"])));
    key.get(API).await.expect(200);
    provider.claims("bob", json!({ "groups": [] })).await;
    Browser::default().sign_in(server, "bob").await.problem(403);
    assert!(member(server, "bob").await.is_none());
    fresh.get(API).await.problem(401);
    key.get(API).await.problem(401);
    assert_eq!(audited(server, "member.remove").await.len(), 1);

    // Back by a group, as the same user.
    provider
        .claims("bob", json!({ "groups": ["qr-analysts"] }))
        .await;
    browser.sign_in(server, "bob").await.expect(303);
    assert_eq!(role(&browser, server).await, "analyst");
    assert_eq!(audited(server, "user.create").await.len(), 1);

    // What people here decide is theirs.
    server.run_to(0, &["users", "role", "bob", "member"]);
    provider
        .claims("bob", json!({ "groups": ["qr-admins"] }))
        .await;
    browser.sign_in(server, "bob").await.expect(303);
    assert_eq!(role(&browser, server).await, "member");
    provider.claims("bob", json!({ "groups": [] })).await;
    browser.sign_in(server, "bob").await.expect(303);
    assert_eq!(role(&browser, server).await, "member");
}

async fn the_last_owner_stays(site: Site) {
    let Site { server, provider } = &site;
    let mut browser = Browser::default();
    browser.sign_in(server, "alice").await.expect(303);
    assert_eq!(role(&browser, server).await, "owner");
    server.run_to(0, &["users", "role", "admin", "admin"]);
    for groups in [json!(["qr-analysts"]), json!([])] {
        let claims = json!({ "groups": groups, "realm_access": null, "resource_access": null });
        provider.claims("alice", claims).await;
        browser.sign_in(server, "alice").await.expect(303);
        assert_eq!(role(&browser, server).await, "owner");
    }
    let kept = audited(server, "member.keep_last_owner").await;
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(server.log().contains("the owner stays"));
    // With another owner, the provider's word counts again.
    server.run_to(0, &["users", "role", "admin", "owner"]);
    browser.sign_in(server, "alice").await.problem(403);
    assert!(member(server, "alice").await.is_none());
}

async fn nobody_becomes_a_local_user(site: Site) {
    let Site { server, provider } = &site;
    let password = user(server, "bob", "manager");
    user(server, "bob@example.org", "admin");
    let mut browser = Browser::default();
    browser.sign_in(server, "bob").await.expect(303);
    let session = browser.page(server).await.get("/api/session").await.json();
    assert_eq!(session["user"]["name"], "bob-2");
    assert_eq!(session["organization"]["role"], "analyst");
    assert_eq!(member(server, "bob").await.unwrap()["role"], "manager");
    Client::signed_in(server, "bob", &password).await;
    // Another person who took the name, and says that the address is theirs.
    let claims = json!({
        "preferred_username": "admin", "email": "bob@example.org", "email_verified": true, "groups": ["qr-analysts"],
    });
    provider.claims("carol", claims).await;
    let mut other = Browser::default();
    other.sign_in(server, "carol").await.expect(303);
    let session = other.page(server).await.get("/api/session").await.json();
    assert_eq!(session["user"]["name"], "admin-2");
    // The name at the provider changes: the person does not.
    provider
        .claims("bob", json!({ "preferred_username": "robert" }))
        .await;
    browser.sign_in(server, "bob").await.expect(303);
    let session = browser.page(server).await.get("/api/session").await.json();
    assert_eq!(session["user"]["name"], "bob-2");
}

async fn post_logout(server: &Server, form: &str) -> Answer {
    let http = Client::anonymous(server);
    let request = http.request(reqwest::Method::POST, LOGOUT);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    send(request.body(form.to_owned())).await
}

/// Whether a session has ended, within a second.
async fn ends(page: &Client) {
    let start = Instant::now();
    while page.get(API).await.status != 401 {
        assert!(start.elapsed() < Duration::from_millis(1100), "it goes on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn the_provider_ends_sessions(site: Site) {
    let Site { server, provider } = &site;
    let (mut here, mut there) = (Browser::default(), Browser::default());
    here.sign_in(server, "bob").await.expect(303);
    let sql = "SELECT idp_sid FROM sessions WHERE how = 'provider'";
    let sid = rows::texts(server, sql).await[0].clone().unwrap();
    there.sign_in(server, "bob").await.expect(303);
    let (here, there) = (here.page(server).await, there.page(server).await);
    let local = Client::signed_in(server, "admin", PASSWORD).await;
    let logout = json!({ "sub": "bob", "sid": sid });
    provider.admin("logout", &logout).await;
    ends(&here).await;
    there.get(API).await.expect(200);
    local.get(API).await.expect(200);
    let ended = audited(server, "session.end_by_provider").await;
    assert_eq!(ended.len(), 1, "{ended:?}");

    // A token counts once.
    let posts = Posts::listen();
    let logout = json!({ "sub": "bob", "sid": "another", "uri": posts.url });
    provider.admin("logout", &logout).await;
    let form = posts.next();
    let ended = post_logout(server, &form).await.expect(200);
    assert_eq!(ended.header("cache-control"), "no-store");
    post_logout(server, &form).await.problem(400);
    there.get(API).await.expect(200);
    for form in ["logout_token=x", "logout_token=a.b.c", "token=x", ""] {
        let refused = post_logout(server, form).await;
        refused.problem(400);
        assert_eq!(refused.header("cache-control"), "no-store");
    }
}

async fn it_is_proved_again_at_the_provider(site: Site) {
    let Site { server, .. } = &site;
    let mut browser = Browser::default();
    browser.sign_in(server, "alice").await.expect(303);
    let page = browser.page(server).await;
    let body = json!({ "name": "test", "scopes": ["codes:read"] });
    page.post("/api/account/keys", &body).await.problem(403);
    // A session at the provider is not enough.
    browser.sign_in(server, "alice").await.expect(303);
    let page = browser.page(server).await;
    page.post("/api/account/keys", &body).await.problem(403);
    assert_eq!(browser.forms, 1);
    let url = browser.callback(server, "?step_up=true", "alice").await;
    assert_eq!(browser.forms, 2);
    browser.visit(&url).await.expect(303);
    let page = browser.page(server).await;
    page.post("/api/account/keys", &body).await.expect(201);
    // Somebody else's proof is none; this browser's session at the provider is over.
    browser.cookies.0.retain(|name, _| name == "qro_session");
    let url = browser.callback(server, "?step_up=true", "bob").await;
    browser.visit(&url).await.problem(403);
    page.get(API).await.expect(200);
}

async fn the_provider_may_be_away(mut site: Site) {
    let mut browser = Browser::default();
    browser.sign_in(&site.server, "bob").await.expect(303);
    let url = browser.callback(&site.server, "", "bob").await;
    let page = browser.page(&site.server).await;
    site.provider.admin("away", &json!({ "away": true })).await;
    let away = browser.visit(&url).await;
    assert!(text(&away.problem(503)["detail"]).contains("sign in with a password"));
    page.get(API).await.expect(200);
    Client::signed_in(&site.server, "admin", PASSWORD).await;
    // It is not needed for a start, either.
    site.server.stop().await;
    site.server.start().await;
    page.get(API).await.expect(200);
    let start = format!("{}{START}", site.server.url());
    Browser::default().visit(&start).await.problem(503);
    let local = Client::signed_in(&site.server, "admin", PASSWORD).await;
    local.get(API).await.expect(200);
    site.provider.admin("away", &json!({ "away": false })).await;
    let end = Instant::now() + Duration::from_secs(15);
    while Browser::default().visit(&start).await.status != 303 {
        assert!(Instant::now() < end, "it does not come back");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn operators_are_told_what_to_set() {
    let mut site = Site::prepare(Database::Sqlite);
    let claims = json!({ "groups": ["/staff", "/qr-admins"] }).to_string();
    let shown = site
        .server
        .pipe(&["sign-in", "preview", "-"], claims.as_bytes());
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("role: admin (groups contains qr-admins)"),
        "{shown}"
    );
    let doctor = site.server.run(&["doctor"]);
    let doctor = String::from_utf8(doctor.stdout).unwrap();
    let redirect = format!("redirect URI {}{CALLBACK}", site.server.url());
    assert!(
        doctor.contains(&redirect) && doctor.contains("answers"),
        "{doctor}"
    );
    // Both spellings are shown.
    let spelled = format!("{}/", site.provider.issuer);
    site.server.set("OIDC_ISSUER", spelled.clone());
    let doctor = site.server.run_to(1, &["doctor"]);
    assert!(doctor.contains(&spelled), "{doctor}");
    assert!(
        doctor.replace(&spelled, "").contains(&site.provider.issuer),
        "{doctor}"
    );
}

#[tokio::test]
async fn a_person_signs_in_with_a_browser() {
    let mut site = Site::at(Database::Sqlite, "localhost");
    site.server.start().await;
    let mut script = node(include_str!("../../node/sign_in.mjs"));
    script
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("BASE_URL", format!("http://localhost:{}", site.server.port));
    let script = tokio::process::Command::from(script)
        .kill_on_drop(true)
        .output();
    let said = tokio::time::timeout(Duration::from_mins(2), script).await;
    let said = said.expect("the browser did not come to an end").unwrap();
    let err = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{err}");
}
