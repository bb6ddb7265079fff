//! Text that the databases can store, and text for searching.
//!
//! Invariant: text with a NUL never reaches a driver. PostgreSQL cannot store it and SQLite would: refusing it
//! here makes both the same, and a search for it finds nothing.

use crate::kernel::{Error, Result};

/// Between the texts of one code in `search_text`; cannot be typed into a search box.
const SEPARATOR: char = '\u{1f}';

/// # Errors
/// `Invalid`, naming `field`, when `text` holds a NUL.
pub(super) fn check(field: &'static str, text: &str) -> Result<()> {
    if storable(text) {
        Ok(())
    } else {
        Err(Error::invalid(field, "must not contain a NUL character"))
    }
}

/// The same for a text that may be missing.
pub(super) fn check_some(field: &'static str, text: Option<&str>) -> Result<()> {
    text.map_or(Ok(()), |text| check(field, text))
}

pub(super) fn storable(text: &str) -> bool {
    !text.as_bytes().contains(&0)
}

/// One text to look for, or in, case-insensitively.
pub(super) fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// Several texts as one to search in.
pub(super) fn searchable(texts: [Option<&str>; 5]) -> String {
    let mut all = String::new();
    for text in texts.into_iter().flatten() {
        all.push_str(&folded(text));
        all.push(SEPARATOR);
    }
    all
}
