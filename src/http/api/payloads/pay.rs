//! Payments and trade items.

use poem_openapi::Object;
use serde::Deserialize;
use symbol::payload::{
    Epc as Transfer, EpcVersion, Gs1Element, Gs1Link as Link, Gs1Message, Payload, Remittance,
};

use super::kinds::told;
use crate::http::api::faults::Faults;

/// A SEPA credit transfer (EPC069-12). The symbol has level M and at most version 13
#[derive(Deserialize, Object)]
#[oai(rename = "PayloadEpc")]
#[serde(deny_unknown_fields)]
pub struct Epc {
    /// Of the beneficiary, at most 70 characters
    name: String,
    /// Of the beneficiary; spaces are left out
    iban: String,
    /// Of the beneficiary's bank: 8 or 11 letters and digits. Must be given with version 1
    bic: Option<String>,
    /// Euro cents, 1 to 99999999999; the payer fills it in if it is left out
    amount_cents: Option<u64>,
    /// 1 to 4 letters and digits, such as `CHAR`
    purpose: Option<String>,
    /// At most 35 characters; one that begins with `RF` is checked (ISO 11649)
    reference: Option<String>,
    /// At most 140 characters, in the place of `reference`
    text: Option<String>,
    /// From the beneficiary to the payer, at most 70 characters
    information: Option<String>,
    /// 1 for payments that leave the European Economic Area (2)
    version: Option<u8>,
}

impl Epc {
    pub fn build(&self, faults: &mut Faults) -> Option<Payload> {
        let version = match self.version {
            None | Some(2) => EpcVersion::V2,
            Some(1) => EpcVersion::V1,
            Some(_) => {
                faults.add("version", "must be 1 or 2");
                EpcVersion::V2
            }
        };
        let (remittance, field) = match (&self.reference, &self.text) {
            (None, None) => (Remittance::None, "text"),
            (Some(reference), None) => (Remittance::Reference(reference.clone()), "reference"),
            (None, Some(text)) => (Remittance::Text(text.clone()), "text"),
            (Some(_), Some(_)) => {
                faults.add("text", "must be left out beside reference");
                (Remittance::None, "text")
            }
        };
        let transfer = Transfer {
            version,
            bic: self.bic.clone(),
            name: self.name.clone(),
            iban: self.iban.clone(),
            amount_cents: self.amount_cents,
            purpose: self.purpose.clone(),
            remittance,
            information: self.information.clone(),
        };
        told(transfer.build(), &[("remittance", field)], faults)
    }
}

/// A GS1 message. The symbol begins with FNC1
#[derive(Deserialize, Object)]
#[oai(rename = "PayloadGs1")]
#[serde(deny_unknown_fields)]
pub struct Gs1 {
    /// Element strings as people read them: `(01)09506000134352(10)ABC`; a bracket within a value is `\(`
    text: Option<String>,
    /// In the place of `text`: 1 to 50
    elements: Option<Vec<Element>>,
}

/// An Application Identifier and its data field (GS1 General Specifications §3)
#[derive(Deserialize, Object)]
#[oai(rename = "PayloadGs1Element")]
#[serde(deny_unknown_fields)]
struct Element {
    /// 2 to 4 digits
    ai: String,
    value: String,
}

impl Element {
    fn read(&self) -> Gs1Element {
        Gs1Element {
            ai: self.ai.clone(),
            value: self.value.clone(),
        }
    }
}

impl Gs1 {
    pub fn build(&self, faults: &mut Faults) -> Option<Payload> {
        let message = match (&self.text, &self.elements) {
            (Some(text), None) => Gs1Message::bracketed(text),
            (None, Some(elements)) => Ok(Gs1Message {
                elements: elements.iter().map(Element::read).collect(),
            }),
            (Some(_), Some(_)) => {
                faults.add("elements", "must be left out beside text");
                return None;
            }
            (None, None) => {
                let message = "must be given, such as (01)09506000134352(10)ABC; elements may stand in its place";
                faults.add("text", message);
                return None;
            }
        };
        let mut own = Faults::default();
        let built = told(message.and_then(|message| message.build()), &[], &mut own);
        if let Err(e) = own.finish() {
            for fault in e.details() {
                // What was read from the text is named in the message.
                if self.text.is_some() && fault.field.starts_with("elements") {
                    faults.add("text", format!("{} {}", fault.field, fault.message));
                } else {
                    faults.push(fault.clone());
                }
            }
        }
        built
    }
}

/// A GS1 Digital Link: a web address that says what a trade item is
#[derive(Deserialize, Object)]
#[oai(rename = "PayloadGs1Link")]
#[serde(deny_unknown_fields)]
pub struct Gs1Link {
    /// Where the link leads (<https://id.gs1.org>)
    stem: Option<String>,
    /// 8, 12, 13 or 14 digits with their check digit
    gtin: String,
    /// AI 22
    variant: Option<String>,
    /// AI 10
    lot: Option<String>,
    /// AI 21
    serial: Option<String>,
    /// AI 235, in the place of the three above
    extension: Option<String>,
    /// What describes the item, at most 20
    #[oai(default)]
    #[serde(default)]
    attributes: Vec<Element>,
}

impl Gs1Link {
    pub fn build(&self, faults: &mut Faults) -> Option<Payload> {
        let default = Link::default();
        let link = Link {
            stem: self.stem.clone().unwrap_or(default.stem),
            gtin: self.gtin.clone(),
            variant: self.variant.clone(),
            lot: self.lot.clone(),
            serial: self.serial.clone(),
            extension: self.extension.clone(),
            attributes: self.attributes.iter().map(Element::read).collect(),
        };
        told(link.build(), &[], faults)
    }
}
