//! What the tests verify: an event, its keys and its tokens.

use tokens::{
    EventId, Expect, KeyNumber, Kind, PublicKey, Reason, Revocations, Ring, Serial, SigningKey,
    Subject, Token, time, verify,
};

pub const EVENT: EventId = EventId(*b"fair");
pub const SUBJECT: Subject = Subject(*b"subject-0001");
/// 2026-11-30T08:00:00Z, where a minute and a window begin.
pub const NOW: i64 = 1_796_025_600;
pub const ENDS_AT: i64 = NOW + 10 * 3600;

pub fn number(value: u8) -> KeyNumber {
    KeyNumber::new(value).unwrap()
}

/// Its secret is the number, 32 times.
pub fn key(value: u8) -> SigningKey {
    SigningKey::new(number(value), &[value; 32])
}

pub fn public(key: &SigningKey) -> PublicKey {
    PublicKey::new(key.number(), &key.public(), NOW - 86_400, None).unwrap()
}

pub fn ring() -> Ring {
    Ring::new(vec![public(&key(1)), public(&key(2))]).unwrap()
}

pub fn serial(value: u32) -> Serial {
    Serial::new(value).unwrap()
}

/// An attendee's, until the event's end.
pub fn token() -> Token {
    Token {
        kind: Kind::Attendee,
        event: EVENT,
        subject: SUBJECT,
        time: 0,
        serial: serial(7),
    }
}

/// Until this many minutes after [`NOW`].
pub fn token_for(minutes: i64) -> Token {
    Token {
        time: time::minute(NOW + 60 * minutes),
        ..token()
    }
}

pub fn expect(now: i64) -> Expect<'static> {
    Expect {
        event: EVENT,
        ends_at: ENDS_AT,
        kinds: &Kind::ALL,
        now,
    }
}

pub fn none() -> Revocations {
    Revocations::new(EVENT)
}

/// At [`NOW`] and the event, with all kinds and nothing revoked.
pub fn verified(text: &str) -> Result<Token, Reason> {
    verified_at(text, NOW)
}

pub fn verified_at(text: &str, now: i64) -> Result<Token, Reason> {
    verify(text, &ring(), &expect(now), &none())
}
