//! What operators see and say: `GET`, `PUT`, `kill`, `release`, and the audit log.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ALL, AUDIT, RENDER, VALIDATE, candidate, conditional, look, order, set, user};
use crate::support::{
    Answer, Client, Server,
    client::{Auth, send},
    command::Says as _,
    eventually, on_both, rows,
};

on_both!(
    everything_is_shown,
    a_dial_is_turned_by_whoever_saw_it_last,
    what_makes_no_sense_changes_nothing,
    what_is_not_there_is_not_there,
    roles_decide_who_looks_and_who_turns,
    a_kill_and_a_release_need_no_reason,
    another_site_turns_nothing,
    changes_are_told_and_refused_ones_are_not,
    events_tell_what_changed,
);

/// What may not change by anything that is refused: settings and the log of changes.
async fn settings(client: &Client) -> Value {
    let all = look(client, ALL).await;
    let experiments = all["experiments"].as_array().unwrap().iter();
    let fields = "name version candidate_percent shadow_percent override breaker";
    let of = |e: &Value| -> Value { fields.split(' ').map(|field| e[field].clone()).collect() };
    let set: Vec<Value> = experiments.map(of).collect();
    json!([set, look(client, AUDIT).await])
}

async fn unchanged(client: &Client, attempt: impl AsyncFnOnce()) {
    let before = settings(client).await;
    attempt().await;
    assert_eq!(settings(client).await, before);
}

/// `keys`: with blanks between them.
#[track_caller]
fn assert_has(value: &Value, keys: &str) {
    let object = value.as_object().unwrap_or_else(|| panic!("{value}"));
    for key in keys.split(' ') {
        assert!(object.contains_key(key), "no {key}: {value}");
    }
}

async fn everything_is_shown(server: Server) {
    let client = Client::admin(&server);
    let all = look(&client, ALL).await;
    assert_eq!(all["flags"]["source"], "local");
    assert_eq!(all["flags"]["state"], "fresh");
    assert!(all["flags"]["age_seconds"].as_f64().unwrap() < 30.0);
    let autopilot = json!({ "enabled": false, "dwell_seconds": 600 });
    assert_eq!(all["autopilot"], autopilot);
    assert!(all["load"]["saturated"].is_boolean(), "{all}");
    let experiments = all["experiments"].as_array().unwrap();
    let names: Vec<&str> = experiments
        .iter()
        .map(|e| e["name"].as_str().unwrap())
        .collect();
    assert!(names.starts_with(&["render", "validate"]), "{names:?}");
    for name in names {
        let answer = client.get(&format!("{ALL}/{name}")).await.expect(200);
        let one = answer.json();
        assert_eq!(answer.header("etag"), "\"1\"");
        assert_eq!(one["name"], name);
        assert_eq!(one["version"], 1);
        assert_eq!(one["candidate_percent"], 0);
        assert_eq!(one["shadow_percent"], 0);
        assert_eq!(one["override"], Value::Null, "{one}");
        assert_ne!(one["control"], one["candidate"]);
        assert_has(&one["stage"], "percent since next_percent");
        assert_eq!(one["stage"]["next_percent"], 1);
        assert_eq!(one["breaker"]["state"], "closed");
        assert_eq!(one["breaker"]["forced"], "auto");
        for arm in ["control", "candidate"] {
            let counts =
                "requests ok answers faults timeouts panics unsupported cancelled remembered";
            for count in counts.split(' ') {
                assert_eq!(one["arms"][arm][count], 0, "{arm} {count}");
            }
        }
        let shadow = "same tolerated mismatched shed noise examples";
        assert_has(&one["shadow"], shadow);
        let evidence = one["evidence"].as_array().unwrap();
        assert_eq!(evidence.len(), 7, "{one}");
        for test in evidence {
            assert!(test["log"].is_number() && test["threshold_log"].is_number());
            assert_eq!(test["fired"], false, "{test}");
        }
        assert_eq!(one["verdict"]["verdict"], "hold");
        let needed = one["verdict"]["needed_requests"].as_u64();
        assert!(needed > Some(0), "{one}");
        let sentence = one["verdict"]["sentence"].as_str().unwrap();
        sentence.says("hold: the dial is at 0 %");
    }
}

async fn a_dial_is_turned_by_whoever_saw_it_last(server: Server) {
    let client = Client::admin(&server);
    let first = client.get(RENDER).await.expect(200);
    let both = json!({ "candidate_percent": 25, "shadow_percent": 10 });
    let tag = first.header("etag");
    let second = conditional(&client, RENDER, tag, &both).await.expect(200);
    let set = second.json();
    assert_eq!(set["candidate_percent"], 25);
    assert_eq!(set["shadow_percent"], 10);
    assert_eq!(set["stage"]["next_percent"], 50);
    assert_ne!(second.header("etag"), tag);
    let again = client.get(RENDER).await.expect(200);
    assert_eq!(again.header("etag"), second.header("etag"));
    assert_eq!(again.json()["version"], set["version"]);

    unchanged(&client, async || {
        let other = json!({ "candidate_percent": 100 });
        let others = r#""99"|2|garbage|""|"two"|W/"2"|"1", "2"|"#;
        for stale in others.split('|').chain([tag]) {
            let answer = conditional(&client, RENDER, stale, &other).await;
            assert_eq!(answer.status, 412, "{stale}: {}", answer.text());
            answer.problem(412);
        }
    })
    .await;

    let any = conditional(&client, RENDER, "*", &json!({ "candidate_percent": 50 })).await;
    assert_eq!(any.expect(200).json()["shadow_percent"], 10, "it stays");
    let none = client.put(RENDER, &json!({ "shadow_percent": 0 })).await;
    assert_eq!(none.expect(200).json()["candidate_percent"], 50, "it stays");
    for forced in ["open", "closed", "auto"] {
        let body = json!({ "breaker": forced });
        let set = client.put(RENDER, &body).await.expect(200).json();
        assert_eq!(set["breaker"]["forced"], forced);
        assert_eq!(set["candidate_percent"], 50);
    }
    assert_eq!(look(&client, VALIDATE).await["version"], 1, "another dial");
}

async fn what_makes_no_sense_changes_nothing(server: Server) {
    let client = Client::admin(&server);
    candidate(&client, RENDER, 5).await;
    unchanged(&client, async || {
        for field in ["candidate_percent", "shadow_percent"] {
            for value in [
                json!(-1),
                json!(101),
                json!(1e300),
                json!(i64::MIN),
                json!(u64::MAX),
                json!(5.5),
                json!("5"),
                json!([5]),
                json!({}),
                json!(true),
            ] {
                let body = json!({ field: value });
                let answer = client.put(RENDER, &body).await;
                assert_eq!(answer.status, 422, "{body}: {}", answer.text());
                answer.invalid(field);
                // The other half of a change that is refused is not made.
                let other = json!({ "candidate_percent": 7, "shadow_percent": 7, field: value });
                client.put(RENDER, &other).await.invalid(field);
            }
        }
        // As `{}` it would have been logged as a change.
        let misspelt = client.put(RENDER, &json!({ "shadow": 50 })).await;
        assert!(misspelt.expect(422).text().contains("shadow"));
        let ajar = json!({ "breaker": "ajar" });
        client.put(RENDER, &ajar).await.invalid("breaker");
        for reason in [json!("x".repeat(501)), json!("a\0b"), json!(7)] {
            let body = json!({ "candidate_percent": 50, "reason": reason });
            client.put(RENDER, &body).await.invalid("reason");
            for order in ["kill", "release"] {
                let path = format!("{RENDER}/{order}");
                let answer = client.post(&path, &json!({ "reason": reason })).await;
                answer.invalid("reason");
            }
        }
        for bytes in [&b"{"[..], b"\xff\xfe", b"[]", b"null", b"7", b""] {
            let kill = format!("{RENDER}/kill");
            for (method, path) in [(Method::PUT, RENDER), (Method::POST, &kill)] {
                if method == Method::POST && bytes.is_empty() {
                    continue;
                }
                let request = client.request(method, path).body(bytes.to_vec());
                let answer = send(request.header("content-type", "application/json")).await;
                assert!(matches!(answer.status, 400 | 422), "{bytes:?}: {answer:?}");
                answer.problem(answer.status);
            }
        }
        // Nothing may be rehearsed in production.
        let drill = json!({ "fault": "error" });
        let path = format!("{RENDER}/rehearse");
        client.post(&path, &drill).await.problem(403);
    })
    .await;
    // 500 characters are not 500 bytes.
    let reason = "ü".repeat(500);
    let body = json!({ "candidate_percent": 6, "reason": reason });
    set(&client, RENDER, body).await;
    let log = look(&client, AUDIT).await;
    assert_eq!(log["items"][0]["reason"], reason);
}

async fn what_is_not_there_is_not_there(server: Server) {
    let client = Client::admin(&server);
    unchanged(&client, async || {
        for name in ["renderer", "RENDER", "render%20", "1", "%00", "x'--"] {
            let path = format!("{ALL}/{name}");
            client.get(&path).await.problem(404);
            let body = json!({ "candidate_percent": 1 });
            client.put(&path, &body).await.problem(404);
            for order in ["kill", "release"] {
                let path = format!("{path}/{order}");
                client.post(&path, &json!({})).await.problem(404);
            }
        }
        for path in [
            format!("{RENDER}/mismatches/00000000-0000-7000-8000-000000000000/control"),
            format!("{RENDER}/mismatches/nonsense/candidate"),
        ] {
            client.get(&path).await.problem(404);
        }
        for (method, path) in [
            (Method::DELETE, RENDER.to_owned()),
            (Method::POST, RENDER.to_owned()),
            (Method::PATCH, RENDER.to_owned()),
            (Method::PUT, ALL.to_owned()),
            (Method::GET, format!("{RENDER}/kill")),
            (Method::PUT, format!("{RENDER}/release")),
            (Method::POST, AUDIT.to_owned()),
        ] {
            let answer = send(client.request(method.clone(), &path)).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            answer.problem(405);
            assert!(!answer.header("allow").is_empty(), "{method} {path}");
        }
        for limit in ["0", "101", "-1", "x"] {
            let path = format!("{ALL}/audit?limit={limit}");
            client.get(&path).await.invalid("limit");
        }
    })
    .await;
}

/// Every way of looking, and every way of turning.
async fn attempts(client: &Client) -> [Vec<Answer>; 2] {
    let example = format!("{RENDER}/mismatches/00000000-0000-7000-8000-000000000000/control");
    let mut looked = Vec::new();
    for path in [ALL, RENDER, AUDIT, &example] {
        looked.push(client.get(path).await);
    }
    let almost_all = json!({ "candidate_percent": 99 });
    let mut turned = vec![client.put(RENDER, &almost_all).await];
    for order in ["kill", "release", "rehearse"] {
        let body = json!({ "fault": "error" });
        turned.push(client.post(&format!("{RENDER}/{order}"), &body).await);
    }
    [looked, turned]
}

async fn roles_decide_who_looks_and_who_turns(server: Server) {
    let admin = Client::admin(&server);
    for role in ["member", "analyst", "manager"] {
        rows::join(&server, role, role).await;
    }
    rows::join(&server, "second", "admin").await;
    unchanged(&admin, async || {
        let wrong = Client::with(&server, Auth::Basic("admin".into(), "wrong".into()));
        for nobody in [Client::anonymous(&server), wrong] {
            let [looked, turned] = attempts(&nobody).await;
            for answer in looked.iter().chain(&turned) {
                answer.problem(401);
            }
        }
        let [looked, turned] = attempts(&user(&server, "member")).await;
        for answer in looked.iter().chain(&turned) {
            answer.problem(403);
        }
        for role in ["analyst", "manager"] {
            let [looked, turned] = attempts(&user(&server, role)).await;
            let seen: Vec<u16> = looked.iter().map(|a| a.status).collect();
            assert_eq!(seen, [200, 200, 200, 404], "{role}");
            for answer in turned {
                answer.problem(403);
            }
        }
    })
    .await;
    let second = user(&server, "second");
    assert_eq!(candidate(&second, RENDER, 5).await["candidate_percent"], 5);
    let log = look(&admin, AUDIT).await;
    assert_eq!(log["items"][0]["actor"], "second", "{log}");
}

async fn a_kill_and_a_release_need_no_reason(server: Server) {
    let client = Client::admin(&server);
    candidate(&client, RENDER, 100).await;
    let bare = async |order: &str| {
        let request = client.request(Method::POST, &format!("{RENDER}/{order}"));
        send(request).await.expect(200)
    };
    let killed = bare("kill").await;
    let tag = killed.header("etag").to_owned();
    let killed = killed.json();
    assert_eq!(killed["override"]["kind"], "killed");
    assert_eq!(killed["override"]["by"], "admin");
    assert_eq!(killed["override"]["why"], Value::Null);
    assert_eq!(killed["candidate_percent"], 100, "it is kept for later");
    assert_eq!(look(&client, RENDER).await["override"]["kind"], "killed");
    assert_eq!(look(&client, VALIDATE).await["override"], Value::Null);
    // Turning the dial does not lift it.
    let turned = conditional(&client, RENDER, &tag, &json!({ "candidate_percent": 5 })).await;
    assert_eq!(turned.expect(200).json()["override"]["kind"], "killed");
    let released = bare("release").await.json();
    assert_eq!(released["override"], Value::Null);
    assert_eq!(released["candidate_percent"], 5);

    let why = json!({ "reason": "looks odd" });
    let killed = order(&client, RENDER, "kill", why).await;
    assert_eq!(killed["override"]["why"], "looks odd");
    // Again, and for another reason.
    let killed = order(&client, RENDER, "kill", json!({ "reason": "still" })).await;
    assert_eq!(killed["override"]["why"], "still");
    order(&client, RENDER, "release", json!({ "reason": "mended" })).await;
    order(&client, RENDER, "release", json!({})).await;
    assert_eq!(look(&client, RENDER).await["override"], Value::Null);
}

async fn another_site_turns_nothing(server: Server) {
    let client = Client::admin(&server);
    let from = async |site: &'static str| {
        let mut answers = Vec::new();
        for (method, path) in [
            (Method::PUT, RENDER.to_owned()),
            (Method::POST, format!("{RENDER}/kill")),
            (Method::POST, format!("{RENDER}/release")),
        ] {
            let request = client.request(method, &path).header("sec-fetch-site", site);
            answers.push(send(request.json(&json!({ "candidate_percent": 1 }))).await);
        }
        answers
    };
    unchanged(&client, async || {
        for site in ["cross-site", "same-site"] {
            for answer in from(site).await {
                answer.problem(403);
            }
        }
        // A form can send no JSON, and a body that is none is not read as none.
        let form = client.request(Method::POST, &format!("{RENDER}/kill"));
        let form = form.header("content-type", "text/plain").body("{}");
        send(form).await.problem(415);
    })
    .await;
    for answer in from("same-origin").await {
        answer.expect(200);
    }
    // A person's own navigation has nothing to send.
    for answer in from("none").await {
        answer.problem(403);
    }
    let release = client.request(Method::POST, &format!("{RENDER}/release"));
    let bare = send(release.header("sec-fetch-site", "none")).await;
    bare.expect(200);
}

async fn changes_are_told_and_refused_ones_are_not(server: Server) {
    let client = Client::admin(&server);
    assert_eq!(look(&client, AUDIT).await, json!({ "items": [] }));
    let body = json!({ "candidate_percent": 5, "shadow_percent": 50, "reason": "begin" });
    set(&client, RENDER, body).await;
    let refused = json!({ "candidate_percent": 101, "reason": "refused" });
    client.put(RENDER, &refused).await.expect(422);
    let stale = json!({ "reason": "stale" });
    let stale = conditional(&client, RENDER, "\"1\"", &stale).await;
    stale.expect(412);
    order(&client, VALIDATE, "kill", json!({ "reason": "  " })).await;
    let again = json!({ "reason": "fine\nagain" });
    order(&client, VALIDATE, "release", again).await;

    let log = look(&client, AUDIT).await;
    let items = log["items"].as_array().unwrap();
    let told: Vec<Value> = items
        .iter()
        .map(|i| json!([i["actor"], i["action"], i["subject"], i["reason"]]))
        .collect();
    let expected = json!([
        ["admin", "rollout.release", "validate", "fine\nagain"],
        ["admin", "rollout.kill", "validate", null],
        ["admin", "rollout.set", "render", "begin"],
    ]);
    assert_eq!(Value::from(told), expected);
    let detail: Value = serde_json::from_str(items[2]["detail"].as_str().unwrap()).unwrap();
    let settings = |candidate, shadow| json!({ "candidate_percent": candidate, "shadow_percent": shadow, "killed": false, "breaker": "auto" });
    let expected = json!({ "before": settings(0, 0), "after": settings(5, 50) });
    assert_eq!(detail, expected);
    let detail: Value = serde_json::from_str(items[1]["detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail["before"]["killed"], false);
    assert_eq!(detail["after"]["killed"], true);
    let times: Vec<&str> = items.iter().map(|i| i["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    let last = look(&client, "/api/rollout/audit?limit=1").await;
    assert_eq!(last["items"].as_array().unwrap().len(), 1);
}

async fn events_tell_what_changed(server: Server) {
    rows::join(&server, "member", "member").await;
    let events = "/api/rollout/events";
    user(&server, "member").get(events).await.problem(403);
    let client = Client::admin(&server);
    let request = client.request(Method::GET, events);
    let mut stream = request.send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    let mut turned = false;
    // The first one is what is so; what is told after the change holds it.
    while !text.contains("\"candidate_percent\":42") {
        let chunk = stream.chunk().await.unwrap().expect("it ended");
        text.push_str(std::str::from_utf8(&chunk).unwrap());
        if !turned && text.contains("\n\n") {
            turned = true;
            candidate(&client, RENDER, 42).await;
        }
    }
    let first = text.lines().find_map(|l| l.strip_prefix("data:")).unwrap();
    let first: Value = serde_json::from_str(first.trim()).unwrap();
    assert_eq!(first["experiments"][0]["candidate_percent"], 0);
    // Each of them costs something every second.
    let mut open = vec![stream];
    for _ in 1..32 {
        let request = client.request(Method::GET, events);
        open.push(request.send().await.unwrap());
        assert_eq!(open.last().unwrap().status(), 200);
    }
    client.get(events).await.problem(429);
    drop(open);
    eventually(10, async || {
        let request = client.request(Method::GET, events);
        match request.send().await.unwrap().status().as_u16() {
            200 => Ok(()),
            other => Err(format!("{other} after the others ended")),
        }
    })
    .await;
}
