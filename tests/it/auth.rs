//! Who may manage codes: HTTP Basic, a bearer key, `X-API-Key`; and what needs no credentials.

use reqwest::Method;

use crate::support::{
    Client, Database, Server, Setup,
    client::{Auth, send},
    codes::{API, create_dynamic, create_static, total},
    on_both,
    process::PASSWORD,
};

on_both!(
    management_asks_for_credentials,
    wrong_credentials_are_no_credentials,
    keys_open_what_the_password_opens,
    people_and_machines_that_scan_need_none,
);

async fn management_asks_for_credentials(server: Server) {
    let admin = Client::admin(&server);
    let code = create_static(&admin, "text").await;
    let path = format!("{API}/{}", code["id"].as_str().unwrap());
    let anonymous = Client::anonymous(&server);
    let unknown = format!("{API}/00000000-0000-7000-8000-000000000000");
    for (method, path) in [
        (Method::GET, API.to_owned()),
        (Method::POST, format!("{API}/static")),
        (Method::POST, format!("{API}/dynamic")),
        (Method::GET, path.clone()),
        (Method::PUT, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::GET, format!("{path}/image")),
        (Method::GET, format!("{path}/analytics/scan-timeseries")),
        (Method::GET, format!("{path}/analytics/scan-logs")),
        (Method::GET, format!("{path}/analytics/device-stats")),
        // Whether it exists is told to nobody who may not know.
        (Method::GET, unknown),
    ] {
        let request = anonymous.request(method, &path).body("{}");
        let answer = send(request.header("content-type", "application/json")).await;
        answer.problem(401);
        // No browser opens a dialog for what a page of ours fetches.
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with("Bearer realm="), "{challenge}");
    }
    assert_eq!(total(&admin).await, 1);
}

async fn wrong_credentials_are_no_credentials(server: Server) {
    let anonymous = Client::anonymous(&server);
    let basic = |user: &str, password: &str| Auth::Basic(user.into(), password.into());
    for auth in [
        basic("admin", "wrong"),
        basic("admin", ""),
        basic("admin", &PASSWORD[1..]),
        basic("Admin", PASSWORD),
        basic("nobody", PASSWORD),
        basic("", PASSWORD),
        basic("admin", &"x".repeat(4000)),
        Auth::Bearer("nonsense".into()),
        Auth::Bearer(PASSWORD.into()),
        Auth::ApiKey("nonsense".into()),
        Auth::ApiKey("x".repeat(4000)),
    ] {
        let answer = Client::with(&server, auth).get(API).await;
        let problem = answer.problem(401);
        assert!(!answer.header("www-authenticate").is_empty());
        assert!(!problem.to_string().contains(PASSWORD), "{problem}");
    }
    for header in [
        &b"Basic"[..],
        b"Basic !!!",
        b"Basic YWRtaW4=",
        b"Digest x",
        b"Bearer",
        b"\xff\xfe",
        b"",
    ] {
        let request = anonymous.request(Method::GET, API);
        let request = request.header("authorization", header);
        send(request).await.problem(401);
    }
    Client::admin(&server).get(API).await.expect(200);
    assert!(!server.log().contains(PASSWORD));
}

async fn keys_open_what_the_password_opens(server: Server) {
    // Beside the running product, and known to it at once.
    let made = server.run_json(&["keys", "create", "--name", "ci", "--json"]);
    let key = made["key"].as_str().expect("a key").to_owned();
    assert!(key.len() >= 32, "too short to be a secret: {made}");
    for auth in [Auth::Bearer(key.clone()), Auth::ApiKey(key.clone())] {
        let client = Client::with(&server, auth);
        create_static(&client, "text").await;
        client.get(API).await.expect(200);
    }
    let mut other = key.clone();
    other.replace_range(key.len() - 1.., if key.ends_with('0') { "1" } else { "0" });
    let other = Client::with(&server, Auth::Bearer(other));
    other.get(API).await.problem(401);
    assert!(!server.log().contains(&key), "the key is in the log");
}

async fn people_and_machines_that_scan_need_none(server: Server) {
    let code = create_dynamic(&Client::admin(&server)).await;
    let anonymous = Client::anonymous(&server);
    for path in "/health /health/live /health/ready /docs /openapi.json /metrics".split(' ') {
        anonymous.get(path).await.expect(200);
    }
    anonymous.get(&code.genuine).await.expect(302);
}

#[tokio::test]
async fn a_new_admin_password_replaces_the_old_one() {
    let mut server = Setup::on(Database::Sqlite).start().await;
    Client::admin(&server).get(API).await.expect(200);
    server.stop().await;
    server.set("ADMIN_PASSWORD", "another-one-entirely");
    server.start().await;
    Client::admin(&server).get(API).await.problem(401);
    let auth = Auth::Basic("admin".into(), "another-one-entirely".into());
    Client::with(&server, auth).get(API).await.expect(200);
}
