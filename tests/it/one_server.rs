//! One server on one set of files, and what it leaves alone while nothing happens.

use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt as _, path::Path};

use serde_json::Value;

use crate::support::{Client, Server, codes::create_dynamic, on_both, rows::drained};

on_both!(a_second_one_is_refused_and_an_idle_one_writes_nothing);

/// Every file below: its inode, which a replaced one has not, when it was written, and its size.
fn written(folder: &Path) -> BTreeMap<String, (u64, i64, i64, u64)> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(about) = fs::metadata(&path) else {
            continue;
        };
        if about.is_dir() {
            files.extend(written(&path));
        } else if !path.to_string_lossy().ends_with("-shm") {
            // A reader of SQLite leaves its mark in that one, which is memory.
            let about = (about.ino(), about.mtime(), about.mtime_nsec(), about.len());
            files.insert(path.display().to_string(), about);
        }
    }
    files
}

/// As the verdict's reader is told.
fn server_runs(server: &Server) -> Value {
    let output = server.run(&["verdict", "--json"]);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    said["experiments"][0]["server_runs"].clone()
}

async fn a_second_one_is_refused_and_an_idle_one_writes_nothing(mut server: Server) {
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    client.get(&code.genuine).await.expect(302);
    drained(&client).await;
    let evidence = server.path("data/rollout/validate.json");
    crate::support::eventually(10, async || {
        let text = fs::read_to_string(&evidence).unwrap_or_default();
        text.contains("saved_at_ms").then_some(()).ok_or(text)
    })
    .await;
    // Two looks of what writes the evidence down.
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    let before = written(&server.path("data"));
    assert!(before.len() >= 5, "{before:?}");

    // It waits for the first one to end, which takes longer than all that writes regularly.
    let mut second = server.begin(&["serve"]);
    let status = loop {
        match second.try_wait().unwrap() {
            Some(status) => break status,
            None => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
        }
    };
    assert_eq!(status.code(), Some(1));
    let log = server.log();
    let owner = format!("process {}", server.pid());
    assert!(log.contains("waiting for its end"), "{log}");
    assert!(log.contains("is in use by another server"), "{log}");
    assert!(log.contains(&owner), "no {owner} in {log}");
    assert!(!log.contains('\u{1b}'), "colours in a file: {log}");
    assert_eq!(written(&server.path("data")), before);

    // Commands work beside it, and know that it is there.
    let flags = ["flags", "set", "render", "--candidate", "5", "--json"];
    server.run_json(&flags);
    server.run_json(&["keys", "create", "--name", "till", "--json"]);
    server.run_json(&["backup", "all.backup", "--json"]);
    assert!(server.run(&["doctor"]).status.success());
    assert_eq!(server_runs(&server), true);
    let refused = server.run(&["restore", "all.backup", "--force"]);
    let text = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && text.contains(&owner), "{text}");

    // A kill leaves the lock files behind, and they are in nobody's way.
    server.kill().await;
    assert_eq!(server_runs(&server), false);
    server.start().await;
    let log = server.log();
    assert_eq!(log.matches("waiting for its end").count(), 1, "{log}");
}
