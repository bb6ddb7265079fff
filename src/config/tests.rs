//! What the settings promise: precedence, every fault at once, no secret printed.

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Reader {
    Reader::new(
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
    )
}

#[test]
fn nothing_set_gives_the_documented_defaults() {
    let c = Config::read(environment(&[])).unwrap();
    assert_eq!(c.server.bind.to_string(), "127.0.0.1:3002");
    assert_eq!(c.server.base_url, "http://localhost:3002");
    assert_eq!(c.database.url, "sqlite://data/qr-observatory.db?mode=rwc");
    assert_eq!(c.cache.memory_bytes, 64 * 1024 * 1024);
    assert!(c.server.metrics_on_main());
}

#[test]
fn the_environment_beats_the_file_beats_the_default() {
    let mut r = environment(&[("BIND", "0.0.0.0:80"), ("SCAN_DURABILITY", "")]);
    r.text(
        "a.toml",
        "[server]\nbind = \"127.0.0.1:1\"\nbase_url = \"https://qr.example.org/\"\n\
         [targets]\nallowed_domains = [\"example.org\", \"Bücher.example\"]\n[scans]\ndurability = \"process\"",
    );
    let c = Config::read(r).unwrap();
    assert_eq!(c.server.bind.to_string(), "0.0.0.0:80");
    assert_eq!(c.server.base_url, "https://qr.example.org");
    assert_eq!(
        c.targets.allowed_domains,
        ["example.org", "xn--bcher-kva.example"]
    );
    assert_eq!(
        c.scans.durability,
        scans::Durability::Process,
        "an empty variable is an unset one"
    );
    assert!(
        !c.server.metrics_on_main(),
        "not on a public address without a token"
    );
}

#[test]
fn every_fault_is_reported_at_once() {
    let mut r = environment(&[
        ("BIND", "nowhere"),
        ("DATABASE_URL", "mysql://root:hunter2@db/x"),
        ("SCAN_ADDRESSES", "all"),
        ("CACHE_MEMORY_BYTES", "-1"),
    ]);
    r.text(
        "a.toml",
        "[server]\nbidn = \"127.0.0.1:1\"\n[nonsense]\nx = 1",
    );
    let faults = Config::read(r).unwrap_err();
    let named: Vec<&str> = faults.0.iter().map(|f| f.setting.as_str()).collect();
    for setting in [
        "BIND",
        "DATABASE_URL",
        "SCAN_ADDRESSES",
        "CACHE_MEMORY_BYTES",
        "server.bidn",
        "nonsense.x",
    ] {
        assert!(
            named.contains(&setting),
            "{setting} is missing in {named:?}"
        );
    }
    assert!(!faults.to_string().contains("hunter2"));
}

#[test]
fn secrets_are_not_printed() {
    let c = Config::read(environment(&[
        ("ADMIN_PASSWORD", "hunter2"),
        ("METRICS_TOKEN", "hunter2"),
        ("DATABASE_URL", "postgres://u:hunter2@h/d"),
    ]))
    .unwrap();
    assert!(!format!("{c:?}").contains("hunter2"));
}

#[test]
fn a_variable_that_does_nothing_yet_is_told() {
    let c = Config::read(environment(&[("RENDER_PUBLIC", "true")])).unwrap();
    assert_eq!(c.ignored, ["RENDER_PUBLIC"]);
}

#[test]
fn a_blank_secret_is_a_fault() {
    for variable in ["METRICS_TOKEN", "ADMIN_PASSWORD", "ADMIN_USER"] {
        let faults = Config::read(environment(&[(variable, "  ")])).unwrap_err();
        assert_eq!(faults.0[0].setting, variable);
    }
}
