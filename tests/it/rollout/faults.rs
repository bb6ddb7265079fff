//! A candidate that fails while many ask: callers see nothing of it, the breaker opens, the verdict names the test, and the
//! autopilot is back at control.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{AUDIT, RENDER, code, crowd::crowd, is_in, look, order, path, picture, set};
use crate::support::{
    Answer, Client, Database, Server, Setup, codes::create_static, command::Says as _,
    decode::decode, eventually,
};

const TEXT: &str = "https://example.com/menu";

/// One product, one code that everybody draws, and an administrator.
struct Stage {
    server: Server,
    client: Client,
    id: String,
}

impl Stage {
    async fn new(setup: Setup) -> Self {
        let server = setup
            .env("ROLLOUT_REHEARSALS", "true")
            .env("QR_GENERATION_CB_RESET_TIMEOUT", "1")
            .start()
            .await;
        let client = Client::admin(&server);
        let id = code(&client).await;
        Self { server, client, id }
    }

    async fn on(database: Database) -> Self {
        Self::new(Setup::on(database)).await
    }

    async fn drill(&self, fault: &str) {
        let body = json!({ "fault": fault, "seconds": 600 });
        order(&self.client, RENDER, "rehearse", body).await;
    }

    /// PNG and SVG in turn, no two alike, until `is`.
    async fn until(&self, first: u32, is: impl Fn(&Value) -> bool) -> (Value, Vec<(u32, Answer)>) {
        let (client, id) = (self.client.clone(), self.id.clone());
        let ask = move |n| {
            let (client, id) = (client.clone(), id.clone());
            async move { client.get(&picture(&id, format(n), n)).await }
        };
        let until = async || {
            let now = look(&self.client, RENDER).await;
            is(&now).then_some(now)
        };
        let (now, answers) = crowd(4, first, ask, until).await;
        for (n, answer) in &answers {
            assert_eq!(answer.status, 200, "{n}: {}", answer.text());
        }
        (now, answers)
    }

    /// Each picture is the one that its arm draws when nothing goes wrong.
    async fn assert_right(&self, answers: &[(u32, Answer)]) {
        self.drill("none").await;
        for side in ["control", "candidate"] {
            let percent = if side == "control" { 0 } else { 100 };
            let dial =
                json!({ "candidate_percent": percent, "shadow_percent": 0, "breaker": "closed" });
            set(&self.client, RENDER, dial).await;
            order(&self.client, RENDER, "release", json!({})).await;
            let theirs = answers.iter().filter(|(_, a)| path(a, "render") == side);
            for (i, (n, answer)) in theirs.take(60).enumerate() {
                let again = self.client.get(&picture(&self.id, format(*n), *n)).await;
                assert_eq!(path(&again, "render"), side);
                assert_eq!(again.header("etag"), answer.header("etag"), "{side} {n}");
                assert!(again.body == answer.body, "{side} draws {n} otherwise");
                if i < 2 {
                    assert_eq!(decode(&answer.body, format(*n)), TEXT);
                }
            }
        }
    }
}

fn format(n: u32) -> &'static str {
    if n.is_multiple_of(2) { "png" } else { "svg" }
}

/// The candidate answered some.
fn has_run(now: &Value) -> bool {
    now["arms"]["candidate"]["ok"].as_u64() > Some(5)
}

fn is_no_go(now: &Value) -> bool {
    now["verdict"]["verdict"] == "no-go"
}

/// Errors and panics: the breaker opens, and what its probes find is enough for a verdict.
async fn fails(fault: &str, count: &str) {
    let stage = Stage::on(Database::Sqlite).await;
    set(&stage.client, RENDER, json!({ "candidate_percent": 50 })).await;
    let (_, before) = stage.until(0, has_run).await;
    stage.drill(fault).await;
    let start = Instant::now();
    let opened = Mutex::new(None);
    let (now, during) = stage
        .until(20_000, |e| {
            if e["breaker"]["state"] != "closed" {
                opened.lock().unwrap().get_or_insert(start.elapsed());
            }
            is_no_go(e)
        })
        .await;
    eprintln!(
        "{fault} at 50 %: breaker open after {:?}, no-go after {:?} and {} requests: {}",
        opened.lock().unwrap(),
        start.elapsed(),
        during.len(),
        now["verdict"]["sentence"]
    );
    assert!(opened.lock().unwrap().is_some(), "the breaker never opened");
    assert_eq!(now["verdict"]["test"], "errors");
    let sentence = now["verdict"]["sentence"].as_str().unwrap();
    sentence.says("no-go: errors: the candidate had");
    let faults = now["arms"]["candidate"][count].as_u64().unwrap();
    assert!(faults >= 5, "{now}");
    assert_eq!(now["fallbacks"], faults, "each was answered by the control");
    let by_control = |(_, a): &&(u32, Answer)| path(a, "render") == "control";
    let control = during.iter().filter(by_control);
    assert!(control.count() > 5);
    assert!(during.iter().any(|(_, a)| is_in(a, 50)));
    stage.assert_right(&before).await;
    stage.assert_right(&during).await;
}

#[tokio::test]
async fn errors_reach_nobody() {
    fails("error", "faults").await;
}

#[tokio::test]
async fn panics_reach_nobody() {
    fails("panic", "panics").await;
}

#[tokio::test]
async fn at_100_percent_errors_reach_nobody_either() {
    let stage = Stage::on(Database::Postgres).await;
    set(&stage.client, RENDER, json!({ "candidate_percent": 100 })).await;
    stage.drill("error").await;
    let open = |e: &Value| e["breaker"]["state"] == "open" && e["fallbacks"].as_u64() >= Some(5);
    let (now, answers) = stage.until(0, open).await;
    assert_eq!(now["breaker"]["reason"], "consecutive", "{now}");
    assert!(answers.iter().all(|(_, a)| path(a, "render") == "control"));
    stage.assert_right(&answers).await;
    // Well again, and probes find it out.
    order(&stage.client, RENDER, "release", json!({})).await;
    let all = json!({ "candidate_percent": 100, "breaker": "auto" });
    set(&stage.client, RENDER, all).await;
    let well = |e: &Value| e["breaker"]["state"] == "closed" && has_run(e);
    let (_, answers) = stage.until(30_000, well).await;
    let mut sides = answers.iter().map(|(_, a)| path(a, "render"));
    assert!(sides.any(|side| side == "candidate"));
}

#[tokio::test]
async fn what_a_candidate_cannot_do_is_no_fault() {
    let stage = Stage::on(Database::Sqlite).await;
    set(&stage.client, RENDER, json!({ "candidate_percent": 100 })).await;
    stage.drill("unsupported").await;
    let tried = |e: &Value| e["arms"]["candidate"]["unsupported"].as_u64() >= Some(50);
    let (now, answers) = stage.until(0, tried).await;
    assert_eq!(now["breaker"]["state"], "closed", "{now}");
    assert_eq!(now["verdict"]["verdict"], "hold", "{now}");
    assert!(answers.iter().all(|(_, a)| path(a, "render") == "control"));
    stage.assert_right(&answers).await;
}

#[tokio::test]
async fn wrong_answers_are_found_by_shadows() {
    // Also where no processor is free.
    let setup = Setup::on(Database::Sqlite).env("ROLLOUT_SPARE_PERCENT", "0");
    let stage = Stage::new(setup).await;
    let client = &stage.client;
    set(client, RENDER, json!({ "shadow_percent": 100 })).await;
    stage.drill("wrong").await;
    // One by one, so that each finds a slot.
    let mut n = 0;
    let end = Instant::now() + Duration::from_mins(1);
    let now = loop {
        for _ in 0..5 {
            let answer = client.get(&picture(&stage.id, "svg", n)).await.expect(200);
            assert_eq!(path(&answer, "render"), "control");
            n += 1;
        }
        let now = look(client, RENDER).await;
        if is_no_go(&now) {
            break now;
        }
        assert!(Instant::now() < end, "{now}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let sentence = &now["verdict"]["sentence"];
    eprintln!("wrong, at 100 % shadows: no-go after {n} requests: {sentence}");
    assert_eq!(now["verdict"]["test"], "agreement", "{now}");
    let found = now["shadow"]["mismatched"].as_object().unwrap();
    assert!(found.values().any(|n| n.as_u64() > Some(0)), "{now}");
    let examples = now["shadow"]["examples"].as_array().unwrap();
    assert!(!examples.is_empty(), "{now}");
    for side in ["control", "candidate"] {
        let example = examples[0][side].as_str().unwrap();
        let example = client.get(example).await.expect(200);
        assert_eq!(example.header("content-type"), "image/svg+xml", "{side}");
        assert_eq!(example.header("cache-control"), "no-store");
        let text = if side == "control" { TEXT } else { "rehearsed" };
        assert_eq!(decode(&example.body, "svg"), text);
    }
}

/// From the drill's beginning until everything is back at the control, by the autopilot.
async fn back_at_control(fault: &str, objective_ms: &str) -> Duration {
    let setup = Setup::on(Database::Sqlite)
        .env("ROLLOUT_AUTOPILOT", "true")
        .env("ROLLOUT_DWELL_SECS", "1")
        .env("QR_GENERATION_OBJECTIVE_MS", objective_ms);
    let stage = Stage::new(setup).await;
    set(&stage.client, RENDER, json!({ "candidate_percent": 50 })).await;
    stage.until(0, has_run).await;
    stage.drill(fault).await;
    let start = Instant::now();
    let killed = |e: &Value| e["override"]["by"] == "autopilot";
    let (now, answers) = stage.until(20_000, killed).await;
    let (took, count) = (start.elapsed(), answers.len());
    eprintln!("{fault} at 50 %: back at control after {took:?} and {count} requests");
    assert_eq!(now["override"]["kind"], "killed");
    let why = now["override"]["why"].as_str().unwrap();
    assert!(why.starts_with("no-go: "), "{why}");
    let log = look(&stage.client, AUDIT).await;
    let told = &log["items"][0];
    assert_eq!(told["actor"], "autopilot", "{log}");
    assert_eq!(told["action"], "rollout.kill");
    assert_eq!(told["reason"], why);
    // Once, and it stays so.
    let asked = |e: &Value| e["arms"]["control"]["requests"].as_u64();
    let more = asked(&now).map(|n| n + 50);
    let (_, after) = stage.until(40_000, |e| asked(e) > more).await;
    let mut sides = after.iter().map(|(_, answer)| path(answer, "render"));
    assert!(sides.all(|side| side == "control"));
    let log = look(&stage.client, AUDIT).await;
    let items = log["items"].as_array().unwrap().iter();
    let kills = items.filter(|i| i["action"] == "rollout.kill");
    assert_eq!(kills.count(), 1, "{log}");
    stage.assert_right(&answers).await;
    // A release is an operator's; what was learned before does not count any more.
    let released = order(&stage.client, RENDER, "release", json!({})).await;
    assert_eq!(released["verdict"]["verdict"], "hold", "{released}");
    drop(stage.server);
    took
}

#[tokio::test]
async fn the_autopilot_is_back_at_control() {
    for (fault, objective_ms) in [("error", "50"), ("slow", "9")] {
        let took = back_at_control(fault, objective_ms).await;
        assert!(took < Duration::from_mins(1), "{fault}: {took:?}");
    }
}

#[tokio::test]
async fn rehearsals_are_checked_and_end_by_themselves() {
    let stage = Stage::on(Database::Sqlite).await;
    let client = &stage.client;
    let rehearse = format!("{RENDER}/rehearse");
    client.post(&rehearse, &json!({})).await.invalid("fault");
    for (field, value) in [
        ("fault", json!("meltdown")),
        ("percent", json!(0)),
        ("percent", json!(101)),
        ("seconds", json!(0)),
        ("seconds", json!(601)),
        ("reason", json!("x".repeat(501))),
    ] {
        let mut body = json!({ "fault": "error" });
        body[field] = value;
        client.post(&rehearse, &body).await.invalid(field);
    }
    assert_eq!(look(client, AUDIT).await, json!({ "items": [] }));
    let all = json!({ "candidate_percent": 100, "breaker": "closed" });
    set(client, RENDER, all).await;
    let body = json!({ "fault": "error", "seconds": 1, "reason": "a drill" });
    order(client, RENDER, "rehearse", body).await;
    let log = look(client, AUDIT).await;
    assert_eq!(log["items"][0]["action"], "rollout.rehearse");
    assert_eq!(log["items"][0]["reason"], "a drill");
    let other = create_static(client, "other").await;
    let other = other["id"].as_str().unwrap();
    let n = std::sync::atomic::AtomicU32::new(0);
    eventually(10, async || {
        let n = n.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let answer = client.get(&picture(other, "svg", n)).await.expect(200);
        let side = path(&answer, "render");
        (side == "candidate").then_some(()).ok_or(side)
    })
    .await;
}
