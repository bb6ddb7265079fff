//! Patterns of names, as Redis understands them: `*`, `?`, `[a-c]`, `[^a]`, and `\` before a literal character.
//!
//! Invariant: a malformed pattern is refused.

use super::name::{Name, short};
use crate::{
    kernel::{Error, Result},
    telemetry::labels::Space,
};

/// Bytes. Longer patterns are mistakes.
const LONGEST: usize = 256;

/// A pattern of any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

/// Matches names without our prefix, such as `render_engine:{code-…}:…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Glob);

impl Glob {
    /// `field`: its name in the caller's input.
    ///
    /// # Errors
    /// `Invalid`, with the rule that it breaks.
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        let refused = |message: &'static str| Error::invalid(field.to_owned(), message);
        if text.is_empty() || text.len() > LONGEST {
            return Err(refused("must have 1 to 256 characters, such as a1b2*"));
        }
        if text.chars().any(char::is_control) {
            return Err(refused("has a control character"));
        }
        if !is_closed(text.as_bytes()) {
            return Err(refused("has a `[` without its `]`, or ends in a `\\`"));
        }
        Ok(Self(text.to_owned()))
    }

    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        matches(self.0.as_bytes(), text.as_bytes())
    }
}

impl Pattern {
    /// # Errors
    /// `Invalid`, with the rule that it breaks.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self(Glob::parse("pattern", text)?))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.0
    }

    /// Whether it matches a value's name.
    #[must_use]
    pub fn matches(&self, space: Space, name: &Name) -> bool {
        self.0.matches(&short(space, name))
    }
}

fn is_closed(mut pattern: &[u8]) -> bool {
    while let Some((first, rest)) = pattern.split_first() {
        pattern = match first {
            b'\\' if rest.is_empty() => return false,
            b'\\' => &rest[1..],
            b'[' => match class(rest, 0) {
                Some((_, rest)) => rest,
                None => return false,
            },
            _ => rest,
        };
    }
    true
}

/// Whether a byte is in the class that begins behind a `[`, and what follows its `]`.
fn class(mut pattern: &[u8], byte: u8) -> Option<(bool, &[u8])> {
    let negated = pattern.first() == Some(&b'^');
    if negated {
        pattern = &pattern[1..];
    }
    let mut found = false;
    loop {
        match pattern {
            [b']', rest @ ..] => return Some((found != negated, rest)),
            [b'\\', escaped, rest @ ..] => {
                found |= *escaped == byte;
                pattern = rest;
            }
            [from, b'-', to, rest @ ..] if *to != b']' => {
                found |= (*from.min(to)..=*from.max(to)).contains(&byte);
                pattern = rest;
            }
            [one, rest @ ..] => {
                found |= *one == byte;
                pattern = rest;
            }
            [] => return None,
        }
    }
}

/// Goes back to the last `*` only: never more than the product of both lengths.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (pattern, text);
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        let step = match (p, t) {
            ([], []) => return true,
            ([b'*', rest @ ..], _) => {
                star = Some((rest, t));
                Some((rest, t))
            }
            ([b'?', rest @ ..], [_, tail @ ..]) => Some((rest, tail)),
            ([b'[', rest @ ..], [byte, tail @ ..]) => match class(rest, *byte) {
                Some((true, rest)) => Some((rest, tail)),
                _ => None,
            },
            ([b'\\', one, rest @ ..], [byte, tail @ ..]) if one == byte => Some((rest, tail)),
            ([one, rest @ ..], [byte, tail @ ..]) if one == byte && *one != b'\\' => {
                Some((rest, tail))
            }
            _ => None,
        };
        (p, t) = match (step, star) {
            (Some(next), _) => next,
            (None, Some((rest, [_, tail @ ..]))) => {
                star = Some((rest, tail));
                (rest, tail)
            }
            (None, _) => return false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_match_as_in_redis() {
        let matches = |p: &str, t: &str| Glob::parse("p", p).unwrap().matches(t);
        for (pattern, text) in [
            ("slug:*", "slug:{slug-a}:x"),
            ("*abc*", "xxabcab"),
            ("a?c", "abc"),
            ("a[b-d]c", "acc"),
            ("a[^x]c", "abc"),
            ("a\\*c", "a*c"),
            ("a[\\]]c", "a]c"),
            ("*a*b*c", "aXbYbZc"),
            ("r*:{code-1}:*", "render:{code-1}:x"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("slug:*", "slugs:a"),
            ("a?c", "ac"),
            ("a[b-d]c", "aec"),
            ("a[^b]c", "abc"),
            ("a\\*c", "abc"),
            ("abc", "abcd"),
            ("abc*d", "abc"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for text in ["", "[*", "a[b", "a\\", "a\nb", &"a".repeat(257)] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_pattern_ends_and_a_plain_text_matches_itself(pattern in "[a-c*?\\[\\]\\\\^-]{0,20}", text in "[a-c]{1,30}") {
            if let Ok(pattern) = Pattern::parse(&pattern) {
                let _ = pattern.0.matches(&text);
            }
            prop_assert!(Pattern::parse(&text).unwrap().0.matches(&text));
        }
    }
}
