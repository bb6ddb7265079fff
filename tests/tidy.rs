//! The rules of `docs/ARCHITECTURE.md` as a test: imports, sizes, names.
//!
//! It reads the source as text: it needs no compiler, and it holds for code behind any feature or platform.
// Helpers of a test are tests too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{fmt, fs, path::Path};

use source::Source;

#[path = "tidy/imports.rs"]
mod imports;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/own.rs"]
mod own;
#[path = "tidy/shape.rs"]
mod shape;
#[path = "tidy/source.rs"]
mod source;

/// Something that the law forbids.
struct Violation {
    path: String,
    line: usize,
    what: String,
    why: String,
}

impl Violation {
    fn new(source: &Source, line: usize, what: String, why: &str) -> Self {
        Self {
            path: source.path.clone(),
            line,
            what,
            why: why.to_owned(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, .. } = self;
        write!(f, "{path}:{line}: {}\n    {}", self.what, self.why)
    }
}

/// Every Rust file below `folder`, in a stable order.
fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut out = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                out.push(Source::new(name, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    out.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!out.is_empty(), "no Rust file below {folder}");
    out
}

fn report(violations: &[Violation]) {
    let list: Vec<String> = violations.iter().map(ToString::to_string).collect();
    let (count, list) = (list.len(), list.join("\n"));
    assert_eq!(count, 0, "violations of the architecture:\n{list}");
}

#[test]
fn modules_know_only_whom_they_may() {
    let found = sources("src")
        .iter()
        .flat_map(layers::check)
        .collect::<Vec<_>>();
    report(&found);
}

#[test]
fn files_functions_and_names_are_in_shape() {
    let mut all = sources("src");
    all.extend(sources("symbol/src"));
    all.extend(sources("logo/src"));
    all.extend(sources("oidc/src"));
    all.extend(sources("tokens/src"));
    let mut violations: Vec<Violation> = shape::median(&all).into_iter().collect();
    all.extend(sources("migrations"));
    violations.extend(all.iter().flat_map(shape::check));
    report(&violations);
}
