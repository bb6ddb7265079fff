//! What each module may import: the table of `docs/ARCHITECTURE.md`.

use crate::{
    Violation,
    imports::{Import, imports},
    source::{Kind, Source},
};

/// What every feature may use to stand behind an experiment, without knowing what an experiment is.
const ARM: [&str; 3] = ["rollout::Arm", "rollout::ReadOnly", "rollout::Unit"];
/// A feature may import those before it.
const FEATURES: [&str; 9] = [
    "validate",
    "render",
    "identity",
    "codes",
    "redirect",
    "scans",
    "analytics",
    "tokens",
    "events",
];
/// They compute, and ask neither a database nor Redis.
const PURE: [&str; 3] = ["validate", "render", "tokens"];
/// What operators do. Their callers are `http` and `cli`.
const OPERATIONS: [&str; 5] = ["dials", "health", "baseline", "backup", "warm"];

/// Each module with what it may import. An entry is a module or a path into one.
/// Its own section, `config::<module>` or by [`SECTIONS`], is granted to every module but kernel.
fn allowed(module: &str) -> Option<Vec<&'static str>> {
    let ground = &["kernel", "telemetry"][..];
    let stored = &["kernel", "telemetry", "store", "cache"][..];
    if let Some(i) = FEATURES.iter().position(|f| *f == module) {
        let base = if PURE.contains(&module) {
            ground
        } else {
            stored
        };
        return Some([base, &ARM, &FEATURES[..i]].concat());
    }
    Some(match module {
        "lib" | "kernel" => vec![],
        "config" | "telemetry" => vec!["kernel"],
        "rollout" | "cache" | "store" | "baseline" => ground.to_vec(),
        "cached" => [&["kernel", "cache", "render", "analytics"][..], &ARM].concat(),
        "dials" => vec!["kernel", "telemetry", "store", "rollout"],
        "health" => [stored, &["dials"]].concat(),
        "backup" => [stored, &["baseline"]].concat(),
        "warm" => [
            stored,
            &["cached", "dials", "render", "identity", "codes", "redirect"],
            &ARM,
        ]
        .concat(),
        "http" | "web" => [ground, &["app"], &FEATURES, &OPERATIONS].concat(),
        "cli" => [&["kernel", "config", "app", "server"][..], &OPERATIONS].concat(),
        "app" | "server" => vec!["*"],
        "main" => vec!["kernel", "cli"],
        _ => return None,
    })
}

/// Sections of the configuration that are not called like the module whose they are.
const SECTIONS: [(&str, &str); 13] = [
    ("auth", "identity"),
    ("single_sign_on", "identity"),
    ("database", "backup"),
    ("redis", "backup"),
    // Where the server to observe serves its metrics.
    ("server", "baseline"),
    ("database", "store"),
    ("logs", "telemetry"),
    ("redis", "cache"),
    // The spool is a database file of the store's; how durable it is belongs to scans.
    ("scans", "store"),
    ("rollout", "dials"),
    ("server", "http"),
    ("targets", "codes"),
    ("targets", "redirect"),
];

pub fn check(source: &Source) -> Vec<Violation> {
    let mut out = Vec::new();
    let module = source.module()[0].to_owned();
    if let Some(allowed) = allowed(&module) {
        for import in imports(source) {
            if let Some(why) = refusal(source, &module, &allowed, &import) {
                let what = format!("{module} imports {}", import.path.join("::"));
                out.push(Violation::new(source, import.line, what, &why));
            }
        }
    } else {
        let what = format!("the module {module} is not in the import table");
        let why = "give it a row in docs/ARCHITECTURE.md and in tests/tidy/layers.rs";
        out.push(Violation::new(source, 1, what, why));
    }
    out.extend(legacy_named(source));
    out
}

fn refusal(
    source: &Source,
    module: &str,
    allowed: &[&'static str],
    import: &Import,
) -> Option<String> {
    let target = import.path.first()?;
    let full = import.path.join("::");
    let granted = |grant: &str| full == grant || full.starts_with(&format!("{grant}::"));
    // `rollout::arm::Arm` is `rollout::Arm` by its longer name.
    let short = full.replacen("rollout::arm::", "rollout::", 1);
    let in_legacy = source.path.contains("/legacy/") || source.path.ends_with("/legacy.rs");
    let rollout_page = source.path.starts_with("src/http/api/rollout");
    let ok = target == module
        || allowed.contains(&"*")
        || allowed.iter().any(|g| granted(g) || short == *g)
        || (target == "config" && module != "kernel" && own_section(source, module, &import.path))
        || (in_legacy && matches!(short.as_str(), "rollout::Judge" | "rollout::Match" | "rollout::Shown"))
        || (rollout_page && target == "rollout")
        // The names at the root that are not modules: macros, and the crate's own documentation.
        || self::allowed(target).is_none();
    (!ok).then(|| {
        let list = if allowed.is_empty() {
            "nothing of this crate".to_owned()
        } else {
            allowed.join(", ")
        };
        format!(
            "{module} may import {list} (docs/ARCHITECTURE.md, \"What each module may import\")"
        )
    })
}

fn own_section(source: &Source, module: &str, path: &[String]) -> bool {
    let own = |section: &str| section == module || SECTIONS.contains(&(section, module));
    match path {
        // `use crate::config;` is as narrow as what is then taken from it.
        [_] => sections_named(source).iter().all(|s| own(s)),
        [_, section, ..] => own(section),
        [] => false,
    }
}

/// What follows `config::` where that is not itself the end of a longer path.
fn sections_named(source: &Source) -> Vec<&str> {
    let t = &source.tokens;
    let starts = |i: usize| i == 0 || t[i - 1].kind != Kind::Path;
    let sections = (0..t.len()).filter(|&i| t[i].name() == Some("config") && starts(i));
    sections
        .filter(|&i| t.get(i + 1).is_some_and(|t| t.kind == Kind::Path))
        // A tree or a glob is no section, and so nobody's own.
        .map(|i| t.get(i + 2).and_then(|t| t.name()).unwrap_or("*"))
        .collect()
}

/// Legacy is named in one place, so that retiring it is: delete a folder, change one alias.
fn legacy_named(source: &Source) -> Vec<Violation> {
    if source.path == "src/app.rs" || source.path.contains("/legacy") {
        return Vec::new();
    }
    let is_path = |i: usize| source.tokens.get(i).is_some_and(|t| t.kind == Kind::Path);
    let in_tree =
        |i: usize| source.tokens.get(i).is_some_and(|t| t.is(',') || t.is('{')) && is_path(i + 2);
    (0..source.tokens.len())
        .filter(|&i| source.tokens[i].name() == Some("legacy"))
        .filter(|&i| is_path(i + 1) || (i > 0 && (is_path(i - 1) || in_tree(i - 1))))
        .map(|i| {
            let what = "names a legacy module".to_owned();
            let why =
                "only src/app.rs may: everything else must compile unchanged once it is deleted";
            Violation::new(source, source.tokens[i].line, what, why)
        })
        .collect()
}
