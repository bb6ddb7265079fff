//! The last segment of `/r/{slug}`.

use crate::kernel::limits::SLUG_BYTES;

/// 1..=[`SLUG_BYTES`] characters of `A-Z a-z 0-9 - _`. Compared exactly.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slug(Box<str>);

impl Slug {
    /// `None` for what no code can have: then nobody needs to look.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (plain && (1..=SLUG_BYTES).contains(&text.len())).then(|| Self(text.into()))
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
        for bad in ["", "a b", "../x", "ä", "a%00", &"x".repeat(65)] {
            assert!(Slug::parse(bad).is_none(), "{bad}");
        }
    }
}
