//! Sizes, names, and where SQL may stand.

use std::ops::Range;

use crate::{
    Violation,
    source::{Kind, Source},
};

const FILE_LINES: usize = 400;
const MEDIAN_LINES: usize = 150;
const FUNCTION_LINES: usize = 70;
const PARAMETERS: usize = 5;
const TEST_LINES: usize = 150;

const PLACES: [&str; 8] = [
    "utils", "util", "common", "types", "helpers", "helper", "misc", "shared",
];
const SUFFIXES: [&str; 6] = ["Manager", "Helper", "Util", "Utils", "Service", "Impl"];
const DRIVERS: [&str; 2] = ["sea_orm", "sqlx"];
/// With `|` between them.
const STATEMENTS: &str = "SELECT |INSERT INTO |DELETE FROM |CREATE TABLE |CREATE INDEX |ALTER TABLE |DROP TABLE |PRAGMA |\
    ON CONFLICT ";

pub fn check(source: &Source) -> Vec<Violation> {
    let mut out = names(source);
    out.extend(sizes(source));
    out.extend(functions(source));
    out.extend(sql(source));
    out
}

/// Lines of code of a file, without its inline tests.
pub fn lines(source: &Source) -> usize {
    let tests: usize = source
        .test_items()
        .iter()
        .map(|(first, last)| source.code_lines(*first, *last))
        .sum();
    source.code_lines(1, usize::MAX) - tests
}

/// The median over all files: one large file is an exception, a large median is a habit.
pub fn median(sources: &[Source]) -> Option<Violation> {
    let mut sizes: Vec<usize> = sources.iter().map(lines).collect();
    sizes.sort_unstable();
    let median = *sizes.get(sizes.len() / 2)?;
    (median > MEDIAN_LINES).then(|| Violation {
        path: "src/".to_owned(),
        line: 1,
        what: format!("the median file has {median} lines of code"),
        why: format!("at most {MEDIAN_LINES}: split along what changes together"),
    })
}

fn names(source: &Source) -> Vec<Violation> {
    let mut out = Vec::new();
    if !source.text.starts_with("//!") {
        let why = "a file says what it is for, and its invariant, before anything else";
        let what = "does not begin with `//!`".to_owned();
        out.push(Violation::new(source, 1, what, why));
    }
    for part in source.path.trim_end_matches(".rs").split('/') {
        if PLACES.contains(&part) {
            let why = "a name that fits anything says nothing: name what is in it";
            let what = format!("is called `{part}`");
            out.push(Violation::new(source, 1, what, why));
        }
    }
    for pair in source.tokens.windows(2) {
        let (Some("struct" | "enum" | "trait" | "type" | "union"), Some(name)) =
            (pair[0].name(), pair[1].name())
        else {
            continue;
        };
        if SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) {
            let why = "no Manager, Helper, Util, Service, Impl: say what it is";
            let what = format!("declares `{name}`");
            out.push(Violation::new(source, pair[1].line, what, why));
        }
    }
    out
}

fn sizes(source: &Source) -> Vec<Violation> {
    let mut out = Vec::new();
    let size = lines(source);
    if size > FILE_LINES {
        let why = format!("at most {FILE_LINES}: a file is read in one go");
        let what = format!("has {size} lines of code");
        out.push(Violation::new(source, 1, what, &why));
    }
    for (first, last) in source.test_items() {
        let size = last - first + 1;
        if size > TEST_LINES {
            let why = format!("at most {TEST_LINES}: longer ones move to a sibling file");
            let what = format!("has {size} lines of inline tests");
            out.push(Violation::new(source, first, what, &why));
        }
    }
    out
}

fn functions(source: &Source) -> Vec<Violation> {
    let mut out = Vec::new();
    for i in 0..source.tokens.len() {
        // `fn(` is a type, not a function.
        let (Some("fn"), Some(name)) = (
            source.tokens[i].name(),
            source.tokens.get(i + 1).and_then(|t| t.name()),
        ) else {
            continue;
        };
        let line = source.tokens[i].line;
        let Some(open) = parameters_open(source, i + 2) else {
            continue;
        };
        let close = source.closing(open);
        let count = parameters(source, open, close);
        if count > PARAMETERS {
            let why = format!("at most {PARAMETERS}: a struct names what a position cannot");
            let what = format!("fn {name} has {count} parameters");
            out.push(Violation::new(source, line, what, &why));
        }
        let body = (close..source.tokens.len())
            .find(|&j| source.tokens[j].is('{') || source.tokens[j].is(';'));
        if let Some(body) = body.filter(|&j| source.tokens[j].is('{')) {
            let size = source.code_lines(line, source.tokens[source.closing(body)].line);
            if size > FUNCTION_LINES {
                let why = format!("at most {FUNCTION_LINES}: it must fit a screen");
                let what = format!("fn {name} has {size} lines");
                out.push(Violation::new(source, line, what, &why));
            }
        }
    }
    out
}

/// The bracket that opens the parameters: the first one outside `<…>` (an `Fn(A) -> B` bound has its own).
fn parameters_open(source: &Source, from: usize) -> Option<usize> {
    let mut angle = 0i32;
    for i in from..source.tokens.len() {
        match source.tokens[i].kind {
            Kind::Punct('<') => angle += 1,
            Kind::Punct('>') if !source.tokens[i - 1].is('-') => angle -= 1,
            Kind::Punct('(') if angle == 0 => return Some(i),
            Kind::Punct('{' | ';') => return None,
            _ => {}
        }
    }
    None
}

/// Parameters between two brackets, without `self`, and without `Query<…>`: the framework binds those by name, and
/// each is a field of a dialect that is not ours to group. A tuple counts by its members: it names them no better than
/// positions do.
fn parameters(source: &Source, open: usize, close: usize) -> usize {
    let t = &source.tokens;
    let weight = |parameter: Range<usize>| {
        let top = top_level(source, parameter.clone());
        let is_named = |&i: &usize| t[i].name().is_some_and(|n| n != "self" && n != "mut");
        if top.iter().any(|&i| t[i].name() == Some("Query")) {
            return 0;
        }
        match top.iter().find(|&&i| t[i].is(':')) {
            Some(colon) => members(source, colon + 1..parameter.end),
            None => usize::from(top.iter().any(is_named)),
        }
    };
    list(source, open, close).into_iter().map(weight).sum()
}

/// Members of a type that is a tuple or a reference to one, tuples in it included; 1 for any other type.
fn members(source: &Source, of: Range<usize>) -> usize {
    let t = &source.tokens;
    let is_prefix = |&i: &usize| t[i].is('&') || t[i].name() == Some("mut");
    match of.clone().find(|i| !is_prefix(i)) {
        Some(open) if t[open].is('(') && source.closing(open) + 1 == of.end => {
            let parts = list(source, open, source.closing(open));
            parts.into_iter().map(|part| members(source, part)).sum()
        }
        _ => 1,
    }
}

/// What commas divide between two brackets.
fn list(source: &Source, open: usize, close: usize) -> Vec<Range<usize>> {
    let top = top_level(source, open + 1..close);
    let commas = top.into_iter().filter(|&i| source.tokens[i].is(','));
    let (mut parts, mut from) = (Vec::new(), open + 1);
    for end in commas.chain([close]) {
        if from < end {
            parts.push(from..end);
        }
        from = end + 1;
    }
    parts
}

/// Tokens outside of brackets and `<…>`.
fn top_level(source: &Source, range: Range<usize>) -> Vec<usize> {
    let mut depth = 0i32;
    let mut out = Vec::new();
    for i in range {
        match source.tokens[i].kind {
            Kind::Punct('(' | '[' | '{' | '<') => depth += 1,
            Kind::Punct('>') if source.tokens[i - 1].is('-') => {}
            Kind::Punct(')' | ']' | '}' | '>') => depth -= 1,
            _ if depth == 0 => out.push(i),
            _ => {}
        }
    }
    out
}

fn sql(source: &Source) -> Vec<Violation> {
    if source.path.starts_with("src/store/") || source.path.starts_with("migrations/") {
        return Vec::new();
    }
    let why = "what the database looks like is known to src/store and migrations only";
    let mut out = Vec::new();
    for token in &source.tokens {
        let what = match &token.kind {
            Kind::Name(name) if DRIVERS.contains(&name.as_str()) => format!("uses {name}"),
            Kind::Text(text) if STATEMENTS.split('|').any(|s| text.contains(s)) => {
                format!("holds SQL: {:.40}", text.trim())
            }
            _ => continue,
        };
        out.push(Violation::new(source, token.line, what, why));
    }
    out
}
