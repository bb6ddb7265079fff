//! Checks of every text field.
//!
//! Invariant: a line that passes has no character that any reader takes for the end of a line, and none that a keyboard
//! wedge would type as a control key.

use super::error::{Checked, Wrong};

/// Not blank, no control characters, no line breaks, at most `max` characters.
pub(super) fn line(text: &str, max: usize) -> Checked<String> {
    one_line(text)?;
    not_blank(text)?;
    at_most(text, max)?;
    Ok(text.to_owned())
}

/// Like [`line()`], but line breaks (CRLF, LF, CR) and tabs may be in it. They come back as LF.
pub(super) fn lines(text: &str, max: usize) -> Checked<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    refuse(&text, |c| is_forbidden(c) && !matches!(c, '\n' | '\t'))?;
    not_blank(&text)?;
    at_most(&text, max)?;
    Ok(text)
}

pub(super) fn one_line(text: &str) -> Checked<()> {
    refuse(text, is_forbidden)
}

pub(super) fn not_blank(text: &str) -> Checked<()> {
    if text.trim().is_empty() {
        let right = "must have a visible character, or be left out where it may be";
        return Err(Wrong::new("is blank", right));
    }
    Ok(())
}

pub(super) fn at_most(text: &str, max: usize) -> Checked<()> {
    let count = text.chars().count();
    if count > max {
        return Err(Wrong::new(
            format!("is {count} characters long"),
            format!("must be at most {max}"),
        ));
    }
    Ok(())
}

pub(super) fn at_most_bytes(text: &str, max: usize) -> Checked<()> {
    if text.len() > max {
        return Err(Wrong::new(
            format!("is {} bytes long", text.len()),
            format!("must be at most {max}"),
        ));
    }
    Ok(())
}

/// How many entries a list has.
pub(super) fn entries(count: usize, max: usize) -> Checked<()> {
    if count > max {
        return Err(Wrong::new(
            format!("has {count} entries"),
            format!("must have at most {max}"),
        ));
    }
    Ok(())
}

/// 1..=`max` characters of ASCII from space to tilde.
pub(super) fn printable(text: &str, max: usize) -> Checked<String> {
    if !(1..=max).contains(&text.len()) || !is_printable(text) {
        return Err(Wrong::new(
            format!("is not printable ASCII at {} bytes", text.len()),
            format!("must be 1 to {max} printable ASCII characters"),
        ));
    }
    Ok(text.to_owned())
}

pub(super) fn is_printable(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~'))
}

/// Cc, and the separators that JavaScript and Python take for line ends although no payload format does.
pub(super) fn is_forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Names the first character that `is_bad`, by its place and code: only control characters are shown that way, and they
/// give nothing of a secret away.
pub(super) fn refuse(text: &str, is_bad: impl Fn(char) -> bool) -> Checked<()> {
    match text.chars().enumerate().find(|&(_, c)| is_bad(c)) {
        None => Ok(()),
        Some((i, c)) => Err(Wrong::new(
            format!("has U+{:04X} at character {}", u32::from(c), i + 1),
            "must be without control characters",
        )),
    }
}

/// `text` without spaces, in upper case: how codes are typed that people read aloud.
pub(super) fn code(text: &str) -> String {
    text.chars()
        .filter(|&c| c != ' ')
        .map(|c| c.to_ascii_uppercase())
        .collect()
}
