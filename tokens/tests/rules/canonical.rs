//! Exactly one text per token and form.

use proptest::prelude::*;
use tokens::{EventId, Kind, Reason, Serial, Signed, Subject, Token};

use crate::made::{key, token, verified};

const BASE45: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

pub fn tokens() -> impl Strategy<Value = Token> {
    let kind = prop::sample::select(&Kind::ALL[..]);
    let fields = (
        kind,
        any::<[u8; 4]>(),
        any::<[u8; 12]>(),
        any::<u32>(),
        0..1u32 << 24,
    );
    fields.prop_map(|(kind, event, subject, time, serial)| Token {
        kind,
        event: EventId(event),
        subject: Subject(subject),
        time,
        serial: Serial::new(serial).unwrap(),
    })
}

proptest! {
    #[test]
    fn every_token_reads_as_what_was_written(token in tokens()) {
        let signed = key(1).token(token);
        for text in [signed.to_symbol(), signed.to_url()] {
            let read = Signed::read(&text).unwrap();
            prop_assert_eq!(read, signed);
            prop_assert_eq!(read.token(), &token);
        }
    }

    #[test]
    fn what_reads_is_written_the_same(symbol in "[0-9A-Z $%*+./:-]{96}", url in "[A-Z2-7]{96}") {
        // The fields are a token's, since most random ones are not; the rest is a signature only by its length.
        let signed = key(1).token(token());
        let symbol = signed.to_symbol()[..39].to_owned() + &symbol;
        if let Ok(read) = Signed::read(&symbol) {
            prop_assert_eq!(read.to_symbol(), symbol);
        }
        let url = signed.to_url()[..48].to_owned() + &url;
        prop_assert_eq!(Signed::read(&url).unwrap().to_url(), url);
    }

    #[test]
    fn any_text_gets_an_answer(text in "\\PC{0,300}", bytes in prop::collection::vec(any::<u8>(), 135)) {
        prop_assert!(verified(&text).is_err());
        prop_assert!(verified(&String::from_utf8_lossy(&bytes)).is_err());
    }
}

#[test]
fn another_length_is_malformed() {
    let text = key(1).token(token()).to_symbol();
    for other in [
        "",
        &text[..134],
        &text[..132],
        &format!("{text}0"),
        &format!("{text}000"),
    ] {
        assert_eq!(verified(other), Err(Reason::Malformed));
    }
    for trimmed in [format!(" {text}"), format!("{text}\n")] {
        assert_eq!(verified(&trimmed), Err(Reason::Malformed));
    }
    let url = key(1).token(token()).to_url();
    for other in [
        &url[..143],
        &url[..136],
        &format!("{url}="),
        &format!("{url}AAAAAAAA"),
    ] {
        assert_eq!(verified(other), Err(Reason::Malformed));
    }
}

#[test]
fn another_alphabet_is_malformed() {
    let signed = key(1).token(token());
    let (symbol, url) = (signed.to_symbol(), signed.to_url());
    assert_eq!(verified(&symbol.to_lowercase()), Err(Reason::Malformed));
    assert_eq!(verified(&url.to_lowercase()), Err(Reason::Malformed));
    for at in 0..135 {
        for other in ["!", "a", "\u{0}", "_", "\u{7f}"] {
            let mut text = symbol.clone();
            text.replace_range(at..=at, other);
            assert_eq!(verified(&text), Err(Reason::Malformed));
        }
    }
    for other in ["0", "1", "8", "9", "a", "=", " "] {
        let mut text = url.clone();
        text.replace_range(50..51, other);
        assert_eq!(verified(&text), Err(Reason::Malformed));
    }
    // Of the right number of bytes.
    let wide = "é".repeat(67) + "0";
    assert_eq!(wide.len(), 135);
    assert_eq!(verified(&wide), Err(Reason::Malformed));
}

#[test]
fn three_digits_of_more_than_two_bytes_are_malformed() {
    let text = key(1).token(token()).to_symbol();
    // 65 535 is FGW, and GGW the number after it.
    let last = |group: &str| Signed::read(&(text[..132].to_owned() + group));
    assert!(last("FGW").is_ok());
    assert_eq!(last("GGW"), Err(Reason::Malformed));
    assert_eq!(last(":::"), Err(Reason::Malformed));
}

#[test]
fn another_format_or_kind_is_malformed() {
    let url = key(1).token(token()).to_url();
    let first = |character: &str| Signed::read(&(character.to_owned() + &url[1..]));
    assert!(first("A").is_ok());
    assert_eq!(first("B"), Err(Reason::Malformed));
    // The first five bytes are the first eight characters.
    let known = |kind: u8| {
        let bits = u64::from_be_bytes([0, 0, 0, 1, 1, kind, b'f', b'a']);
        let group: String = (0..8)
            .map(|place| {
                let digit = usize::try_from(bits >> (35 - 5 * place) & 31).unwrap();
                char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[digit])
            })
            .collect();
        Signed::read(&(group + &url[8..])).is_ok()
    };
    let kinds: Vec<u8> = (0..=255).filter(|kind| known(*kind)).collect();
    assert_eq!(kinds, [1, 2, 3, 4]);
}

#[test]
fn no_text_begins_or_ends_with_a_space() {
    let numbers: Vec<u8> = (0..=255)
        .filter(|n| tokens::KeyNumber::new(*n).is_none())
        .collect();
    assert_eq!(numbers, [0, 5, 50, 95, 140, 185, 230]);
    for number in (0..=255).filter_map(tokens::KeyNumber::new) {
        let text = tokens::SigningKey::new(number, &[1; 32])
            .token(token())
            .to_symbol();
        assert_eq!(text.trim(), text);
        assert!(text.chars().all(|c| BASE45.contains(c)));
    }
    // The last digit is at most that of 65 535.
    assert_eq!(u16::MAX / 2025, 32);
}

#[test]
fn signing_twice_gives_the_same_text() {
    let text = |key| tokens::SigningKey::new(crate::made::number(1), &[key; 32]).token(token());
    assert_eq!(text(1), text(1));
    assert_ne!(text(1), text(2));
}
