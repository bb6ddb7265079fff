//! What the claims of an old token must be.

use proptest::prelude::*;
use serde_json::{Value, json};
use tokens::{MAX_AHEAD_SECS, OldToken, Reason};

use crate::{
    made::NOW,
    old::{claims, old, signed, verified},
};

fn with(name: &str, value: Value) -> Result<OldToken, Reason> {
    let mut claims = claims();
    claims[name] = value;
    verified(&signed(&claims.to_string()))
}

fn without(name: &str) -> Result<OldToken, Reason> {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    verified(&signed(&claims.to_string()))
}

#[test]
fn an_expiry_is_needed() {
    assert_eq!(without("exp"), Err(Reason::Malformed));
    for value in [
        json!(null),
        json!("1796025600"),
        json!(1_796_025_600.5),
        json!(true),
        json!([NOW]),
        json!(u64::MAX),
    ] {
        assert_eq!(
            with("exp", value.clone()),
            Err(Reason::Malformed),
            "{value}"
        );
    }
}

#[test]
fn an_expiry_in_the_past_is_expired() {
    assert!(with("exp", json!(NOW + 1)).is_ok());
    for at in [NOW, NOW - 1, 0, -1, i64::MIN] {
        assert_eq!(with("exp", json!(at)), Err(Reason::Expired), "{at}");
    }
}

#[test]
fn a_far_expiry_is_refused() {
    assert!(with("exp", json!(NOW + MAX_AHEAD_SECS)).is_ok());
    for at in [NOW + MAX_AHEAD_SECS + 1, 253_402_300_799, i64::MAX] {
        assert_eq!(with("exp", json!(at)), Err(Reason::Malformed), "{at}");
    }
    let number = r#"{"n":"Ada","t":"S","r":"1","exp":1e400}"#;
    assert_eq!(verified(&signed(number)), Err(Reason::Malformed));
}

#[test]
fn a_beginning_that_lies_ahead_is_not_valid_yet() {
    for claim in ["iat", "nbf"] {
        assert!(with(claim, json!(NOW + 60)).is_ok());
        assert_eq!(with(claim, json!(NOW + 61)), Err(Reason::NotYetValid));
        assert_eq!(with(claim, json!("now")), Err(Reason::Malformed));
    }
}

#[test]
fn only_students_count() {
    for kind in ["", "s", "V", "STALL"] {
        assert_eq!(with("t", json!(kind)), Err(Reason::WrongKind));
    }
    assert_eq!(with("t", json!(1)), Err(Reason::Malformed));
    assert_eq!(without("t"), Err(Reason::Malformed));
}

#[test]
fn names_and_numbers_are_texts_or_whole_numbers() {
    for name in ["n", "r"] {
        assert_eq!(without(name), Err(Reason::Malformed));
        for value in [
            json!(null),
            json!(""),
            json!(1.5),
            json!([]),
            json!({}),
            json!(true),
            json!("x".repeat(256)),
        ] {
            assert_eq!(with(name, value.clone()), Err(Reason::Malformed), "{value}");
        }
        assert!(with(name, json!("é".repeat(255))).is_ok());
    }
    let number = with("r", json!(20_260_001)).unwrap();
    assert!(matches!(number, OldToken::Student { r, .. } if r == "20260001"));
}

#[test]
fn claims_stand_once() {
    let far = NOW + 3600;
    let twice = [
        format!(r#"{{"n":"Ada","t":"S","r":"1","r":"2","exp":{far}}}"#),
        format!(r#"{{"n":"Ada","t":"S","r":"1","exp":{far},"exp":{far}}}"#),
        format!(r#"{{"n":"Ada","t":"S","r":"1","\u0072":"2","exp":{far}}}"#),
        format!(r#"{{"n":"Ada","t":"S","r":"1","x":1,"x":1,"exp":{far}}}"#),
    ];
    for payload in twice {
        assert_eq!(
            verified(&signed(&payload)),
            Err(Reason::Malformed),
            "{payload}"
        );
    }
}

#[test]
fn a_payload_is_one_object() {
    let whole = claims().to_string();
    for payload in [
        "",
        "[]",
        "null",
        "1",
        "{",
        &format!("[{whole}]"),
        &format!("{whole}{whole}"),
        &format!("\u{feff}{whole}"),
    ] {
        assert_eq!(
            verified(&signed(payload)),
            Err(Reason::Malformed),
            "{payload}"
        );
    }
    assert!(verified(&signed(&format!(" {whole}\n"))).is_ok());
}

proptest! {
    #[test]
    fn any_text_gets_an_answer(text in "\\PC{0,300}", parts in "eyJ[A-Za-z0-9_.-]{0,200}", now in any::<i64>()) {
        prop_assert!(old().verify(&text, now).is_err() || text.starts_with("STALL_"));
        prop_assert!(old().verify(&parts, now).is_err());
    }

    #[test]
    fn any_signed_payload_gets_an_answer(payload in "\\PC{0,200}", now in any::<i64>()) {
        prop_assert!(old().verify(&signed(&payload), now).is_err());
        let _any = old().verify(&signed(&claims().to_string()), now);
    }
}
