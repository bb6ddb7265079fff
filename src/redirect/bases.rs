//! Targets that are codes of this installation, under its present or a former address.
//!
//! Invariant: a code never leads to itself, and a target under a former address leads to where we are today.

use percent_encoding::percent_decode_str;
use url::{Position, Url};

use crate::{kernel::Slug, validate::leads_to_us};

/// The present and the former base addresses.
pub struct Bases {
    /// Without a trailing slash.
    now: String,
    /// All of them.
    known: Vec<Url>,
}

/// A target that is a code of this installation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Own {
    /// The very code that leads there.
    Itself,
    /// Another code, under the present address.
    Other(String),
}

impl Bases {
    /// Addresses that are none are ignored: the settings have refused them.
    #[must_use]
    pub fn new<B: AsRef<str>>(now: &str, former: &[B]) -> Self {
        let former = former.iter().map(AsRef::as_ref);
        let known = std::iter::once(now).chain(former);
        Self {
            now: now.to_owned(),
            known: known.filter_map(|base| Url::parse(base).ok()).collect(),
        }
    }

    /// `None` for a target elsewhere, or in a spelling that only browsers understand.
    pub(super) fn own(&self, slug: &Slug, target: &str) -> Option<Own> {
        let url = Url::parse(target).ok()?;
        let base = self.known.iter().find(|base| leads_to_us(base, &url))?;
        let below = url[Position::BeforePath..].strip_prefix(base.path().trim_end_matches('/'))?;
        let named = below
            .strip_prefix("/r/")
            .or_else(|| below.strip_prefix("/R/"))?;
        let end = named.find(['/', '?', '#']).unwrap_or(named.len());
        let named = percent_decode_str(&named[..end]).decode_utf8().ok()?;
        Some(if Slug::parse(&named).as_ref() == Some(slug) {
            Own::Itself
        } else {
            Own::Other(format!("{}{below}", self.now))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_former_addresses_lead_to_where_we_are() {
        let former = ["https://old.example", "https://older.example/codes"];
        let bases = Bases::new("https://qr.example/x", &former);
        let slug = Slug::parse("a1b2c3d4").unwrap();
        let other = |url: &str| Some(Own::Other(url.to_owned()));
        for (target, expected) in [
            (
                "https://old.example/r/00000001",
                other("https://qr.example/x/r/00000001"),
            ),
            (
                "http://OLD.example./r/00000001?scan_ref=qr#a",
                other("https://qr.example/x/r/00000001?scan_ref=qr#a"),
            ),
            (
                "https://older.example/codes/r/00000001/",
                other("https://qr.example/x/r/00000001/"),
            ),
            (
                "https://qr.example/x/r/00000001",
                other("https://qr.example/x/r/00000001"),
            ),
            ("https://old.example/r/a1b2c3d4", Some(Own::Itself)),
            ("https://old.example/R/A1B2C3D4/?a", Some(Own::Itself)),
            ("https://qr.example/x/r/%611b2c3d4", Some(Own::Itself)),
            ("https://old.example/", None),
            ("https://older.example/r/00000001", None),
            ("https://example.org/r/a1b2c3d4", None),
            ("no address", None),
        ] {
            assert_eq!(bases.own(&slug, target), expected, "{target}");
        }
    }
}
