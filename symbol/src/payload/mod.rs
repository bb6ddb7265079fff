//! What a phone does with a scanned symbol: joins a network, adds a contact, pays an invoice.
//!
//! One builder per file: a struct whose public fields are the raw input, and `build`, which checks all of them and writes
//! the text of the symbol. Where readers and standards disagree, the builder's documentation says who reads what.
//!
//! Invariant: no input can add a field to a payload or change another field of it. What cannot be written so that it is
//! read back is refused, and every field that is wrong is named at once.

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
/// builder; what else does not fit (2953 bytes do), the encoder says, as it knows level, version and modes.
pub const BYTES_MAX: usize = 7089;

/// What a symbol is to say, and what its format asks of the symbol.
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

/// What a format asks of the symbol that carries it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The symbol must have exactly this level.
    pub level: Option<Level>,
    /// The symbol may be no larger.
    pub version_max: Option<Version>,
}
