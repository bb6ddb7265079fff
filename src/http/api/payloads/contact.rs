//! Contacts.

use poem_openapi::Object;
use serde::Deserialize;
use symbol::payload::{
    Address as VAddress, Line, MeCard as ShortCard, Payload, Telephone as VTelephone, VCard as Card,
};

use super::{kinds::told, when::date};
use crate::http::api::{
    faults::Faults,
    word::{Word, spelled},
};

/// A contact as vCard 4.0. Texts have at most 200 characters on one line, lists at most 10 entries
#[derive(Deserialize, Object)]
#[oai(rename = "PayloadVCard")]
#[serde(deny_unknown_fields)]
pub struct VCard {
    /// The name as it is shown
    formatted_name: String,
    family_name: Option<String>,
    given_name: Option<String>,
    /// `Dr.`
    prefix: Option<String>,
    /// `M.D.`
    suffix: Option<String>,
    organization: Option<String>,
    /// Of the organization, which must be given then
    department: Option<String>,
    title: Option<String>,
    #[oai(default)]
    #[serde(default)]
    phones: Vec<Telephone>,
    #[oai(default)]
    #[serde(default)]
    emails: Vec<String>,
    #[oai(default)]
    #[serde(default)]
    addresses: Vec<Address>,
    /// `http` or `https`
    #[oai(default)]
    #[serde(default)]
    urls: Vec<String>,
    /// `YYYY-MM-DD`
    birthday: Option<String>,
    /// At most 1000 characters
    note: Option<String>,
    /// `TEL` as a URI, which older readers show as text (false)
    #[oai(default)]
    #[serde(default)]
    tel_as_uri: bool,
    /// Lines of at most 75 bytes, which importers on Android cut (false)
    #[oai(default)]
    #[serde(default)]
    fold: bool,
}

/// A telephone number of a contact
#[derive(Deserialize, Object)]
#[oai(rename = "PayloadTelephone")]
#[serde(deny_unknown_fields)]
struct Telephone {
    /// As of `phone`
    number: String,
    line: Option<Word<Line>>,
}

/// An address of a contact, of which at least one part is given
#[derive(Deserialize, Object)]
#[oai(rename = "PayloadAddress")]
#[serde(deny_unknown_fields)]
struct Address {
    street: Option<String>,
    city: Option<String>,
    region: Option<String>,
    postal_code: Option<String>,
    country: Option<String>,
}

spelled! { Line: "cell" = Cell, "fax" = Fax, "home" = Home, "work" = Work }

impl VCard {
    pub fn build(&self, faults: &mut Faults) -> Option<Payload> {
        let birthday = date("birthday", self.birthday.as_deref(), faults);
        let phones = self.phones.iter().enumerate().map(|(n, phone)| {
            let line = phone.line.as_ref().map(Word::get).transpose();
            VTelephone {
                number: phone.number.clone(),
                line: line.unwrap_or_else(|message| {
                    faults.add(format!("phones[{n}].line"), message);
                    None
                }),
            }
        });
        let phones = phones.collect();
        let addresses = self.addresses.iter().map(|address| VAddress {
            street: address.street.clone(),
            city: address.city.clone(),
            region: address.region.clone(),
            postal_code: address.postal_code.clone(),
            country: address.country.clone(),
        });
        let card = Card {
            formatted_name: self.formatted_name.clone(),
            family_name: self.family_name.clone(),
            given_name: self.given_name.clone(),
            prefix: self.prefix.clone(),
            suffix: self.suffix.clone(),
            organization: self.organization.clone(),
            department: self.department.clone(),
            title: self.title.clone(),
            phones,
            emails: self.emails.clone(),
            addresses: addresses.collect(),
            urls: self.urls.clone(),
            birthday,
            note: self.note.clone(),
            tel_as_uri: self.tel_as_uri,
            fold: self.fold,
        };
        told(card.build(), &[], faults)
    }
}

/// A contact in short: half as long as a vCard. Texts have at most 200 characters on one line, lists at most 3 entries
#[derive(Deserialize, Object)]
#[oai(rename = "PayloadMeCard")]
#[serde(deny_unknown_fields)]
pub struct MeCard {
    /// The family name, or all of the name
    name: String,
    given_name: Option<String>,
    /// How the name is pronounced (kana)
    reading: Option<String>,
    #[oai(default)]
    #[serde(default)]
    phones: Vec<String>,
    #[oai(default)]
    #[serde(default)]
    emails: Vec<String>,
    /// All of it in one line
    address: Option<String>,
    /// `http` or `https`
    url: Option<String>,
    /// `YYYY-MM-DD`
    birthday: Option<String>,
    note: Option<String>,
}

impl MeCard {
    pub fn build(&self, faults: &mut Faults) -> Option<Payload> {
        let card = ShortCard {
            name: self.name.clone(),
            given_name: self.given_name.clone(),
            reading: self.reading.clone(),
            phones: self.phones.clone(),
            emails: self.emails.clone(),
            address: self.address.clone(),
            url: self.url.clone(),
            birthday: date("birthday", self.birthday.as_deref(), faults),
            note: self.note.clone(),
        };
        told(card.build(), &[], faults)
    }
}
