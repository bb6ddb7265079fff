//! Backups of other releases: older ones are brought up, newer ones refused.

use serde_json::Value;

use super::{
    Client, Server, Setup, analytics, backup, contents,
    damaged::{pack, unpacked},
    drained, fill, path, refused,
};
use crate::support::{Database, eventually, on_both, rows::execute};

on_both!(older_ones_are_brought_up, newer_ones_are_refused);

async fn older_ones_are_brought_up(mut server: Server) {
    let code = fill(&server).await;
    let late = analytics(&server, &code.id).await;
    server.stop().await;
    // As the release before rollups left it.
    let down = server.run(&["migrate", "down", "--steps", "3"]);
    assert!(down.status.success());
    let taken = backup(&server, "old.backup");
    assert_eq!(taken["schema"], "m0008_audit_log");
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
            (same == (true, true))
                .then_some(())
                .ok_or(format!("{same:?}: {now}"))
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
    let newer = unpacked(&file).replacen("m0011_dials", "m9999_novelty", 1);
    let newer: Vec<String> = newer.lines().map(str::to_owned).collect();
    pack(&server.path("newer"), &newer);
    refused(
        &server,
        &["restore", "newer", "--check"],
        "use a newer release",
    );
    refused(
        &server,
        &["restore", "newer", "--force"],
        "use a newer release",
    );
    assert_eq!(contents(&server).await, before);

    // And a database that a newer release was at work on.
    execute(
        &server,
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_novelty', 0)",
    )
    .await;
    refused(&server, &["backup", "later.backup"], "newer release");
    assert!(!server.path("later.backup").exists());
    if server.database_url().starts_with("postgres") {
        refused(
            &server,
            &["restore", "all.backup", "--force"],
            "newer release",
        );
    } else {
        // The file as a whole is put aside, whatever is in it.
        let restored = server.run_json(&["restore", "all.backup", "--force", "--json"]);
        assert_ne!(restored["database_kept"], Value::Null);
    }
    assert_eq!(contents(&server).await, before);
}
