//! What is generated from the code is what the code says now: `docs/METRICS.md` from the catalogue, `docs/CLI.md` from
//! `--help`, and the `OpenAPI` document, so that a change of the API is seen in review.

use std::{fmt::Write, path::Path};

use qr_observatory::{
    config::Config,
    rollout::evidence,
    telemetry::{
        catalogue::{self, Kind, Metric},
        labels::{
            ArmOutcome, BreakerReason, BreakerState, CacheResult, Dialect, Experiment,
            FallbackReason, Flag, QrKind, Quantile, RedirectStatus, RouteTo, ScanKind,
            ShadowResult, Side, Space, Status, Tier, Verdict, Warmed, Why,
        },
    },
};

use crate::support::{Database, Server, Setup};

#[test]
fn metrics_are_documented_as_they_are_declared() {
    same("docs/METRICS.md", &metrics());
}

#[test]
fn commands_are_documented_as_they_explain_themselves() {
    same("docs/CLI.md", &commands());
}

#[test]
fn the_api_is_the_one_that_was_reviewed() {
    // A file of its own: the default one may lie in the checkout with somebody's settings.
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty.toml");
    std::fs::write(&empty, "").unwrap();
    let config = Config::load(Some(&empty), []).unwrap();
    let document = qr_observatory::http::document(&config.server);
    let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
    same("tests/goldens/openapi.json", &text);
}

#[test]
fn every_setting_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = file("docs/OPERATIONS.md");
    let mut settings = 0;
    let files = std::fs::read_dir(root.join("src/config")).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    for file in files.filter(|path| path.is_file()) {
        let source = std::fs::read_to_string(file).unwrap();
        // `name("server.bind", "BIND")`: what is between the quotes.
        for call in source.split("(name(").chain(source.split(" name(")).skip(1) {
            let quoted: Vec<&str> = call.split('"').collect();
            let [before, key, _, variable, ..] = quoted[..] else {
                continue;
            };
            let Some((_, key)) = key.split_once('.').filter(|_| before.trim().is_empty()) else {
                continue;
            };
            settings += 1;
            let row = format!("| `{key}` | `{variable}` |");
            assert!(page.contains(&row), "docs/OPERATIONS.md has no row {row}");
        }
    }
    assert!(settings > 20, "only {settings} in src/config");
}

/// What dashboards and callers are told to move to is there.
#[test]
fn the_names_to_move_to_exist() {
    let page = file("docs/MIGRATION.md");
    let here = |part: &str| -> Vec<String> {
        let part = page.split("\n## ").find(|p| p.starts_with(part)).unwrap();
        let rows = part.lines().filter(|l| l.starts_with("| "));
        let cells = rows.filter_map(|row| row.split(" | ").nth(1));
        let quoted = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
        quoted.map(str::to_owned).collect()
    };
    let alerts = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("alerts")).unwrap();
    let alerts =
        alerts.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap_or_default());
    let alerts: String = alerts.collect();
    for name in here("Metrics") {
        let plain = name.split('{').next().unwrap();
        let plain = plain.strip_suffix("_count").unwrap_or(plain);
        let metric = catalogue::ALL.iter().find(|m| m.name == plain);
        let alert = alerts.contains(&format!("alert: {}", plain.trim_end_matches('…')));
        assert!(metric.is_some() || alert, "there is no {name}");
        let labels = name.split(['{', '}']).nth(1).into_iter();
        for label in labels.flat_map(|l| l.split(',')) {
            let label = label.split('=').next().unwrap();
            assert!(metric.unwrap().labels.contains(&label), "{name}: {label}");
        }
    }
    let document = file("tests/goldens/openapi.json");
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    for name in here("Endpoints") {
        let (method, path) = name.split_once(' ').unwrap();
        let described = &document["paths"][path][method.to_lowercase()];
        let undescribed = ["/docs", "/openapi.json", "/ops/rollout"].contains(&path);
        assert!(undescribed || described.is_object(), "there is no {name}");
    }
}

/// Panels of the replaced system ask for its tables.
#[test]
fn the_views_answer_for_the_tables_to_move_from() {
    let server = Setup::on(Database::Postgres).prepare();
    assert!(server.run(&["migrate", "up"]).status.success());
    let sql = |statement: &str| crate::support::postgres::sql(&server.database_url(), statement);
    let page = file("docs/MIGRATION.md");
    let views = page.split("```sql").nth(1).unwrap();
    sql(views.split("```").next().unwrap());
    sql(
        "INSERT INTO codes (id, org_id, kind, slug, enabled, created_at_us, updated_at_us, fill_color, back_color, size, \
         border, error_level, target, search_text) SELECT gen_random_uuid(), id, 'dynamic', 'a1b2c3d4', true, \
         1700000000000000, 0, '#000000', '#FFFFFF', 10, 4, 'm', 'https://example.com/', '' FROM organizations",
    );
    sql("INSERT INTO agents VALUES (7, 'UA', 'mobile', 'iPhone', 'iOS', '17', 'Safari', '17')");
    sql("INSERT INTO scans (id, code_id, at_us, genuine, agent_id) \
         SELECT gen_random_uuid(), id, 1700000000500000, true, 7 FROM codes");
    let asked = sql(
        "SET search_path = dashboards; SELECT qr_type, short_id, redirect_url, created_at AT TIME ZONE 'UTC' FROM qr_codes",
    );
    let row = "dynamic|a1b2c3d4|https://example.com/|2023-11-14 22:13:20";
    assert_eq!(asked.trim(), row);
    let asked = sql(
        "SET search_path = dashboards; SELECT device_family, is_genuine_scan, is_mobile, is_bot \
                     FROM scan_logs JOIN qr_codes ON qr_codes.id = qr_code_id WHERE scanned_at > created_at",
    );
    assert_eq!(asked.trim(), "iPhone|t|t|f");
}

fn file(path: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(file).unwrap()
}

/// Compares with the file, or writes it when `UPDATE_DOCS=1`.
pub fn same(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var("UPDATE_DOCS").is_ok_and(|v| v == "1") {
        std::fs::write(&file, text).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    if kept == text {
        return;
    }
    let first = kept.lines().zip(text.lines()).position(|(a, b)| a != b);
    let line = first.unwrap_or_else(|| kept.lines().count().min(text.lines().count()));
    panic!(
        "{path} is not what the code says, from line {} on:\n  file: {}\n  code: {}\n\
         run UPDATE_DOCS=1 scripts/test integration -- docs",
        line + 1,
        kept.lines().nth(line).unwrap_or("(its end)"),
        text.lines().nth(line).unwrap_or("(its end)"),
    );
}

pub const GENERATED: &str =
    "<!-- Generated by tests/it/docs.rs: UPDATE_DOCS=1 scripts/test integration -- docs -->";

fn metrics() -> String {
    let mut out = format!(
        "{GENERATED}\n\n# Metrics\n\n\
         Every metric that `GET /metrics` can answer, as declared in `src/telemetry/catalogue.rs`. A histogram has\n\
         `_bucket`, `_sum` and `_count` series. Who may read them: [OPERATIONS.md](OPERATIONS.md#metrics).\n\n\
         | metric | kind | unit | labels | meaning |\n|---|---|---|---|---|\n"
    );
    for m in catalogue::ALL {
        let labels: Vec<String> = m.labels.iter().map(|l| format!("`{l}`")).collect();
        let (kind, labels, help) = (kind(m), labels.join(", "), m.help.trim());
        writeln!(
            out,
            "| `{}` | {kind} | {} | {labels} | {help} |",
            m.name, m.unit
        )
        .unwrap();
    }
    out.push_str("\n## Label values\n\n| label | values |\n|---|---|\n");
    for (label, values) in label_values() {
        let values: Vec<String> = values.iter().map(|v| format!("`{v}`")).collect();
        writeln!(out, "| {label} | {} |", values.join(", ")).unwrap();
    }
    out.push_str("\n## Buckets\n\nUpper bounds, in the metric's unit.\n\n");
    for m in catalogue::ALL.iter().filter(|m| m.kind == Kind::Histogram) {
        let bounds: Vec<String> = m.buckets.iter().map(ToString::to_string).collect();
        writeln!(out, "- `{}`: {}", m.name, bounds.join(", ")).unwrap();
    }
    out
}

fn kind(metric: &Metric) -> &'static str {
    match metric.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}

fn label_values() -> Vec<(&'static str, Vec<&'static str>)> {
    macro_rules! all {
        ($label:ty) => {
            <$label>::ALL.iter().map(|v| v.label()).collect()
        };
    }
    let transitions = "`reason` of `qr_breaker_transitions_total`";
    vec![
        ("`experiment`", all!(Experiment)),
        ("`arm`", all!(Side)),
        ("`outcome` of `qr_arm_requests_total`", all!(ArmOutcome)),
        ("`route` of `qr_routes_total`", all!(RouteTo)),
        ("`why` of `qr_routes_total`", all!(Why)),
        ("`reason` of `qr_fallbacks_total`", all!(FallbackReason)),
        ("`result` of `qr_shadow_total`", all!(ShadowResult)),
        ("`to` of `qr_breaker_transitions_total`", all!(BreakerState)),
        (transitions, all!(BreakerReason)),
        ("`flag`", all!(Flag)),
        ("`test`", all!(evidence::Test)),
        ("`verdict`", all!(Verdict)),
        ("`quantile`", all!(Quantile)),
        ("`dialect`", all!(Dialect)),
        ("`tier`", all!(Tier)),
        ("`space`", all!(Space)),
        ("`result` of `qr_cache_requests_total`", all!(CacheResult)),
        ("`result` of `qr_cache_warmed_codes_total`", all!(Warmed)),
        ("`qr_type`", all!(QrKind)),
        ("`status` of codes and images", all!(Status)),
        ("`status` of `qr_redirects_total`", all!(RedirectStatus)),
        ("`kind` of `qr_scans_accepted_total`", all!(ScanKind)),
    ]
}

fn commands() -> String {
    let server = Setup::on(Database::Sqlite).prepare();
    let mut out = format!("{GENERATED}\n\n# Command line\n\nWhat `--help` says of each command.\n");
    describe(&server, &[], &mut out);
    out
}

/// A command's help, then that of the commands below it, in the order in which it lists them.
fn describe(server: &Server, path: &[&str], out: &mut String) {
    let output = server.run(&[path, &["--help"]].concat());
    assert!(output.status.success(), "{path:?}: {output:?}");
    let help = String::from_utf8(output.stdout).unwrap();
    let name = [&["qr-observatory"], path].concat().join(" ");
    write!(out, "\n## `{name}`\n\n```text\n{}\n```\n", help.trim_end()).unwrap();
    let listed = help.lines().skip_while(|l| *l != "Commands:").skip(1);
    for line in listed.take_while(|l| l.starts_with("  ")) {
        match line.split_whitespace().next() {
            // A description that goes on in the next line is indented further.
            Some(command) if !line.starts_with("   ") && command != "help" => {
                describe(server, &[path, &[command]].concat(), out);
            }
            _ => {}
        }
    }
}
