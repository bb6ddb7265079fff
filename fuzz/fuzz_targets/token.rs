//! A token of any text, a delta of any bytes, and an old token of any text: see `tokens/tests/rules`.
//!
//! Invariant: what reads is written the same, and nothing counts that was not signed.
#![no_main]

use std::sync::LazyLock;

use tokens::{
    Delta, EventId, Expect, Kind, KeyNumber, OldToken, OldTokens, PublicKey, Revocations, Ring,
    Signed, SigningKey, verify, verify_all,
};

/// The secret is not in the corpus: none of its signatures are found.
static RING: LazyLock<Ring> = LazyLock::new(|| {
    let key = SigningKey::new(KeyNumber::FIRST, &[0xA7; 32]);
    let public = PublicKey::new(key.number(), &key.public(), 0, None).expect("a key");
    Ring::new(vec![public]).expect("a ring")
});
const EVENT: EventId = EventId(*b"fair");
const NOW: i64 = 1_796_025_600;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let expect = Expect {
        event: EVENT,
        ends_at: NOW,
        kinds: &Kind::ALL,
        now: NOW,
    };
    let revocations = Revocations::new(EVENT);
    let verdict = verify(&text, &RING, &expect, &revocations);
    assert!(verdict.is_err());
    assert_eq!(verify_all(&[(&text, expect)], &RING, &revocations), [verdict]);
    if let Ok(signed) = Signed::read(&text) {
        assert!(text == signed.to_symbol() || text == signed.to_url());
    }

    assert!(Delta::read(bytes, &RING, NOW).is_err());

    let old = OldTokens::until(NOW, Some(&[0xA7; 32])).expect("a secret");
    match old.verify(&text, NOW) {
        Ok(OldToken::Stall { number }) => assert_eq!(text, format!("STALL_{number}")),
        Ok(OldToken::Student { .. }) => panic!("a student without a signature"),
        Err(_) => {}
    }
});
