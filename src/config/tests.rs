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

#[test]
fn base_urls_are_normalised() {
    for (written, base) in [
        ("https://qr.example.org", "https://qr.example.org"),
        ("https://qr.example.org/", "https://qr.example.org"),
        ("HTTPS://QR.Example.ORG:443//", "https://qr.example.org"),
        ("http://qr.example.org:80", "http://qr.example.org"),
        ("http://qr.example.org:8080/", "http://qr.example.org:8080"),
        (
            "https://qr.example.org./Codes/",
            "https://qr.example.org/Codes",
        ),
        ("https://qr.example.org/a/../b", "https://qr.example.org/b"),
        ("https://müller.example", "https://xn--mller-kva.example"),
        ("https://ＱＲ.example。org", "https://qr.example.org"),
        (
            "https://example.org/größe",
            "https://example.org/gr%C3%B6%C3%9Fe",
        ),
        ("http://[2001:DB8::1]:3002", "http://[2001:db8::1]:3002"),
        ("  https://qr.example.org  ", "https://qr.example.org"),
    ] {
        let c = Config::read(environment(&[
            ("BASE_URL", written),
            ("FORMER_BASE_URLS", written),
        ]));
        let server = c.unwrap().server;
        assert_eq!(server.base_url, base, "{written}");
        assert_eq!(server.former_base_urls, [base], "{written}");
    }
}

#[test]
fn other_base_urls_are_refused_with_the_right_spelling() {
    for (written, right) in [
        ("  ", "such as https://qr.example.org"),
        ("müller.example", "https://xn--mller-kva.example "),
        ("qr.example.org:8443", "https://qr.example.org:8443 "),
        ("//qr.example.org", "https://qr.example.org "),
        ("ftp://qr.example.org", "https://qr.example.org "),
        ("https://qr.example.org/?a=b", "https://qr.example.org "),
        ("https://qr.example.org/#a", "https://qr.example.org "),
        (
            "https://u:hunter2@qr.example.org",
            "https://qr.example.org ",
        ),
        (
            "https://qr.example.org/ codes",
            "https://qr.example.org/%20codes ",
        ),
        (
            "https://qr.example.org\\codes",
            "https://qr.example.org/codes ",
        ),
        ("https://qr.exa\tmple.org", "https://qr.example.org "),
        ("https://qr example.org", "such as https://qr.example.org"),
        ("https://qr..example.org", "such as https://qr.example.org"),
        ("https://", "such as https://qr.example.org"),
        ("https://qr.example.org:0", "such as https://qr.example.org"),
        (
            "https://qr.example.org:99999",
            "such as https://qr.example.org",
        ),
    ] {
        let faults = Config::read(environment(&[("BASE_URL", written)]))
            .unwrap_err()
            .0;
        assert_eq!(faults[0].setting, "BASE_URL");
        let message = &faults[0].message;
        assert!(
            message.contains(right) && !message.contains("hunter2"),
            "{message}"
        );
    }
    let long = format!("https://qr.example.org/{}", "x".repeat(500));
    assert!(Config::read(environment(&[("BASE_URL", &long)])).is_err());
    let former = environment(&[
        ("FORMER_BASE_URLS", "https://a.example, b.example"),
        ("BASE_URL", "c"),
    ]);
    let faults = Config::read(former).unwrap_err().0;
    let named: Vec<&str> = faults.iter().map(|f| f.setting.as_str()).collect();
    assert_eq!(named, ["BASE_URL", "FORMER_BASE_URLS"], "all at once");
}
