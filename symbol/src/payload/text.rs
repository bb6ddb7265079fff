//! Plain text, which phones only show.
//!
//! Invariant: the scanned text equals the input, character by character.

use super::{
    BYTES_MAX, Payload, check,
    error::{Checked, Error, Faults, Wrong},
};

/// Text for people, or for a program of the caller's own. Nothing is escaped: what looks like another payload is one.
///
/// Tabs, LF and CR may be in it. NUL and the other control characters may not: readers end the text at NUL, and a scanner
/// that acts as a keyboard would press Escape or Ctrl-O on whatever computer it is plugged into. U+2028 and U+2029 may:
/// the text has no fields that a line break could divide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// 1..=7089 bytes of UTF-8.
    pub text: String,
}

impl Text {
    /// # Errors
    /// Names `text`.
    pub fn build(&self) -> Result<Payload, Error> {
        let mut faults = Faults::default();
        let text = faults.keep("text", check_text(&self.text));
        faults.finish(text)
    }
}

fn check_text(text: &str) -> Checked<String> {
    if text.is_empty() {
        return Err(Wrong::new("is empty", "must have at least 1 character"));
    }
    check::refuse(text, |c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))?;
    check::at_most_bytes(text, BYTES_MAX)?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(text: &str) -> Result<String, String> {
        let text = Text { text: text.into() };
        text.build()
            .map(Payload::into_text)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn text_is_left_alone() {
        let text = " Grüße,\r\n\tline two \\;:\u{2028}";
        assert_eq!(build(text).unwrap(), text);
    }

    #[test]
    fn what_acts_on_a_reader_is_refused() {
        assert_eq!(
            build("a\0b").unwrap_err(),
            "text has U+0000 at character 2; must be without control characters"
        );
        assert!(build("\u{1b}[2J").is_err());
        assert!(build("").is_err());
        assert_eq!(
            build(&"1".repeat(7090)).unwrap_err(),
            "text is 7090 bytes long; must be at most 7089"
        );
    }
}
