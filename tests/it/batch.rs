//! `/api/v2/qr/batch`: order, partial failure, and the three kinds of answer.

use std::{collections::BTreeMap, process::Command};

use base64ct::{Base64, Encoding as _};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, Database, Server, Setup, client::send, decode::decode, on_both};

on_both!(
    answers_are_in_order_and_one_failure_stops_no_other,
    a_caller_may_want_all_or_none,
    symbols_come_as_lines_and_as_files,
    what_is_no_batch_is_refused,
);

const BATCH: &str = "/api/v2/qr/batch";

fn texts(n: usize) -> Vec<String> {
    (0..n).map(|n| format!("badge {n}")).collect()
}

async fn answers_are_in_order_and_one_failure_stops_no_other(server: Server) {
    let client = Client::admin(&server);
    let texts = texts(40);
    let mut codes: Vec<_> = texts
        .iter()
        .map(|text| json!({ "data": text, "options": { "format": "png" } }))
        .collect();
    // The slowest first, one that is not understood, and one that no version holds.
    codes[0]["options"] = json!({ "format": "png", "size": 2000, "effects": [{ "type": "blur" }] });
    codes[7]["options"] = json!({ "size": 1, "eyeShape": "potato" });
    codes[9]["data"] = json!("x".repeat(4000));
    let answer = client.post(BATCH, &json!({ "codes": codes })).await;
    let answer = answer.expect(200).json();
    let results = answer["results"].as_array().unwrap();
    assert_eq!(
        (answer["success"].clone(), results.len()),
        (json!(false), 40)
    );
    for (n, (result, text)) in results.iter().zip(&texts).enumerate() {
        assert_eq!(result["index"], n);
        let is_wrong = n == 7 || n == 9;
        assert_eq!(result["success"], !is_wrong, "{result}");
        if is_wrong {
            assert_eq!(result["error"]["status"], 422);
        } else if n > 0 {
            let uri = result["image"].as_str().unwrap();
            let file = uri.strip_prefix("data:image/png;base64,").unwrap();
            let file = Base64::decode_vec(file).unwrap();
            assert_eq!(&decode(&file, "png"), text);
            assert_eq!(result["metadata"]["fileSize"], file.len());
            assert_eq!(result["scannability"]["grade"], "A");
        }
    }
    let fields: Vec<_> = results[7]["error"]["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["field"].clone())
        .collect();
    assert_eq!(fields, [json!("eyeShape"), json!("size")]);
    let summary = &answer["summary"];
    let counted = ["total", "successful", "failed", "skipped"].map(|n| summary[n].clone());
    assert_eq!(counted, [json!(40), json!(38), json!(2), json!(0)]);
}

async fn a_caller_may_want_all_or_none(server: Server) {
    let client = Client::admin(&server);
    let options = json!({ "stopOnError": true, "maxConcurrent": 1, "includeMetadata": false });
    let bad = json!({ "codes": [{ "data": "a" }, { "data": "b", "options": { "size": 1 } }], "options": options });
    let refused = client.post(BATCH, &bad).await.problem(422);
    assert_eq!(refused["errors"][0]["field"], "codes[1].options.size");
    // What is only seen when it is drawn.
    let huge = "x".repeat(4000);
    let late = json!({ "codes": [{ "data": "a" }, { "data": huge }, { "data": "c" }], "options": options });
    let answer = client.post(BATCH, &late).await.expect(200).json();
    let summary = &answer["summary"];
    let counted = ["total", "successful", "failed", "skipped"].map(|n| summary[n].clone());
    assert_eq!(
        counted,
        [json!(3), json!(1), json!(1), json!(1)],
        "{answer}"
    );
    assert!(answer["results"][0].get("metadata").is_none());
    assert_eq!(answer["results"].as_array().unwrap().len(), 2);
}

async fn symbols_come_as_lines_and_as_files(server: Server) {
    let client = Client::admin(&server);
    let texts = texts(5);
    let mut codes: Vec<_> = texts.iter().map(|text| json!({ "data": text })).collect();
    codes[3]["options"] = json!({ "format": "potato" });
    let ask = async |accept: &str| {
        let request = client.request(Method::POST, BATCH).header("accept", accept);
        send(request.json(&json!({ "codes": codes })))
            .await
            .expect(200)
    };
    let answer = ask("application/x-ndjson").await;
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let lines = answer.text();
    let lines: Vec<Value> = lines
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines.len(), 6);
    for (n, text) in texts.iter().enumerate().filter(|(n, _)| *n != 3) {
        let svg = lines[n]["svg"].as_str().unwrap();
        assert_eq!(&decode(svg.as_bytes(), "svg"), text);
    }
    assert_eq!(lines[3]["error"]["status"], 422);
    assert_eq!(lines[5]["summary"]["failed"], 1);

    let answer = ask("application/zip, */*;q=0.1").await;
    assert_eq!(answer.header("content-type"), "application/zip");
    let files = unzipped(&answer.body);
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "0000.svg",
            "0001.svg",
            "0002.svg",
            "0004.svg",
            "results.json"
        ]
    );
    assert_eq!(decode(&files["0004.svg"], "svg"), texts[4]);
    let results: Value = serde_json::from_slice(&files["results.json"]).unwrap();
    assert_eq!(results["results"][4]["file"], "0004.svg");
    assert_eq!(results["summary"]["successful"], 4);
}

/// By a reader that is not ours.
fn unzipped(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("symbols.zip");
    std::fs::write(&path, bytes).unwrap();
    let out = folder.path().join("out");
    let python = std::env::var("TEST_PYTHON").expect("run by scripts/test");
    let status = Command::new(python)
        .args(["-m", "zipfile", "-e"])
        .args([&path, &out])
        .status();
    assert!(status.unwrap().success());
    let entries = std::fs::read_dir(out).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        (name, std::fs::read(entry.path()).unwrap())
    });
    entries.collect()
}

async fn what_is_no_batch_is_refused(server: Server) {
    let client = Client::admin(&server);
    let many: Vec<_> = (0..1001)
        .map(|n| json!({ "data": n.to_string() }))
        .collect();
    for (body, field) in [
        (json!({ "codes": [] }), "codes"),
        (json!({ "codes": many }), "codes"),
        (json!({ "codes": "a" }), "codes"),
        (json!({}), "codes"),
        (json!({ "codes": [{ "data": 1 }] }), "codes[0].data"),
        (
            json!({ "codes": [{ "data": "a" }], "options": { "maxConcurrent": 0 } }),
            "options.maxConcurrent",
        ),
        (
            json!({ "codes": [{ "data": "a" }], "options": { "maxConcurrent": 101 } }),
            "options.maxConcurrent",
        ),
        (
            json!({ "codes": [{ "data": "a" }], "options": { "maxConcurrent": -1 } }),
            "options.maxConcurrent",
        ),
        (
            json!({ "codes": [{ "data": "a" }], "options": { "speed": 11 } }),
            "options.speed",
        ),
    ] {
        let refused = client.post(BATCH, &body).await.problem(422);
        assert!(refused.to_string().contains(field), "{field}: {refused}");
    }
}

/// A batch counts as many symbols, so that it is no way around the limit.
#[tokio::test]
async fn a_batch_counts_as_its_symbols() {
    let server = Setup::on(Database::Sqlite)
        .env("LIMIT_RENDER", "60")
        .env("LIMIT_RENDER_BURST", "30")
        .start()
        .await;
    let anonymous = Client::anonymous(&server);
    let batch = |n: usize| {
        let codes: Vec<_> = texts(n)
            .iter()
            .map(|text| json!({ "data": text }))
            .collect();
        json!({ "codes": codes })
    };
    // One too many would be too many whenever it is tried: no 429.
    let refused = anonymous.post(BATCH, &batch(31)).await.problem(422);
    assert!(
        refused.to_string().contains("without credentials"),
        "{refused}"
    );
    anonymous.post(BATCH, &batch(25)).await.expect(200);
    let refused = anonymous.post(BATCH, &batch(25)).await;
    assert!(refused.header("ratelimit").starts_with("\"render\";r=0;t="));
    refused.problem(429);
    Client::admin(&server)
        .post(BATCH, &batch(200))
        .await
        .expect(200);
}
