//! Many tokens get the verdicts that each gets alone.

use proptest::prelude::*;
use tokens::{Expect, Kind, Revocations, Subject, Token, verify, verify_all};

use crate::made::{EVENT, NOW, expect, key, none, ring, serial, token};

/// Some are genuine, some are not, in each way that there is.
fn text(number: u32, how: u8) -> String {
    let mut subject = [0; 12];
    subject[..4].copy_from_slice(&number.to_be_bytes());
    let token = Token {
        subject: Subject(subject),
        ..token()
    };
    let other_event = Token {
        event: tokens::EventId(*b"gala"),
        ..token
    };
    let stall = Token {
        kind: Kind::Stall,
        ..token
    };
    let genuine = key(1).token(token).to_symbol();
    match how {
        0 => key(2).token(token).to_url(),
        1 => key(3).token(token).to_symbol(),
        2 => key(1).token(other_event).to_symbol(),
        3 => key(1).token(stall).to_symbol(),
        4 => genuine[1..].to_owned(),
        // The signature of another token.
        5 => genuine[..39].to_owned() + &key(1).token(stall).to_symbol()[39..],
        6 => genuine[..132].to_owned() + "000",
        _ => genuine,
    }
}

fn compare(hows: &[u8]) {
    let mut revocations = Revocations::new(EVENT);
    let revoked = Subject([0; 12]);
    revocations.record(1, revoked, serial(8)).unwrap();
    let texts: Vec<String> = hows
        .iter()
        .zip(0..)
        .map(|(how, at)| text(at, *how))
        .collect();
    let shown: Vec<(&str, Expect)> = texts
        .iter()
        .zip(0..)
        .map(|(text, at)| {
            let expect = Expect {
                kinds: &[Kind::Attendee],
                // Some are scanned after the end.
                ..expect(NOW + at % 7 * 2 * 3600)
            };
            (&text[..], expect)
        })
        .collect();
    let together = verify_all(&shown, &ring(), &revocations);
    let alone = shown
        .iter()
        .map(|(text, e)| verify(text, &ring(), e, &revocations));
    assert_eq!(together, alone.collect::<Vec<_>>());
}

#[test]
fn none_is_none() {
    assert_eq!(verify_all(&[], &ring(), &none()), []);
}

#[test]
fn around_the_size_of_a_batch() {
    for count in [1, 127, 128, 129, 300] {
        compare(&vec![255; count]);
        let mut last_is_wrong = vec![255; count];
        last_is_wrong[count - 1] = 5;
        compare(&last_is_wrong);
    }
    compare(&[4; 200]);
    compare(&[5; 200]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn in_any_mixture(hows in prop::collection::vec(prop_oneof![0..7u8, Just(255)], 0..200)) {
        compare(&hows);
    }
}
