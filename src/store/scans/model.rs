//! A scan and the user agent that made it, in the domain's terms.

use std::fmt::{self, Write};

use sea_orm::{DbErr, prelude::Uuid};

use crate::{
    kernel::{Result, Timestamp, label},
    store::text,
};

label! {
    /// Why a scan does not count as a person's.
    Excluded { Head = "head", Prefetch = "prefetch", Bot = "bot" }
}

impl Excluded {
    /// From the text in a row.
    pub(super) fn read(text: &str) -> Result<Self, DbErr> {
        let unknown = || DbErr::Type(format!("scans.excluded is {text:?}"));
        Self::from_label(text).ok_or_else(unknown)
    }
}

/// A country from the header of a proxy: two letters in upper case (ISO 3166-1 alpha-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// `None` for anything but two ASCII letters, and for `XX`, which means not known.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let letters: [u8; 2] = text.try_into().ok()?;
        let letters = letters.map(|l| l.to_ascii_uppercase());
        let known = letters.iter().all(u8::is_ascii_uppercase) && letters != *b"XX";
        known.then_some(Self(letters))
    }

    #[must_use]
    pub const fn letters(self) -> [u8; 2] {
        self.0
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|l| f.write_char(char::from(*l)))
    }
}

/// The first eight bytes, big-endian, of the SHA-256 of a user agent string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentId(pub i64);

/// One scan, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanRow {
    /// The request's id: recording it twice stores it once.
    pub id: Uuid,
    pub code_id: Uuid,
    pub at: Timestamp,
    /// From the symbol, not from a shared link.
    pub genuine: bool,
    /// `None`: a person.
    pub excluded: Option<Excluded>,
    /// The client's address, truncated as `SCAN_ADDRESSES` says.
    pub address: Option<String>,
    pub referer: Option<String>,
    pub agent: Option<AgentId>,
    pub country: Option<Country>,
    /// The placement whose slug was scanned.
    pub placement_id: Option<Uuid>,
}

impl ScanRow {
    pub(super) fn check(&self) -> Result<()> {
        text::check_some("address", self.address.as_deref())?;
        text::check_some("referer", self.referer.as_deref())
    }
}

label! {
    DeviceType { Mobile = "mobile", Tablet = "tablet", Pc = "pc", Bot = "bot", Other = "other" }
}

/// A user agent, parsed. A part that is not known is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    pub id: AgentId,
    /// As it was sent, cut to `limits::USER_AGENT_BYTES`.
    pub user_agent: String,
    pub device_type: DeviceType,
    pub device_family: String,
    pub os_family: String,
    pub os_version: String,
    pub browser_family: String,
    pub browser_version: String,
}

impl Agent {
    /// The texts in the order of their columns.
    pub(super) fn texts(&self) -> [&str; 7] {
        [
            &self.user_agent,
            self.device_type.label(),
            &self.device_family,
            &self.os_family,
            &self.os_version,
            &self.browser_family,
            &self.browser_version,
        ]
    }

    pub(super) fn check(&self) -> Result<()> {
        self.texts()
            .into_iter()
            .try_for_each(|part| text::check("user_agent", part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_two_letters() {
        for (text, country) in [
            ("DE", Some("DE")),
            ("de", Some("DE")),
            ("XX", None),
            ("xx", None),
            ("T1", None),
            ("DEU", None),
            ("D", None),
            ("", None),
            ("Ä", None),
            ("D\0", None),
        ] {
            let parsed = Country::parse(text.as_bytes()).map(|c| c.to_string());
            assert_eq!(parsed.as_deref(), country, "{text:?}");
        }
    }
}
