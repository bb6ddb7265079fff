//! Which parts of this crate a file names: `use` trees and inline paths, through `crate::`, `super::`, `self::`.

use crate::source::{Kind, Source};

/// A path from the root of the crate, e.g. `[store, codes, Codes]`. A glob ends in `*`.
#[derive(Debug, PartialEq, Eq)]
pub struct Import {
    pub path: Vec<String>,
    pub line: usize,
}

/// Every path into this crate that the file names.
pub fn imports(source: &Source) -> Vec<Import> {
    let tokens = &source.tokens;
    let file: Vec<String> = source.module().iter().map(ToString::to_string).collect();
    let root = matches!(source.path.as_str(), "src/lib.rs" | "src/main.rs");
    // Inline modules around the current token, with the token that closes each.
    let mut inline: Vec<(String, usize)> = Vec::new();
    let mut found = Vec::new();
    for i in 0..tokens.len() {
        inline.retain(|(_, end)| i <= *end);
        let Some(name) = tokens[i].name() else {
            continue;
        };
        if name == "mod" && tokens.get(i + 2).is_some_and(|t| t.is('{')) {
            let inner = tokens[i + 1].name().unwrap_or_default().to_owned();
            inline.push((inner, source.closing(i + 2)));
            continue;
        }
        let starts = tokens.get(i + 1).is_some_and(|t| t.kind == Kind::Path)
            && (i == 0 || tokens[i - 1].kind != Kind::Path);
        if !starts || !matches!(name, "crate" | "qr_observatory" | "super" | "self") {
            continue;
        }
        let mut base: Vec<String> = if root { Vec::new() } else { file.clone() };
        base.extend(inline.iter().map(|(name, _)| name.clone()));
        match name {
            "self" => {}
            "super" => {
                base.pop();
            }
            _ => base.clear(),
        }
        tree(source, i + 2, &base, &mut found);
    }
    found
}

/// Reads one `use` tree (or an inline path, which is one without branches) at token `at`; returns the index
/// behind it.
fn tree(source: &Source, mut at: usize, base: &[String], found: &mut Vec<Import>) -> usize {
    let mut path = base.to_vec();
    while let Some(token) = source.tokens.get(at) {
        match &token.kind {
            Kind::Name(name) if name == "super" => {
                path.pop();
            }
            Kind::Name(name) if name == "self" => {}
            Kind::Name(name) => path.push(name.clone()),
            Kind::Punct('*') => path.push("*".to_owned()),
            Kind::Punct('{') => {
                let end = source.closing(at);
                let mut inner = at + 1;
                while inner < end {
                    inner = tree(source, inner, &path, found) + 1;
                }
                return end + 1;
            }
            _ => return at,
        }
        at += 1;
        if source.tokens.get(at).map(|t| &t.kind) != Some(&Kind::Path) {
            found.push(Import {
                path,
                line: token.line,
            });
            return skip_rename(source, at);
        }
        at += 1;
    }
    at
}

/// `a::B as C`: what follows the path is not another one.
fn skip_rename(source: &Source, at: usize) -> usize {
    match source.tokens.get(at).and_then(|t| t.name()) {
        Some("as") => at + 2,
        _ => at,
    }
}
