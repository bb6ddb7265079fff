//! Contacts in short.
//!
//! Invariant: every backslash, `;`, `:` and `,` of a value is escaped, so that neither a reader that splits at semicolons
//! nor one that searches the whole text for `TEL:` (ZXing does) finds a field that is not ours.

use super::{
    Date, Payload,
    address::address,
    check,
    error::{Error, Faults},
    escape,
    fields::Fields,
    phone, url,
};

/// A contact in NTT DoCoMo's format: about half as long as a vCard, read by Android and iOS alike, with one name, one
/// address and no organization. Texts are 1..=200 characters on one line and not blank.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeCard {
    /// The family name, or all of the name.
    pub name: String,
    /// Comes after the name and a comma.
    pub given_name: Option<String>,
    /// SOUND: how the name is pronounced (kana), by which Japanese phones sort.
    pub reading: Option<String>,
    /// At most 3, as [`Phone::number`](super::Phone::number).
    pub phones: Vec<String>,
    /// At most 3, `name@example.com`.
    pub emails: Vec<String>,
    /// All of it in one line.
    pub address: Option<String>,
    /// `http` or `https`, as [`Url`](super::Url).
    pub url: Option<String>,
    pub birthday: Option<Date>,
    pub note: Option<String>,
}

const LINE_MAX: usize = 200;
const LIST_MAX: usize = 3;

impl MeCard {
    /// # Errors
    /// Names the fields, those of lists as `phones[0]`, `emails[0]`.
    pub fn build(&self) -> Result<Payload, Error> {
        let mut faults = Faults::default();
        let in_line = |text: &str| check::line(text, LINE_MAX);
        let mut fields = Fields::new("MECARD:");
        let mut name = escape(&faults.keep("name", in_line(&self.name)));
        let given = self.given_name.as_deref();
        if let Some(given) = faults.keep_some("given_name", given, in_line) {
            name.push(',');
            name.push_str(&escape(&given));
        }
        fields.push("N", &name);
        let mut push = |name, value: Option<String>| {
            if let Some(value) = value {
                fields.push(name, &escape(&value));
            }
        };
        let mut text = |field, value: Option<&str>| faults.keep_some(field, value, in_line);
        push("SOUND", text("reading", self.reading.as_deref()));
        push("ADR", text("address", self.address.as_deref()));
        push("NOTE", text("note", self.note.as_deref()));
        for (i, number) in listed(&mut faults, "phones", &self.phones) {
            let number = faults.keep(format!("phones[{i}]"), phone::number(number));
            push("TEL", Some(number));
        }
        for (i, email) in listed(&mut faults, "emails", &self.emails) {
            push(
                "EMAIL",
                Some(faults.keep(format!("emails[{i}]"), address(email))),
            );
        }
        let link = self.url.as_deref();
        push(
            "URL",
            faults.keep_some("url", link, |link| url::normal(link, false)),
        );
        push("BDAY", self.birthday.map(|day| day.to_string()));
        faults.finish(fields.finish())
    }
}

fn escape(value: &str) -> String {
    escape::backslash(value, &[';', ':', ','])
}

fn listed<'a>(
    faults: &mut Faults,
    field: &'static str,
    list: &'a [String],
) -> impl Iterator<Item = (usize, &'a String)> + use<'a> {
    faults.keep(field, check::entries(list.len(), LIST_MAX));
    list.iter().take(LIST_MAX).enumerate()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(card: &MeCard) -> Result<String, String> {
        card.build()
            .map(Payload::into_text)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn every_field() {
        let card = MeCard {
            name: "Owen".into(),
            given_name: Some("Sean".into()),
            reading: Some("オーエン".into()),
            phones: vec!["+1 212 555 1212".into()],
            emails: vec!["srowen@example.com".into()],
            address: Some("76 9th Avenue, 4th Floor; New York".into()),
            url: Some("https://example.com/".into()),
            birthday: Date::new(1976, 5, 4),
            note: Some("a\\b:c".into()),
        };
        assert_eq!(
            build(&card).unwrap(),
            "MECARD:N:Owen,Sean;SOUND:オーエン;ADR:76 9th Avenue\\, 4th Floor\\; New York;NOTE:a\\\\b\\:c;\
             TEL:+12125551212;EMAIL:srowen@example.com;URL:https\\://example.com/;BDAY:19760504;;"
        );
        let card = MeCard {
            name: "x;TEL:1".into(),
            ..MeCard::default()
        };
        assert_eq!(build(&card).unwrap(), "MECARD:N:x\\;TEL\\:1;;");
    }

    #[test]
    fn every_bad_field_is_named() {
        let card = MeCard {
            phones: vec!["1".into(); 4],
            emails: vec!["a".into()],
            url: Some("a".into()),
            note: Some("a\n".into()),
            ..MeCard::default()
        };
        let error = card.build().unwrap_err();
        let fields: Vec<_> = error.faults().iter().map(|f| f.field.as_ref()).collect();
        assert_eq!(
            fields,
            [
                "name",
                "note",
                "phones",
                "phones[0]",
                "phones[1]",
                "phones[2]",
                "emails[0]",
                "url"
            ]
        );
    }
}
