//! Signing in, going on, signing out; passwords and keys of one's own.

use reqwest::Method;
use serde_json::json;

use super::{INSTALLATION, key, organization, text, user};
use crate::support::{
    Client, Database, Server, Setup,
    client::{Auth, send},
    codes::{API, create_static},
    on_both,
    process::PASSWORD,
};

on_both!(
    a_person_signs_in_goes_on_and_out,
    a_password_change_ends_every_other_session,
    a_key_does_what_its_scopes_say,
    operators_let_in_who_is_locked_out,
    a_dialog_becomes_a_session_without_a_proof,
);

async fn a_person_signs_in_goes_on_and_out(server: Server) {
    let anonymous = Client::anonymous(&server);
    let body = json!({ "username": "admin", "password": PASSWORD, "role": "owner", "organization_id": "x" });
    let begun = anonymous.post("/api/session", &body).await.expect(200);
    let session = begun.json();
    assert_eq!(session["user"]["name"], "admin");
    assert_eq!(session["organization"]["id"], INSTALLATION);
    assert_eq!(session["organization"]["role"], "owner");
    assert_eq!(begun.header("cache-control"), "no-store");
    let cookie = begun.header("set-cookie").to_owned();
    assert!(cookie.contains("; HttpOnly; SameSite=Lax; "), "{cookie}");
    assert!(!cookie.contains("Secure"), "over http: {cookie}");
    let client = Client::with(&server, begun.session());
    create_static(&client, "text").await;
    let again = client.get("/api/session").await.expect(200).json();
    assert_ne!(again["csrf_token"], session["csrf_token"], "masked anew");
    assert_eq!(again["user"], session["user"]);

    // Another organization, under another token; the old one is over.
    let own = organization(&client, "Own").await;
    let body = json!({ "id": own });
    let moved = client
        .put("/api/session/organization", &body)
        .await
        .expect(200);
    client.get("/api/session").await.problem(401);
    let moved = Client::with(&server, moved.session());
    assert_eq!(moved.get(API).await.json()["total"], 0);
    let account = moved.get("/api/account").await.expect(200).json();
    assert_eq!(account["organization"]["name"], "Own");
    assert_eq!(account["via"], "session");
    let sessions = moved.get("/api/account/sessions").await.json();
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1, "{sessions}");
    assert_eq!(sessions["items"][0]["current"], true);

    let out = moved.delete("/api/session").await.expect(204);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    moved.get(API).await.problem(401);
    moved.delete("/api/session").await.problem(401);
    let log = server.log();
    let token = cookie.split(['=', ';']).nth(1).unwrap();
    assert!(!log.contains(token) && !log.contains(PASSWORD));
}

async fn a_password_change_ends_every_other_session(server: Server) {
    let password = user(&server, "ada", "manager");
    let here = Client::signed_in(&server, "ada", &password).await;
    let there = Client::signed_in(&server, "ada", &password).await;
    let basic = Client::with(&server, Auth::Basic("ada".into(), password.clone()));
    basic.get(API).await.expect(200);
    let change = async |client: &Client, present: &str, new: &str| {
        let body = json!({ "current_password": present, "new_password": new });
        client.put("/api/account/password", &body).await
    };
    let new = "six-new-lanterns-glow";
    change(&here, "wrong", new).await.problem(401);
    for weak in ["short", "password1234", "aaaaaaaaaaaaaa", "ada-ada-ada-ada"] {
        let refused = change(&here, &password, weak).await.problem(422);
        assert_eq!(refused["errors"][0]["field"], "new_password", "{refused}");
    }
    change(&basic, &password, new).await.problem(403);
    let changed = change(&here, &password, new).await.expect(200);
    let here = Client::with(&server, changed.session());
    here.get(API).await.expect(200);
    there.get(API).await.problem(401);
    basic.get(API).await.problem(401);
    Client::signed_in(&server, "ada", new).await;
    here.delete("/api/account/sessions").await.expect(204);
    here.get(API).await.problem(401);
}

async fn a_key_does_what_its_scopes_say(server: Server) {
    let admin = Client::signed_in(&server, "admin", PASSWORD).await;
    let refuse = async |body: serde_json::Value, field: &str| {
        let refused = admin.post("/api/account/keys", &body).await.problem(422);
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    };
    refuse(json!({ "name": "x", "scopes": [] }), "scopes").await;
    refuse(
        json!({ "name": "x", "scopes": ["codes:destroy"] }),
        "scopes",
    )
    .await;
    refuse(json!({ "name": "", "scopes": ["codes:read"] }), "name").await;
    for end in ["yesterday", "2001-01-01T00:00:00Z", "9999-01-01T00:00:00Z"] {
        let body = json!({ "name": "x", "scopes": ["codes:read"], "expires_at": end });
        refuse(body, "expires_at").await;
    }
    let (reads, id) = key(&admin, &["codes:read"]).await;
    assert_eq!(reads.len(), 4 + 38, "{reads}");
    let reader = Client::with(&server, Auth::Bearer(reads.clone()));
    reader.get(API).await.expect(200);
    let refused = reader
        .post("/api/v1/qr/static", &json!({ "content": "a" }))
        .await;
    let said = refused.problem(403).to_string();
    assert!(said.contains("codes:write"), "{said}");
    let account = reader.get("/api/account").await.expect(200).json();
    assert_eq!(account["key"]["scopes"], json!(["codes:read"]));
    crate::support::eventually(10, async || {
        let used = reader.get("/api/account").await.json()["key"]["used_scopes"].clone();
        if used == json!(["codes:read"]) {
            Ok(())
        } else {
            Err(used.to_string())
        }
    })
    .await;
    // In an address it is refused, and the answer says why.
    let anonymous = Client::anonymous(&server);
    let said = anonymous
        .get(&format!("{API}?api_key={reads}"))
        .await
        .problem(401);
    assert!(said.to_string().contains("revoke it"), "{said}");
    let listed = admin.get("/api/account/keys").await.expect(200).json();
    assert!(!listed.to_string().contains(&reads));
    let own = admin
        .get(&format!("/api/organizations/{INSTALLATION}/keys"))
        .await;
    assert_eq!(own.expect(200).json()["items"][0]["id"], id);
    admin
        .delete(&format!("/api/account/keys/{id}"))
        .await
        .expect(204);
    admin
        .delete(&format!("/api/account/keys/{id}"))
        .await
        .problem(404);
    reader.get(API).await.problem(401);
    assert!(!server.log().contains(&reads));
}

async fn operators_let_in_who_is_locked_out(server: Server) {
    let password = user(&server, "bo", "analyst");
    let before = Client::signed_in(&server, "bo", &password).await;
    let reset = server.run(&["users", "password", "bo", "--reason", "forgot it"]);
    assert!(reset.status.success(), "{reset:?}");
    let new = String::from_utf8(reset.stdout).unwrap();
    within_a_second(async || before.get(API).await.status == 401).await;
    let after = Client::signed_in(&server, "bo", new.trim()).await;
    let listed = server.run_json(&["sessions", "list", "bo", "--json"]);
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 1, "{listed}");
    server.run_to(0, &["sessions", "end", "bo"]);
    within_a_second(async || after.get(API).await.status == 401).await;
    server.run_to(0, &["users", "role", "bo", "admin", "--reason", "promoted"]);
    let users = server.run_json(&["users", "list", "--json"]).to_string();
    assert!(
        users.contains("\"bo\"") && users.contains("\"admin\""),
        "{users}"
    );
    // The last owner stays.
    let refused = server.run_to(1, &["users", "remove", "admin"]);
    assert!(refused.contains("last owner"), "{refused}");
    let id = server.run_to(0, &["organizations", "create", "Annex", "--owner", "bo"]);
    let members = server.run_json(&["organizations", "members", "Annex", "--json"]);
    assert_eq!(members["members"][0]["name"], "bo", "{id}");
    let audit = Client::admin(&server)
        .get(&format!("/api/organizations/{INSTALLATION}/audit"))
        .await;
    let audit = audit.expect(200).json();
    let role = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["action"] == "member.role" && e["reason"] == "promoted");
    let role = role.unwrap_or_else(|| panic!("{audit}"));
    assert_eq!(
        (text(&role["via"]), text(&role["actor"])),
        ("command line".into(), "command line".into())
    );
}

/// A running server follows what another process changed.
async fn within_a_second(mut is: impl AsyncFnMut() -> bool) {
    let start = std::time::Instant::now();
    while !is().await {
        assert!(
            start.elapsed().as_millis() < 1100,
            "it did not follow in time"
        );
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn over_tls_the_cookie_is_bound_to_the_host() {
    let setup = Setup::on(Database::Sqlite).env("BASE_URL", "https://qr.example.com");
    let server = setup.start().await;
    let client = Client::signed_in(&server, "admin", PASSWORD).await;
    client.get(API).await.expect(200);
    let body = json!({ "username": "admin", "password": PASSWORD });
    let begun = Client::anonymous(&server)
        .post("/api/session", &body)
        .await
        .expect(200);
    let cookie = begun.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-qro_session=") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    // One without the prefix was planted.
    let token = cookie.split(['=', ';']).nth(1).unwrap();
    let planted = Client::anonymous(&server)
        .request(Method::GET, API)
        .header("cookie", format!("qro_session={token}"));
    send(planted).await.problem(401);
}

/// What the operators' page does: a browser sends what was typed into its dialog only below `/ops/`.
async fn a_dialog_becomes_a_session_without_a_proof(server: Server) {
    let admin = Client::admin(&server);
    let begun = admin.post("/ops/session", &json!({})).await.expect(200);
    let page = Client::with(&server, begun.session());
    page.get("/api/rollout").await.expect(200);
    create_static(&page, "text").await;
    let said = page.post("/ops/session", &json!({})).await.problem(409);
    assert!(said.to_string().contains("have a session"), "{said}");
    let key = json!({ "name": "x", "scopes": ["codes:read"] });
    page.post("/api/account/keys", &key).await.problem(403);
    let (text, _) = super::key(
        &Client::signed_in(&server, "admin", PASSWORD).await,
        &["ops:read"],
    )
    .await;
    let program = Client::with(&server, Auth::Bearer(text));
    program.post("/ops/session", &json!({})).await.problem(403);
    // Only whoever has no session that may look at the page is told to begin one.
    let html = async |client: &Client| client.get("/ops/rollout").await.expect(200).text();
    assert!(html(&admin).await.contains("<body data-dialog>"));
    assert!(html(&page).await.contains("<body>"));
    let both = admin.request(Method::GET, "/ops/rollout");
    let cookie = begun.header("set-cookie").split(';').next().unwrap();
    let both = send(both.header("cookie", cookie)).await.expect(200);
    assert!(both.text().contains("<body>"), "it goes on with that one");
    page.delete("/api/session").await.expect(204);
    let both = admin.request(Method::GET, "/ops/rollout");
    let both = send(both.header("cookie", cookie)).await.expect(200);
    assert!(both.text().contains("<body data-dialog>"));
}
