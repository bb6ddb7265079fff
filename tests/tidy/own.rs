//! The law's own tests: each rule catches its violation, and lets what is allowed pass.

use crate::{Violation, imports::imports, layers, shape, source::Source};

fn paths(path: &str, code: &str) -> Vec<String> {
    let found = imports(&Source::new(path, code));
    found.iter().map(|i| i.path.join("::")).collect()
}

fn layers(path: &str, code: &str) -> Vec<String> {
    whats(&layers::check(&Source::new(path, code)))
}

fn shape(path: &str, code: &str) -> Vec<String> {
    whats(&shape::check(&Source::new(path, code)))
}

fn whats(violations: &[Violation]) -> Vec<String> {
    let shown = violations.iter().map(|v| format!("{}: {}", v.line, v.what));
    shown.collect()
}

#[test]
fn use_trees_are_read_whole() {
    let code = "use crate::{kernel::{Ctx, clock::{self, Clock}}, store,\n  cache::*};\nuse std::{fmt, io};";
    let all = "kernel::Ctx kernel::clock kernel::clock::Clock store cache::*";
    assert_eq!(paths("src/codes/mod.rs", code).join(" "), all);
}

#[test]
fn inline_paths_renames_and_macros_are_read() {
    let code = "fn f(x: crate::store::Codes) { $crate::cache::get(); qr_observatory::app::run() }\nuse crate::a::B as C;";
    let all = ["store::Codes", "cache::get", "app::run", "a::B"];
    assert_eq!(paths("src/codes/mod.rs", code), all);
    assert!(paths("src/codes/mod.rs", "pub(crate) fn f() {}").is_empty());
}

#[test]
fn relative_paths_are_resolved() {
    let file = "src/codes/create.rs";
    for (file, code, path) in [
        (file, "use super::super::store::Db;", "store::Db"),
        (file, "use super::list;", "codes::list"),
        (file, "mod tests { use super::super::list; }", "codes::list"),
        (
            "src/codes/mod.rs",
            "use self::create::X;",
            "codes::create::X",
        ),
    ] {
        assert_eq!(paths(file, code), [path], "{file}: {code}");
    }
}

#[test]
fn comments_and_strings_are_not_code() {
    let code = "/* /* crate::store */ crate::store */ // crate::store\n\
                fn f<'a>(c: char) { let _ = ('\"', '\\'', b'x', r#\"crate::store \" \"#, \"crate::store\"); }";
    assert!(paths("src/kernel/x.rs", code).is_empty());
    let quote = "let q = '\"'; crate::store::X";
    assert_eq!(paths("src/kernel/x.rs", quote), ["store::X"]);
}

#[test]
fn layers_hold() {
    for (path, code) in [
        ("src/kernel/x.rs", "use crate::telemetry::Outcome;"),
        ("src/store/codes.rs", "use crate::cache::Cache;"),
        (
            "src/cache/mod.rs",
            "use crate::{\n    kernel::Ctx,\n    rollout::Arm,\n};",
        ),
        ("src/render/png.rs", "use crate::rollout::Judge;"),
        ("src/render/png.rs", "use crate::rollout::*;"),
        ("src/render/png.rs", "fn f() { crate::store::open() }"),
        ("src/codes/mod.rs", "use crate::redirect::Slug;"),
        ("src/http/api/qr.rs", "use crate::store::Codes;"),
        ("src/web/mod.rs", "use crate::rollout::Arm;"),
        ("src/cli/mod.rs", "use crate::store::Codes;"),
        ("src/store/mod.rs", "use crate::config::cache::Cache;"),
        ("src/store/mod.rs", "use crate::config::Settings;"),
        (
            "src/store/mod.rs",
            "use crate::config; fn f(x: config::cache::Cache) {}",
        ),
        (
            "src/store/mod.rs",
            "use crate::config; use config::{cache};",
        ),
        ("src/main.rs", "use qr_observatory::store;"),
        ("src/novelty/mod.rs", "//! New."),
    ] {
        assert_eq!(layers(path, code).len(), 1, "{path}: {code}");
    }
}

#[test]
fn layers_let_pass_what_the_table_grants() {
    for (path, code) in [
        ("src/store/mod.rs", "use crate::config::database::Database;"),
        (
            "src/cache/mod.rs",
            "use crate::{config::cache::Cache, kernel::Ctx};",
        ),
        (
            "src/render/mod.rs",
            "use crate::rollout::{Arm, ReadOnly, };",
        ),
        ("src/render/mod.rs", "use crate::rollout::arm::Arm;"),
        (
            "src/render/legacy/judge.rs",
            "use crate::rollout::{Judge, Match};",
        ),
        (
            "src/codes/mod.rs",
            "use crate::{codes::create, store, cache, validate};",
        ),
        ("src/http/api/rollout/put.rs", "use crate::rollout::Pilot;"),
        (
            "src/http/api/qr.rs",
            "use crate::{app::App, codes::Code, telemetry::labels};",
        ),
        (
            "src/app.rs",
            "use crate::{render::legacy::Renderer, store};",
        ),
        (
            "src/cli/serve.rs",
            "use crate::{app, config::Settings, kernel::Result};",
        ),
        ("src/lib.rs", "pub mod kernel;"),
    ] {
        assert!(layers(path, code).is_empty(), "{path}: {code}");
    }
}

#[test]
fn legacy_is_named_in_one_place() {
    for code in [
        "use super::legacy::Renderer;",
        "use crate::render::{legacy::Renderer, png};",
        "use crate::render::legacy;",
        "type R = legacy::Renderer;",
    ] {
        assert_eq!(layers("src/render/mod.rs", code).len(), 1, "{code}");
    }
    assert!(layers("src/render/mod.rs", "pub mod legacy;").is_empty());
}

#[test]
fn sql_stands_in_the_store() {
    for code in [
        "//!\nuse sea_orm::Set;",
        "//!\nconst Q: &str = \"SELECT 1\";",
        "//!\nconst Q: &str = r#\"\nINSERT INTO scans\"#;",
    ] {
        assert_eq!(shape("src/codes/mod.rs", code).len(), 1, "{code}");
        assert!(shape("src/store/codes.rs", code).is_empty(), "{code}");
    }
    assert!(shape("src/codes/mod.rs", "//! SELECT 1\nfn select() {}").is_empty());
}

#[test]
fn names_say_something() {
    assert_eq!(shape("src/http/utils.rs", "//!"), ["1: is called `utils`"]);
    assert_eq!(shape("src/types/mod.rs", "//!"), ["1: is called `types`"]);
    let declared = "//!\nstruct CodeManager;\nfn helper() {}\nstruct Implant;";
    let silent = "use std::fmt;";
    assert_eq!(shape("src/a.rs", declared), ["2: declares `CodeManager`"]);
    assert_eq!(shape("src/a.rs", silent), ["1: does not begin with `//!`"]);
}

#[test]
fn functions_have_a_size() {
    let body = |lines: usize| format!("//!\nfn f() {{\n{}}}\n", "x();\n// why\n\n".repeat(lines));
    assert!(shape("src/a.rs", &body(68)).is_empty());
    assert_eq!(shape("src/a.rs", &body(69)), ["2: fn f has 71 lines"]);

    let five = "//!\nfn f<F: Fn(u8, u8) -> u8>(&mut self, a: (u8, u8), b: F, c: [u8; 2], d: HashMap<u8, u8>) {}";
    assert_eq!(shape("src/a.rs", five), [""; 0]);
    let wire = "//!\nfn f(&self, a: A, b: B, c: C, d: D, e: E, #[oai(default)] f: Query<u8>, g: Query<Option<u8>>) {}";
    assert_eq!(shape("src/a.rs", wire), [""; 0]);
    let six = "//!\nfn f(a: u8, b: u8, c: u8, d: u8,\n e: fn(u8) -> u8, g: u8,\n) {}";
    assert_eq!(shape("src/a.rs", six), ["2: fn f has 6 parameters"]);
}

#[test]
fn a_tuple_counts_by_its_members() {
    for (parameters, count) in [
        ("(a, b): (u8, Vec<(u8, u8)>), c: u8, d: u8, e: u8", None),
        (
            "(a, b): (u8, Vec<u8>), c: u8, d: u8, e: &mut (u8, u8)",
            Some(6),
        ),
        (
            "&self, (a, (b, c)): &(u8, (u8, u8)), d: u8, e: u8, f: u8",
            Some(6),
        ),
        (
            "a: &'a (u8, u8), b: (), c: fn(u8, u8) -> (u8, u8), d: [(u8, u8); 2]",
            None,
        ),
    ] {
        let code = format!("//!\nfn f<'a>({parameters}) {{}}");
        let expected: Vec<String> = count
            .map(|n| format!("2: fn f has {n} parameters"))
            .into_iter()
            .collect();
        assert_eq!(shape("src/a.rs", &code), expected, "{parameters}");
    }
}

#[test]
fn files_and_inline_tests_have_a_size() {
    let code = |code: usize, test: usize| {
        let test = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "x;\n".repeat(test));
        let code = "x;\n\n// why\n".repeat(code);
        Source::new("src/a.rs", &format!("//!\n{code}{test}"))
    };
    assert_eq!(shape::lines(&code(400, 100)), 400);
    assert!(whats(&shape::check(&code(400, 147))).is_empty());
    let found = |source| whats(&shape::check(&source));
    assert_eq!(found(code(401, 1)), ["1: has 401 lines of code"]);
    let inline = ["5: has 151 lines of inline tests"];
    assert_eq!(found(code(1, 148)), inline);
    assert!(shape::median(&[code(150, 0), code(10, 0), code(300, 0)]).is_none());
    assert!(shape::median(&[code(151, 0), code(10, 0), code(300, 0)]).is_some());
}
