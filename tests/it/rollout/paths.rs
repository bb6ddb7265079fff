//! Who answers a request, and how callers and metrics are told.
// Counters and gauges that are compared are whole numbers.
#![allow(clippy::float_cmp)]

use serde_json::json;

use super::{RENDER, VALIDATE, candidate, code, draw, is_in, look, order, path, refused, set};
use crate::support::{
    Answer, Client, Database, Server, Setup,
    codes::{API, TARGET},
    eventually,
    metrics::Scrape,
    on_both,
    rows::execute,
};

on_both!(
    who_answered_is_told,
    the_share_is_that_of_the_buckets_and_only_grows,
    metrics_are_there_at_zero_and_move,
);

const IMAGES: u32 = 300;

async fn who_answered_is_told(server: Server) {
    let client = Client::admin(&server);
    let id = code(&client).await;
    let mut n = 0;
    let mut image = async || {
        n += 1;
        path(&draw(&client, &id, n).await, "render")
    };
    let make = async |url: &str| {
        let body = json!({ "redirect_url": url });
        client.post("/api/v1/qr/dynamic", &body).await
    };
    let check = async || path(&make(TARGET).await.expect(201), "validate");

    assert_eq!([image().await, check().await], ["control", "control"]);
    candidate(&client, RENDER, 100).await;
    assert_eq!([image().await, check().await], ["candidate", "control"]);
    candidate(&client, VALIDATE, 100).await;
    assert_eq!([image().await, check().await], ["candidate", "candidate"]);
    // Those who are refused are told, too.
    let no = make("javascript:alert(1)").await;
    no.problem(422);
    assert_eq!(path(&no, "validate"), "candidate");
    order(&client, RENDER, "kill", json!({})).await;
    assert_eq!([image().await, check().await], ["control", "candidate"]);
    order(&client, RENDER, "release", json!({})).await;
    set(&client, VALIDATE, json!({ "breaker": "open" })).await;
    assert_eq!([image().await, check().await], ["candidate", "control"]);
    // What is remembered, or not modified, says who made it.
    for _ in 0..2 {
        assert_eq!(path(&draw(&client, &id, 7777).await, "render"), "candidate");
    }
    // Nobody else is in an experiment.
    for path in [API.to_owned(), format!("{API}/{id}"), "/health".to_owned()] {
        let answer = client.get(&path).await.expect(200);
        assert_eq!(answer.header("x-qr-path"), "", "{path}");
        assert_eq!(answer.header("x-qr-experiment"), "", "{path}");
    }
}

async fn the_share_is_that_of_the_buckets_and_only_grows(server: Server) {
    let client = Client::admin(&server);
    let id = code(&client).await;
    let mut inside = Vec::new();
    for percent in [25, 50] {
        candidate(&client, RENDER, percent).await;
        let images = futures_util::future::join_all((0..IMAGES).map(|n| draw(&client, &id, n)));
        let images: Vec<Answer> = images.await;
        let is_candidate = |image: &Answer| path(image, "render") == "candidate";
        let now: Vec<bool> = images.iter().map(is_candidate).collect();
        let expected: Vec<bool> = images.iter().map(|image| is_in(image, percent)).collect();
        assert_eq!(now, expected, "at {percent} %");
        let taken = now.iter().filter(|in_it| **in_it).count();
        // 5 standard deviations of 300 throws.
        let mean = usize::from(percent) * 3;
        assert!(taken.abs_diff(mean) < 44, "{taken} at {percent} %");
        let left = inside.iter().zip(&now).filter(|(was, is)| **was && !**is);
        assert_eq!(left.count(), 0, "units left when the percentage rose");
        inside = now;
    }
}

/// Candidate percentages of all experiments.
async fn percents(server: &Server) -> Vec<(String, u64)> {
    let all = look(&Client::admin(server), super::ALL).await;
    let experiments = all["experiments"].as_array().unwrap().iter();
    experiments
        .map(|e| {
            let percent = e["candidate_percent"].as_u64().unwrap();
            (e["name"].as_str().unwrap().to_owned(), percent)
        })
        .collect()
}

#[tokio::test]
async fn settings_are_the_first_percentages_only() {
    let mut server = Setup::on(Database::Sqlite)
        .env("USE_NEW_QR_GENERATION_SERVICE", "true")
        .env("CANARY_TESTING_ENABLED", "true")
        .env("CANARY_PERCENTAGE", "7")
        .start()
        .await;
    let client = Client::admin(&server);
    for (name, percent) in percents(&server).await {
        assert_eq!(percent, if name == "render" { 100 } else { 7 }, "{name}");
    }
    let id = code(&client).await;
    assert_eq!(path(&draw(&client, &id, 1).await, "render"), "candidate");

    candidate(&client, VALIDATE, 3).await;
    let before = percents(&server).await;
    server.stop().await;
    server.set("USE_NEW_QR_GENERATION_SERVICE", "false");
    server.set("USE_NEW_VALIDATION_SERVICE", "true");
    server.set("CANARY_PERCENTAGE", "60");
    server.start().await;
    assert_eq!(percents(&server).await, before);

    // A percentage alone is none.
    let server = Setup::on(Database::Sqlite).env("CANARY_PERCENTAGE", "60");
    let server = server.start().await;
    let all = percents(&server).await;
    assert!(all.iter().all(|(_, percent)| *percent == 0), "{all:?}");
}

#[tokio::test]
async fn candidates_answer_where_there_are_no_codes_yet() {
    for database in [Database::Sqlite, Database::Postgres] {
        let mut setup = Setup::on(database);
        for service in ["QR_GENERATION", "VALIDATION", "ANALYTICS"] {
            setup = setup.without(&format!("USE_NEW_{service}_SERVICE"));
        }
        let mut server = setup.start().await;
        assert!(percents(&server).await.iter().all(|(_, p)| *p == 100));
        let client = Client::admin(&server);
        let id = code(&client).await;
        assert_eq!(path(&draw(&client, &id, 1).await, "render"), "candidate");
        candidate(&client, RENDER, 40).await;
        server.stop().await;
        server.start().await;
        let kept = percents(&server).await;
        assert!(kept.contains(&("render".to_owned(), 40)), "{kept:?}");
        // The first start of this release on a database with codes; one setting says otherwise.
        server.stop().await;
        execute(&server, "DELETE FROM dials").await;
        server.set("USE_NEW_VALIDATION_SERVICE", "true");
        server.start().await;
        for (name, percent) in percents(&server).await {
            assert_eq!(percent, if name == "validate" { 100 } else { 0 }, "{name}");
        }
    }
}

#[tokio::test]
async fn a_kill_survives_a_restart() {
    let mut server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    let id = code(&client).await;
    candidate(&client, RENDER, 100).await;
    order(&client, RENDER, "kill", json!({ "reason": "odd" })).await;
    // Neither a stop nor a crash lifts it.
    for crash in [false, true] {
        if crash {
            server.kill().await;
        } else {
            server.stop().await;
        }
        server.start().await;
        let killed = look(&client, RENDER).await;
        assert_eq!(killed["override"]["kind"], "killed");
        assert_eq!(killed["override"]["why"], "odd");
        assert_eq!(killed["candidate_percent"], 100);
        assert_eq!(path(&draw(&client, &id, 1).await, "render"), "control");
    }
    order(&client, RENDER, "release", json!({})).await;
    assert_eq!(path(&draw(&client, &id, 2).await, "render"), "candidate");
}

async fn metrics_are_there_at_zero_and_move(server: Server) {
    let client = Client::admin(&server);
    let sum = async |name: &str, labels: &[(&str, &str)]| {
        let scrape = Scrape::of(&client).await;
        let value = scrape.sum(name, labels);
        value.unwrap_or_else(|| panic!("no {name} {labels:?}"))
    };
    let listed = look(&client, super::ALL).await;
    for experiment in listed["experiments"].as_array().unwrap() {
        let name = experiment["name"].as_str().unwrap();
        at_zero(&Scrape::of(&client).await, name);
    }
    let started = sum("qr_flags_last_success_timestamp_seconds", &[]).await;
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    assert!((now.as_secs_f64() - started).abs() < 30.0, "{started}");
    eventually(10, async || {
        let later = sum("qr_flags_last_success_timestamp_seconds", &[]).await;
        (later > started).then_some(()).ok_or(later.to_string())
    })
    .await;

    for n in 0..3 {
        refused(&client, n).await;
    }
    let routed = async |route, why| {
        let labels = [("experiment", "validate"), ("route", route), ("why", why)];
        sum("qr_routes_total", &labels).await
    };
    assert_eq!(routed("control", "percentage").await, 3.0);
    let both = json!({ "candidate_percent": 100, "shadow_percent": 12 });
    set(&client, VALIDATE, both).await;
    for n in 0..2 {
        refused(&client, n).await;
    }
    assert_eq!(routed("candidate", "flag").await, 2.0);
    order(&client, VALIDATE, "kill", json!({})).await;
    refused(&client, 0).await;
    assert_eq!(routed("control", "killed").await, 1.0);
    let own = ("experiment", "validate");
    let percent = |flag| [own, ("flag", flag)];
    assert_eq!(sum("qr_flag_percent", &percent("candidate")).await, 100.0);
    assert_eq!(sum("qr_flag_percent", &percent("shadow")).await, 12.0);
    for (arm, runs) in [("control", 4.0), ("candidate", 2.0)] {
        let labels = [own, ("arm", arm), ("outcome", "ok")];
        assert_eq!(sum("qr_arm_requests_total", &labels).await, runs, "{arm}");
    }
    set(&client, VALIDATE, json!({ "breaker": "open" })).await;
    assert_eq!(sum("qr_breaker_state", &[own]).await, 1.0);
    let forced = [own, ("to", "open"), ("reason", "forced")];
    assert_eq!(sum("qr_breaker_transitions_total", &forced).await, 1.0);
    // Two runs without a fault speak for the candidate, a little.
    let pass = [own, ("test", "errors_pass")];
    order(&client, VALIDATE, "release", json!({})).await;
    assert_eq!(sum("qr_evidence_log", &pass).await, 0.0, "it begins anew");
    set(&client, VALIDATE, json!({ "breaker": "auto" })).await;
    refused(&client, 5).await;
    assert!(sum("qr_evidence_log", &pass).await > 0.0);
}

fn at_zero(scrape: &Scrape, name: &str) {
    let own = ("experiment", name);
    assert_eq!(scrape.sum("qr_breaker_state", &[own]), Some(0.0));
    // Metric, label, and its values.
    for line in [
        "qr_fallbacks_total reason fault timeout panic unsupported",
        "qr_shadow_total result same tolerated mismatch candidate_fault noise_mismatch",
        "qr_routes_total why flag percentage killed damaged no_flags breaker_open probe saturated",
        "qr_routes_total route control shadow candidate",
        "qr_arm_requests_total arm control candidate",
        "qr_arm_duration_seconds_count arm control candidate",
        "qr_breaker_transitions_total to closed open half_open",
        "qr_breaker_transitions_total reason consecutive fault_ratio mismatch_ratio forced",
        "qr_flag_percent flag candidate shadow",
        "qr_evidence_log test errors repeats errors_pass latency slow agreement split",
        "qr_verdict verdict go no-go",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        for value in &words[2..] {
            let labels = [own, (words[1], *value)];
            let sum = scrape.sum(words[0], &labels);
            assert_eq!(sum, Some(0.0), "{line}: {labels:?}");
        }
    }
    let holds = scrape.sum("qr_verdict", &[own, ("verdict", "hold")]);
    assert_eq!(holds, Some(1.0));
    let threshold = scrape.sum("qr_evidence_threshold_log", &[own, ("test", "errors")]);
    assert!(threshold > Some(4.0), "{threshold:?}");
}
