//! The fields of each kind, and how they become a payload. What they mean and where readers disagree, `symbol::payload` says.

use poem_openapi::{Object, Union};
use serde::Deserialize;
use serde_json::Value;
use symbol::payload::{self as of, Error, Payload};

use super::{contact, pay, place, wifi};
use crate::{
    http::{api::faults::Faults, extract},
    kernel::error::Detail,
};

macro_rules! kinds {
    ($($spelling:literal $kind:ident($fields:ty),)+) => {
        /// What a phone shall do: `kind`, and the fields of that kind. `GET /api/v2/payloads` has an example of each
        #[derive(Union)]
        #[oai(rename = "Payload", discriminator_name = "kind", one_of)]
        pub enum Kinds {
            $(#[oai(mapping = $spelling)] $kind($fields),)+
        }

        impl Kinds {
            pub const WORDS: &[&str] = &[$($spelling),+];

            /// `None`: there is no such kind.
            pub fn read(kind: &str, fields: Value) -> Option<Result<Self, Detail>> {
                match kind {
                    $($spelling => Some(extract::part(fields).map(Self::$kind)),)+
                    _ => None,
                }
            }

            /// What is wrong is added to `faults`; then the answer says nothing.
            pub fn build(&self, faults: &mut Faults) -> Option<Payload> {
                match self {
                    $(Self::$kind(fields) => fields.build(faults),)+
                }
            }
        }
    };
}

kinds! {
    "url" Url(Url),
    "text" Text(Text),
    "wifi" Wifi(wifi::Wifi),
    "vcard" VCard(contact::VCard),
    "mecard" MeCard(contact::MeCard),
    "event" Event(place::Event),
    "geo" Geo(place::Geo),
    "phone" Phone(Phone),
    "sms" Sms(Sms),
    "email" Email(Email),
    "epc" Epc(pay::Epc),
    "gs1" Gs1(pay::Gs1),
    "gs1_link" Gs1Link(pay::Gs1Link),
}

/// A payload, or its faults by the names that fields have here.
pub fn told(
    built: Result<Payload, Error>,
    names: &[(&str, &'static str)],
    faults: &mut Faults,
) -> Option<Payload> {
    let error = match built {
        Ok(payload) => return Some(payload),
        Err(error) => error,
    };
    for fault in error.faults() {
        let own = names.iter().find(|(theirs, _)| *theirs == fault.field);
        let field = own.map_or_else(|| fault.field.to_string(), |(_, ours)| (*ours).to_owned());
        // The library checks the whole under this name.
        let field = if field == "payload" {
            "kind".to_owned()
        } else {
            field
        };
        faults.add(field, format!("{}; {}", fault.wrong, fault.right));
    }
    None
}

/// A web address
#[derive(Deserialize, Object)]
#[oai(rename = "PayloadUrl")]
#[serde(deny_unknown_fields)]
pub struct Url {
    /// `http` or `https`; written in ASCII
    url: String,
    /// Scheme and host in capitals, which need less room (false)
    #[oai(default)]
    #[serde(default)]
    upper_case: bool,
}

impl Url {
    fn build(&self, faults: &mut Faults) -> Option<Payload> {
        let url = of::Url {
            url: self.url.clone(),
            upper_case: self.upper_case,
        };
        told(url.build(), &[], faults)
    }
}

/// Text that is only shown
#[derive(Deserialize, Object)]
#[oai(rename = "PayloadText")]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// At most 7089 bytes, without control characters but tabs and line breaks
    text: String,
}

impl Text {
    fn build(&self, faults: &mut Faults) -> Option<Payload> {
        let text = self.text.clone();
        told(of::Text { text }.build(), &[], faults)
    }
}

/// A call
#[derive(Deserialize, Object)]
#[oai(rename = "PayloadPhone")]
#[serde(deny_unknown_fields)]
pub struct Phone {
    /// `+` and 4 to 15 digits, or 2 to 15 digits that are dialled as they stand; spaces and `-.()` are left out
    number: String,
    /// Where a number without `+` holds (RFC 3966): `+44`, or a domain name. Few phones read it
    context: Option<String>,
}

impl Phone {
    fn build(&self, faults: &mut Faults) -> Option<Payload> {
        let phone = of::Phone {
            number: self.number.clone(),
            context: self.context.clone(),
        };
        told(phone.build(), &[], faults)
    }
}

/// A text message, ready to be sent
#[derive(Deserialize, Object)]
#[oai(rename = "PayloadSms")]
#[serde(deny_unknown_fields)]
pub struct Sms {
    /// As of `phone`
    number: String,
    /// At most 1600 characters
    body: Option<String>,
    /// `sms:` (RFC 5724) in the place of `SMSTO:`, which scanners on both Android and iOS read (false)
    #[oai(default)]
    #[serde(default)]
    uri: bool,
}

impl Sms {
    fn build(&self, faults: &mut Faults) -> Option<Payload> {
        let sms = of::Sms {
            number: self.number.clone(),
            body: self.body.clone(),
            syntax: if self.uri {
                of::SmsSyntax::Uri
            } else {
                of::SmsSyntax::SmsTo
            },
        };
        told(sms.build(), &[], faults)
    }
}

/// A mail, ready to be sent
#[derive(Deserialize, Object)]
#[oai(rename = "PayloadEmail")]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// 1 to 10 addresses
    to: Vec<String>,
    /// At most 10
    #[oai(default)]
    #[serde(default)]
    cc: Vec<String>,
    /// At most 10
    #[oai(default)]
    #[serde(default)]
    bcc: Vec<String>,
    /// At most 200 characters on one line
    subject: Option<String>,
    /// At most 2000 characters
    body: Option<String>,
}

impl Email {
    fn build(&self, faults: &mut Faults) -> Option<Payload> {
        let email = of::Email {
            to: self.to.clone(),
            cc: self.cc.clone(),
            bcc: self.bcc.clone(),
            subject: self.subject.clone(),
            body: self.body.clone(),
        };
        told(email.build(), &[], faults)
    }
}
