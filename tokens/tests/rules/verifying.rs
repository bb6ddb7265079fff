//! Each reason, and the order of reasons.

use tokens::{EventId, Expect, Kind, PublicKey, Reason, Revocations, Ring, Token, verify};

use crate::made::{
    ENDS_AT, EVENT, NOW, SUBJECT, expect, key, none, number, public, ring, serial, token,
    token_for, verified, verified_at,
};

#[test]
fn what_was_signed_is_verified() {
    for kind in [Kind::Attendee, Kind::Stall, Kind::Device] {
        for key in [key(1), key(2)] {
            let token = Token { kind, ..token() };
            let signed = key.token(token);
            assert_eq!(verified(&signed.to_symbol()), Ok(token));
            assert_eq!(verified(&signed.to_url()), Ok(token));
        }
    }
}

#[test]
fn a_symbol_has_135_characters_and_a_url_144() {
    let signed = key(1).token(token());
    assert_eq!(signed.to_bytes().len(), 90);
    assert_eq!(signed.to_symbol().len(), 135);
    assert_eq!(signed.to_url().len(), 144);
}

#[test]
fn bad_signature() {
    // Signed by another key with the same number.
    let stranger = tokens::SigningKey::new(number(1), &[9; 32]);
    let text = stranger.token(token()).to_symbol();
    assert_eq!(verified(&text), Err(Reason::BadSignature));
}

#[test]
fn unknown_key() {
    let text = key(3).token(token()).to_symbol();
    assert_eq!(verified(&text), Err(Reason::UnknownKey));
}

#[test]
fn a_retired_key_is_unknown() {
    let text = key(1).token(token()).to_symbol();
    let public = key(1).public();
    let until = |at| {
        let key = PublicKey::new(number(1), &public, NOW - 9, Some(at)).unwrap();
        Ring::new(vec![key]).unwrap()
    };
    let at = |ring: &Ring| verify(&text, ring, &expect(NOW), &none());
    assert_eq!(at(&until(NOW + 1)), Ok(token()));
    assert_eq!(at(&until(NOW)), Err(Reason::UnknownKey));
}

#[test]
fn a_key_that_has_not_begun_is_not_valid_yet() {
    let text = key(1).token(token()).to_symbol();
    let from = |not_before| {
        let key = PublicKey::new(number(1), &key(1).public(), not_before, None).unwrap();
        Ring::new(vec![key]).unwrap()
    };
    let at = |ring: &Ring| verify(&text, ring, &expect(NOW), &none());
    assert_eq!(at(&from(NOW + tokens::KEY_LEEWAY_SECS)), Ok(token()));
    let later = from(NOW + tokens::KEY_LEEWAY_SECS + 1);
    assert_eq!(at(&later), Err(Reason::NotYetValid));
}

#[test]
fn wrong_event() {
    let other = Token {
        event: EventId(*b"gala"),
        ..token()
    };
    let text = key(1).token(other).to_symbol();
    assert_eq!(verified(&text), Err(Reason::WrongEvent));
}

#[test]
fn revocations_of_another_event_let_nothing_pass() {
    let text = key(1).token(token()).to_symbol();
    let others = Revocations::new(EventId(*b"gala"));
    let verdict = verify(&text, &ring(), &expect(NOW), &others);
    assert_eq!(verdict, Err(Reason::WrongEvent));
}

#[test]
fn wrong_kind() {
    let only_rotating = Expect {
        kinds: &[Kind::Rotating],
        ..expect(NOW)
    };
    let text = key(1).token(token()).to_symbol();
    let verdict = verify(&text, &ring(), &only_rotating, &none());
    assert_eq!(verdict, Err(Reason::WrongKind));
    let nothing = Expect {
        kinds: &[],
        ..expect(NOW)
    };
    let verdict = verify(&text, &ring(), &nothing, &none());
    assert_eq!(verdict, Err(Reason::WrongKind));
}

#[test]
fn expired() {
    let text = key(1).token(token_for(5)).to_symbol();
    assert_eq!(verified_at(&text, NOW + 300), Ok(token_for(5)));
    assert_eq!(verified_at(&text, NOW + 301), Err(Reason::Expired));
}

#[test]
fn without_a_time_the_end_of_the_event_counts() {
    let text = key(1).token(token()).to_symbol();
    assert_eq!(verified_at(&text, ENDS_AT), Ok(token()));
    assert_eq!(verified_at(&text, ENDS_AT + 1), Err(Reason::Expired));
}

#[test]
fn a_time_after_the_end_of_the_event_counts() {
    let late = token_for(20 * 60);
    let text = key(1).token(late).to_symbol();
    assert_eq!(verified_at(&text, ENDS_AT + 1), Ok(late));
}

#[test]
fn revoked() {
    let text = key(1).token(token()).to_symbol();
    let since = |least| {
        let mut revocations = none();
        revocations.record(1, SUBJECT, serial(least)).unwrap();
        verify(&text, &ring(), &expect(NOW), &revocations)
    };
    assert_eq!(since(7), Ok(token()));
    assert_eq!(since(8), Err(Reason::Revoked));
}

#[test]
fn nothing_of_a_forged_token_is_told() {
    // All of it is wrong; only the signature is said.
    let forged = Token {
        kind: Kind::Device,
        event: EventId(*b"gala"),
        time: 1,
        ..token()
    };
    let stranger = tokens::SigningKey::new(number(1), &[9; 32]);
    let text = stranger.token(forged).to_symbol();
    let one_kind = Expect {
        kinds: &[Kind::Stall],
        ..expect(NOW)
    };
    let verdict = verify(&text, &ring(), &one_kind, &none());
    assert_eq!(verdict, Err(Reason::BadSignature));
}

#[test]
fn times_at_their_ends_do_not_panic() {
    for time in [0, 1, u32::MAX - 1, u32::MAX] {
        for kind in Kind::ALL {
            let token = Token {
                kind,
                time,
                ..token()
            };
            let text = key(1).token(token).to_symbol();
            let ring = Ring::new(vec![
                PublicKey::new(number(1), &key(1).public(), i64::MIN, Some(i64::MAX)).unwrap(),
            ])
            .unwrap();
            for now in [i64::MIN, -1, 0, NOW, i64::MAX] {
                let _any = verify(&text, &ring, &expect(now), &none());
            }
        }
    }
    assert!(tokens::rotating::seconds_until_rotation(i64::MIN) > 0);
}

#[test]
fn a_signature_for_something_else_is_none_for_a_token() {
    use ed25519_dalek::Signer as _;

    let signed = key(1).token(token());
    let bytes = signed.to_bytes();
    let (body, signature) = bytes.split_at(26);
    let raw = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
    for domain in [
        "",
        "qr-observatory:revocations:1:",
        "qr-observatory:token:2:",
    ] {
        let other = raw.sign(&[domain.as_bytes(), body].concat()).to_bytes();
        assert_ne!(signature, &other);
    }
    let same = [b"qr-observatory:token:1:", body].concat();
    assert_eq!(signature, &raw.sign(&same).to_bytes());
    assert_eq!(signed.token().event, EVENT);
}

#[test]
fn reasons_are_a_closed_set() {
    let words = Reason::ALL.map(Reason::as_str).join(" ");
    let contract = "malformed bad_signature unknown_key wrong_event wrong_kind expired not_yet_valid revoked unknown blocked";
    assert_eq!(words, contract);
    assert!(Reason::ALL.iter().all(|r| !r.to_string().is_empty()));
    let public = public(&key(1));
    assert_eq!(public.as_bytes(), &key(1).public());
}
