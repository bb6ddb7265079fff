//! Backup and restore, from outside: what comes back is what was there, in either database; whatever is wrong is refused
//! and changes nothing.

mod aside;
mod compared;
mod damaged;
mod load;
mod pipes;
mod scripts;
mod versions;

use std::{process::Child, time::Duration};

use serde_json::{Value, json};

use crate::support::{
    Client, Database, Server, Setup,
    codes::{Dynamic, TARGET, create_dynamic, create_static},
    command::{Says as _, text},
    load::BROWSER,
    metrics::Scrape,
    on_both,
    redis::{RedisServer, RedisSetup},
    rows::{drained, execute, join},
};
use compared::contents;

on_both!(what_is_asked_for_wrongly_is_refused);

/// Some of everything that is stored; nothing is on its way any more.
async fn fill(server: &Server) -> Dynamic {
    let client = Client::admin(server);
    create_static(&client, "plain text").await;
    create_static(&client, "ünïcödé \u{1f600} \"quoted\" \\ back\tslash").await;
    create_dynamic(&client).await;
    let code = create_dynamic(&client).await;
    let agents = [BROWSER, "curl/8.5", "Mozilla/5.0 (compatible; bot)", ""];
    for agent in agents {
        for path in [&code.genuine, &code.shared] {
            let request = client.request(reqwest::Method::GET, path);
            let request = request.header("user-agent", agent);
            let request = request.header("referer", "https://example.org/menu");
            assert_eq!(request.send().await.unwrap().status(), 302);
        }
    }
    client.head(&code.shared).await.expect(302);
    drained(&client).await;
    server.run_json(&["keys", "create", "--name", "till 3", "--json"]);
    let set = ["flags", "set", "render", "--candidate", "5", "--json"];
    server.run_json(&set);
    join(server, "guest", "analyst").await;
    // The bounds of what a column holds.
    let bounds = "UPDATE codes SET scan_count = 9223372036854775807, last_scan_at_us = -9223372036854775808 \
                  WHERE content = 'plain text'";
    execute(server, bounds).await;
    code
}

/// The command fails, and says why.
#[track_caller]
fn refused(server: &Server, arguments: &[&str], why: &str) {
    server.run_to(1, arguments).says(why);
}

fn backup(server: &Server, file: &str) -> Value {
    server.run_json(&["backup", file, "--json"])
}

/// Waits for a command without standing in the way of what else goes on in this thread.
async fn ended(mut running: Child) {
    let status = loop {
        match running.try_wait().unwrap() {
            Some(status) => break status,
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    assert!(status.success(), "{status}");
}

/// A file of one product's folder, seen from another's.
fn path(server: &Server, file: &str) -> String {
    server.path(file).display().to_string()
}

async fn analytics(server: &Server, id: &str) -> Value {
    let client = Client::admin(server);
    let ask = async |what: &str| {
        let path = format!("/api/v1/qr/{id}{what}");
        let mut answer = client.get(&path).await.expect(200).json();
        // When it was asked.
        if let Some(answer) = answer.as_object_mut() {
            answer.remove("end_date");
        }
        answer
    };
    json!([
        ask("/analytics/scan-timeseries").await,
        ask("/analytics/device-stats").await,
        ask("/analytics/scan-logs").await,
        ask("").await["scan_count"],
    ])
}

async fn there_and_back(from: Database, to: Database) {
    let server = Setup::on(from).start().await;
    let code = fill(&server).await;
    let taken = backup(&server, "all.backup");
    let (rows, answers) = (contents(&server).await, analytics(&server, &code.id).await);
    let counts = (rows["scans"].len(), rows["codes"].len());
    assert_eq!(counts, (9, 4), "{rows:?}");

    let mut fresh = Setup::on(to).prepare();
    let file = path(&server, "all.backup");
    let restored = fresh.run_json(&["restore", &file, "--json"]);
    assert_eq!(restored["digest"], taken["digest"]);
    assert_eq!(restored["tables"], taken["tables"]);
    assert_eq!(restored["database_kept"], Value::Null);
    let kind = |database| match database {
        Database::Sqlite => "sqlite",
        Database::Postgres => "postgresql",
    };
    assert_eq!(restored["database"], kind(from));
    let found = contents(&fresh).await;
    for (table, rows) in &rows {
        assert_eq!(&found[table], rows, "{table}");
    }
    assert_eq!(found, rows);
    // The same rows make the same digest, whatever they lie in.
    let again = backup(&fresh, "again.backup");
    assert_eq!(again["digest"], taken["digest"]);
    assert_eq!(again["database"], kind(to));

    fresh.start().await;
    assert_eq!(analytics(&fresh, &code.id).await, answers);
    let client = Client::admin(&fresh);
    let answer = client.get(&code.genuine).await.expect(302);
    assert_eq!(answer.header("location"), TARGET);
    drained(&client).await;
    let now = contents(&fresh).await;
    assert_eq!(now["scans"].len(), rows["scans"].len() + 1);
}

#[tokio::test]
async fn sqlite_to_sqlite() {
    there_and_back(Database::Sqlite, Database::Sqlite).await;
}

#[tokio::test]
async fn sqlite_to_postgres() {
    there_and_back(Database::Sqlite, Database::Postgres).await;
}

#[tokio::test]
async fn postgres_to_sqlite() {
    there_and_back(Database::Postgres, Database::Sqlite).await;
}

#[tokio::test]
async fn postgres_to_postgres() {
    there_and_back(Database::Postgres, Database::Postgres).await;
}

async fn what_is_asked_for_wrongly_is_refused(mut server: Server) {
    use std::os::unix::fs::PermissionsExt as _;
    fill(&server).await;
    let client = Client::anonymous(&server);
    let at = async || {
        let scrape = Scrape::of(&client).await;
        scrape.sum("qr_backup_last_success_timestamp_seconds", &[])
    };
    assert_eq!(at().await, Some(0.0));
    backup(&server, "all.backup");
    assert!(at().await > Some(1.7e9));
    let mode = std::fs::metadata(server.path("all.backup")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    let first = std::fs::read(server.path("all.backup")).unwrap();
    refused(&server, &["backup", "all.backup"], "is there already");
    assert_eq!(std::fs::read(server.path("all.backup")).unwrap(), first);
    server.run_json(&["backup", "all.backup", "--force", "--json"]);
    assert_ne!(std::fs::read(server.path("all.backup")).unwrap(), first);
    let nowhere = ["backup", "nowhere/all.backup"];
    refused(&server, &nowhere, "cannot be written");
    refused(&server, &["backup", "data"], "is a folder");
    assert!(!server.path("all.backup.partial").exists());

    refused(&server, &["restore", "nothing.backup"], "cannot be read");
    refused(&server, &["restore", "log"], "no backup of ours");
    refused(&server, &["restore", "data"], "");
    let check = ["restore", "all.backup", "--check", "--json"];
    let checked = server.run_json(&check);
    assert!(checked["rows"].as_u64() > Some(20), "{checked}");
    server.run_to(2, &["restore", "all.backup", "--check", "--force"]);
    // While it runs not even with --force.
    let before = contents(&server).await;
    for arguments in [
        &["restore", "all.backup"][..],
        &["restore", "all.backup", "--force"],
    ] {
        refused(&server, arguments, "stop");
    }
    assert_eq!(contents(&server).await, before);
    server.stop().await;
    refused(&server, &["restore", "all.backup"], "--force");
    assert_eq!(contents(&server).await, before);
}

#[test]
fn a_backup_of_nothing_is_none() {
    for database in [Database::Sqlite, Database::Postgres] {
        let server = Setup::on(database).prepare();
        refused(&server, &["backup", "all.backup"], "database");
        assert!(!server.path("all.backup").exists());
        assert!(!server.path("all.backup.partial").exists());
        assert!(!server.path("data").exists(), "one was made");
    }
    let memory = Setup::on(Database::Sqlite).env("DATABASE_URL", "sqlite::memory:");
    refused(&memory.prepare(), &["backup", "all.backup"], "memory");
}

#[tokio::test]
async fn redis_forgets_what_was_before() {
    let redis = RedisServer::start(RedisSetup::default()).await;
    let setup = Setup::on(Database::Sqlite).env("REDIS_URL", redis.url());
    let mut server = setup.env("REDIS_ADMISSION", "always").start().await;
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    backup(&server, "all.backup");
    let change = json!({ "redirect_url": "https://example.org/elsewhere" });
    let path = format!("/api/v1/qr/{}", code.id);
    client.put(&path, &change).await.expect(200);
    client.get(&code.shared).await.expect(302);
    crate::support::eventually(10, async || {
        let keys = redis.cli(&["KEYS", "*slug*"]);
        (!keys.trim().is_empty()).then_some(()).ok_or(keys)
    })
    .await;
    server.stop().await;
    let restore = ["restore", "all.backup", "--force", "--json"];
    let restored = server.run_json(&restore);
    assert_eq!(restored["redis_cleared"], true, "{restored}");
    server.start().await;
    let answer = client.get(&code.shared).await.expect(302);
    assert_eq!(answer.header("location"), TARGET);

    // One that is away is told of, and does not undo the restore.
    server.stop().await;
    server.set("REDIS_URL", "redis://127.0.0.1:1");
    server.run_to(0, &restore).says("Redis may still remember");
}
