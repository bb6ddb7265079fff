//! A link is read back key by key, by what stands after its stem.

use symbol::payload::Gs1Link;

use super::{
    built, gs1_message::element, has_check_digit, input::Input, percent_decoded, same_url,
};

fn link(input: &mut Input<'_>) -> Gs1Link {
    let len = input.pick(&[8, 12, 13, 14]);
    let lot = |input: &mut Input<'_>| match input.number(0..=3) {
        0 => input.text(),
        _ => input
            .pick(&["ABC/1", "x+y&z=%", "..", "21", "?10=x#", "A-1"])
            .to_owned(),
    };
    Gs1Link {
        stem: match input.number(0..=3) {
            0 => input.web_address(),
            1 => "https://example.com/some/path/".to_owned(),
            _ => Gs1Link::default().stem,
        },
        gtin: input.checked_digits(len),
        variant: input.maybe(lot),
        lot: input.maybe(lot),
        serial: input.maybe(lot),
        extension: input.one_in(6).then(|| lot(input)),
        attributes: input.list(3, element),
    }
}

pub fn check(bytes: &[u8]) -> bool {
    let link = link(&mut Input::new(bytes));
    let Some(out) = built(link.build()) else {
        return false;
    };
    let (path, query) = out.split_once('?').unwrap_or((&out, ""));
    let (stem, keys) = path.split_once("/01/").unwrap();
    assert!(
        same_url(
            &format!("{stem}/"),
            &format!("{}/", link.stem.trim_end_matches('/'))
        ),
        "{out}"
    );
    let segments: Vec<String> = format!("01/{keys}")
        .split('/')
        .map(|segment| percent_decoded(segment, ""))
        .collect();
    let mut wanted = vec!["01".to_owned(), format!("{:0>14}", link.gtin)];
    let qualifiers = [
        ("22", &link.variant),
        ("10", &link.lot),
        ("21", &link.serial),
        ("235", &link.extension),
    ];
    for (ai, value) in qualifiers {
        wanted.extend(
            value
                .iter()
                .flat_map(|value| [ai.to_owned(), value.clone()]),
        );
    }
    assert_eq!(segments, wanted, "{out}");
    assert!(has_check_digit(&segments[1]), "{out}");

    let mut found: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(ai, value)| (ai.to_owned(), percent_decoded(value, "")))
        .collect();
    let mut wanted: Vec<_> = link
        .attributes
        .into_iter()
        .map(|pair| (pair.ai, pair.value))
        .collect();
    assert!(
        wanted
            .iter()
            .all(|(ai, _)| !["00", "01", "10", "21", "22", "235", "414"].contains(&ai.as_str()))
    );
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted, "{out}");

    // A browser goes to the very same address.
    assert_eq!(::url::Url::parse(&out).unwrap().as_str(), out);
    true
}
