//! Content lines, of which vCard (RFC 6350 §3.2) and iCalendar (RFC 5545 §3.1) consist.
//!
//! Invariant: a value never contains a line break; each call adds exactly one (unfolded) line.

/// Octets of a folded line without its CRLF.
const FOLD_OCTETS: usize = 75;

pub(super) struct ContentLines {
    text: String,
    fold: bool,
}

impl ContentLines {
    /// Whether to fold at 75 octets. Both RFCs say SHOULD, not MUST. A fold costs three bytes of a symbol, and readers
    /// that look for a line break first and for folding never cut a folded value short (importers on Android are known
    /// to), while none is known that refuses a long line.
    pub(super) fn new(fold: bool) -> Self {
        Self {
            text: String::new(),
            fold,
        }
    }

    /// A property of type text.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.line(&format!("{name}:{}", escape(value)));
    }

    /// A property that may be left out.
    pub(super) fn text_some(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// A structured property: components that are empty stay, so that the others keep their places.
    pub(super) fn components(&mut self, name: &str, values: &[&str]) {
        let values: Vec<String> = values.iter().map(|value| escape(value)).collect();
        self.line(&format!("{name}:{}", values.join(";")));
    }

    /// A line whose value has nothing to escape.
    pub(super) fn line(&mut self, line: &str) {
        if self.fold {
            fold(line, &mut self.text);
        } else {
            self.text.push_str(line);
        }
        self.text.push_str("\r\n");
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// RFC 6350 §3.4, RFC 5545 §3.3.11. The semicolon is escaped in unstructured values, too: both RFCs allow it, and
/// readers that split before they parse the property need it.
fn escape(value: &str) -> String {
    super::escape::backslash(value, &[',', ';']).replace('\n', "\\n")
}

/// Breaks only between characters, and never after a backslash: readers that split at unescaped semicolons before they
/// unfold would see a bare one.
fn fold(line: &str, out: &mut String) {
    let mut rest = line;
    let mut room = FOLD_OCTETS;
    while rest.len() > room {
        let mut at = rest.floor_char_boundary(room);
        let backslashes = rest[..at].len() - rest[..at].trim_end_matches('\\').len();
        // A run of backslashes is cut between pairs.
        at -= backslashes % 2;
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        out.push_str("\r\n ");
        rest = tail;
        room = FOLD_OCTETS - 1;
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn folding_is_undone_by_unfolding(line in "[a\\\\é😀;]{0,300}") {
            let mut out = String::new();
            fold(&line, &mut out);
            prop_assert_eq!(out.replace("\r\n ", ""), line.clone());
            for physical in out.split("\r\n") {
                prop_assert!(physical.len() <= FOLD_OCTETS);
            }
        }
    }

    #[test]
    fn an_escape_is_not_torn_apart() {
        let line = format!("{}\\;", "a".repeat(74));
        let mut out = String::new();
        fold(&line, &mut out);
        assert_eq!(out, format!("{}\r\n \\;", "a".repeat(74)));
    }
}
