//! Readers of `PREFIX:NAME:value;NAME:value;;`.
//!
//! Invariant: [`strict`] takes only what is well-formed; [`searched`] takes what ZXing's `matchPrefixedField` takes.

/// Names and values in their order, as they stand, escapes and all.
pub fn strict(text: &str, prefix: &str) -> Vec<(String, String)> {
    let mut rest = text.strip_prefix(prefix).unwrap();
    let mut out = Vec::new();
    while rest != ";" {
        let (name, after) = rest.split_once(':').unwrap();
        assert!(
            name.bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()),
            "{name:?} is no name in {text}"
        );
        let end = end(after);
        out.push((name.to_owned(), after[..end].to_owned()));
        rest = &after[end + 1..];
    }
    out
}

/// Where the first unescaped semicolon is.
fn end(text: &str) -> usize {
    let mut is_escaped = false;
    for (i, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            ';' => return i,
            _ => {}
        }
    }
    panic!("no end in {text}")
}

/// Without its backslashes.
pub fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        out.push(if c == '\\' {
            characters.next().unwrap()
        } else {
            c
        });
    }
    out
}

/// Every value after `name` anywhere in the text.
pub fn searched(text: &str, name: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut from = 0;
    while let Some(found) = text[from..].find(name) {
        let start = from + found + name.len();
        let end = text[start..]
            .match_indices(';')
            .map(|(i, _)| start + i)
            .find(|&i| {
                let before = &text[..i];
                (before.len() - before.trim_end_matches('\\').len()).is_multiple_of(2)
            })
            .unwrap_or(text.len());
        let value = unescaped(&text[start..end]);
        if !value.is_empty() {
            out.push(value);
        }
        from = end;
    }
    out
}
