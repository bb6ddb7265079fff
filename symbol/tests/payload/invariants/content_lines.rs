//! A reader of vCard's and iCalendar's content lines.
//!
//! Invariant: it refuses what is not well-formed, and sees the same lines as readers that break at other characters, too.

/// Names with their parameters, and values as they stand, escapes and all.
pub fn read(text: &str, is_folded: bool) -> Vec<(String, String)> {
    let other_breaks = |c: char| {
        matches!(
            c,
            '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    assert!(!text.contains(other_breaks), "{text:?}");
    let body = text.strip_suffix("\r\n").unwrap();
    assert_eq!(
        body.matches('\n').count(),
        body.matches("\r\n").count(),
        "{text:?}"
    );
    assert_eq!(
        body.matches('\r').count(),
        body.matches("\r\n").count(),
        "{text:?}"
    );
    if is_folded {
        assert!(body.split("\r\n").all(|line| line.len() <= 75), "{text:?}");
    } else {
        assert!(!body.contains("\r\n "), "{text:?}");
    }
    let unfolded = body.replace("\r\n ", "");
    let lines = unfolded.split("\r\n").map(|line| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_owned(), value.to_owned())
    });
    lines.collect()
}

/// The components of a value, unescaped. What is escaped must be known, and no special character may be bare.
pub fn components(value: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut characters = value.chars();
    while let Some(c) = characters.next() {
        match c {
            ';' => out.push(String::new()),
            ',' => panic!("a bare comma in {value}"),
            '\\' => match characters.next().unwrap() {
                'n' => out.last_mut().unwrap().push('\n'),
                c @ (',' | ';' | '\\') => out.last_mut().unwrap().push(c),
                c => panic!("\\{c} in {value}"),
            },
            _ => out.last_mut().unwrap().push(c),
        }
    }
    out
}
