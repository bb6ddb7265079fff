//! Contacts in full.
//!
//! Invariant: one property per line; values cannot end a line, and components cannot end a component.

use super::{
    Date, Payload,
    address::address,
    check,
    content_line::ContentLines,
    error::{Error, Faults, Wrong},
    phone, url,
};

/// A vCard 4.0 (RFC 6350). Every text is 1..=200 characters on one line unless it says otherwise, and must not be blank
/// where it is given; lists have at most 10 entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VCard {
    /// FN: the name as it is shown. Must be there (§6.2.1).
    pub formatted_name: String,
    /// N, with the next three: contacts are sorted by it. Left out if all four are absent.
    pub family_name: Option<String>,
    pub given_name: Option<String>,
    /// `Dr.`
    pub prefix: Option<String>,
    /// `M.D.`
    pub suffix: Option<String>,
    /// ORG.
    pub organization: Option<String>,
    /// A unit of the organization, which must be there then.
    pub department: Option<String>,
    pub title: Option<String>,
    pub phones: Vec<Telephone>,
    /// `name@example.com`.
    pub emails: Vec<String>,
    pub addresses: Vec<Address>,
    /// `http` or `https`, as [`Url`](super::Url).
    pub urls: Vec<String>,
    pub birthday: Option<Date>,
    /// 1..=1000 characters, line breaks allowed (they become LF).
    pub note: Option<String>,
    /// Write `TEL;VALUE=uri:tel:+44…`, as §6.4.1 says a card should. Without it `TEL:+44…`, as the RFC allows for the sake
    /// of older readers, which show or even dial the letters of `tel:` (ZXing issue 863). A number without `+` is no URI
    /// by itself and stays text.
    pub tel_as_uri: bool,
    /// Fold lines at 75 octets, as §3.2 says a card should. Unfolded lines are shorter, and the folded ones are what
    /// importers on Android cut.
    pub fold: bool,
}

/// TEL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Telephone {
    /// As [`Phone::number`](super::Phone::number).
    pub number: String,
    pub line: Option<Line>,
}

/// The kind of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Cell,
    Fax,
    Home,
    Work,
}

/// ADR. At least one part must be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// With the number of the house.
    pub street: Option<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
}

const LINE_MAX: usize = 200;
const LIST_MAX: usize = 10;

impl VCard {
    /// # Errors
    /// Names the fields, those of lists as `phones[0].number`, `emails[0]`, `addresses[0].city`, `urls[0]`.
    pub fn build(&self) -> Result<Payload, Error> {
        let mut faults = Faults::default();
        let mut card = ContentLines::new(self.fold);
        card.line("BEGIN:VCARD");
        card.line("VERSION:4.0");
        self.names(&mut faults, &mut card);
        self.work(&mut faults, &mut card);
        self.reachable(&mut faults, &mut card);
        if let Some(birthday) = self.birthday {
            card.line(&format!("BDAY:{birthday}"));
        }
        let note = self.note.as_deref();
        card.text_some(
            "NOTE",
            faults
                .keep_some("note", note, |note| check::lines(note, 1000))
                .as_deref(),
        );
        card.line("END:VCARD");
        faults.finish(card.finish())
    }

    fn names(&self, faults: &mut Faults, card: &mut ContentLines) {
        card.text(
            "FN",
            &faults.keep(
                "formatted_name",
                check::line(&self.formatted_name, LINE_MAX),
            ),
        );
        let mut part = |field, value| component(faults, field, value);
        let family = part("family_name", self.family_name.as_deref());
        let given = part("given_name", self.given_name.as_deref());
        let prefix = part("prefix", self.prefix.as_deref());
        let suffix = part("suffix", self.suffix.as_deref());
        let parts = [family.as_str(), &given, "", &prefix, &suffix];
        if parts.iter().any(|part| !part.is_empty()) {
            card.components("N", &parts);
        }
    }

    fn work(&self, faults: &mut Faults, card: &mut ContentLines) {
        let organization = component(faults, "organization", self.organization.as_deref());
        let department = component(faults, "department", self.department.as_deref());
        if self.department.is_some() && self.organization.is_none() {
            let right = "must be left out, or the organization given";
            faults.add("department", Wrong::new("has no organization", right));
        }
        match (organization.as_str(), department.as_str()) {
            ("", _) => {}
            (organization, "") => card.text("ORG", organization),
            (organization, department) => card.components("ORG", &[organization, department]),
        }
        let title = self.title.as_deref();
        card.text_some(
            "TITLE",
            faults
                .keep_some("title", title, |title| check::line(title, LINE_MAX))
                .as_deref(),
        );
    }

    fn reachable(&self, faults: &mut Faults, card: &mut ContentLines) {
        for (i, phone) in listed(faults, "phones", &self.phones) {
            let number = faults.keep(format!("phones[{i}].number"), phone::number(&phone.number));
            let kind = phone.line.map_or("", Line::parameter);
            let (value, scheme) = if self.tel_as_uri && number.starts_with('+') {
                (";VALUE=uri", "tel:")
            } else {
                ("", "")
            };
            card.line(&format!("TEL{value}{kind}:{scheme}{number}"));
        }
        for (i, email) in listed(faults, "emails", &self.emails) {
            card.text(
                "EMAIL",
                &faults.keep(format!("emails[{i}]"), address(email)),
            );
        }
        for (i, address) in listed(faults, "addresses", &self.addresses) {
            // Post office box and extended address stay empty (§6.3.1).
            let parts = address.parts(i, faults);
            let parts: Vec<&str> = ["", ""]
                .into_iter()
                .chain(parts.iter().map(String::as_str))
                .collect();
            card.components("ADR", &parts);
        }
        for (i, link) in listed(faults, "urls", &self.urls) {
            // Of type URI: not escaped (§5.5), and ASCII without anything that could end the line.
            card.line(&format!(
                "URL:{}",
                faults.keep(format!("urls[{i}]"), url::normal(link, false))
            ));
        }
    }
}

impl Line {
    const fn parameter(self) -> &'static str {
        match self {
            Self::Cell => ";TYPE=cell",
            Self::Fax => ";TYPE=fax",
            Self::Home => ";TYPE=home",
            Self::Work => ";TYPE=work",
        }
    }
}

impl Address {
    fn parts(&self, i: usize, faults: &mut Faults) -> [String; 5] {
        let parts = [
            ("street", self.street.as_deref()),
            ("city", self.city.as_deref()),
            ("region", self.region.as_deref()),
            ("postal_code", self.postal_code.as_deref()),
            ("country", self.country.as_deref()),
        ];
        if parts.iter().all(|(_, part)| part.is_none()) {
            let right = "must have a street, city, region, postal code or country";
            faults.add(format!("addresses[{i}]"), Wrong::new("is empty", right));
        }
        parts.map(|(name, part)| component(faults, format!("addresses[{i}].{name}"), part))
    }
}

/// A component that may be empty.
fn component(
    faults: &mut Faults,
    field: impl Into<std::borrow::Cow<'static, str>>,
    value: Option<&str>,
) -> String {
    let kept = faults.keep_some(field, value, |value| check::line(value, LINE_MAX));
    kept.unwrap_or_default()
}

/// The entries to be checked, with their indices.
fn listed<'a, T>(
    faults: &mut Faults,
    field: &'static str,
    list: &'a [T],
) -> impl Iterator<Item = (usize, &'a T)> + use<'a, T> {
    faults.keep(field, check::entries(list.len(), LIST_MAX));
    list.iter().take(LIST_MAX).enumerate()
}

#[cfg(test)]
mod tests;
