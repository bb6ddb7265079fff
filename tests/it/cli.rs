//! The command line: help, migrations, doctor, and settings that cannot be used.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{
    Client, Database, Setup,
    codes::{counted, create_dynamic, create_static},
    command::text,
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
        let output = server.run(&arguments);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            text(&output)
        );
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(help.contains("Usage:"), "{arguments:?}: {help}");
        for command in commands(&help) {
            open.push(path.iter().cloned().chain([command]).collect());
        }
        seen.insert(path.join(" "));
    }
    for command in [
        "serve",
        "migrate up",
        "migrate down",
        "migrate status",
        "doctor",
        "keys create",
        "rollups rebuild",
    ] {
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
        let output = server.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            text(&output)
        );
        assert!(!output.stderr.is_empty());
    }
}

#[tokio::test]
async fn migrations_go_up_and_down() {
    for database in [Database::Sqlite, Database::Postgres] {
        let mut server = Setup::on(database).prepare();
        let status =
            |server: &crate::support::Server| server.run_json(&["migrate", "status", "--json"]);
        let run = |server: &crate::support::Server, direction: &str| {
            let output = server.run(&["migrate", direction]);
            assert!(
                output.status.success(),
                "{database:?} {direction}: {}",
                text(&output)
            );
        };
        let empty = status(&server);
        run(&server, "up");
        let full = status(&server);
        assert_ne!(empty, full, "{database:?}: up changes nothing");
        run(&server, "up");
        assert_eq!(
            status(&server),
            full,
            "{database:?}: up again changes something"
        );
        run(&server, "down");
        assert_ne!(status(&server), full, "{database:?}: down changes nothing");
        run(&server, "up");
        assert_eq!(
            status(&server),
            full,
            "{database:?}: what went down does not come up"
        );
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
        let table = server.run(&["doctor"]);
        assert!(table.status.success(), "{}", text(&table));
    }
    let nobody = format!(
        "postgres://nobody:hunter2@127.0.0.1:{}/nothing",
        free_port()
    );
    let server = Setup::on(Database::Sqlite)
        .env("DATABASE_URL", nobody)
        .prepare();
    let output = server.run(&["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let checks: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(checks.to_string().contains("fail"), "{checks}");
    assert!(
        !text(&output).contains("hunter2"),
        "the password is told: {}",
        text(&output)
    );
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
        let output = server.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            text(&output)
        );
        let said = String::from_utf8(output.stderr).unwrap();
        for setting in [
            "BIND",
            "BASE_URL",
            "SCAN_DURABILITY",
            "BODY_LIMIT_BYTES",
            "TRUSTED_PROXIES",
            "ALLOW_PRIVATE_TARGETS",
            "DATABASE_MAX_CONNECTIONS",
            "server.novelty",
            "novelties.x",
        ] {
            assert!(said.contains(setting), "{setting} is not named: {said}");
        }
        assert!(
            !server.path("data").exists(),
            "something was started all the same"
        );
    }
}

#[test]
fn a_settings_file_that_is_named_must_be_there() {
    let server = Setup::on(Database::Sqlite).prepare();
    let output = server.run(&["serve", "--config", "nowhere.toml"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("nowhere.toml"), "{}", text(&output));
}

#[tokio::test]
async fn a_port_that_is_taken_is_said_and_ends_it() {
    let first = Setup::on(Database::Sqlite).start().await;
    let mut second = Setup::on(Database::Sqlite).prepare();
    second.set("BIND", format!("127.0.0.1:{}", first.port));
    second.spawn();
    let status = second.ended().await;
    assert!(!status.success());
    assert!(
        second.log().contains(&first.port.to_string()),
        "{}",
        second.log()
    );
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
    let refused = server.run(&["rollups", "rebuild", "--code", nobody]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("no code has this id"));
}
