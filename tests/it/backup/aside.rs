//! What a restore replaces is kept, whole, and leads back.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sea_orm::{ConnectionTrait as _, TransactionTrait as _};

use super::{
    Client, Database, Server, backup, contents, create_dynamic, drained, ended, fill, refused,
};
use crate::support::{
    Setup, on_both,
    rows::{scan_ids, texts},
};

on_both!(what_was_replaced_leads_back);

/// A log that is left beside another file than its own would be taken for that one's.
fn put_back(kept: &Path, place: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let from = format!("{}{suffix}", place.display());
        if Path::new(&from).exists() {
            std::fs::rename(&from, format!("{}.undone{suffix}", place.display())).unwrap();
        }
    }
    std::fs::rename(kept, place).unwrap();
}

async fn what_was_replaced_leads_back(mut server: Server) {
    fill(&server).await;
    backup(&server, "early.backup");
    let early = contents(&server).await;
    let code = create_dynamic(&Client::admin(&server)).await;
    server.stop().await;
    // Scans that are in nothing but the spool.
    server.set("SCAN_DRAIN", "false");
    server.start().await;
    let client = Client::admin(&server);
    client.get(&code.shared).await.expect(302);
    server.stop().await;
    let late = contents(&server).await;
    let usual = server.database_url();
    assert_ne!(early, late);

    refused(&server, &["restore", "early.backup"], "scan-spool.db");
    let restored = server.run_json(&["restore", "early.backup", "--force", "--json"]);
    assert_eq!(contents(&server).await, early);
    let spool = PathBuf::from(restored["spool_kept"].as_str().unwrap());
    let kept = restored["database_kept"].as_str().unwrap().to_owned();
    // It serves, and does not know what came later.
    server.set("SCAN_DRAIN", "true");
    server.start().await;
    client.get(&code.shared).await.expect(404);
    server.stop().await;

    // And back, as docs/OPERATIONS.md says.
    if let Some(schema) = kept.strip_prefix("schema ") {
        let url = format!("{}?options[search_path]={schema}", server.database_url());
        server.set("DATABASE_URL", url);
    } else {
        let place = server.path("data/qr-observatory.db");
        put_back(Path::new(&kept), &place);
    }
    put_back(&spool, &server.path("data/scan-spool.db"));
    let schema = kept.strip_prefix("schema ");
    let within = schema.map_or(String::new(), |schema| format!("{schema}."));
    let slugs = format!("SELECT slug FROM {within}codes WHERE slug IS NOT NULL");
    assert_eq!(texts(&server, &slugs).await.len(), 3);
    if schema.is_none() {
        assert_eq!(contents(&server).await, late);
    }
    server.start().await;
    let client = Client::admin(&server);
    client.get(&code.shared).await.expect(302);
    drained(&client).await;
    // Nine early ones, the one in the spool, and this one.
    let count = match schema {
        Some(_) => {
            let ids = format!("SELECT id::text FROM {within}scans");
            texts(&server, &ids).await.len()
        }
        None => scan_ids(&server).await.len(),
    };
    assert_eq!(count, 11);

    // And for good, where only the address leads back.
    if schema.is_some() {
        server.stop().await;
        backup(&server, "old.backup");
        server.set("DATABASE_URL", usual);
        server.run_json(&["restore", "old.backup", "--force", "--json"]);
        assert_eq!(scan_ids(&server).await.len(), 11);
    }
}

#[tokio::test]
async fn the_spool_and_the_baseline_come_along() {
    let setup = Setup::on(Database::Sqlite).env("SCAN_DRAIN", "false");
    let mut server = setup.start().await;
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    for _ in 0..5 {
        client.get(&code.genuine).await.expect(302);
    }
    let load = crate::support::load::Load::start(&server, &code.genuine, 2);
    ended(server.begin(&["baseline", "capture", "--duration", "1s"])).await;
    let tally = load.stop().await;
    server.stop().await;
    assert!(scan_ids(&server).await.is_empty());
    let taken = backup(&server, "all.backup");
    assert_eq!(taken["tables"][2]["rows"], 1, "{taken}");

    let mut fresh = Setup::on(Database::Postgres).prepare();
    let file = super::path(&server, "all.backup");
    let restored = fresh.run_json(&["restore", &file, "--json"]);
    assert_eq!(restored["baseline_restored"], true);
    let captured = |s: &Server| std::fs::read(s.path("data/baseline.json")).unwrap();
    assert_eq!(captured(&server), captured(&fresh));
    fresh.start().await;
    drained(&Client::admin(&fresh)).await;
    assert_eq!(scan_ids(&fresh).await.len(), 5 + tally.redirected.len());
    // Again from the beginning: what came twice is counted once.
    fresh.stop().await;
    fresh.run_json(&["restore", &file, "--force", "--json"]);
    let spool = fresh.path("data/scan-spool.db");
    let copy = std::fs::read(&spool).unwrap();
    fresh.start().await;
    drained(&Client::admin(&fresh)).await;
    fresh.stop().await;
    std::fs::write(&spool, copy).unwrap();
    fresh.start().await;
    drained(&Client::admin(&fresh)).await;
    assert_eq!(scan_ids(&fresh).await.len(), 5 + tally.redirected.len());
}

/// Somebody looks at a table and does not end: the last step fails, and the ones before it are undone.
#[tokio::test]
async fn what_cannot_be_swapped_stays() {
    let mut server = Setup::on(Database::Postgres).start().await;
    fill(&server).await;
    backup(&server, "all.backup");
    let code = create_dynamic(&Client::admin(&server)).await;
    server.stop().await;
    server.set("SCAN_DRAIN", "false");
    server.start().await;
    let client = Client::anonymous(&server);
    client.get(&code.shared).await.expect(302);
    server.stop().await;
    let before = contents(&server).await;
    let url = server.database_url();
    let looking = sea_orm::Database::connect(&url).await.unwrap();
    a_hangup_leaves_no_half_backup(&server, &looking).await;
    let tx = looking.begin().await.unwrap();
    let lock = "LOCK TABLE codes IN ACCESS SHARE MODE";
    tx.execute_unprepared(lock).await.unwrap();
    refused(&server, &["restore", "all.backup", "--force"], "database");
    tx.rollback().await.unwrap();
    looking.close().await.unwrap();
    assert_eq!(contents(&server).await, before);
    let left = "SELECT COUNT(*) FROM pg_namespace WHERE nspname ~ '^(restoring|replaced)'";
    assert_eq!(crate::support::postgres::sql(&url, left).trim(), "0");
    let names = std::fs::read_dir(server.path("data")).unwrap();
    let left = names.map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut left = left.filter(|n| n.contains(".restoring") || n.contains(".replaced"));
    assert_eq!(left.next(), None);
    // The scan is still in the spool.
    server.set("SCAN_DRAIN", "true");
    server.start().await;
    drained(&Client::admin(&server)).await;
    assert_eq!(scan_ids(&server).await.len(), before["scans"].len() + 1);
}

async fn a_hangup_leaves_no_half_backup(server: &Server, other: &sea_orm::DatabaseConnection) {
    let tx = other.begin().await.unwrap();
    tx.execute_unprepared("LOCK TABLE codes").await.unwrap();
    let partial = server.path("hung-up.backup.partial");
    let mut waits = server.begin(&["backup", "hung-up.backup"]);
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while crate::support::postgres::sql(&server.database_url(), waiting).trim() != "1" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(partial.exists());
    crate::support::postgres::signal("HUP", &[waits.id()]);
    assert_eq!(waits.wait().unwrap().code(), Some(1));
    assert!(!partial.exists());
    assert!(!server.path("hung-up.backup").exists());
    tx.rollback().await.unwrap();
}
