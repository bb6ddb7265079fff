//! `/api/v2/codes`: rules, times, limits, passwords, placements, tags, history, and what a redirect makes of them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Database, Server, Setup, client::send, codes::TARGET, decode::decode,
    eventually, load::BROWSER, on_both,
};

on_both!(
    a_code_is_made_shown_changed_and_deleted,
    a_merge_patch_changes_what_it_names,
    two_who_change_at_once_do_not_lose_each_others_change,
    rules_send_visits_elsewhere,
    times_open_and_close_a_code,
    a_limit_holds_whoever_asks_at_once,
    placements_are_counted_apart,
    targets_have_a_history_a_future_and_an_undo,
    pages_and_filters_find_each_code_once,
    bad_values_are_named_and_change_nothing,
    what_a_code_cannot_be_without_stays,
    a_static_code_says_its_text,
);

const CODES: &str = "/api/v2/codes";

async fn made(client: &Client, body: Value) -> Value {
    client.post(CODES, &body).await.expect(201).json()
}

fn path(code: &Value) -> String {
    format!("{CODES}/{}", code["id"].as_str().unwrap())
}

fn link(code: &Value) -> String {
    format!("/r/{}", code["slug"].as_str().unwrap())
}

/// A scan with these headers.
async fn scan(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = client.request(Method::GET, path);
    let agent = headers.iter().any(|(name, _)| *name == "user-agent");
    let request = if agent {
        request
    } else {
        request.header("user-agent", BROWSER)
    };
    send(headers.iter().fold(request, |r, (n, v)| r.header(*n, *v))).await
}

async fn leads_to(client: &Client, path: &str, headers: &[(&str, &str)]) -> String {
    let answer = scan(client, path, headers).await.expect(302);
    answer.header("location").to_owned()
}

async fn a_code_is_made_shown_changed_and_deleted(server: Server) {
    let client = Client::admin(&server);
    let answer = client
        .post(
            CODES,
            &json!({ "target": TARGET, "title": "Menu", "tags": ["a", " b ", "a"] }),
        )
        .await
        .expect(201);
    let code = answer.json();
    assert_eq!(answer.header("location"), path(&code));
    assert_eq!(code["kind"], "dynamic");
    assert_eq!(code["tags"], json!(["a", "b"]));
    assert_eq!(code["rules"], json!([]));
    assert_eq!(code["has_password"], false);
    assert_eq!(code["counts"]["scans"], 0);
    let shown = client.get(&path(&code)).await.expect(200);
    assert_eq!(shown.json(), code);
    assert_eq!(shown.header("etag"), answer.header("etag"));
    // Dialect v1 sees the same code.
    let v1 = format!("/api/v1/qr/{}", code["id"].as_str().unwrap());
    let v1 = client.get(&v1);
    let v1 = v1.await.expect(200).json();
    assert_eq!(v1["redirect_url"], code["target"]);
    assert_eq!(v1["short_id"], code["slug"]);
    let image = client
        .get(&format!("{}/image?format=png", path(&code)))
        .await
        .expect(200);
    assert_eq!(json!(decode(&image.body, "png")), code["content"]);
    let foreign = client
        .request(Method::DELETE, &path(&code))
        .header("if-match", "\"0\"");
    send(foreign).await.problem(412);
    client.delete(&path(&code)).await.expect(204);
    client.get(&path(&code)).await.problem(404);
    client.get(&link(&code)).await.problem(404);
}

async fn a_merge_patch_changes_what_it_names(server: Server) {
    let client = Client::admin(&server);
    let rule = json!([{ "when": { "device": "windows" }, "target": "https://example.org/ios" }]);
    let code = made(
        &client,
        json!({ "target": TARGET, "rules": rule, "max_scans": 9, "title": "Menu" }),
    )
    .await;
    let patch = json!({ "title": null, "description": "By the door", "max_scans": null, "forward_query": true });
    let after = client.patch(&path(&code), &patch).await.expect(200).json();
    assert_eq!(after["title"], Value::Null);
    assert_eq!(after["description"], "By the door");
    assert_eq!(after["max_scans"], Value::Null);
    assert_eq!(after["forward_query"], true);
    assert_eq!(
        after["rules"],
        json!([{ "when": { "device": ["windows"] }, "target": "https://example.org/ios" }])
    );
    assert!(after["updated_at"].as_str() > code["updated_at"].as_str());
    // A change takes effect on the redirect at once, the query goes along.
    let location = leads_to(&client, &format!("{}?scan_ref=qr&seat=7", link(&code)), &[]).await;
    assert_eq!(location, format!("{TARGET}&seat=7"));
    let off = client
        .patch(&path(&code), &json!({ "enabled": false }))
        .await;
    assert_eq!(off.expect(200).json()["enabled"], false);
    scan(&client, &link(&code), &[]).await.problem(404);
}

async fn two_who_change_at_once_do_not_lose_each_others_change(server: Server) {
    let client = Client::admin(&server);
    let code = made(&client, json!({ "target": TARGET })).await;
    // Parts of one plan.
    let (path, bodies) = (
        path(&code),
        [
            json!({ "max_scans": 5 }),
            json!({ "forward_query": true }),
            json!({ "expires_at": "2090-01-01T00:00:00Z" }),
            json!({ "rules": [{ "when": { "country": "DE" }, "target": TARGET }] }),
        ],
    );
    let changes = bodies.iter().map(|body| client.patch(&path, body));
    for answer in futures_util::future::join_all(changes).await {
        answer.expect(200);
    }
    let shown = client.get(&path).await.expect(200);
    let after = shown.json();
    assert_eq!(after["max_scans"], 5);
    assert_eq!(after["forward_query"], true);
    assert_eq!(after["expires_at"], "2090-01-01T00:00:00Z");
    assert_eq!(after["rules"].as_array().unwrap().len(), 1);
    // Who says what they saw is told when it is not so any more.
    let change = |tag: &str| {
        let request = client.request(Method::PATCH, &path).header("if-match", tag);
        send(request.json(&json!({ "title": "new" })))
    };
    let seen = shown.header("etag").to_owned();
    change(&seen).await.expect(200);
    change(&seen).await.problem(412);
    change("W/\"1\", \"2\"").await.problem(412);
    change("*").await.expect(200);
}

async fn rules_send_visits_elsewhere(server: Server) {
    let client = Client::admin(&server);
    let target = |name: &str| format!("https://example.org/{name}");
    let rules = json!([
        { "when": { "device": ["android"], "language": "de" }, "target": target("android-de") },
        { "when": { "device": ["mobile", "tablet"], "language": ["fr"] }, "target": target("fr") },
        { "when": { "device": "desktop" }, "target": target("desktop") },
        { "when": { "country": "DE" }, "target": target("country") },
        { "when": { "from": "00:00", "to": "00:00", "language": "it", "zone": "Europe/Rome" }, "target": target("it") },
    ]);
    let code = made(&client, json!({ "target": TARGET, "rules": rules })).await;
    let android = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36";
    let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1";
    let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
    for (agent, language, expected) in [
        (android, "de-DE,de;q=0.9,en-US;q=0.8", target("android-de")),
        (android, "en-US,en;q=0.9,fr;q=0.5,de;q=0.4", target("fr")),
        (iphone, "fr-CH, fr;q=0.9", target("fr")),
        (iphone, "it", target("it")),
        (windows, "de", target("desktop")),
        (iphone, "de", TARGET.to_owned()),
        // A country is believed of a trusted proxy only, and there is none.
        ("curl/8", "", TARGET.to_owned()),
    ] {
        let headers = [
            ("user-agent", agent),
            ("accept-language", language),
            ("cf-ipcountry", "DE"),
        ];
        assert_eq!(
            leads_to(&client, &link(&code), &headers).await,
            expected,
            "{agent} {language}"
        );
    }
    let answer = scan(&client, &link(&code), &[]).await;
    assert_eq!(answer.header("cache-control"), "private, no-store");
}

async fn times_open_and_close_a_code(server: Server) {
    let client = Client::admin(&server);
    let code = made(
        &client,
        json!({ "target": TARGET, "starts_at": "2090-01-01T00:00:00Z" }),
    )
    .await;
    scan(&client, &link(&code), &[]).await.problem(404);
    let page = scan(&client, &link(&code), &[("accept", "text/html,*/*;q=0.8")])
        .await
        .expect(404);
    assert!(page.text().contains("not open yet"), "{}", page.text());
    assert!(page.header("content-type").starts_with("text/html"));
    let patch = json!({ "starts_at": null, "expires_at": "2020-01-01T00:00:00Z" });
    client.patch(&path(&code), &patch).await.expect(200);
    scan(&client, &link(&code), &[]).await.problem(410);
    client
        .patch(&path(&code), &json!({ "expires_at": null }))
        .await
        .expect(200);
    assert_eq!(leads_to(&client, &link(&code), &[]).await, TARGET);
    // Only the last of the three was a scan.
    eventually(20, async || {
        let scans = client.get(&path(&code)).await.expect(200).json()["counts"]["scans"].clone();
        if scans == 1 {
            Ok(())
        } else {
            Err(format!("{scans} scans"))
        }
    })
    .await;
}

async fn a_limit_holds_whoever_asks_at_once(server: Server) {
    let client = Client::admin(&server);
    let people = Client::anonymous(&server);
    let code = made(&client, json!({ "target": TARGET, "max_scans": 20 })).await;
    let link = link(&code);
    let bot = [(
        "user-agent",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    )];
    // What is no person takes none of them.
    for _ in 0..3 {
        assert_eq!(leads_to(&people, &link, &bot).await, TARGET);
        people.head(&link).await.expect(302);
    }
    let scans = (0..60).map(|_| scan(&people, &link, &[]));
    let answers = futures_util::future::join_all(scans).await;
    let count = |status: u16| {
        answers
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert_eq!((count(302), count(410)), (20, 40));
    people.head(&link).await.expect(410);
    scan(&people, &link, &bot).await.problem(410);
    client
        .patch(&path(&code), &json!({ "max_scans": 21 }))
        .await
        .expect(200);
    scan(&people, &link, &[]).await.expect(302);
    scan(&people, &link, &[]).await.problem(410);
}

/// Nothing tells the nodes of each other's scans but the database.
#[tokio::test]
async fn a_limit_holds_over_two_nodes() {
    let one = Setup::on(Database::Postgres).start().await;
    let setup = Setup::on(Database::Postgres).env("DATABASE_URL", one.database_url());
    let two = setup.start().await;
    let code = made(
        &Client::admin(&one),
        json!({ "target": TARGET, "max_scans": 50 }),
    )
    .await;
    let link = link(&code);
    let nodes = [Client::anonymous(&one), Client::anonymous(&two)];
    // Both know the code before the crowd comes.
    for node in &nodes {
        node.head(&link).await.expect(302);
    }
    let scans = (0..200).map(|n| scan(&nodes[n % 2], &link, &[]));
    let answers = futures_util::future::join_all(scans).await;
    let let_through = answers.iter().filter(|answer| answer.status == 302).count();
    let refused = answers.iter().filter(|answer| answer.status == 410).count();
    assert_eq!((let_through, refused), (50, 150));
    for node in &nodes {
        scan(node, &link, &[]).await.problem(410);
    }
}

#[tokio::test]
async fn a_password_is_asked_for_and_guesses_are_limited() {
    for database in [Database::Sqlite, Database::Postgres] {
        let setup = Setup::on(database).env("LIMIT_SIGN_IN", "10");
        a_password_is_asked_for(setup.start().await).await;
    }
}

async fn a_password_is_asked_for(server: Server) {
    let client = Client::admin(&server);
    let people = Client::anonymous(&server);
    let code = made(
        &client,
        json!({ "target": TARGET, "password": "open sesame" }),
    )
    .await;
    assert_eq!(code["has_password"], true);
    let link = format!("{}?scan_ref=qr", link(&code));
    let browser = ("accept", "text/html");
    let page = scan(&people, &link, &[browser]).await.expect(200);
    assert!(page.text().contains("<input") && !page.text().contains("example.com"));
    assert_eq!(page.header("location"), "");
    scan(&people, &link, &[]).await.problem(403);
    let send_password = async |password: &str| {
        let request = people.request(Method::POST, &link);
        let request = request
            .header("user-agent", BROWSER)
            .header("accept", "text/html");
        let request = request.header("sec-fetch-site", "same-origin");
        let form = format!("password={}", password.replace(' ', "+"));
        send(request.body(form)).await
    };
    let wrong = send_password("open barley").await.expect(403);
    assert!(wrong.text().contains("not the password"));
    let right = send_password("open sesame").await.expect(303);
    assert_eq!(right.header("location"), TARGET);
    let raw = people.request(Method::POST, &link).body("x=1");
    send(raw).await.problem(400);
    // Nothing tells the hash.
    for answer in [
        client.get(&path(&code)).await,
        client.get(&format!("{}/targets", path(&code))).await,
    ] {
        assert!(!answer.text().contains("argon2"));
    }
    let mut statuses = Vec::new();
    for _ in 0..10 {
        statuses.push(send_password("wrong again").await.status);
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    // Then the right one is no better, from this network; who signs in is not kept from it.
    assert_eq!(send_password("open sesame").await.status, 429);
    client.get(&path(&code)).await.expect(200);
    client
        .patch(&path(&code), &json!({ "password": null }))
        .await
        .expect(200);
    assert_eq!(leads_to(&people, &link, &[]).await, TARGET);
}

async fn placements_are_counted_apart(server: Server) {
    let client = Client::admin(&server);
    let body =
        json!({ "target": TARGET, "placements": [{ "name": "Hall" }, { "name": "Stairs" }] });
    let code = made(&client, body).await;
    let slug = |code: &Value, n: usize| code["placements"][n]["slug"].as_str().unwrap().to_owned();
    let [hall, stairs] = [slug(&code, 0), slug(&code, 1)];
    let image = client
        .get(&format!(
            "{}/image?format=png&placement={hall}",
            path(&code)
        ))
        .await
        .expect(200);
    assert_eq!(
        json!(decode(&image.body, "png")),
        code["placements"][0]["content"]
    );
    for _ in 0..3 {
        scan(&client, &format!("/r/{hall}?scan_ref=qr"), &[])
            .await
            .expect(302);
    }
    scan(&client, &format!("/r/{stairs}"), &[])
        .await
        .expect(302);
    scan(&client, &link(&code), &[]).await.expect(302);
    let counted = eventually(20, async || {
        let code = client.get(&path(&code)).await.expect(200).json();
        if code["counts"]["scans"] == 5 {
            Ok(code)
        } else {
            Err(code["counts"].to_string())
        }
    })
    .await;
    let counts = |n: usize| {
        let placement = &counted["placements"][n];
        (
            placement["scans"].as_i64(),
            placement["genuine_scans"].as_i64(),
        )
    };
    assert_eq!(
        (counts(0), counts(1)),
        ((Some(3), Some(3)), (Some(1), Some(0)))
    );
    assert_eq!(counted["counts"]["genuine_scans"], 3);
    // One gets a name, one is new, one goes.
    let patch = json!({ "placements": [{ "slug": hall, "name": "Entrance" }, { "name": "Roof" }] });
    let after = client.patch(&path(&code), &patch).await.expect(200).json();
    assert_eq!(after["placements"][0]["name"], "Entrance");
    assert_eq!(after["placements"][0]["scans"], 3);
    scan(&client, &format!("/r/{}", slug(&after, 1)), &[])
        .await
        .expect(302);
    scan(&client, &format!("/r/{stairs}"), &[])
        .await
        .problem(404);
    let unknown = json!({ "placements": [{ "slug": stairs, "name": "x" }] });
    client
        .patch(&path(&code), &unknown)
        .await
        .invalid("placements");
    // A change of the code is a change of each of them.
    client
        .patch(
            &path(&code),
            &json!({ "target": "https://example.org/new" }),
        )
        .await
        .expect(200);
    assert_eq!(
        leads_to(&client, &format!("/r/{hall}"), &[]).await,
        "https://example.org/new"
    );
    client.delete(&path(&code)).await.expect(204);
    scan(&client, &format!("/r/{hall}"), &[]).await.problem(404);
}

async fn targets_have_a_history_a_future_and_an_undo(server: Server) {
    let client = Client::admin(&server);
    let code = made(&client, json!({ "target": TARGET })).await;
    let targets = format!("{}/targets", path(&code));
    let undo = format!("{targets}/undo");
    client.post(&undo, &json!({})).await.problem(409);
    let (a, b) = ("https://example.org/a", "https://example.org/b");
    // Each dialect's change is in it.
    let v1 = format!("/api/v1/qr/{}", code["id"].as_str().unwrap());
    client
        .put(&v1, &json!({ "redirect_url": a }))
        .await
        .expect(200);
    client
        .post(&targets, &json!({ "target": b }))
        .await
        .expect(200);
    assert_eq!(leads_to(&client, &link(&code), &[]).await, b);
    let back = client.post(&undo, &json!({})).await.expect(200).json();
    assert_eq!(back["target"], a);
    assert_eq!(leads_to(&client, &link(&code), &[]).await, a);
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(1500);
    let later = json!({ "target": b, "at": "2090-01-01T00:00:00Z" });
    client.post(&targets, &later).await.expect(200);
    let next = json!({ "target": "https://example.org/soon", "at": soon.to_string() });
    let answer = client.post(&targets, &next).await.expect(200).json();
    assert_eq!(answer["target"], a, "not yet");
    let history = client.get(&targets).await.expect(200).json();
    let led: Vec<&str> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["target"].as_str().unwrap())
        .collect();
    assert_eq!(led, [b, "https://example.org/soon", a, b, a, TARGET]);
    assert_eq!(history["items"][5]["by"], "admin");
    // What is to come can be cancelled, once; what has begun cannot.
    let cancel = format!("{targets}?at=2090-01-01T00:00:00Z");
    client.delete(&cancel).await.expect(200);
    client.delete(&cancel).await.problem(404);
    client
        .delete(&format!("{targets}?at=soon"))
        .await
        .invalid("at");
    let history = client.get(&targets).await.expect(200).json();
    assert_eq!(history["items"].as_array().unwrap().len(), 5);
    eventually(10, async || {
        let now = leads_to(&client, &link(&code), &[]).await;
        if now == "https://example.org/soon" {
            Ok(())
        } else {
            Err(now)
        }
    })
    .await;
    let shown = client.get(&path(&code)).await.expect(200).json();
    assert_eq!(shown["target"], "https://example.org/soon");
    // A new target is not overruled by one that began before.
    client
        .put(&v1, &json!({ "redirect_url": TARGET }))
        .await
        .expect(200);
    assert_eq!(leads_to(&client, &link(&code), &[]).await, TARGET);
}

async fn pages_and_filters_find_each_code_once(server: Server) {
    let client = Client::admin(&server);
    let mut ids = Vec::new();
    for n in 0..7 {
        let tags = if n % 2 == 0 {
            json!(["even", "x"])
        } else {
            json!(["odd"])
        };
        let code = made(
            &client,
            json!({ "target": TARGET, "title": format!("n{n}"), "tags": tags }),
        )
        .await;
        ids.insert(0, code["id"].clone());
    }
    made(&client, json!({ "content": "fixed" })).await;
    let get = async |query: &str| {
        client
            .get(&format!("{CODES}?{query}"))
            .await
            .expect(200)
            .json()
    };
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = get(&format!("kind=dynamic&limit=3{cursor}")).await;
        found.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|code| code["id"].clone()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, ids);
    for (query, count) in [
        ("tag=even", 4),
        ("tag=eve", 0),
        ("tag=odd&kind=static", 0),
        ("kind=static", 1),
        ("search=N3", 1),
        ("enabled=false", 0),
        ("tag=%0A", 0),
        ("enabled=true", 8),
    ] {
        let page = get(query).await;
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{query}");
        assert_eq!(page["remaining"], count, "{query}");
    }
    for query in ["cursor=x", "cursor=1-2", "limit=0", "limit=101", "kind=x"] {
        let answer = client.get(&format!("{CODES}?{query}")).await;
        assert!(
            matches!(answer.status, 400 | 422),
            "{query}: {}",
            answer.status
        );
    }
}

async fn bad_values_are_named_and_change_nothing(server: Server) {
    let client = Client::admin(&server);
    let code = made(&client, json!({ "target": TARGET })).await;
    let before = client.get(&path(&code)).await.expect(200).text();
    let rule = |when: Value| json!([{ "when": when, "target": TARGET }]);
    for (field, value, named) in [
        ("target", json!("javascript:alert(1)"), "target"),
        ("title", json!("x".repeat(101)), "title"),
        ("tags", json!(["a,b"]), "tags"),
        ("tags", json!(["a\nb"]), "tags"),
        (
            "tags",
            json!((0..31).map(|n| n.to_string()).collect::<Vec<_>>()),
            "tags",
        ),
        ("starts_at", json!("tomorrow"), "starts_at"),
        ("max_scans", json!(0), "max_scans"),
        ("password", json!("abc"), "password"),
        (
            "style",
            json!({ "dataPattern": "lines" }),
            "style.dataPattern",
        ),
        ("style", json!({ "size": 99_999 }), "style.size"),
        ("style", json!({ "colour": "red" }), "style.colour"),
        ("style_name", json!("unknown"), "style_name"),
        ("placements", json!([{ "name": "" }]), "placements"),
        ("rules", rule(json!({})), "rules[0].when"),
        (
            "rules",
            rule(json!({ "device": "fridge" })),
            "rules[0].when.device",
        ),
        (
            "rules",
            rule(json!({ "language": ["de_DE"] })),
            "rules[0].when.language",
        ),
        (
            "rules",
            rule(json!({ "country": "Germany" })),
            "rules[0].when.country",
        ),
        (
            "rules",
            rule(json!({ "from": "8:00", "to": "9:00" })),
            "rules[0].when.from",
        ),
        (
            "rules",
            rule(json!({ "from": "08:00" })),
            "rules[0].when.to",
        ),
        (
            "rules",
            rule(json!({ "from": "08:00", "to": "09:00", "zone": "Mars" })),
            "rules[0].when.zone",
        ),
        (
            "rules",
            json!([{ "when": { "device": "ios" }, "target": "ftp://x" }]),
            "rules[0].target",
        ),
        ("unknown", json!(1), "unknown"),
    ] {
        let body = json!({ field: value });
        client.patch(&path(&code), &body).await.invalid(named);
        let mut new = json!({ "target": TARGET });
        new[field] = value;
        client.post(CODES, &new).await.invalid(named);
    }
    let both = json!({ "starts_at": "2030-01-02T00:00:00Z", "expires_at": "2030-01-01T00:00:00Z" });
    client
        .patch(&path(&code), &both)
        .await
        .invalid("expires_at");
    client.post(CODES, &json!({})).await.invalid("target");
    client
        .post(CODES, &json!({ "target": TARGET, "content": "x" }))
        .await
        .invalid("content");
    client
        .post(CODES, &json!({ "content": "x", "max_scans": 3 }))
        .await
        .invalid("content");
    client
        .post(CODES, &json!({ "kind": "static", "target": TARGET }))
        .await
        .invalid("kind");
    assert_eq!(client.get(&path(&code)).await.expect(200).text(), before);
    let list = client.get(CODES).await.expect(200).json();
    assert_eq!(list["remaining"], 1);
    Client::anonymous(&server)
        .get(&path(&code))
        .await
        .problem(401);
}

async fn a_static_code_says_its_text(server: Server) {
    let client = Client::admin(&server);
    let style = json!({ "dataPattern": "dots", "foregroundColor": "#003366", "format": "png" });
    let code = made(&client, json!({ "content": "Room 7", "style": style })).await;
    assert_eq!(code["kind"], "static");
    assert_eq!(code["style"], style);
    let image = client
        .get(&format!("{}/image", path(&code)))
        .await
        .expect(200);
    assert_eq!(image.header("content-type"), "image/png");
    assert_eq!(decode(&image.body, "png"), "Room 7");
    let again = client.request(Method::GET, &format!("{}/image", path(&code)));
    send(again.header("if-none-match", image.header("etag")))
        .await
        .expect(304);
    client
        .post(
            &format!("{}/targets", path(&code)),
            &json!({ "target": TARGET }),
        )
        .await
        .invalid("target");
    client
        .patch(&path(&code), &json!({ "max_scans": 3 }))
        .await
        .invalid("body");
    let payload = json!({ "kind": "wifi", "ssid": "Hall", "password": "open sesame" });
    let wifi = made(&client, json!({ "payload": payload })).await;
    assert_eq!(wifi["payload"], payload);
    let image = client
        .get(&format!("{}/image?format=png", path(&wifi)))
        .await;
    assert_eq!(
        json!(decode(&image.expect(200).body, "png")),
        wifi["content"]
    );
    for (body, named) in [
        (json!({ "payload": { "kind": "wifi" } }), "payload.ssid"),
        (json!({ "payload": { "kind": "fax" } }), "payload.kind"),
        (json!({ "payload": payload, "target": TARGET }), "payload"),
    ] {
        client.post(CODES, &body).await.invalid(named);
    }
}

async fn what_a_code_cannot_be_without_stays(server: Server) {
    let client = Client::admin(&server);
    let code = made(&client, json!({ "target": TARGET })).await;
    for field in ["target", "enabled"] {
        let body = json!({ field: null });
        client.patch(&path(&code), &body).await.invalid(field);
    }
    let after = client.get(&path(&code)).await.expect(200).json();
    assert_eq!(after, code);
}
