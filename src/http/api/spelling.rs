//! Errors of dialect v2 in the words of a dialect that calls its options otherwise.

use crate::kernel::{Error, error::Detail};

/// What a dialect calls an option of v2.
pub type Name = fn(&str) -> String;

/// The fields, and the options that messages name.
pub fn spelled(error: Error, name: Name) -> Error {
    if error.details().is_empty() {
        return error;
    }
    let details = error.details().iter().map(|detail| Detail {
        field: field(&detail.field, name).into(),
        message: message(&detail.message, name).into(),
    });
    Error::invalid_fields(details.collect())
}

/// Of a question within a batch, too.
pub fn field(path: &str, name: Name) -> String {
    match path.split_once(".options.") {
        Some((code, option)) => format!("{code}.options.{}", name(option)),
        None => name(path),
    }
}

/// Only what can be no word of a sentence: `eyeShape`, `gradient.colors`.
pub fn message(text: &str, name: Name) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(is_part) {
        let (before, from) = rest.split_at(begin);
        let end = from.find(|c| !is_part(c)).unwrap_or(from.len());
        // A full stop ends the sentence.
        let word = from[..end].trim_end_matches('.');
        let is_name = word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.contains(|c: char| c == '.' || c.is_ascii_uppercase());
        out.push_str(before);
        if is_name {
            out.push_str(&name(word));
        } else {
            out.push_str(word);
        }
        out.push_str(&from[word.len()..end]);
        rest = &from[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_translated() {
        let shout: Name = |word| word.to_uppercase();
        let said = "must be left out with eyeShape custom. See gradient.colors, logo and M1.";
        assert_eq!(
            message(said, shout),
            "must be left out with EYESHAPE custom. See GRADIENT.COLORS, logo and M1."
        );
        assert_eq!(message("", shout), "");
        assert_eq!(
            field("codes[2].options.eyeShape", shout),
            "codes[2].options.EYESHAPE"
        );
        assert_eq!(field("size", shout), "SIZE");
    }
}
