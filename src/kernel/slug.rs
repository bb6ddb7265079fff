//! The last segment of `/r/{slug}`.

use super::limits::SLUG_BYTES;

/// 1..=[`SLUG_BYTES`] characters of `A-Z a-z 0-9 - _`. Compared exactly, but for one of eight hexadecimal digits, as they are
/// made here: it has no case, and is held in small letters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slug(Box<str>);

impl Slug {
    /// Of one that is made here.
    pub const DIGITS: usize = 8;

    /// `None` for what no code can have: then nobody needs to look. Blanks around it, which come along when an address is
    /// copied, are no part of it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !plain || !(1..=SLUG_BYTES).contains(&text.len()) {
            return None;
        }
        let mut slug: Box<str> = text.into();
        if slug.len() == Self::DIGITS && slug.bytes().all(|b| b.is_ascii_hexdigit()) {
            slug.make_ascii_lowercase();
        }
        Some(Self(slug))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_code_can_have_is_looked_up() {
        assert!(Slug::parse("a1b2c3d4").is_some());
        for bad in ["", " ", "a b", "../x", "ä", "a%00", &"x".repeat(65)] {
            assert!(Slug::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_has_no_case_is_found_in_any() {
        let slug = |text: &str| Slug::parse(text).unwrap().as_str().to_owned();
        for text in [
            "a1b2c3d4",
            "A1B2C3D4",
            "a1B2c3D4",
            " a1b2c3d4\n",
            "\tA1B2C3D4",
        ] {
            assert_eq!(slug(text), "a1b2c3d4", "{text:?}");
        }
        // Not made here: its letters may differ by case alone.
        for text in ["Spring-2026", "A1B2C3D", "A1B2C3D4E", "G1B2C3D4"] {
            assert_eq!(slug(text), text);
        }
    }
}
