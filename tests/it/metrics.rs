//! `GET /metrics`: what dashboards and scripts rely on, and nothing that is not declared.

use std::collections::BTreeSet;

use qr_observatory::telemetry::catalogue;
use serde_json::json;

use crate::support::{
    Client, Database, Server, Setup,
    codes::{API, counted, create_dynamic, create_static},
    eventually,
    load::BROWSER,
    metrics::{Sample, Scrape},
    on_both,
    process::free_port,
    redis::{RedisServer, RedisSetup},
};

on_both!(
    counters_begin_at_zero_and_count_what_is_declared,
    a_start_warms_itself_and_counts_nobody,
);

async fn counters_begin_at_zero_and_count_what_is_declared(server: Server) {
    let client = Client::admin(&server);
    everything_is_there_at_zero(&Scrape::of(&client).await);
    traffic(&server).await;
    what_happens_is_counted(&Scrape::of(&client).await);
    only_what_is_declared_is_emitted(&Scrape::of(&client).await);
    routes_are_templates(&client).await;
}

fn everything_is_there_at_zero(scrape: &Scrape) {
    for series in [
        "qr_creations_total qr_type=static status=success",
        "qr_creations_total qr_type=dynamic status=failure",
        "qr_redirects_total status=success",
        "qr_redirects_total status=not_found",
        "qr_redirects_total status=failure",
        "qr_images_total dialect=v1 format=png status=success",
        "qr_images_total dialect=v2 format=pdf status=failure",
        "qr_images_total dialect=barcode format=svg status=failure",
        "qr_images_total dialect=organization format=png status=success",
        "qr_style_features_total feature=pattern word=dots",
        "qr_symbol_grades_total grade=F status=failure",
        "qr_cache_requests_total tier=memory result=hit",
        "qr_cache_requests_total tier=memory result=miss",
        "qr_scans_accepted_total kind=genuine",
        "qr_scans_stored_total",
        "qr_scans_backlog",
        "qr_scans_unrecorded_total",
        "qr_store_operation_duration_seconds_count outcome=error",
    ] {
        assert_eq!(scrape.at(series), Some(0.0), "{series}");
    }
    for (series, least) in [
        ("qr_cache_entries", 0.0),
        ("qr_cache_bytes", 0.0),
        ("process_cpu_seconds_total", 0.0),
        ("process_resident_memory_bytes", 1e6),
        ("process_open_fds", 4.0),
        ("process_start_time_seconds", 0.0),
        ("qr_build_info", 0.0),
    ] {
        assert!(scrape.at(series) >= Some(least), "{series}");
    }
}

/// One of everything.
async fn traffic(server: &Server) {
    let client = Client::admin(server);
    let code = create_dynamic(&client).await;
    let fixed = create_static(&client, "text").await;
    let empty = json!({ "content": "" });
    client.post("/api/v1/qr/static", &empty).await.expect(422);
    let scan = client.request(reqwest::Method::GET, &code.genuine);
    scan.header("user-agent", BROWSER).send().await.unwrap();
    client.get("/r/00000000").await.expect(404);
    let id = fixed["id"].as_str().unwrap();
    for format in ["png", "png", "svg"] {
        let path = format!("{API}/{id}/image?image_format={format}");
        client.get(&path).await.expect(200);
    }
    symbols_without_a_code(&client).await;
    client.get("/nowhere/at/all").await.expect(404);
    counted(&client, &code.id, 1, 1).await;
}

/// In each dialect, drawn and refused.
async fn symbols_without_a_code(client: &Client) {
    let styled =
        |format: &str, data: &str| json!({ "data": data, "options": { "format": format } });
    let generate = "/api/v2/qr/generate";
    client.post(generate, &styled("png", "")).await.expect(422);
    let batch = json!({ "codes": [styled("svg", "a"), styled("pdf", "")] });
    client.post("/api/v2/qr/batch", &batch).await.expect(200);
    client.get("/api/v2/qr/preview?data=a").await.expect(200);
    for (data, status) in [("a", 200), ("", 422)] {
        let body = json!({ "data": data });
        client.post("/api/v1/barcode", &body).await.expect(status);
    }
    let organizations = client.get("/api/organizations").await.json();
    let id = organizations["items"][0]["id"].as_str().unwrap();
    let unknown = "00000000-0000-7000-8000-000000000000";
    let path = format!("/api/organizations/{id}/qr-codes/{unknown}/image?format=svg");
    client.get(&path).await.expect(404);
}

fn what_happens_is_counted(scrape: &Scrape) {
    for (series, value) in [
        ("qr_creations_total qr_type=dynamic status=success", 1.0),
        ("qr_creations_total qr_type=static status=success", 1.0),
        ("qr_creations_total qr_type=static status=failure", 1.0),
        ("qr_redirects_total status=success", 1.0),
        ("qr_redirects_total status=not_found", 1.0),
        ("qr_images_total dialect=v1 format=png status=success", 2.0),
        ("qr_images_total dialect=v1 format=svg status=success", 1.0),
        // In a preview and in a batch; the other ones were refused.
        ("qr_images_total dialect=v2 format=svg status=success", 2.0),
        ("qr_images_total dialect=v2 format=pdf status=failure", 1.0),
        ("qr_images_total dialect=v2 format=png status=failure", 1.0),
        (
            "qr_images_total dialect=barcode format=svg status=success",
            1.0,
        ),
        (
            "qr_images_total dialect=barcode format=svg status=failure",
            1.0,
        ),
        (
            "qr_images_total dialect=organization format=svg status=failure",
            1.0,
        ),
        ("qr_scans_accepted_total kind=genuine", 1.0),
        ("qr_scans_stored_total", 1.0),
        ("qr_scans_unrecorded_total", 0.0),
    ] {
        assert_eq!(scrape.at(series), Some(value), "{series}");
    }
    for labels in ["http_response_status_code=302", "http_route=<unmatched>"] {
        let series = format!("http_server_request_duration_seconds_count {labels}");
        assert_eq!(scrape.at(&series), Some(1.0), "{series}");
    }
    // The second image came from a cache.
    let hits = scrape.at("qr_cache_requests_total tier=memory result=hit");
    assert!(hits >= Some(1.0), "{hits:?}");
    let stored = scrape.at("qr_store_operation_duration_seconds_count outcome=ok");
    assert!(stored >= Some(3.0), "{stored:?}");
}

fn only_what_is_declared_is_emitted(scrape: &Scrape) {
    assert!(scrape.0.len() > 50, "only {} samples", scrape.0.len());
    for sample in &scrape.0 {
        let declared = catalogue::ALL.iter().find(|m| {
            let histogram = m.kind == catalogue::Kind::Histogram;
            let parts: &[&str] = if histogram {
                &["_bucket", "_sum", "_count"]
            } else {
                &[""]
            };
            let mut names = parts.iter().map(|part| format!("{}{part}", m.name));
            names.any(|name| name == sample.name)
        });
        let declared = declared.unwrap_or_else(|| panic!("not declared: {sample:?}"));
        let labels: BTreeSet<&str> = sample.labels.keys().map(String::as_str).collect();
        let mut expected: BTreeSet<&str> = declared.labels.iter().copied().collect();
        if sample.name.ends_with("_bucket") {
            expected.insert("le");
        }
        assert_eq!(labels, expected, "{}", sample.name);
    }
}

/// Where all that is optional is configured, nothing declared is missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_declared_is_emitted() {
    let redis = RedisServer::start(RedisSetup::default()).await;
    let collector = format!("http://127.0.0.1:{}", free_port());
    let setup = Setup::on(Database::Sqlite)
        .env("REDIS_URL", redis.url())
        .env("REDIS_ADMISSION", "always")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector);
    let server = setup.start().await;
    traffic(&server).await;
    let client = Client::admin(&server);
    let submitting = client.clone();
    let submitted = tokio::spawn(async move {
        for n in 0.. {
            create_static(&submitting, &format!("text {n}")).await;
        }
    });
    server.run_json(&["baseline", "capture", "--duration", "2s", "--json"]);
    submitted.abort();
    eventually(30, async || {
        let scrape = Scrape::of(&client).await;
        let emitted = |m: &&&catalogue::Metric| {
            let count = format!("{}_count", m.name);
            let histogram = m.kind == catalogue::Kind::Histogram;
            let name = if histogram { &count } else { m.name };
            scrape.sum(name, &[]).is_some()
        };
        let silent = catalogue::ALL.iter().filter(|m| !emitted(m));
        let silent: Vec<&str> = silent.map(|m| m.name).collect();
        if silent.is_empty() {
            return Ok(());
        }
        Err(format!("declared and not emitted: {silent:?}"))
    })
    .await;
}

/// Its own requests go through everything that a caller's do.
async fn a_start_warms_itself_and_counts_nobody(mut server: Server) {
    let client = Client::admin(&server);
    create_dynamic(&client).await;
    server.stop().await;
    server.start().await;
    let scrape = Scrape::of(&client).await;
    assert_eq!(scrape.at("qr_ready"), Some(1.0));
    // The readiness that the test waited for, and nothing else.
    let answered = scrape.at("http_server_request_duration_seconds_count");
    let waited = scrape.at("http_server_request_duration_seconds_count http_route=/health/ready");
    assert_eq!(answered, waited);
    for what in
        "arm_requests routes shadow images redirects creations scans_accepted errors".split(' ')
    {
        let name = format!("qr_{what}_total");
        assert_eq!(scrape.at(&name), Some(0.0), "{name}");
    }
    for operation in "codes.list codes.get users.rewrite scans.rolled_buckets".split(' ') {
        let series =
            format!("qr_store_operation_duration_seconds_count operation={operation} outcome=ok");
        let asked = scrape.at(&series);
        assert!(asked > Some(0.0), "{operation} was not warmed: {asked:?}");
    }
    for space in ["render_legacy", "render_engine", "analytics_legacy"] {
        let series = format!("qr_cache_requests_total tier=memory space={space}");
        assert_eq!(scrape.at(&series), Some(0.0), "{space}: nobody asked");
    }
    let codes = client.get(API).await.expect(200).json();
    assert_eq!(codes["total"], 1);
}

async fn routes_are_templates(client: &Client) {
    for n in 0..20 {
        client.get(&format!("/made-up/{n}")).await.expect(404);
        client.get(&format!("/r/{n:08x}")).await.expect(404);
        client.get(&format!("{API}/{n}")).await.expect(404);
    }
    let scrape = Scrape::of(client).await;
    let route_of = |s: &'_ Sample| s.labels.get("http_route").cloned();
    let routes: BTreeSet<String> = scrape.0.iter().filter_map(route_of).collect();
    assert!(routes.contains("<unmatched>"), "{routes:?}");
    let redirects = routes.iter().filter(|r| r.starts_with("/r/"));
    assert_eq!(redirects.count(), 1, "{routes:?}");
    for route in &routes {
        let made_up =
            route.contains("made-up") || route.chars().any(|c| matches!(c, '0' | '3'..='9'));
        assert!(!made_up && !route.contains('?'), "{route}");
    }
    assert!(routes.len() < 40, "{routes:?}");
}

#[tokio::test]
async fn a_token_closes_them() {
    let server = Setup::on(Database::Sqlite)
        .env("METRICS_TOKEN", "for-prometheus-only")
        .start()
        .await;
    let client = Client::anonymous(&server);
    client.get("/metrics").await.problem(401);
    Client::admin(&server).get("/metrics").await.problem(401);
    let auth = |token: &str| crate::support::client::Auth::Bearer(token.into());
    let other = Client::with(&server, auth("for-prometheus"));
    other.get("/metrics").await.problem(401);
    Scrape::of(&Client::with(&server, auth("for-prometheus-only"))).await;
}

#[tokio::test]
async fn a_listener_of_their_own_takes_them_away_from_the_main_one() {
    let port = free_port();
    let server = Setup::on(Database::Sqlite).env("METRICS_BIND", format!("127.0.0.1:{port}"));
    let server = server.start().await;
    let client = Client::anonymous(&server);
    client.get("/metrics").await.problem(404);
    let own = format!("http://127.0.0.1:{port}/metrics");
    let own = client.http.get(own).send().await.unwrap();
    assert_eq!(own.status(), 200);
    assert!(own.text().await.unwrap().contains("qr_scans_backlog"));
}
