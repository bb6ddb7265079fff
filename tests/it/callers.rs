//! What an organization's backend and a front end send, and what they expect: the scenarios of
//! `tests/goldens/callers.json`, one after the other on one server. Later ones use what earlier ones kept.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, Client, Database, Setup, client::read};

const SCENARIOS: &str = include_str!("../goldens/callers.json");

/// Values of earlier answers, by the name that stands in braces in a later scenario.
type Kept = BTreeMap<String, String>;

#[tokio::test]
async fn what_callers_send_is_answered_as_they_expect() {
    let scenarios: Vec<Value> = serde_json::from_str(SCENARIOS).unwrap();
    let of_backend = scenarios.iter().filter(|s| s["caller"] == "backend");
    assert!(of_backend.count() >= 45);
    let setup = Setup::on(Database::Sqlite).env("LIMIT_RENDER", "0");
    let server = setup.start().await;
    let [anonymous, admin] = [Client::anonymous(&server), Client::admin(&server)];
    let mut kept = Kept::new();
    let mut failures = Vec::new();
    for scenario in &scenarios {
        let client = if scenario["authorized"] == true {
            &admin
        } else {
            &anonymous
        };
        let answer = asked(client, scenario, &kept).await;
        let body: Value =
            serde_json::from_slice(&answer.body).unwrap_or_else(|_| Value::String(answer.text()));
        let wrong = differences(scenario, &answer, &body, &kept);
        if !wrong.is_empty() {
            failures.push(format!("{}: {}", scenario["name"], wrong.join("; ")));
        }
        keep(scenario, &answer, &body, &mut kept);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The fields of an object; none where there is no object.
fn entries(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    of.as_object().into_iter().flatten()
}

fn filled(text: &str, kept: &Kept) -> String {
    let braced = |name: &str| format!("{{{name}}}");
    let fill = |text: String, (name, value): (&String, &String)| text.replace(&braced(name), value);
    kept.iter().fold(text.to_owned(), fill)
}

async fn asked(client: &Client, scenario: &Value, kept: &Kept) -> Answer {
    let method: Method = text(&scenario["method"]).parse().unwrap();
    let mut request = client.request(method, &filled(text(&scenario["path"]), kept));
    for (name, value) in entries(&scenario["headers"]) {
        request = request.header(name.as_str(), filled(text(value), kept));
    }
    let repeat = scenario["repeat"].as_u64().unwrap_or(1);
    if let Some(raw) = scenario["raw"].as_str() {
        request = request.body(raw.repeat(usize::try_from(repeat).unwrap()));
    } else if let Some(body) = scenario.get("body") {
        if scenario["headers"].get("Content-Type").is_none() {
            request = request.header("content-type", "application/json");
        }
        request = request.body(filled(&body.to_string(), kept));
    }
    read(request)
        .await
        .unwrap_or_else(|e| panic!("{}: {e}", scenario["name"]))
}

/// What is not as the scenario says.
fn differences(scenario: &Value, answer: &Answer, body: &Value, kept: &Kept) -> Vec<String> {
    let mut wrong = Vec::new();
    if scenario["status"] != answer.status {
        let said = format!("{:.400}", answer.text());
        wrong.push(format!(
            "status {}, not {}: {said}",
            scenario["status"], answer.status
        ));
    }
    for (name, want) in entries(&scenario["answer_headers"]) {
        let have = answer.headers.get(name.as_str());
        let have = have.map(|value| Value::from(value.to_str().unwrap()));
        if !fits(want, have.as_ref(), kept) {
            wrong.push(format!("{name}: {want}, not {have:?}"));
        }
    }
    for (pointer, want) in entries(&scenario["answer"]) {
        let have = body.pointer(pointer);
        if !fits(want, have, kept) {
            let have = have.map_or("nothing".to_owned(), Value::to_string);
            wrong.push(format!("{pointer}: {want}, not {have:.200}"));
        }
    }
    wrong
}

/// An object is a set of rules, anything else the exact value.
fn fits(want: &Value, have: Option<&Value>, kept: &Kept) -> bool {
    let Some(rules) = want.as_object() else {
        let exact = want.as_str().map(|want| Value::from(filled(want, kept)));
        return have == Some(exact.as_ref().unwrap_or(want));
    };
    !rules.is_empty() && rules.iter().all(|(rule, want)| follows(rule, want, have))
}

fn follows(rule: &str, want: &Value, have: Option<&Value>) -> bool {
    let Some(have) = have else {
        return rule == "absent";
    };
    let says = have.as_str().unwrap_or_default();
    let bounds = have.as_f64().zip(want.as_f64());
    match rule {
        "absent" => false,
        "type" => is_a(have, text(want)),
        "starts" => says.starts_with(text(want)),
        "contains" => says.contains(text(want)),
        "length" => *want == have.as_array().map_or(says.chars().count(), Vec::len),
        "least" => bounds.is_some_and(|(have, least)| have >= least),
        "most" => bounds.is_some_and(|(have, most)| have <= most),
        other => panic!("no such rule: {other}"),
    }
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no such type: {other}"),
    }
}

fn keep(scenario: &Value, answer: &Answer, body: &Value, kept: &mut Kept) {
    for (name, pointer) in entries(&scenario["keep"]) {
        let value = body.pointer(text(pointer)).and_then(Value::as_str);
        kept.insert(name.clone(), value.unwrap_or("nothing").to_owned());
    }
    for (name, header) in entries(&scenario["keep_headers"]) {
        kept.insert(name.clone(), answer.header(text(header)).to_owned());
    }
}
