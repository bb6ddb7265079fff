//! The load tools `scripts/load_test.py` and `scripts/load_test.sh`: against the product, and against a server that
//! has faults on purpose.

use std::{
    process::{Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::{
    Client, Database, Server, Setup,
    codes::{create_dynamic, total},
    command::{script, text},
    postgres::signal,
    process::{PASSWORD, free_port},
    python::PythonServer,
};

const FAKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/load_test/fake.py");
/// What the fake lets in.
const SECRET: &str = "secret";

fn run(name: &str, password: &str, arguments: &[&str]) -> Output {
    script(name, password).args(arguments).output().unwrap()
}

/// Asserts that the script ends with `code`. `arguments`: with blanks between them.
#[track_caller]
fn ends(name: &str, arguments: &str, code: i32) {
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    ended(&run(name, SECRET, &arguments), code);
}

#[track_caller]
fn ended(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", text(output));
}

/// The report of `load_test.py`, which must end with `code`.
#[track_caller]
fn report(url: &str, password: &str, code: i32, arguments: &str) -> Value {
    let all = ["--url", url, "--json", "-"].into_iter();
    let all: Vec<&str> = all.chain(arguments.split(' ')).collect();
    let output = run("load_test.py", password, &all);
    ended(&output, code);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("no JSON ({e}): {}", text(&output)));
    assert_eq!(report["exit_code"], code, "{report}");
    adds_up(&report);
    report
}

/// Every request was answered or not, and the whole is the sum of its parts.
#[track_caller]
fn adds_up(report: &Value) {
    let sum = |of: &Value| -> u64 {
        let counts = of.as_object().unwrap().values();
        counts.map(|n| n.as_u64().unwrap()).sum()
    };
    let total = &report["total"];
    let runs = report["runs"].as_array().unwrap();
    for part in runs.iter().chain([total]) {
        let requests = part["requests"].as_u64().unwrap();
        let counted = sum(&part["status"]) + sum(&part["unanswered"]);
        assert_eq!(requests, counted, "{part}");
        let ranks = ["min", "p50", "p90", "p95", "p99", "p99_9", "max"];
        let ms: Vec<f64> = ranks
            .iter()
            .map(|name| part["latency_ms"][name].as_f64().unwrap())
            .collect();
        assert!(ms[0] > 0.0 && ms.is_sorted(), "{part}");
        assert!(part["throughput_per_second"].as_f64().unwrap() > 0.0);
    }
    for name in ["requests", "bytes", "errors", "wrong_images"] {
        let parts: u64 = runs.iter().map(|r| r[name].as_u64().unwrap()).sum();
        assert_eq!(total[name], parts, "{name}: {report}");
    }
}

/// Payload, phase and number of requests of each part.
fn phases(report: &Value) -> String {
    let text = |of: &Value| of.as_str().unwrap().to_owned();
    let runs = report["runs"].as_array().unwrap().iter();
    let phase = |r: &Value| {
        format!(
            "{} {} {}",
            text(&r["payload"]),
            text(&r["phase"]),
            r["requests"]
        )
    };
    runs.map(phase).collect::<Vec<_>>().join(", ")
}

/// The load generators of this machine. Whoever has none is told that a part was not run.
fn tools() -> Vec<&'static str> {
    let paths = std::env::var_os("PATH").unwrap();
    let is_there =
        |tool: &&str| std::env::split_paths(&paths).any(|folder| folder.join(tool).is_file());
    let found: Vec<_> = ["wrk", "hey", "ab"].into_iter().filter(is_there).collect();
    if found.is_empty() {
        eprintln!("without wrk, hey and ab: load_test.sh was NOT run against a server");
    }
    found
}

async fn product() -> (Server, Client) {
    let server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    (server, client)
}

#[tokio::test]
async fn every_payload_is_asked_cold_and_warm_and_nothing_is_left() {
    let (server, client) = product().await;
    create_dynamic(&client).await;
    let arguments = "--cold-warm --codes 2 --requests 12 --concurrency 3";
    let report = report(&server.url(), PASSWORD, 0, arguments);
    let phases_are = "basic cold 2, basic warm 12, medium cold 8, medium warm 12, advanced cold 8, advanced warm 12";
    assert_eq!(phases(&report), phases_are);
    let whole = &report["total"];
    assert_eq!(whole["errors"], 0, "{report}");
    assert_eq!(whole["status"]["200"], 54, "{report}");
    assert!(whole["bytes"].as_u64().unwrap() > 54 * 100, "{report}");
    assert_eq!(report["codes"]["created"], 6, "{report}");
    assert_eq!(report["codes"]["deleted"], 6, "{report}");
    assert_eq!(report["codes"]["left"], 0, "{report}");
    // What was there before is there still, and nothing else.
    assert_eq!(total(&client).await, 1);
}

#[tokio::test]
async fn an_interrupted_run_takes_its_codes_away_too() {
    let (server, client) = product().await;
    let file = server.path("report.json");
    let mut child = script("load_test.py", PASSWORD)
        .args(["--url", &server.url(), "--payload", "basic"])
        .args(["--codes", "3", "--duration", "120", "--quiet", "--json"])
        .arg(&file)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    while total(&client).await < 3 {
        assert!(Instant::now() < end, "it made no codes");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    signal("INT", &[child.id()]);
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap());
    let status = tokio::time::timeout(Duration::from_mins(1), status).await;
    assert_eq!(status.unwrap().unwrap().code(), Some(130));
    assert_eq!(total(&client).await, 0);
    let report: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(report["interrupted"], true, "{report}");
    assert_eq!(report["codes"]["left"], 0, "{report}");
}

#[test]
fn hit_rates_are_those_of_the_phase() {
    let fake = PythonServer::start(&[FAKE, "fine"]);
    let arguments = "--payload medium --cold-warm --codes 5 --requests 60";
    let report = report(&fake.url, SECRET, 0, arguments);
    // The fake counted before, and that is not this run's doing.
    for (phase, hits, misses, rate) in [(0_usize, 0_u64, 20_u64, 0.0), (1, 60, 0, 1.0)] {
        let cache = &report["runs"][phase]["cache"];
        let engine = &cache["spaces"]["render_engine"];
        for part in [&cache["memory"], &cache["images"], engine] {
            assert_eq!(part["hits"], hits, "{report}");
            assert_eq!(part["misses"], misses, "{report}");
            assert_eq!(part["hit_rate"], rate, "{report}");
        }
    }
    let redis = |phase: usize| &report["runs"][phase]["cache"]["redis"];
    assert_eq!(redis(0)["misses"], 20, "{report}");
    assert!(redis(1)["hit_rate"].is_null(), "{report}");
    assert_eq!(report["total"]["cache"]["memory"]["hit_rate"], 0.75);
}

#[test]
fn faults_of_the_server_are_seen() {
    let arguments = "--payload basic --codes 5 --requests 50 --concurrency 2";
    let faults = |mode| {
        let fake = PythonServer::start(&[FAKE, mode]);
        let report = report(&fake.url, SECRET, 1, arguments);
        assert_eq!(report["codes"]["left"], 0, "{report}");
        report["total"].clone()
    };
    let failing = faults("failing");
    assert_eq!(failing["errors"], 10, "{failing}");
    assert_eq!(failing["status"]["500"], 10, "{failing}");
    let closing = faults("closing");
    assert_eq!(closing["errors"], 10, "{closing}");
    assert_eq!(closing["unanswered"]["broken"], 10, "{closing}");
    // The first answer of each is taken for right.
    let wrong = faults("wrong");
    assert_eq!(wrong["wrong_images"], 45, "{wrong}");
}

#[test]
fn other_machines_are_not_put_under_load_unasked() {
    let others = "http://192.0.2.1:3002 http://example.com http://127.0.0.1.example.com \
        http://127.0.0.1:80@example.com http://[2001:db8::1]:80 ftp://127.0.0.1";
    for name in ["load_test.py", "load_test.sh"] {
        for url in others.split_whitespace() {
            let output = run(name, SECRET, &["--url", url]);
            ended(&output, 2);
            assert!(!output.stderr.is_empty(), "{name} {url}");
        }
    }
}

#[test]
fn what_is_unbounded_or_not_understood_is_refused() {
    let python = "--requests 1000001|--requests 200000 --cold-warm|--duration 3601|--duration nan|--concurrency 1001|\
        --concurrency 0|--requests 1 --duration 1|--payload huge|--json /nowhere/report.json|--frobnicate";
    let shell = "--connections 1001|--threads 65|--duration 3601|--duration 1s|--tool curl|--slug a --image b|\
        --path nowhere|--path|--frobnicate";
    for (name, all) in [("load_test.py", python), ("load_test.sh", shell)] {
        for arguments in all.split('|') {
            ends(name, arguments, 2);
        }
    }
    // Without credentials there is nothing that could be asked for.
    ended(&run("load_test.py", "", &[]), 2);
    for name in ["load_test.py", "load_test.sh"] {
        let help = run(name, SECRET, &["--help"]);
        ended(&help, 0);
        assert!(text(&help).contains("--allow-remote"), "{}", text(&help));
    }
}

#[test]
fn who_is_not_healthy_is_left_alone() {
    let fake = PythonServer::start(&[FAKE, "unhealthy"]);
    let nobody = format!("http://127.0.0.1:{}", free_port());
    for url in [&fake.url, &nobody] {
        ends("load_test.py", &format!("--url {url}"), 3);
        // It looks for a load generator before it looks for a server.
        if !tools().is_empty() {
            ends("load_test.sh", &format!("--url {url}"), 3);
        }
    }
}

#[tokio::test]
async fn wrong_credentials_are_bad_usage() {
    let (server, _) = product().await;
    let output = run("load_test.py", "wrong", &["--url", &server.url()]);
    ended(&output, 2);
    assert!(text(&output).contains("credentials"), "{}", text(&output));
}

#[tokio::test]
async fn each_load_generator_shows_what_the_server_counted() {
    let (server, client) = product().await;
    let id = create_dynamic(&client).await.id;
    let url = server.url();
    for tool in tools() {
        let common = ["--url", &url, "--tool", tool, "--duration", "1"];
        let with = |more: &[&str]| {
            let all: Vec<&str> = common.iter().chain(more).copied().collect();
            run("load_test.sh", PASSWORD, &all)
        };
        let live = with(&["--connections", "2"]);
        ended(&live, 0);
        let shown = text(&live);
        assert!(shown.contains("GET /health/live 200"), "{shown}");
        assert!(shown.contains(&format!("errors: 0 seen by {tool}")));

        let images = with(&["--image", &id, "--connections", "2"]);
        ended(&images, 0);
        let shown = text(&images);
        assert!(shown.contains("GET /api/v1/qr/{id}/image 200"), "{shown}");
        assert!(shown.contains("cache memory render_legacy"), "{shown}");

        ended(&with(&["--path", "/nowhere"]), 2);
    }
}

#[test]
fn each_load_generator_sees_faults() {
    for tool in tools() {
        let fake = PythonServer::start(&[FAKE, "failing"]);
        let path = "/api/v1/qr/code-1/image?image_format=png";
        let arguments = [
            "--url",
            &fake.url,
            "--tool",
            tool,
            "--duration",
            "1",
            "--path",
            path,
        ];
        let output = run("load_test.sh", SECRET, &arguments);
        ended(&output, 1);
        let shown = text(&output);
        let none = format!("errors: 0 seen by {tool}");
        assert!(!shown.contains(&none), "{shown}");
        let has = |words: &str| shown.contains(words);
        assert!(has("cache (after)") || has("cache after"), "{shown}");
    }
}
