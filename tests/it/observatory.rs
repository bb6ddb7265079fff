//! Recorded series, alerts, their tests and runbooks, routes, and dashboards: they read only what the catalogue declares,
//! and none goes without what an operator needs at 3 a.m.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    thread,
};

use qr_observatory::telemetry::catalogue::{self, Kind};
use serde_json::Value;

use crate::support::command::{script_path, text};

#[test]
fn alerts_and_panels_read_what_is_declared() {
    let rules = rules();
    let recorded = recorded(&rules);
    let mut faults = Vec::new();
    for rule in &rules {
        let found = undeclared(rule.field("expr"), &recorded);
        faults.extend(found.into_iter().map(|f| format!("{}: {f}", rule.name)));
    }
    for (file, board) in boards() {
        for (title, expr) in panels(&board).into_iter().flat_map(expressions) {
            let found = undeclared(expr, &recorded);
            faults.extend(found.into_iter().map(|f| format!("{file}, {title}: {f}")));
        }
        for variable in list(&board["templating"]["list"]) {
            let query = variable["query"]["query"].as_str().unwrap_or_default();
            // `label_values(metric, label)`: the second is no metric.
            let metric = query.split([',', ')']).next().unwrap_or_default();
            let found = undeclared(metric, &recorded);
            faults.extend(found.into_iter().map(|f| format!("{file}, variables: {f}")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn alerts_say_how_bad_it_is_and_what_to_do() {
    for alert in rules().iter().filter(|r| !r.recorded) {
        let name = &alert.name;
        let severity = alert.field("severity");
        assert!(["page", "ticket", "info"].contains(&severity), "{name}");
        assert!(!alert.field("summary").is_empty(), "{name} has no summary");
        let says_value = alert.field("description").contains("$value");
        assert!(says_value, "{name} does not say its value");
        let runbook = format!("monitoring/runbooks/{name}.md");
        let points_there = alert.field("runbook_url").ends_with(&runbook);
        assert!(points_there, "{name} does not point to {runbook}");
        let text = fs::read_to_string(root().join(&runbook)).unwrap_or_default();
        for line in [
            &format!("# {name}"),
            "## What it means",
            "## What users notice",
            "## Look",
            "## Do",
            "## It is over when",
        ] {
            assert!(text.lines().any(|l| l == line), "{runbook} has no {line:?}");
        }
    }
}

#[test]
fn every_runbook_is_some_alerts() {
    let rules = rules();
    for file in files("monitoring/runbooks", "md") {
        let name = stem(&file);
        let is_there = rules.iter().any(|r| !r.recorded && r.name == name);
        assert!(is_there, "there is no alert {name}");
    }
}

#[test]
fn every_alert_is_shown_firing_and_keeping_still() {
    for alert in rules().iter().filter(|r| !r.recorded) {
        let file = format!("alerts/tests/{}_test.yml", alert.file);
        let text = fs::read_to_string(root().join(&file)).unwrap_or_default();
        let cases: Vec<&str> = text
            .split("alertname: ")
            .skip(1)
            .filter(|case| case.lines().next() == Some(&alert.name))
            .collect();
        let fires = cases.iter().any(|case| case.contains("exp_labels:"));
        // What always fires never keeps still.
        let still = alert.field("expr") == "vector(1)"
            || cases.iter().any(|case| case.contains("exp_alerts: []"));
        assert!(fires, "{file} never shows {} firing", alert.name);
        assert!(still, "{file} never shows {} keeping still", alert.name);
    }
}

#[test]
fn recorded_series_are_named_level_metric_operations() {
    for rule in rules().iter().filter(|r| r.recorded) {
        let parts: Vec<&str> = rule.name.split(':').collect();
        let are_three = parts.len() == 3 && parts.iter().all(|p| !p.is_empty());
        assert!(are_three, "not level:metric:operations: {}", rule.name);
    }
}

#[test]
fn runbooks_ask_for_what_is_there() {
    let rules = rules();
    let recorded = recorded(&rules);
    let mut faults = Vec::new();
    for file in files("monitoring/runbooks", "md") {
        let text = fs::read_to_string(&file).unwrap();
        for block in text.split("```promql\n").skip(1) {
            let queries = block.split("```").next().unwrap_or_default();
            // Prometheus' own.
            for query in queries.lines().filter(|q| !q.starts_with("ALERTS{")) {
                let found = undeclared(query, &recorded);
                faults.extend(found.into_iter().map(|f| format!("{}: {f}", stem(&file))));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn alerts_that_silence_others_exist_and_never_each_other() {
    let all: BTreeSet<String> = rules()
        .into_iter()
        .filter(|r| !r.recorded)
        .map(|r| r.name)
        .collect();
    let text = fs::read_to_string(root().join(ALERTMANAGER)).unwrap();
    let mut silenced = BTreeSet::new();
    for rule in text.split("- source_matchers:").skip(1) {
        let (source, rest) = rule.split_once("target_matchers:").unwrap();
        let target = rest.split("equal:").next().unwrap_or_default();
        for cause in picked(source, &all) {
            for effect in picked(target, &all) {
                for name in [&cause, &effect] {
                    assert!(all.contains(name), "there is no alert {name}");
                }
                silenced.insert((cause.clone(), effect));
            }
        }
    }
    assert!(!silenced.is_empty(), "{ALERTMANAGER} has no inhibition");
    for (cause, effect) in &silenced {
        let is_mutual = silenced.contains(&(effect.clone(), cause.clone()));
        assert!(!is_mutual, "{cause} and {effect} silence each other");
    }
}

/// The alerts that `alertname="A"`, `=~"A|B"`, `!="A"` or `!~"A|B"` picks.
fn picked(matchers: &str, all: &BTreeSet<String>) -> BTreeSet<String> {
    let (_, rest) = matchers.split_once("alertname").unwrap();
    let (operator, rest) = rest.split_once('"').unwrap();
    let names = rest.split('"').next().unwrap_or_default();
    let names: BTreeSet<String> = names.split('|').map(str::to_owned).collect();
    if operator.starts_with('!') {
        all.difference(&names).cloned().collect()
    } else {
        names
    }
}

#[test]
fn promtool_accepts_the_configuration_and_the_rules() {
    let config = root().join("prometheus/prometheus.yml");
    tool("promtool", &["check", "config"], &[config]);
    tool("promtool", &["check", "rules"], &rule_files());
}

#[test]
fn promtool_sees_the_alerts_fire_when_they_must() {
    test_rules("alerts/tests");
}

#[test]
fn promtool_sees_what_is_recorded() {
    test_rules("prometheus/rules/tests");
}

#[test]
fn amtool_accepts_the_routes() {
    let config = root().join(ALERTMANAGER);
    tool("amtool", &["check-config"], &[config]);
}

/// The product is killed, its Redis is cut off, its candidate is made to fail: with a Prometheus, an Alertmanager and a webhook.
/// All other alerts: `scripts/test_alerts.sh`.
#[test]
fn real_faults_are_told_and_told_to_be_over() {
    drill("--quick");
}

#[test]
fn every_panel_has_an_answer_after_load_of_every_kind() {
    drill("--boards");
}

fn drill(what: &str) {
    let binary = env!("CARGO_BIN_EXE_qr-observatory");
    let script = script_path("test_alerts.sh");
    tool(&script, &[what, "--binary", binary], &[]);
}

#[test]
fn every_alert_has_a_drill_or_a_reason() {
    let said = tool(&script_path("test_alerts.sh"), &["--list"], &[]);
    assert!(!said.contains(": no drill"), "{said}");
}

#[test]
fn compressing_time_changes_nothing_else() {
    tool(&script_path("test_alerts.sh"), &["--self-test"], &[]);
}

#[test]
fn panels_can_be_read_without_their_author() {
    tool(&script_path("check_dashboards"), &[], &[]);
}

#[test]
fn series_are_found_in_expressions() {
    let names = |expr: &str| -> Vec<String> {
        let labels = |(name, labels): (String, Vec<String>)| format!("{name}{labels:?}");
        selected(expr).into_iter().map(labels).collect()
    };
    let quoted = r#"sum by (job, x) (rate(a_total{t="b{c",u!~"d\"}"}[5m])) * 36 / on (job) group_left (y) b > 1e3"#;
    assert_eq!(names(quoted), [r#"a_total["t", "u"]"#, "b[]"]);
    let joined = "a == 0 and on (job) count by (job)(b offset 5m) unless rate(job:c:d[$__rate_interval]) > bool $x";
    assert_eq!(names(joined), ["a[]", "b[]", "job:c:d[]"]);
    assert!(names("histogram_quantile(0.99, vector(1))").is_empty());
}

#[test]
fn undeclared_series_and_labels_are_found() {
    let misspelled = undeclared("sum(rate(qr_scans_stored_totl[5m]))", &[]);
    assert_eq!(misspelled, ["qr_scans_stored_totl is not declared"]);
    let label = undeclared(r#"qr_redirects_total{state="success"}"#, &[]);
    assert_eq!(label, ["qr_redirects_total has no label state"]);
    // A histogram has no series of its own name, and a counter none of a histogram's.
    for name in ["qr_arm_duration_seconds", "qr_redirects_total_count"] {
        assert_eq!(undeclared(name, &[]).len(), 1, "{name}");
    }
    let declared = r#"qr_arm_duration_seconds_bucket{le="1",arm="control",instance="a"} + up{job="qr"} + a:b:c"#;
    assert!(undeclared(declared, &["a:b:c"]).is_empty());
}

// --- reading the files ------------------------------------------------------------------------------------

const ALERTMANAGER: &str = "monitoring/alertmanager/alertmanager.yml";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a folder, not of those below it, in a stable order.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let mut found: Vec<PathBuf> = entries
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == extension))
        .collect();
    assert!(!found.is_empty(), "{folder} has no *.{extension}");
    found.sort();
    found
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// An alert or a recorded series.
struct Rule {
    /// Of the file, without `.yml`.
    file: String,
    name: String,
    recorded: bool,
    /// What stands in it, at whatever depth: no two keys are the same.
    fields: BTreeMap<String, String>,
}

impl Rule {
    fn field(&self, key: &str) -> &str {
        self.fields.get(key).map_or("", String::as_str)
    }
}

/// Of alerts, and of recorded series.
fn rule_files() -> Vec<PathBuf> {
    let mut found = files("alerts", "yml");
    found.extend(files("prometheus/rules", "yml"));
    found
}

fn rules() -> Vec<Rule> {
    let mut found = Vec::new();
    for file in rule_files() {
        let rules = parse(&stem(&file), &fs::read_to_string(&file).unwrap());
        assert!(!rules.is_empty(), "{} has no rule", file.display());
        found.extend(rules);
    }
    found
}

/// Names of recorded series.
fn recorded(rules: &[Rule]) -> Vec<&str> {
    let recorded = rules.iter().filter(|r| r.recorded);
    recorded.map(|r| r.name.as_str()).collect()
}

/// As much of YAML as our rules are written in; promtool reads all of it.
fn parse(file: &str, text: &str) -> Vec<Rule> {
    let mut found: Vec<Rule> = Vec::new();
    // The key whose lines follow, and how far it is indented.
    let mut block: Option<(String, usize)> = None;
    for line in text.lines() {
        let body = line.trim_start();
        let indent = line.len() - body.len();
        let inside = block
            .as_ref()
            .filter(|(_, outer)| body.is_empty() || indent > *outer);
        if let (Some((key, _)), Some(rule)) = (inside, found.last_mut()) {
            let lines = rule.fields.entry(key.clone()).or_default();
            lines.push_str(body);
            lines.push('\n');
            continue;
        }
        block = None;
        let Some((key, value)) = body.split_once(':').filter(|_| !body.starts_with('#')) else {
            continue;
        };
        let value = value.trim();
        match (key, found.last_mut()) {
            ("- alert" | "- record", _) => found.push(Rule {
                file: file.to_owned(),
                name: value.to_owned(),
                recorded: key == "- record",
                fields: BTreeMap::new(),
            }),
            (_, Some(_)) if value == "|" => block = Some((key.to_owned(), indent)),
            (_, Some(rule)) => {
                let value = value.trim_matches('\'').to_owned();
                rule.fields.insert(key.to_owned(), value);
            }
            (_, None) => {}
        }
    }
    found
}

fn boards() -> Vec<(String, Value)> {
    files("grafana/dashboards", "json")
        .iter()
        .map(|file| {
            let text = fs::read_to_string(file).unwrap();
            let board = serde_json::from_str(&text);
            let board = board.unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            (stem(file), board)
        })
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Those of rows that are folded included.
fn panels(board: &Value) -> Vec<&Value> {
    list(&board["panels"])
        .iter()
        .flat_map(|p| std::iter::once(p).chain(list(&p["panels"])))
        .filter(|p| p["type"] != "row")
        .collect()
}

/// A panel's title with each of its queries.
fn expressions(panel: &Value) -> Vec<(&str, &str)> {
    let title = panel["title"].as_str().unwrap_or_default();
    let targets = list(&panel["targets"]).iter();
    targets
        .map(|t| (title, t["expr"].as_str().unwrap_or_default()))
        .collect()
}

// --- reading expressions ----------------------------------------------------------------------------------

/// Series that Prometheus itself writes.
const OF_PROMETHEUS: &[&str] = &[
    "up",
    "ALERTS",
    "scrape_duration_seconds",
    "scrape_samples_post_metric_relabeling",
];

/// What an expression reads and nobody writes.
fn undeclared(expr: &str, recorded: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, labels) in selected(expr) {
        if OF_PROMETHEUS.contains(&name.as_str()) || recorded.contains(&name.as_str()) {
            continue;
        }
        let declared = catalogue::ALL.iter().find(|m| {
            let part = name.strip_prefix(m.name);
            match m.kind {
                Kind::Histogram => matches!(part, Some("_bucket" | "_count" | "_sum")),
                Kind::Counter | Kind::Gauge => part == Some(""),
            }
        });
        let Some(declared) = declared else {
            faults.push(format!("{name} is not declared"));
            continue;
        };
        for label in labels {
            let of_prometheus = ["instance", "job"].contains(&label.as_str())
                || (label == "le" && name.ends_with("_bucket"));
            if !of_prometheus && !declared.labels.contains(&label.as_str()) {
                faults.push(format!("{name} has no label {label}"));
            }
        }
    }
    faults
}

/// Words that are followed by a list of labels.
const LISTS: &str = "by without on ignoring group_left group_right";
const OPERATORS: &[&str] = &[
    "and", "or", "unless", "bool", "offset", "atan2", "inf", "Inf", "nan", "NaN",
];

/// The series that an expression selects, with the labels that they are selected by. Everything else is passed over:
/// functions, operators, lists of labels, numbers, durations, Grafana's variables.
fn selected(expr: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut rest = expr;
    while let Some(first) = rest.chars().next() {
        let tail = &rest[first.len_utf8()..];
        rest = match first {
            '"' | '\'' | '`' => after_quoted(rest),
            '[' => after(rest, ']'),
            '{' => {
                let (labels, after) = matchers(tail);
                if let Some(last) = found.last_mut() {
                    last.1 = labels;
                }
                after
            }
            '$' => word(tail).1,
            c if c.is_ascii_digit() => word(rest).1,
            c if in_word(c) => {
                let (name, tail) = word(rest);
                let tail = tail.trim_start();
                let listed = tail.starts_with('(') && LISTS.split(' ').any(|list| list == name);
                let called = tail.starts_with('(') || ["by", "without"].contains(&word(tail).0);
                if !called && !OPERATORS.contains(&name) {
                    found.push((name.to_owned(), Vec::new()));
                }
                if listed { after(tail, ')') } else { tail }
            }
            _ => tail,
        };
    }
    found
}

/// The labels that are matched in what follows a `{`, and what follows its `}`.
fn matchers(text: &str) -> (Vec<String>, &str) {
    let mut labels = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let tail = &rest[first.len_utf8()..];
        rest = match first {
            '}' => return (labels, tail),
            '"' | '\'' | '`' => after_quoted(rest),
            c if in_word(c) => {
                let (label, tail) = word(rest);
                labels.push(label.to_owned());
                tail
            }
            _ => tail,
        };
    }
    (labels, rest)
}

fn in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

/// The word that a text begins with (which may be empty), and the rest.
fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c| !in_word(c)).unwrap_or(text.len()))
}

fn after(text: &str, end: char) -> &str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

/// What follows the string literal that a text begins with.
fn after_quoted(text: &str) -> &str {
    let mut chars = text.char_indices();
    let quote = chars.next().map(|(_, c)| c);
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if Some(c) == quote {
            return &text[at + c.len_utf8()..];
        }
    }
    ""
}

/// A process for each file, as many at once as there are processors.
fn test_rules(folder: &str) {
    let files = Mutex::new(files(folder, "yml"));
    let next = || files.lock().unwrap().pop();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(file) = next() {
                    tool("promtool", &["test", "rules"], &[file]);
                }
            });
        }
    });
}

/// The text of a program that must succeed.
fn tool(name: &str, arguments: &[&str], files: &[PathBuf]) -> String {
    // They live for seconds: a third of promtool's time would be collecting garbage.
    let mut command = Command::new(name);
    let command = command.env("GOGC", "400").args(arguments).args(files);
    let output = command.output();
    let output = output
        .unwrap_or_else(|e| panic!("{name}: {e}. scripts/test unpacks it from Debian's package"));
    let said = text(&output);
    assert!(output.status.success(), "{name} {arguments:?}:\n{said}");
    said
}
