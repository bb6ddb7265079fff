//! A mail goes to whom it was given for, with the subject and body that were given, and has no other header.

use symbol::payload::Email;

use super::{address, built, input::Input, percent_decoded, with_lf};

/// By a reader that splits before it decodes, as RFC 6068 has it, and by one that decodes first, as ZXing does.
fn list(text: &str) -> Vec<String> {
    let decoded = percent_decoded(text, "@,");
    assert_eq!(
        decoded.matches(',').count(),
        text.matches(',').count(),
        "{text}"
    );
    text.split(',')
        .map(|address| percent_decoded(address, "@"))
        .collect()
}

fn addresses(given: &[String]) -> Vec<String> {
    given.iter().map(|text| address(text)).collect()
}

pub fn check(bytes: &[u8]) -> bool {
    let mut input = Input::new(bytes);
    let email = Email {
        to: input.list(3, Input::email),
        cc: input.list(2, Input::email),
        bcc: input.list(2, Input::email),
        subject: input.maybe(Input::text),
        body: input.maybe(Input::text),
    };
    let Some(out) = built(email.build()) else {
        return false;
    };
    let rest = out.strip_prefix("mailto:").unwrap();
    let (to, query) = rest.split_once('?').unwrap_or((rest, ""));
    assert_eq!(list(to), addresses(&email.to), "{out}");

    let mut headers = query.split('&').filter(|header| !header.is_empty());
    let mut next = |name: &str| {
        let (found, value) = headers.next().unwrap().split_once('=').unwrap();
        assert_eq!(found, name, "{out}");
        value.to_owned()
    };
    if !email.cc.is_empty() {
        assert_eq!(list(&next("cc")), addresses(&email.cc));
    }
    if !email.bcc.is_empty() {
        assert_eq!(list(&next("bcc")), addresses(&email.bcc));
    }
    if let Some(subject) = &email.subject {
        assert_eq!(&percent_decoded(&next("subject"), ""), subject);
    }
    if let Some(body) = &email.body {
        let found = percent_decoded(&next("body"), "");
        assert_eq!(
            found.matches("\r\n").count(),
            found.matches('\n').count(),
            "{out}"
        );
        assert_eq!(with_lf(&found), with_lf(body));
    }
    assert_eq!(headers.next(), None, "{out}");
    // Java's URLDecoder would make a space of it.
    assert!(!out.contains('+'), "{out}");
    true
}
