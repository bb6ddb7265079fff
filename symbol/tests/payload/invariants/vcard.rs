//! A contact is read back the same, line by line and component by component.

use symbol::payload::{Address, Line, Telephone, VCard};

use super::{
    address, built,
    content_lines::{components, read},
    dialled,
    input::Input,
    same_url, with_lf,
};

fn card(input: &mut Input<'_>) -> VCard {
    VCard {
        formatted_name: input.text(),
        family_name: input.maybe(Input::text),
        given_name: input.maybe(Input::text),
        prefix: input.maybe(Input::text),
        suffix: input.maybe(Input::text),
        organization: input.maybe(Input::text),
        department: input.maybe(Input::text),
        title: input.maybe(Input::text),
        phones: input.list(3, |input| Telephone {
            number: input.phone(),
            line: input.maybe(|input| input.pick(&[Line::Cell, Line::Fax, Line::Home, Line::Work])),
        }),
        emails: input.list(2, Input::email),
        addresses: input.list(2, |input| Address {
            street: input.maybe(Input::text),
            city: input.maybe(Input::text),
            region: input.maybe(Input::text),
            postal_code: input.maybe(Input::text),
            country: input.maybe(Input::text),
        }),
        urls: input.list(2, Input::web_address),
        birthday: input.maybe(Input::date),
        note: input.maybe(Input::text),
        tel_as_uri: input.one_in(2),
        fold: input.one_in(2),
    }
}

/// Names with parameters, and components.
fn expected(card: &VCard) -> Vec<(String, Vec<String>)> {
    let some = |part: &Option<String>| part.clone().unwrap_or_default();
    let mut out = Vec::new();
    let mut push = |name: &str, parts: Vec<String>| out.push((name.to_owned(), parts));
    push("BEGIN", vec!["VCARD".into()]);
    push("VERSION", vec!["4.0".into()]);
    push("FN", vec![card.formatted_name.clone()]);
    let [family, given, prefix, suffix] = [
        &card.family_name,
        &card.given_name,
        &card.prefix,
        &card.suffix,
    ]
    .map(some);
    if !(family.is_empty() && given.is_empty() && prefix.is_empty() && suffix.is_empty()) {
        push("N", vec![family, given, String::new(), prefix, suffix]);
    }
    if let Some(organization) = &card.organization {
        push(
            "ORG",
            [organization.clone()]
                .into_iter()
                .chain(card.department.clone())
                .collect(),
        );
    }
    if let Some(title) = &card.title {
        push("TITLE", vec![title.clone()]);
    }
    for phone in &card.phones {
        let number = dialled(&phone.number);
        let kind = phone.line.map_or(String::new(), |line| {
            format!(";TYPE={}", format!("{line:?}").to_lowercase())
        });
        if card.tel_as_uri && number.starts_with('+') {
            push(
                &format!("TEL;VALUE=uri{kind}"),
                vec![format!("tel:{number}")],
            );
        } else {
            push(&format!("TEL{kind}"), vec![number]);
        }
    }
    for email in &card.emails {
        push("EMAIL", vec![address(email)]);
    }
    for Address {
        street,
        city,
        region,
        postal_code,
        country,
    } in &card.addresses
    {
        let parts = [&None, &None, street, city, region, postal_code, country].map(some);
        push("ADR", parts.into());
    }
    for url in &card.urls {
        push("URL", vec![url.clone()]);
    }
    if let Some(day) = card.birthday {
        push("BDAY", vec![day.to_string()]);
    }
    if let Some(note) = &card.note {
        push("NOTE", vec![with_lf(note)]);
    }
    push("END", vec!["VCARD".into()]);
    out
}

pub fn check(bytes: &[u8]) -> bool {
    let card = card(&mut Input::new(bytes));
    let Some(out) = built(card.build()) else {
        return false;
    };
    let found = read(&out, card.fold);
    let wanted = expected(&card);
    assert_eq!(found.len(), wanted.len(), "{out}");
    for ((name, raw), (wanted_name, wanted)) in found.iter().zip(&wanted) {
        assert_eq!(name, wanted_name, "{out}");
        if name == "URL" {
            assert!(same_url(raw, &wanted[0]), "{out}");
        } else {
            assert_eq!(&components(raw), wanted, "{out}");
        }
    }
    true
}
