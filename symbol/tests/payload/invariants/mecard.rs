//! A contact is read back the same by a reader that splits and by one that searches.

use symbol::payload::MeCard;

use super::{address, built, dialled, fields, input::Input, same_url};

fn card(input: &mut Input<'_>) -> MeCard {
    MeCard {
        name: input.text(),
        given_name: input.maybe(Input::text),
        reading: input.maybe(Input::text),
        phones: input.list(4, Input::phone),
        emails: input.list(4, Input::email),
        address: input.maybe(Input::text),
        url: input.maybe(Input::web_address),
        birthday: input.maybe(Input::date),
        note: input.maybe(Input::text),
    }
}

pub fn check(bytes: &[u8]) -> bool {
    let card = card(&mut Input::new(bytes));
    let Some(out) = built(card.build()) else {
        return false;
    };
    let found = fields::strict(&out, "MECARD:");
    let all = |name: &str| -> Vec<String> {
        let raw = found.iter().filter(|(n, _)| n == name);
        let values: Vec<String> = raw.map(|(_, raw)| fields::unescaped(raw)).collect();
        // What a search through the whole text finds is the same, in the same places.
        assert_eq!(
            fields::searched(&out["MECARD:".len()..], &format!("{name}:")),
            values,
            "{out}"
        );
        values
    };
    let one = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();

    assert_eq!(all("SOUND"), one(&card.reading));
    assert_eq!(all("ADR"), one(&card.address));
    assert_eq!(all("NOTE"), one(&card.note));
    assert_eq!(
        all("TEL"),
        card.phones
            .iter()
            .map(|number| dialled(number))
            .collect::<Vec<_>>()
    );
    assert_eq!(
        all("EMAIL"),
        card.emails
            .iter()
            .map(|text| address(text))
            .collect::<Vec<_>>()
    );
    assert_eq!(
        all("BDAY"),
        card.birthday
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    );
    let urls = all("URL");
    assert_eq!(urls.len(), usize::from(card.url.is_some()));
    assert!(
        urls.iter()
            .zip(&card.url)
            .all(|(built, given)| same_url(built, given))
    );

    // The one bare comma divides the name.
    assert_eq!(all("N").len(), 1);
    let raw = &found.iter().find(|(name, _)| name == "N").unwrap().1;
    let parts: Vec<String> = bare_commas(raw)
        .into_iter()
        .map(|part| fields::unescaped(&part))
        .collect();
    let wanted: Vec<String> = [card.name].into_iter().chain(card.given_name).collect();
    assert_eq!(parts, wanted, "{out}");
    true
}

fn bare_commas(raw: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut is_escaped = false;
    for c in raw.chars() {
        if c == ',' && !is_escaped {
            out.push(String::new());
        } else {
            out.last_mut().unwrap().push(c);
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    out
}
