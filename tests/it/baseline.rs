//! `qr-observatory baseline`: observed from outside, stored beside a running server, shown by it as gauges.

use std::fs;

use serde_json::Value;

use crate::support::{
    Client, Database, Server, Setup,
    client::Auth,
    codes::{create_dynamic, create_static},
    command::Says as _,
    eventually,
    load::Load,
    metrics::Scrape,
    process::free_port,
    proxy::answering,
};

const REDIRECT: &str = "/r/{slug}";

/// Scans that go on while a command observes them.
async fn load(server: &Server, client: &Client) -> Load {
    let code = create_dynamic(client).await;
    let load = Load::start(server, &code.genuine, 2);
    load.progress(20).await;
    load
}

fn capture(server: &Server, duration: &str) -> Value {
    server.run_json(&["baseline", "capture", "--duration", duration, "--json"])
}

fn stored(server: &Server) -> Option<Value> {
    let bytes = fs::read(server.path("data/baseline.json")).ok()?;
    Some(serde_json::from_slice(&bytes).unwrap())
}

fn gauge(scrape: &Scrape, name: &str, labels: &[(&str, &str)]) -> f64 {
    let sum = scrape.sum(name, labels);
    sum.unwrap_or_else(|| panic!("no {name} {labels:?}"))
}

/// The gauges say what the file says.
async fn shown(server: &Server, seen: &Value) {
    let scrape = Scrape::of(&Client::anonymous(server)).await;
    let same = |name: &str, labels: &[(&str, &str)], value: &Value| {
        let (shown, value) = (gauge(&scrape, name, labels), value.as_f64().unwrap());
        let is_same = (shown - value).abs() <= value.abs() * 1e-9;
        assert!(is_same, "{name} {labels:?}: {shown}, not {value}");
    };
    let at = &seen["captured_at_seconds"];
    same("qr_baseline_timestamp_seconds", &[], at);
    same("qr_baseline_window_seconds", &[], &seen["window_seconds"]);
    let quantiles = [("0.5", "p50"), ("0.95", "p95"), ("0.99", "p99")];
    for (name, route) in seen["routes"].as_object().unwrap() {
        let of = ("http_route", name.as_str());
        same("qr_baseline_request_rate", &[of], &route["request_rate"]);
        same("qr_baseline_error_ratio", &[of], &route["error_ratio"]);
        for (quantile, key) in quantiles {
            let labels = [of, ("q", quantile)];
            let value = &route["duration_seconds"][key];
            same("qr_baseline_duration_seconds", &labels, value);
        }
    }
    for (name, runs) in seen["arms"].as_object().unwrap() {
        for (quantile, key) in quantiles {
            let labels = [("experiment", name.as_str()), ("q", quantile)];
            let value = &runs["duration_seconds"][key];
            same("qr_baseline_arm_duration_seconds", &labels, value);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_is_captured_is_shown_and_outlives_a_restart() {
    let mut server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    let load = load(&server, &client).await;
    let submitting = client.clone();
    let submitted = tokio::spawn(async move {
        for n in 0.. {
            create_static(&submitting, &format!("text {n}")).await;
        }
    });
    let first = capture(&server, "2s");
    submitted.abort();

    let route = &first["routes"][REDIRECT];
    let number = |key: &str| route[key].as_f64().unwrap();
    let window = first["window_seconds"].as_f64().unwrap();
    assert!((2.0..30.0).contains(&window), "{first}");
    assert!(number("requests") > 10.0, "{first}");
    assert!((number("request_rate") * window - number("requests")).abs() < 0.01);
    assert!(number("error_ratio").abs() < f64::EPSILON);
    let quantile = |key: &str| route["duration_seconds"][key].as_f64().unwrap();
    assert!(0.0 < quantile("p50") && quantile("p50") <= quantile("p95"));
    assert!(quantile("p95") <= quantile("p99") && quantile("p99") <= 10.0);
    assert!(first["routes"]["/metrics"].is_null(), "{first}");
    let runs = first["arms"]["validate"]["runs"].as_u64();
    assert!(runs > Some(0), "{first}");
    assert_eq!(stored(&server).as_ref(), Some(&first));
    shown(&server, &first).await;

    server.stop().await;
    server.start().await;
    shown(&server, &first).await;

    load.progress(20).await;
    let second = capture(&server, "1s");
    load.stop().await;
    let previous = fs::read(server.path("data/baseline.previous.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&previous).unwrap(), first);
    shown(&server, &second).await;
    assert_eq!(server.run_json(&["baseline", "show", "--json"]), second);
    server.run_to(0, &["baseline", "show"]).says(REDIRECT);
    // Of the first capture only: its series stays, and says that there is none.
    if second["arms"]["validate"].is_null() {
        let scrape = Scrape::of(&client).await;
        let labels = [("experiment", "validate"), ("q", "0.95")];
        assert!(gauge(&scrape, "qr_baseline_arm_duration_seconds", &labels).is_nan());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_file_that_is_damaged_or_gone_counts_as_none() {
    let mut server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    let load = load(&server, &client).await;
    let captured = capture(&server, "1s");
    load.stop().await;
    shown(&server, &captured).await;
    let file = server.path("data/baseline.json");
    let good = fs::read(&file).unwrap();

    fs::write(&file, &good[..good.len() / 2]).unwrap();
    let none = async |client: &Client| {
        let scrape = Scrape::of(client).await;
        let zero = |name: &str| gauge(&scrape, name, &[]).abs() < f64::EPSILON;
        assert!(zero("qr_baseline_timestamp_seconds") && zero("qr_baseline_request_rate"));
        let labels = [("http_route", REDIRECT), ("q", "0.95")];
        assert!(gauge(&scrape, "qr_baseline_duration_seconds", &labels).is_nan());
    };
    let told = |server: &Server| server.log().matches("is no baseline").count();
    for _ in 0..3 {
        none(&client).await;
    }
    assert_eq!(told(&server), 1, "{}", server.log());
    for action in ["show", "calibrate"] {
        let said = server.run_to(1, &["baseline", action]);
        said.says("is no baseline");
    }

    fs::write(&file, &good).unwrap();
    shown(&server, &serde_json::from_slice(&good).unwrap()).await;
    fs::remove_file(&file).unwrap();
    none(&client).await;
    assert_eq!(told(&server), 1, "that there is none is no fault");

    // A start with one serves, too.
    fs::write(&file, "somebody else's").unwrap();
    server.stop().await;
    server.start().await;
    let scrape = Scrape::of(&client).await;
    assert!(gauge(&scrape, "qr_baseline_timestamp_seconds", &[]).abs() < f64::EPSILON);
    assert_eq!(told(&server), 2);
    create_static(&client, "text").await;
}

/// Fails with exit code 1, says so, and stores nothing.
#[track_caller]
fn refused(server: &Server, arguments: &[&str], saying: &str) {
    let arguments = [&["baseline", "capture"], arguments].concat();
    server.run_to(1, &arguments).says(saying);
    assert!(stored(server).is_none());
}

#[tokio::test]
async fn what_cannot_be_a_baseline_is_refused() {
    let server = Setup::on(Database::Sqlite).start().await;
    refused(&server, &["--duration", "1s"], "no traffic");
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let tried = format!("{nobody}/metrics does not answer");
    refused(&server, &["--url", &nobody], &tried);
    let other = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    refused(&server, &["--url", &other], "something else");
    let gone = answering(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    refused(&server, &["--url", &gone], "serves no metrics");
    refused(&server, &["--url", "nonsense"], "no address");
    for duration in ["0s", "tomorrow"] {
        server.run_to(2, &["baseline", "capture", "--duration", duration]);
    }
    // What to do.
    let said = server.run_to(1, &["baseline", "show"]);
    said.says("baseline capture");

    let server = Setup::on(Database::Sqlite).prepare();
    let tried = format!("{}/metrics does not answer", server.url());
    refused(&server, &[], &tried);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_restart_in_between_is_refused() {
    let mut server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    let load = load(&server, &client).await;
    let mut capture = server.begin(&["baseline", "capture", "--duration", "5s"]);
    eventually(10, async || {
        let said = server.log().contains("observing http");
        said.then_some(()).ok_or(server.log())
    })
    .await;
    // The first look was sent right after that was said.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    server.kill().await;
    server.start().await;
    let status = capture.wait().unwrap();
    load.stop().await;
    assert_eq!(status.code(), Some(1));
    let log = server.log();
    let has = |words: &str| log.contains(words);
    assert!(has("was restarted") || has("does not answer"), "{log}");
    assert!(stored(&server).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn calibrating_proposes_and_changes_nothing() {
    let mut server = Setup::on(Database::Sqlite)
        .env("METRICS_TOKEN", "for-prometheus-only")
        .start()
        .await;
    let client = Client::admin(&server);
    let load = load(&server, &client).await;
    // Fewer than 100 requests in this time would propose nothing.
    let calibrate = ["baseline", "calibrate", "--duration", "4s", "--json"];
    let alone = server.run_json(&calibrate);
    assert!(alone["baseline"].is_null());
    let row = |found: &Value, alert: &str| -> Value {
        let rows = found["thresholds"].as_array().unwrap();
        let all = ["all traffic", REDIRECT];
        let is = |r: &&Value| r["alert"] == alert && all.iter().any(|of| r["of"] == *of);
        let row = rows.iter().find(is);
        row.unwrap_or_else(|| panic!("no {alert} in {found}"))
            .clone()
    };
    let p95 = row(&alone, "LatencyP95High");
    assert_eq!(p95["in_force"].as_f64(), Some(0.5));
    let proposed = p95["proposed"].as_f64().unwrap();
    assert!(proposed >= 0.005 && proposed >= p95["observed"].as_f64().unwrap());
    assert!(row(&alone, "LatencyAboveBaseline")["in_force"].is_null());

    capture(&server, "1s");
    let before = fs::read(server.path("data/baseline.json")).unwrap();
    let compared = server.run_json(&calibrate);
    assert_eq!(compared["baseline"], stored(&server).unwrap());
    let above = row(&compared, "LatencyAboveBaseline");
    assert!(above["in_force"].as_f64() >= Some(0.005), "{above}");
    assert!(row(&compared, "TrafficSurge")["in_force"].as_f64() >= Some(10.0));
    let table = server.run_to(0, &calibrate[..4]);
    table.says("TrafficDrop|LatencyHigh|IN FORCE");
    table.says(REDIRECT);
    load.stop().await;
    // It changed nothing that is stored.
    let after = fs::read(server.path("data/baseline.json")).unwrap();
    assert_eq!(after, before);

    let prometheus = Client::with(&server, Auth::Bearer("for-prometheus-only".into()));
    let scrape = Scrape::of(&prometheus).await;
    assert!(gauge(&scrape, "qr_baseline_timestamp_seconds", &[]) > 1e9);
    server.set("METRICS_TOKEN", "another");
    let said = server.run_to(1, &["baseline", "capture", "--duration", "1s"]);
    said.says("METRICS_TOKEN");
}
