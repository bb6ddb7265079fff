//! `GET` and `HEAD /r/{slug}`, and what is counted.

use reqwest::Method;

use crate::support::{
    Answer, Client, Database, Server, Setup,
    client::send,
    codes::{API, TARGET, counted, create_dynamic, create_static, get},
    load::BROWSER,
    on_both, rows,
};

on_both!(
    a_scan_is_sent_on_and_counted,
    only_people_are_counted,
    links_are_carried_whatever_is_appended,
    unknown_slugs_are_404,
    disabled_codes_and_codes_without_a_target_do_not_redirect,
    other_methods_are_405,
);

async fn visit(client: &Client, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = client.request(method, path);
    send(
        headers
            .iter()
            .fold(request, |r, (name, value)| r.header(*name, *value)),
    )
    .await
}

async fn a_scan_is_sent_on_and_counted(server: Server) {
    let admin = Client::admin(&server);
    let people = Client::anonymous(&server);
    let code = create_dynamic(&admin).await;
    let phone = [("user-agent", BROWSER)];

    let answer = visit(&people, Method::GET, &code.shared, &phone)
        .await
        .expect(302);
    assert_eq!(answer.header("location"), TARGET);
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert!(!answer.header("x-request-id").is_empty());
    assert_eq!(answer.header("set-cookie"), "");
    let shared = counted(&admin, &code.id, 1, 0).await;
    assert!(shared["last_scan_at"].is_string(), "{shared}");
    assert!(shared["first_genuine_scan_at"].is_null(), "{shared}");

    visit(&people, Method::GET, &code.genuine, &phone)
        .await
        .expect(302);
    let first = counted(&admin, &code.id, 2, 1).await;
    visit(&people, Method::GET, &code.genuine, &phone)
        .await
        .expect(302);
    let second = counted(&admin, &code.id, 3, 2).await;
    let time = |code: &serde_json::Value, field: &str| -> jiff::Timestamp {
        code[field].as_str().unwrap().parse().unwrap()
    };
    assert_eq!(
        second["first_genuine_scan_at"],
        first["first_genuine_scan_at"]
    );
    let last = "last_genuine_scan_at";
    assert!(time(&second, last) > time(&first, last));
    assert_eq!(second["last_scan_at"], second[last]);
}

async fn only_people_are_counted(server: Server) {
    let admin = Client::admin(&server);
    let people = Client::anonymous(&server);
    let code = create_dynamic(&admin).await;
    let bot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    for (method, headers) in [
        (Method::HEAD, vec![("user-agent", BROWSER)]),
        (Method::GET, vec![("user-agent", bot)]),
        (
            Method::GET,
            vec![("user-agent", BROWSER), ("sec-purpose", "prefetch")],
        ),
        (
            Method::GET,
            vec![
                ("user-agent", BROWSER),
                ("sec-purpose", "prefetch;prerender"),
            ],
        ),
    ] {
        let answer = visit(&people, method.clone(), &code.genuine, &headers)
            .await
            .expect(302);
        assert_eq!(answer.header("location"), TARGET, "{method} {headers:?}");
        assert_eq!(answer.header("cache-control"), "private, no-store");
        assert!(answer.body.is_empty());
    }
    // A person's scan behind them: once it is counted, they would have been.
    visit(
        &people,
        Method::GET,
        &code.genuine,
        &[("user-agent", BROWSER)],
    )
    .await
    .expect(302);
    counted(&admin, &code.id, 1, 1).await;
    rows::drained(&admin).await;
    assert_eq!(get(&admin, &code.id).await["scan_count"], 1);
    // They are kept with the reason, so that the number can be explained.
    let log = admin
        .get(&format!("{API}/{}/analytics/scan-logs", code.id))
        .await
        .expect(200)
        .json();
    let items = log["items"].as_array().unwrap().iter();
    let mut excluded: Vec<&str> = items.filter_map(|i| i["excluded"].as_str()).collect();
    excluded.sort_unstable();
    assert_eq!(excluded, ["bot", "head", "prefetch", "prefetch"], "{log}");
}

async fn links_are_carried_whatever_is_appended(server: Server) {
    let admin = Client::admin(&server);
    let code = create_dynamic(&admin).await;
    for (query, genuine) in [
        ("?scan_ref=qr&utm_source=poster", true),
        ("?utm_source=poster&scan_ref=qr", true),
        ("?scan_ref=qrs", false),
        ("?other=scan_ref=qr", false),
        ("?", false),
        ("?%ff%00", false),
    ] {
        let before = get(&admin, &code.id).await;
        let number = |field: &str| before[field].as_u64().unwrap();
        let path = format!("{}{query}", code.shared);
        visit(&admin, Method::GET, &path, &[("user-agent", BROWSER)])
            .await
            .expect(302);
        let genuine = number("genuine_scan_count") + u64::from(genuine);
        counted(&admin, &code.id, number("scan_count") + 1, genuine).await;
    }
}

async fn unknown_slugs_are_404(server: Server) {
    let admin = Client::admin(&server);
    let code = create_dynamic(&admin).await;
    for slug in [
        "00000000",
        "x",
        "%00",
        "%ff",
        "..%2f..%2fetc",
        "🎉",
        &"a".repeat(5000),
    ] {
        admin.get(&format!("/r/{slug}")).await.problem(404);
        let head = admin.head(&format!("/r/{slug}")).await.expect(404);
        assert!(head.body.is_empty());
    }
    admin.get(&code.shared).await.expect(302);
}

async fn disabled_codes_and_codes_without_a_target_do_not_redirect(server: Server) {
    let admin = Client::admin(&server);
    let disabled = create_dynamic(&admin).await;
    let fixed = create_static(&admin, "text").await;
    let other = create_dynamic(&admin).await;
    // Dialect v1 has no field for either; data taken over from an older system may.
    let slug = disabled.shared.trim_start_matches("/r/");
    let disable = format!("UPDATE codes SET enabled = FALSE WHERE slug = '{slug}'");
    rows::execute(&server, &disable).await;
    rows::execute(
        &server,
        "UPDATE codes SET slug = 'text0001' WHERE kind = 'static'",
    )
    .await;

    admin.get(&disabled.shared).await.problem(404);
    admin.get("/r/text0001").await.problem(400);
    // Answered in order: once a later scan is counted, these would have been.
    visit(
        &admin,
        Method::GET,
        &other.shared,
        &[("user-agent", BROWSER)],
    )
    .await
    .expect(302);
    counted(&admin, &other.id, 1, 0).await;
    for id in [disabled.id.as_str(), fixed["id"].as_str().unwrap()] {
        assert_eq!(get(&admin, id).await["scan_count"], 0);
    }
}

async fn other_methods_are_405(server: Server) {
    let admin = Client::admin(&server);
    let code = create_dynamic(&admin).await;
    let answer = visit(&admin, Method::POST, &code.shared, &[]).await;
    answer.problem(405);
    assert!(answer.header("allow").contains("GET"), "{answer:?}");
    rows::drained(&admin).await;
    assert_eq!(get(&admin, &code.id).await["scan_count"], 0);
}

/// The country of every scan, in their order.
async fn countries(proxies: &str) -> Vec<Option<String>> {
    let server = Setup::on(Database::Sqlite)
        .env("COUNTRY_HEADER", "CF-IPCountry")
        .env("TRUSTED_PROXIES", proxies)
        .start()
        .await;
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    for country in ["DE", "xx", "T1", "fr", "Germany"] {
        let headers = [("cf-ipcountry", country), ("user-agent", BROWSER)];
        visit(&client, Method::GET, &code.genuine, &headers)
            .await
            .expect(302);
    }
    visit(&client, Method::GET, &code.genuine, &[])
        .await
        .expect(302);
    counted(&client, &code.id, 6, 6).await;
    rows::texts(&server, "SELECT country FROM scans ORDER BY id").await
}

#[tokio::test]
async fn a_country_is_taken_from_a_trusted_proxy_only() {
    let told = countries("127.0.0.1").await;
    let expected = [Some("DE"), None, None, Some("FR"), None, None];
    assert_eq!(told, expected.map(|c| c.map(ToOwned::to_owned)));
    assert_eq!(countries("10.0.0.0/8").await, vec![None; 6]);
}
