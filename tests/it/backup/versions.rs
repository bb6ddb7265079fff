//! Backups of other releases: older ones are brought up, newer ones refused; and of a database that a newer release changed.

use serde_json::{Value, json};

use super::{
    Client, Server, Setup, analytics, backup, contents, create_dynamic,
    damaged::{pack, unpacked},
    drained, fill, path, refused, text,
};
use crate::support::{Database, command::Says as _, eventually, on_both, rows::alter};

on_both!(
    older_ones_are_brought_up,
    newer_ones_are_refused,
    newer_schemas_are_backed_up_and_told
);

async fn older_ones_are_brought_up(mut server: Server) {
    let code = fill(&server).await;
    let late = analytics(&server, &code.id).await;
    server.stop().await;
    // As the release before rollups left it.
    server.run_to(0, &["migrate", "down", "--steps", "7"]);
    let taken = backup(&server, "old.backup");
    assert_eq!(taken["schema"], "m0008_audit_log");
    // Brought up in place, as restoring must bring it up elsewhere.
    server.run_to(0, &["migrate", "up"]);
    let old = contents(&server).await;
    for to in [Database::Sqlite, Database::Postgres] {
        let mut fresh = Setup::on(to).prepare();
        let file = path(&server, "old.backup");
        fresh.run_json(&["restore", &file, "--json"]);
        let found = contents(&fresh).await;
        for table in ["codes", "users", "agents", "audit_log"] {
            assert_eq!(found[table], old[table], "{table}");
        }
        assert_eq!(found["scans"].len(), old["scans"].len());
        assert!(found.contains_key("dials"));
        fresh.start().await;
        drained(&Client::admin(&fresh)).await;
        // The server counts them anew.
        eventually(20, async || {
            let now = analytics(&fresh, &code.id).await;
            let same = (now[0] == late[0], now[1] == late[1]);
            let is_same = (same == (true, true)).then_some(());
            is_same.ok_or(format!("{same:?}: {now}"))
        })
        .await;
    }
}

async fn newer_ones_are_refused(mut server: Server) {
    fill(&server).await;
    backup(&server, "all.backup");
    server.stop().await;
    let before = contents(&server).await;
    let file = server.path("all.backup");
    let newer = unpacked(&file).replacen("m0015_events", "m9999_novelty", 1);
    let newer: Vec<String> = newer.lines().map(str::to_owned).collect();
    pack(&server.path("newer"), &newer);
    for option in ["--check", "--force"] {
        let restore = ["restore", "newer", option];
        refused(&server, &restore, "use a newer release");
    }
    assert_eq!(contents(&server).await, before);
}

/// What a newer release left behind when it was taken back: a table, a column, and their migration.
const NEWER: [&str; 4] = [
    "CREATE TABLE novelties (id BIGINT PRIMARY KEY)",
    "INSERT INTO novelties (id) VALUES (1)",
    "ALTER TABLE codes ADD COLUMN novelty TEXT",
    "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_novelty', 0)",
];

async fn newer_schemas_are_backed_up_and_told(mut server: Server) {
    fill(&server).await;
    let before = backup(&server, "before.backup");
    assert_eq!(before["unknown_migrations"], json!([]));
    alter(&server, &NEWER).await;
    let client = Client::anonymous(&server);
    let part = eventually(10, async || {
        let health = client.get("/health").await.expect(200).json();
        let part = health["checks"]["database"].clone();
        (part["status"] == "warn")
            .then_some(part)
            .ok_or(health.to_string())
    })
    .await;
    assert!(part.to_string().contains("m9999_novelty"), "{part}");
    server.stop().await;
    server.start().await;
    let told = server.log().matches("m9999_novelty").count();
    assert_eq!(told, 1, "{}", server.log());
    create_dynamic(&Client::admin(&server)).await;

    let status = server.run_json(&["migrate", "status", "--json"]);
    let last = status["migrations"].as_array().unwrap().last().unwrap();
    let expected = json!({"name": "m9999_novelty", "applied": true, "known": false});
    assert_eq!(*last, expected);
    let doctor = server.run_json(&["doctor", "--json"]);
    let mut checks = doctor["checks"].as_array().unwrap().iter();
    let schema = checks.find(|c| c["check"] == "schema").unwrap();
    assert_eq!(schema["status"], "warn", "{schema}");
    assert!(schema.to_string().contains("m9999_novelty"), "{schema}");
    server.run_to(0, &["migrate", "up"]);
    refused(&server, &["migrate", "down"], "m9999_novelty");

    server.stop().await;
    let output = server.run(&["backup", "later.backup", "--json"]);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    let taken: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(taken["unknown_migrations"], json!(["m9999_novelty"]));
    let left_out = json!(["column codes.novelty", "table novelties"]);
    assert_eq!(taken["left_out"], left_out);
    said.says("warning|codes.novelty");
    assert_eq!(taken["tables"][4]["table"], before["tables"][4]["table"]);
    let header = unpacked(&server.path("later.backup"));
    assert!(header.lines().next().unwrap().contains("table novelties"));

    // It is restored, in either database, by this release.
    let fresh = Setup::on(Database::Sqlite).prepare();
    let file = path(&server, "later.backup");
    let restored = fresh.run_json(&["restore", &file, "--json"]);
    assert_eq!(restored["left_out"], left_out);
    assert_eq!(restored["digest"], taken["digest"]);
    assert_eq!(backup(&fresh, "again.backup")["digest"], taken["digest"]);

    // What is there now cannot be moved away table by table; a file can.
    if server.database_url().starts_with("postgres") {
        let restore = ["restore", "before.backup", "--force"];
        refused(&server, &restore, "newer release");
    } else {
        let restore = ["restore", "before.backup", "--force", "--json"];
        let restored = server.run_json(&restore);
        assert_ne!(restored["database_kept"], Value::Null);
        alter(&server, &NEWER).await;
    }
    // What is known and gone cannot be backed up.
    alter(&server, &["DROP TABLE dials"]).await;
    let less = ["backup", "less.backup"];
    refused(&server, &less, "has removed the table dials");
    assert!(!server.path("less.backup").exists());
}
