//! Letting people in and out: one scan wins, and the ledger says which.

use serde_json::{Value, json};

use super::{EVENTS, event, people, scan, token};
use crate::support::{Client, Database, Server, Setup, on_both};

on_both!(
    people_go_in_and_out,
    who_is_blocked_stays_out_and_a_closed_gate_lets_nobody_through,
    of_scans_at_once_one_wins,
    what_was_scanned_without_network_counts_by_its_time,
    what_is_wrong_is_named_and_changes_nothing,
);

async fn people_go_in_and_out(server: Server) {
    let client = Client::admin(&server);
    let id = event(&client, &["1", "2"]).await;
    let text = token(&client, "1").await;
    let first = scan(&client, &text, "in", "nonce-001")
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&first["accepted"], &first["repeated"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        (&first["attendee"]["name"], &first["attendee"]["inside"]),
        (&json!("Person 1"), &json!(true))
    );
    let second = scan(&client, &text, "in", "nonce-002")
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&second["accepted"], &second["reason"]),
        (&json!(false), &json!("already_in"))
    );
    assert_eq!(second["previous"]["gate"], "main");
    // What is sent again gets its first answer, whatever happened since.
    scan(&client, &text, "out", "nonce-003").await.expect(200);
    for (nonce, accepted) in [
        ("nonce-001", true),
        ("nonce-002", false),
        ("nonce-003", true),
    ] {
        let direction = if nonce == "nonce-003" { "out" } else { "in" };
        let again = scan(&client, &text, direction, nonce)
            .await
            .expect(200)
            .json();
        assert_eq!(
            (&again["accepted"], &again["repeated"]),
            (&json!(accepted), &json!(true)),
            "{nonce}"
        );
    }
    assert_eq!(people(&client, &id).await[0]["inside"], false);
    // A device whose nonces begin again must not get somebody else's answer.
    let other = token(&client, "2").await;
    scan(&client, &other, "in", "nonce-001").await.problem(409);
    scan(&client, &text, "out", "nonce-001").await.problem(409);
    // A gate whose clock is slow lets nobody in twice.
    scan(&client, &other, "in", "nonce-101").await.expect(200);
    let slow = json!({
        "token": other, "direction": "in", "gate": "main", "nonce": "nonce-102",
        "scanned_at": (jiff::Timestamp::now() - jiff::SignedDuration::from_mins(5)).to_string(),
    });
    let slow = client.post("/api/checkins", &slow).await.expect(200).json();
    assert_eq!(slow["reason"], "already_in");
    let out = scan(&client, &text, "out", "nonce-004")
        .await
        .expect(200)
        .json();
    assert_eq!(out["reason"], "not_in");
    let metrics = Client::anonymous(&server).get("/metrics").await.text();
    let counted = "qr_checkins_total{direction=\"in\",result=\"accepted\"} 2";
    assert!(metrics.contains(counted), "{metrics}");
}

async fn who_is_blocked_stays_out_and_a_closed_gate_lets_nobody_through(server: Server) {
    let client = Client::admin(&server);
    let id = event(&client, &["1", "2"]).await;
    let text = token(&client, "1").await;
    // Who is blocked, and a gate that is closed.
    let attendee = people(&client, &id).await[1]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("{EVENTS}/{id}/attendees/{attendee}");
    client
        .patch(&path, &json!({ "blocked": true }))
        .await
        .expect(200);
    let other = token(&client, "2").await;
    assert_eq!(
        scan(&client, &other, "in", "nonce-005")
            .await
            .expect(200)
            .json()["reason"],
        "blocked"
    );
    let verify = client
        .post("/api/tokens/verify", &json!({ "token": other }))
        .await;
    assert_eq!(verify.expect(200).json()["reason"], "blocked");
    client
        .put(
            &format!("{EVENTS}/{id}/gates/main"),
            &json!({ "open": false }),
        )
        .await
        .expect(200);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(
        scan(&client, &text, "in", "nonce-006")
            .await
            .expect(200)
            .json()["reason"],
        "gate_closed"
    );
    let ledger = client
        .get(&format!("{EVENTS}/{id}/ledger"))
        .await
        .expect(200)
        .json();
    let reasons: Vec<_> = ledger["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["reason"].as_str())
        .collect();
    let expected = [Some("gate_closed"), Some("blocked")];
    assert_eq!(reasons, expected);
    let counts = client
        .get(&format!("{EVENTS}/{id}/counts"))
        .await
        .expect(200)
        .json();
    assert_eq!(counts, json!({ "invited": 2, "inside": 0 }));
}

async fn of_scans_at_once_one_wins(server: Server) {
    let numbers: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let mut clients = vec![Client::admin(&server)];
    let url = server.database_url();
    let second = if url.starts_with("postgres") {
        let setup = Setup::on(Database::Postgres).env("DATABASE_URL", url);
        Some(setup.start().await)
    } else {
        None
    };
    clients.extend(second.as_ref().map(Client::admin));
    let id = event(&clients[0], &numbers).await;
    for number in &numbers {
        let text = token(&clients[0], number).await;
        for direction in ["in", "out"] {
            let scans = (0..8).map(|n| {
                let (client, text) = (&clients[n % clients.len()], &text);
                let nonce = format!("{number}-{direction}-{n:04}");
                async move {
                    scan(client, text, direction, &nonce)
                        .await
                        .expect(200)
                        .json()
                }
            });
            let answers = futures_util::future::join_all(scans).await;
            let winners = answers.iter().filter(|answer| answer["accepted"] == true);
            assert_eq!(winners.count(), 1, "{answers:?}");
        }
    }
    let inside = people(&clients[0], &id)
        .await
        .iter()
        .filter(|person| person["inside"] == true)
        .count();
    assert_eq!(inside, 0);
    // The same nonce at once is one scan.
    let text = token(&clients[0], "0").await;
    let scans = (0..8).map(|n| scan(&clients[n % clients.len()], &text, "in", "the-same-nonce"));
    for answer in futures_util::future::join_all(scans).await {
        assert_eq!(answer.expect(200).json()["accepted"], true);
    }
}

/// A scan of a device without network: who, in or out, and the minute.
fn told(text: &str, (device, n): (&str, usize), is_in: bool, minute: usize) -> Value {
    let (hour, minute) = (8 + minute / 60, minute % 60);
    json!({
        "token": text, "direction": if is_in { "in" } else { "out" }, "gate": device,
        "nonce": format!("{device}-{n:05}"), "scanned_at": format!("2026-05-01T{hour:02}:{minute:02}:00Z"),
    })
}

async fn what_was_scanned_without_network_counts_by_its_time(server: Server) {
    let client = Client::admin(&server);
    let numbers: Vec<String> = (0..8).map(|n| format!("P{n}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let mut states = Vec::new();
    for order in 0..3 {
        let id = event(&client, &numbers).await;
        let mut scans = Vec::new();
        for (p, number) in numbers.iter().enumerate() {
            let text = token(&client, number).await;
            // Two devices let the same people in, and out again; the second one is a little late.
            for (n, (device, is_in, minute)) in [
                ("north", true, 10),
                ("south", true, 11),
                ("south", false, 60),
                ("north", false, 61),
                ("north", true, 90),
            ]
            .into_iter()
            .enumerate()
            {
                scans.push(told(
                    &text,
                    (device, p * 10 + n),
                    is_in && !(p == 3 && n == 4),
                    minute + p,
                ));
            }
        }
        match order {
            0 => {}
            1 => scans.reverse(),
            _ => scans.sort_by_key(|scan| {
                scan["nonce"]
                    .as_str()
                    .unwrap()
                    .chars()
                    .rev()
                    .collect::<String>()
            }),
        }
        for part in scans.chunks(7) {
            let done = client
                .post("/api/checkins/batch", &json!({ "scans": part }))
                .await
                .expect(200)
                .json();
            assert!(
                done["results"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|r| r.get("error").is_none()),
                "{done}"
            );
            // A device that heard no answer sends them again.
            client
                .post("/api/checkins/batch", &json!({ "scans": part }))
                .await
                .expect(200);
        }
        let now: Vec<_> = people(&client, &id)
            .await
            .into_iter()
            .map(|p| {
                (
                    p["registration_no"].clone(),
                    p["inside"].clone(),
                    p["moved_at"].clone(),
                    p["moved_gate"].clone(),
                )
            })
            .collect();
        let conflicts = client
            .get(&format!("{EVENTS}/{id}/ledger?conflicts=true&limit=100"))
            .await
            .expect(200)
            .json();
        let mut conflicts: Vec<String> = conflicts["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                format!(
                    "{} {} {}",
                    row["registration_no"], row["gate"], row["scanned_at"]
                )
            })
            .collect();
        conflicts.sort();
        assert_eq!(conflicts.len(), 17, "{conflicts:?}");
        assert_eq!(
            now.iter()
                .filter(|(_, inside, ..)| *inside == json!(true))
                .count(),
            7
        );
        states.push((now, conflicts));
        client.delete(&format!("{EVENTS}/{id}")).await.expect(204);
    }
    assert!(states.iter().all(|state| *state == states[0]), "{states:?}");
}

async fn what_is_wrong_is_named_and_changes_nothing(server: Server) {
    let client = Client::admin(&server);
    let id = event(&client, &["1"]).await;
    let text = token(&client, "1").await;
    let good = json!({ "token": text, "direction": "in", "gate": "main", "nonce": "good-nonce" });
    let with = |field: &str, value: Value| {
        let mut scan = good.clone();
        scan[field] = value;
        scan
    };
    for (body, field) in [
        (with("direction", json!("up")), "direction"),
        (with("nonce", json!("short")), "nonce"),
        (with("gate", json!("")), "gate"),
        (
            with("scanned_at", json!("2999-01-01T00:00:00Z")),
            "scanned_at",
        ),
        (
            with("scanned_at", json!("2001-01-01T00:00:00Z")),
            "scanned_at",
        ),
        (
            with("attendee_id", json!("00000000-0000-7000-8000-000000000000")),
            "token",
        ),
        (with("device", json!("x")), "device"),
    ] {
        client.post("/api/checkins", &body).await.invalid(field);
    }
    client
        .put(&format!("{EVENTS}/{id}/gates/north"), &json!({}))
        .await
        .expect(200);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    client.post("/api/checkins", &good).await.invalid("gate");
    // In an upload the others count all the same.
    let mut scans = vec![
        told(&text, ("north", 1), true, 5),
        told(&text, ("nowhere", 2), true, 6),
    ];
    scans.push(with("gate", json!("north")));
    let done = client
        .post("/api/checkins/batch", &json!({ "scans": scans }))
        .await
        .expect(200)
        .json();
    let results = done["results"].as_array().unwrap();
    assert_eq!(results[0]["accepted"], true);
    for wrong in &results[1..] {
        assert!(wrong["error"].is_string(), "{wrong}");
    }
    client
        .post("/api/checkins/batch", &json!({ "scans": [] }))
        .await
        .invalid("scans");
    let ledger = client
        .get(&format!("{EVENTS}/{id}/ledger"))
        .await
        .expect(200)
        .json();
    assert_eq!(ledger["items"].as_array().unwrap().len(), 1);
}
