//! Two processes on one database: what is changed on one is in force on the other.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{RENDER, VALIDATE, candidate, code, draw, look, order, path, set};
use crate::support::{Client, Database, Server, Setup};

const WITHIN: Duration = Duration::from_secs(2);

/// How long the other node takes to be told.
async fn followed(client: &Client, experiment: &str, is: impl Fn(&Value) -> bool) -> Duration {
    let start = Instant::now();
    loop {
        let seen = look(client, experiment).await;
        let took = start.elapsed();
        if is(&seen) {
            return took;
        }
        assert!(took < WITHIN, "after {took:?}: {seen}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn two() -> (Server, Server) {
    let first = Setup::on(Database::Postgres).start().await;
    let second = Setup::on(Database::Sqlite).env("DATABASE_URL", first.database_url());
    (first, second.start().await)
}

#[tokio::test]
async fn a_change_on_one_node_is_in_force_on_the_other() {
    let (first, second) = two().await;
    let (here, there) = (Client::admin(&first), Client::admin(&second));
    let id = code(&here).await;
    let mut slowest = Duration::ZERO;
    for (n, percent) in [(1, 100), (2, 0), (3, 100)] {
        candidate(&here, RENDER, percent).await;
        let took = followed(&there, RENDER, |e| e["candidate_percent"] == percent).await;
        slowest = slowest.max(took);
        let expected = if percent == 100 {
            "candidate"
        } else {
            "control"
        };
        assert_eq!(path(&draw(&there, &id, n).await, "render"), expected);
    }
    // Back, from the other one.
    order(&there, RENDER, "kill", json!({ "reason": "there" })).await;
    let killed = |e: &Value| e["override"]["why"] == "there";
    slowest = slowest.max(followed(&here, RENDER, killed).await);
    assert_eq!(path(&draw(&here, &id, 4).await, "render"), "control");
    order(&there, RENDER, "release", json!({})).await;
    let released = |e: &Value| e["override"].is_null();
    slowest = slowest.max(followed(&here, RENDER, released).await);
    set(&here, VALIDATE, json!({ "breaker": "open" })).await;
    let open = |e: &Value| e["breaker"]["state"] == "open" && e["breaker"]["forced"] == "open";
    slowest = slowest.max(followed(&there, VALIDATE, open).await);
    println!("the slowest change took {slowest:?}");

    // Who saw an older version on the other node is told.
    let tag = |e: &Value| format!("\"{}\"", e["version"]);
    let seen = tag(&look(&there, RENDER).await);
    candidate(&here, RENDER, 5).await;
    let late = json!({ "candidate_percent": 99 });
    let late = super::conditional(&there, RENDER, &seen, &late).await;
    late.problem(412);
    assert_eq!(look(&here, RENDER).await["candidate_percent"], 5);
}

#[tokio::test]
async fn commands_are_followed_by_every_node() {
    let (first, second) = two().await;
    let nodes = [Client::admin(&first), Client::admin(&second)];
    let flags = |arguments: &[&str]| first.run_json(&[&["flags"], arguments].concat());

    let said = flags(&[
        "set",
        "render",
        "--candidate",
        "25",
        "--shadow",
        "5",
        "--reason",
        "begin",
        "--json",
    ]);
    assert_eq!(said["candidate_percent"], 25, "{said}");
    for node in &nodes {
        let is = |e: &Value| e["candidate_percent"] == 25 && e["shadow_percent"] == 5;
        followed(node, RENDER, is).await;
    }
    let said = flags(&["kill", "render", "--reason", "odd", "--json"]);
    assert_eq!(said["killed"], true, "{said}");
    for node in &nodes {
        let is = |e: &Value| e["override"]["by"] == "command line" && e["override"]["why"] == "odd";
        followed(node, RENDER, is).await;
    }
    flags(&["release", "render", "--json"]);
    for node in &nodes {
        followed(node, RENDER, |e| e["override"].is_null()).await;
    }
    // With --wait every node follows before the command ends.
    let said = flags(&["kill", "--all", "--wait", "--reason", "night", "--json"]);
    let killed: Vec<(&Value, &Value)> = said["experiments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["experiment"], &row["killed"]))
        .collect();
    assert_eq!(killed.len(), 3, "{said}");
    assert!(killed.iter().all(|(_, is)| **is == true), "{said}");
    for node in &nodes {
        for (name, _) in &killed {
            let path = format!("/api/rollout/{}", name.as_str().unwrap());
            assert_eq!(look(node, &path).await["override"]["why"], "night");
        }
    }
    let log = look(&nodes[1], super::AUDIT).await;
    let items = log["items"].as_array().unwrap();
    let told: Vec<Value> = items
        .iter()
        .map(|i| json!([i["actor"], i["action"], i["reason"]]))
        .collect();
    assert_eq!(
        told[3..],
        [
            json!(["command line", "rollout.release", null]),
            json!(["command line", "rollout.kill", "odd"]),
            json!(["command line", "rollout.set", "begin"]),
        ]
    );
}
