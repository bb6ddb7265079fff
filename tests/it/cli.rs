//! The command line: help, migrations, doctor, and settings that cannot be used.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{
    Client, Database, Setup,
    codes::{counted, create_dynamic, create_static},
    command::Says as _,
    process::free_port,
};

/// The commands that a help page lists.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|l| *l != "Commands:").skip(1);
    let listed = listed.take_while(|l| l.starts_with("  "));
    // A description that goes on in the next line is indented further.
    let names = listed
        .filter(|l| !l.starts_with("   "))
        .filter_map(|l| l.split_whitespace().next());
    names
        .filter(|n| *n != "help")
        .map(ToOwned::to_owned)
        .collect()
}

#[test]
fn every_command_explains_itself() {
    let server = Setup::on(Database::Sqlite).prepare();
    let mut seen = BTreeSet::new();
    let mut open: Vec<Vec<String>> = vec![vec![]];
    while let Some(path) = open.pop() {
        let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
        arguments.push("--help");
        let help = server.run_to(0, &arguments);
        assert!(help.contains("Usage:"), "{arguments:?}: {help}");
        for command in commands(&help) {
            open.push(path.iter().cloned().chain([command]).collect());
        }
        seen.insert(path.join(" "));
    }
    let some = "serve|migrate up|migrate down|migrate status|doctor|keys create|rollups rebuild";
    for command in some.split('|') {
        assert!(seen.contains(command), "no {command} in {seen:?}");
    }
    // Being asked leaves no trace.
    assert_eq!(std::fs::read_dir(server.path("")).unwrap().count(), 0);
}

#[test]
fn what_is_not_understood_is_refused() {
    let server = Setup::on(Database::Sqlite).prepare();
    for arguments in [
        &["frobnicate"][..],
        &["serve", "--frobnicate"],
        &["migrate", "sideways"],
    ] {
        server.run_to(2, arguments);
        assert!(!server.run(arguments).stderr.is_empty());
    }
}

#[tokio::test]
async fn migrations_go_up_and_down() {
    for database in [Database::Sqlite, Database::Postgres] {
        let mut server = Setup::on(database).prepare();
        let status =
            |server: &crate::support::Server| server.run_json(&["migrate", "status", "--json"]);
        let empty = status(&server);
        server.run_to(0, &["migrate", "up"]);
        let full = status(&server);
        assert_ne!(empty, full, "{database:?}: up changes nothing");
        // Up again changes nothing, and what went down comes up.
        for (direction, is_full) in [("up", true), ("down", false), ("up", true)] {
            server.run_to(0, &["migrate", direction]);
            let now = status(&server);
            assert_eq!(now == full, is_full, "{database:?} {direction}: {now}");
        }
        // And the product works on what is left.
        server.start().await;
        create_static(&Client::admin(&server), "text").await;
    }
}

#[tokio::test]
async fn doctor_tells_what_is_wrong() {
    for database in [Database::Sqlite, Database::Postgres] {
        let server = Setup::on(database).start().await;
        let checks = server.run_json(&["doctor", "--json"]);
        assert!(checks.to_string().contains("database"), "{checks}");
        server.run_to(0, &["doctor"]);
    }
    let port = free_port();
    let nobody = format!("postgres://nobody:hunter2@127.0.0.1:{port}/nothing");
    let server = Setup::on(Database::Sqlite).env("DATABASE_URL", nobody);
    let server = server.prepare();
    let said = server.run_to(1, &["doctor", "--json"]);
    assert!(!said.contains("hunter2"), "the password is told: {said}");
    let output = server.run(&["doctor", "--json"]);
    let checks: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(checks.to_string().contains("fail"), "{checks}");
}

#[test]
fn every_fault_of_the_settings_is_named_at_once() {
    let mut server = Setup::on(Database::Sqlite)
        .env("BASE_URL", "ftp://example.com")
        .env("SCAN_DURABILITY", "hopefully")
        .env("BODY_LIMIT_BYTES", "-1")
        .env("TRUSTED_PROXIES", "10.0.0.0/99")
        .env("ALLOW_PRIVATE_TARGETS", "perhaps")
        .env("DATABASE_MAX_CONNECTIONS", "0")
        .prepare();
    // After `prepare`, which gives every product an address of its own.
    server.set("BIND", "nonsense");
    let file = "[server]\nnovelty = 1\n[novelties]\nx = true\n";
    std::fs::write(server.path("qr-observatory.toml"), file).unwrap();
    for arguments in [&["serve"][..], &[]] {
        let said = server.run_to(2, arguments);
        said.says(
            "BIND|BASE_URL|SCAN_DURABILITY|BODY_LIMIT_BYTES|TRUSTED_PROXIES|ALLOW_PRIVATE_TARGETS",
        );
        said.says("DATABASE_MAX_CONNECTIONS|server.novelty|novelties.x");
        // Nothing was started.
        assert!(!server.path("data").exists());
    }
}

#[test]
fn a_settings_file_that_is_named_must_be_there() {
    let server = Setup::on(Database::Sqlite).prepare();
    let said = server.run_to(2, &["serve", "--config", "nowhere.toml"]);
    said.says("nowhere.toml");
}

#[tokio::test]
async fn a_port_that_is_taken_is_said_and_ends_it() {
    let first = Setup::on(Database::Sqlite).start().await;
    let mut second = Setup::on(Database::Sqlite).prepare();
    second.set("BIND", format!("127.0.0.1:{}", first.port));
    second.spawn();
    let status = second.ended().await;
    assert!(!status.success());
    second.log().says(&first.port.to_string());
}

#[tokio::test]
async fn rollups_are_rebuilt_beside_a_running_server() {
    let server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    for _ in 0..3 {
        client.get(&code.genuine).await.expect(302);
    }
    counted(&client, &code.id, 3, 3).await;
    let rebuild = |more: &[&str]| {
        let arguments = [&["rollups", "rebuild", "--json"], more].concat();
        server.run_json(&arguments)
    };
    let expected = serde_json::json!({"codes": 1, "scans": 3});
    assert_eq!(rebuild(&[]), expected);
    assert_eq!(rebuild(&["--code", &code.id]), expected);
    let nobody = "00000000-0000-7000-8000-000000000000";
    let refused = server.run_to(1, &["rollups", "rebuild", "--code", nobody]);
    refused.says("no code has this id");
}
