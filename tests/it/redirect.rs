//! `GET` and `HEAD /r/{slug}`, and what is counted.

use reqwest::Method;

use crate::support::{
    Answer, Client, Database, Server, Setup,
    client::send,
    codes::{API, TARGET, counted, create_dynamic, create_static, get},
    command::Says as _,
    load::BROWSER,
    on_both, rows,
};

on_both!(
    a_scan_is_sent_on_and_counted,
    only_people_are_counted,
    links_are_carried_whatever_is_appended,
    what_people_make_of_an_address_is_found,
    headers_are_kept_whatever_their_bytes_are,
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

/// A person's scan.
async fn scan(client: &Client, path: &str) -> Answer {
    let phone = [("user-agent", BROWSER)];
    visit(client, Method::GET, path, &phone).await.expect(302)
}

async fn a_scan_is_sent_on_and_counted(server: Server) {
    let admin = Client::admin(&server);
    let people = Client::anonymous(&server);
    let code = create_dynamic(&admin).await;

    let answer = scan(&people, &code.shared).await;
    assert_eq!(answer.header("location"), TARGET);
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert!(!answer.header("x-request-id").is_empty());
    assert_eq!(answer.header("set-cookie"), "");
    let shared = counted(&admin, &code.id, 1, 0).await;
    assert!(shared["last_scan_at"].is_string(), "{shared}");
    assert!(shared["first_genuine_scan_at"].is_null(), "{shared}");

    scan(&people, &code.genuine).await;
    let first = counted(&admin, &code.id, 2, 1).await;
    scan(&people, &code.genuine).await;
    let second = counted(&admin, &code.id, 3, 2).await;
    let time = |code: &serde_json::Value, field: &str| -> jiff::Timestamp {
        code[field].as_str().unwrap().parse().unwrap()
    };
    let begin = "first_genuine_scan_at";
    assert_eq!(second[begin], first[begin]);
    let last = "last_genuine_scan_at";
    assert!(time(&second, last) > time(&first, last));
    assert_eq!(second["last_scan_at"], second[last]);
}

async fn only_people_are_counted(server: Server) {
    let admin = Client::admin(&server);
    let people = Client::anonymous(&server);
    let code = create_dynamic(&admin).await;
    let bot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    let phone = ("user-agent", BROWSER);
    for (method, headers) in [
        (Method::HEAD, vec![phone]),
        (Method::GET, vec![("user-agent", bot)]),
        (Method::GET, vec![phone, ("sec-purpose", "prefetch")]),
        (
            Method::GET,
            vec![phone, ("sec-purpose", "prefetch;prerender")],
        ),
        (Method::GET, vec![phone, ("purpose", "prefetch")]),
        (Method::GET, vec![phone, ("x-purpose", "Preview")]),
    ] {
        let answer = visit(&people, method.clone(), &code.genuine, &headers).await;
        let answer = answer.expect(302);
        assert_eq!(answer.header("location"), TARGET, "{method} {headers:?}");
        assert_eq!(answer.header("cache-control"), "private, no-store");
        assert!(answer.body.is_empty());
    }
    // A person's scan behind them: once it is counted, they would have been.
    scan(&people, &code.genuine).await;
    counted(&admin, &code.id, 1, 1).await;
    rows::drained(&admin).await;
    assert_eq!(get(&admin, &code.id).await["scan_count"], 1);
    // They are kept with the reason, so that the number can be explained.
    let log = format!("{API}/{}/analytics/scan-logs", code.id);
    let log = admin.get(&log).await.expect(200).json();
    let items = log["items"].as_array().unwrap().iter();
    let mut excluded: Vec<&str> = items.filter_map(|i| i["excluded"].as_str()).collect();
    excluded.sort_unstable();
    let expected = "bot head prefetch prefetch prefetch prefetch";
    assert_eq!(excluded.join(" "), expected, "{log}");
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
        scan(&admin, &path).await;
        let genuine = number("genuine_scan_count") + u64::from(genuine);
        counted(&admin, &code.id, number("scan_count") + 1, genuine).await;
    }
}

async fn what_people_make_of_an_address_is_found(server: Server) {
    let admin = Client::admin(&server);
    let code = create_dynamic(&admin).await;
    let slug = code.shared.trim_start_matches("/r/");
    let capitals = slug.to_ascii_uppercase();
    let first = format!("%{:02X}{}", slug.as_bytes()[0], &slug[1..]);
    for path in [
        format!("/r/{slug}/"),
        format!("/r/{slug}/?scan_ref=qr"),
        format!("/r/{capitals}"),
        format!("/R/{capitals}/"),
        format!("/r/{first}"),
        format!("/r/%20{slug}%20"),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let answer = visit(&admin, method, &path, &[("user-agent", BROWSER)]).await;
            assert_eq!(answer.expect(302).header("location"), TARGET, "{path}");
        }
    }
    counted(&admin, &code.id, 6, 1).await;
    for path in [
        format!("/r/{slug}//"),
        format!("/r//{slug}"),
        format!("/r/{slug}/x"),
        format!("/r/{slug}%2F"),
        format!("/r/{slug}0"),
    ] {
        admin.get(&path).await.problem(404);
    }
}

async fn headers_are_kept_whatever_their_bytes_are(server: Server) {
    let admin = Client::admin(&server);
    let code = create_dynamic(&admin).await;
    let mut expected = Vec::new();
    let size = "https://example.org/größe";
    for (referer, kept) in [
        (&b"https://example.org/gr\xf6\xdfe"[..], size),
        (size.as_bytes(), size),
        (b"\xff", "ÿ"),
    ] {
        let request = admin.request(Method::GET, &code.genuine);
        let value = |bytes| reqwest::header::HeaderValue::from_bytes(bytes).unwrap();
        let request = request.header("referer", value(referer));
        let agent = [BROWSER.as_bytes(), b" M\xfcller"].concat();
        let request = request.header("user-agent", value(&agent));
        send(request).await.expect(302);
        expected.push(Some(kept.to_owned()));
    }
    counted(&admin, &code.id, 3, 3).await;
    let referers = rows::texts(&server, "SELECT referer FROM scans ORDER BY id").await;
    assert_eq!(referers, expected);
    let agents = "SELECT a.user_agent FROM scans s JOIN agents a ON a.id = s.agent_id";
    let agents = rows::texts(&server, agents).await;
    let mut known = agents.iter().flatten();
    assert!(known.all(|a| a.ends_with(" Müller")), "{agents:?}");
}

async fn unknown_slugs_are_404(server: Server) {
    let admin = Client::admin(&server);
    let code = create_dynamic(&admin).await;
    let long = "a".repeat(5000);
    for slug in ["00000000", "x", "%00", "%ff", "..%2f..%2fetc", "🎉", &long] {
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
    let slug = "UPDATE codes SET slug = 'text0001' WHERE kind = 'static'";
    rows::execute(&server, slug).await;

    admin.get(&disabled.shared).await.problem(404);
    admin.get("/r/text0001").await.problem(400);
    // Answered in order: once a later scan is counted, these would have been.
    scan(&admin, &other.shared).await;
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
        let answer = visit(&client, Method::GET, &code.genuine, &headers).await;
        answer.expect(302);
    }
    client.get(&code.genuine).await.expect(302);
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

#[tokio::test]
async fn a_visitor_is_who_the_proxy_saw_however_it_spells_that() {
    let server = Setup::on(Database::Sqlite)
        .env("SCAN_ADDRESSES", "full")
        .env("TRUSTED_PROXIES", "127.0.0.1");
    let server = server.start().await;
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    let mut expected = Vec::new();
    let (usual, standard) = ("x-forwarded-for", "forwarded");
    let several = "for=1.2.3.4, For=\"[2001:db8::8]:80\";proto=https";
    for (header, value, address) in [
        (usual, "198.51.100.7:4711", Some("198.51.100.7")),
        (usual, "1.2.3.4, [2001:db8::7]:80", Some("2001:db8::7")),
        (standard, several, Some("2001:db8::8")),
        (usual, "unknown", None),
    ] {
        let headers = [(header, value), ("user-agent", BROWSER)];
        let answer = visit(&client, Method::GET, &code.genuine, &headers).await;
        answer.expect(302);
        expected.push(address.map(ToOwned::to_owned));
    }
    counted(&client, &code.id, 4, 4).await;
    let kept = rows::texts(&server, "SELECT address FROM scans ORDER BY id").await;
    assert_eq!(kept, expected);
}

#[tokio::test]
async fn codes_under_a_former_address_lead_to_where_we_are() {
    for database in [Database::Sqlite, Database::Postgres] {
        let setup = Setup::on(database).env("BASE_URL", "https://old.example");
        let mut server = setup.start().await;
        let admin = Client::admin(&server);
        let (outer, inner) = (create_dynamic(&admin).await, create_dynamic(&admin).await);
        for (code, target) in [(&outer, &inner), (&inner, &inner)] {
            // As a release before could store it.
            let (slug, target) = (code.shared.trim_start_matches("/r/"), &target.shared);
            let lead = format!(
                "UPDATE codes SET target = 'https://old.example{target}' WHERE slug = '{slug}'"
            );
            rows::execute(&server, &lead).await;
        }
        server.stop().await;

        server.set("BASE_URL", "https://New.example/");
        let said = server.run_json(&["doctor", "--json"]).to_string();
        said.says("2 say https://old.example; BASE_URL is https://new.example");
        server.set("FORMER_BASE_URLS", "https://OLD.example/");
        let known = server.run_json(&["doctor", "--json"]).to_string();
        assert!(!known.contains("BASE_URL is"), "{known}");
        server.start().await;
        let answer = admin.get(&outer.shared).await.expect(302);
        let today = format!("https://new.example{}", inner.shared);
        assert_eq!(answer.header("location"), today);
        admin.get(&inner.shared).await.problem(400);
        let back = format!("https://old.example{}", outer.shared);
        let back = serde_json::json!({ "redirect_url": back });
        admin.post("/api/v1/qr/dynamic", &back).await.problem(422);
    }
}
