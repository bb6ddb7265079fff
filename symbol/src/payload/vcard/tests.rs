//! Invariant: every property comes out as RFC 6350 writes it.

use super::*;

fn build(card: &VCard) -> Result<String, String> {
    card.build()
        .map(Payload::into_text)
        .map_err(|e| e.to_string())
}

fn full() -> VCard {
    VCard {
        formatted_name: "Dr. Ada, Lovelace".into(),
        family_name: Some("Love;lace".into()),
        given_name: Some("Ada".into()),
        prefix: Some("Dr.".into()),
        suffix: None,
        organization: Some("ABC, Inc.".into()),
        department: Some("North".into()),
        title: Some("Analyst".into()),
        phones: vec![
            Telephone {
                number: "+44 1632 960961".into(),
                line: Some(Line::Cell),
            },
            Telephone {
                number: "4711".into(),
                line: None,
            },
        ],
        emails: vec!["ada@example.com".into()],
        addresses: vec![Address {
            street: Some("123 Main Street".into()),
            city: Some("Any Town".into()),
            region: Some("CA".into()),
            postal_code: Some("91921-1234".into()),
            country: Some("U.S.A.".into()),
        }],
        urls: vec!["https://example.com/a;b,c".into()],
        birthday: Date::new(1815, 12, 10),
        note: Some("first\\line\r\nsecond".into()),
        tel_as_uri: false,
        fold: false,
    }
}

#[test]
fn every_property() {
    assert_eq!(
        build(&full()).unwrap(),
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Dr. Ada\\, Lovelace\r\nN:Love\\;lace;Ada;;Dr.;\r\nORG:ABC\\, Inc.;North\r\n\
         TITLE:Analyst\r\nTEL;TYPE=cell:+441632960961\r\nTEL:4711\r\nEMAIL:ada@example.com\r\n\
         ADR:;;123 Main Street;Any Town;CA;91921-1234;U.S.A.\r\nURL:https://example.com/a;b,c\r\nBDAY:18151210\r\n\
         NOTE:first\\\\line\\nsecond\r\nEND:VCARD\r\n"
    );
    let card = VCard {
        formatted_name: "A".into(),
        ..VCard::default()
    };
    assert_eq!(
        build(&card).unwrap(),
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:A\r\nEND:VCARD\r\n"
    );
}

#[test]
fn as_the_rfc_would_rather_have_it() {
    let card = VCard {
        tel_as_uri: true,
        fold: true,
        note: Some("é".repeat(60)),
        ..full()
    };
    let text = build(&card).unwrap();
    assert!(text.contains("\r\nTEL;VALUE=uri;TYPE=cell:tel:+441632960961\r\nTEL:4711\r\n"));
    assert!(text.contains(&format!(
        "\r\nNOTE:{}\r\n {}\r\n",
        "é".repeat(35),
        "é".repeat(25)
    )));
}

#[test]
fn every_bad_field_is_named() {
    let card = VCard {
        formatted_name: " ".into(),
        given_name: Some("a\nTEL:1".into()),
        organization: None,
        phones: vec![Telephone::default(); 11],
        emails: vec!["a".into()],
        addresses: vec![
            Address::default(),
            Address {
                city: Some(String::new()),
                ..Address::default()
            },
        ],
        urls: vec!["javascript:x".into()],
        note: Some("a\0".into()),
        ..full()
    };
    let error = card.build().unwrap_err();
    let mut fields: Vec<_> = error.faults().iter().map(|f| f.field.as_ref()).collect();
    fields.retain(|field| !field.starts_with("phones["));
    assert_eq!(
        fields,
        [
            "formatted_name",
            "given_name",
            "department",
            "phones",
            "emails[0]",
            "addresses[0]",
            "addresses[1].city",
            "urls[0]",
            "note"
        ]
    );
}
