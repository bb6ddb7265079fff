//! Texts that a phone acts on: join a network, add a contact, pay an invoice.
//!
//! One builder per file: a struct whose public fields are the raw input, and `build`, which checks all of them and writes
//! the text of the symbol. Where readers and standards disagree, the builder's documentation says who reads what.
//!
//! Invariant: no input can add a field to a payload or change another field of it. A value that would not
//! read back the same is refused, and all wrong fields are named at once.

mod address;
mod check;
mod civil;
mod content_line;
mod email;
mod epc;
mod error;
mod escape;
mod event;
mod fields;
mod geo;
mod gs1;
mod iban;
mod mecard;
mod phone;
mod sms;
mod text;
mod url;
mod vcard;
mod wifi;

pub use civil::{Date, DateTime};
pub use email::Email;
pub use epc::{Epc, EpcVersion, Remittance};
pub use error::{Error, Fault};
pub use event::{Event, Scope, When};
pub use geo::Geo;
pub use gs1::{Gs1Element, Gs1Link, Gs1Message};
pub use mecard::MeCard;
pub use phone::Phone;
pub use sms::{Sms, SmsSyntax};
pub use text::Text;
pub use url::Url;
pub use vcard::{Address, Line, Telephone, VCard};
pub use wifi::{Eap, EapMethod, Phase2, Security, Wifi, WifiSyntax};

use crate::{Level, Version};

/// The most that any QR symbol holds: digits in version 40, level L (ISO/IEC 18004 table 7). Nothing longer leaves a
/// builder; what else does not fit (2953 bytes do), the encoder refuses: it depends on level, version and modes.
pub const BYTES_MAX: usize = 7089;

/// A symbol's content, and the requirements of its format on the symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    text: String,
    limits: Limits,
    gs1: bool,
}

impl Payload {
    /// UTF-8.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }

    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Whether the symbol must begin with FNC1 in first position (ISO/IEC 18004 §7.4.9.2): the text is a GS1 message,
    /// and U+001D in it separates its element strings.
    #[must_use]
    pub const fn is_gs1(&self) -> bool {
        self.gs1
    }
}

/// Requirements of a format on its symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The symbol must have exactly this level.
    pub level: Option<Level>,
    /// The symbol may be no larger.
    pub version_max: Option<Version>,
}
