//! A number is dialled as given, and nothing else is.

use symbol::payload::Phone;

use super::{built, dialled, input::Input};

pub fn check(bytes: &[u8]) -> bool {
    let mut input = Input::new(bytes);
    let phone = Phone {
        number: input.phone(),
        context: input.one_in(4).then(|| match input.number(0..=2) {
            0 => "+44".to_owned(),
            1 => "example.com".to_owned(),
            _ => input.text(),
        }),
    };
    let Some(out) = built(phone.build()) else {
        return false;
    };
    let rest = out.strip_prefix("tel:").unwrap();
    let (number, context) = match rest.split_once(";phone-context=") {
        Some((number, context)) => (number, Some(context.to_owned())),
        None => (rest, None),
    };
    assert_eq!(number, dialled(&phone.number));
    assert_eq!(context, phone.context);
    let digits = number.strip_prefix('+').unwrap_or(number);
    assert!(
        matches!(digits.len(), 2..=15) && digits.bytes().all(|b| b.is_ascii_digit()),
        "{out}"
    );
    assert!(
        out.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b":+;=-.".contains(&b)),
        "{out}"
    );
    true
}
