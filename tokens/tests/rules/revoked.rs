//! Revocations, and the deltas that bring them to devices.

use proptest::prelude::*;
use tokens::{Delta, EventId, MAX_ENTRIES, NotApplied, Reason, Revocations, Serial, Subject, time};

use crate::made::{EVENT, NOW, SUBJECT, key, none, ring, serial};

fn subject(number: u32) -> Subject {
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    Subject(bytes)
}

/// What a device downloads.
fn sent(from: &Revocations, since: u64) -> Vec<u8> {
    key(1).delta(&from.delta(since, time::minute(NOW)))
}

fn received(to: &mut Revocations, bytes: &[u8]) {
    to.apply(&Delta::read(bytes, &ring(), NOW).unwrap())
        .unwrap();
}

#[test]
fn serials_below_the_least_are_revoked() {
    let mut revocations = none();
    assert!(!revocations.revokes(SUBJECT, Serial::FIRST));
    revocations.record(1, SUBJECT, serial(3)).unwrap();
    let revoked = |value| revocations.revokes(SUBJECT, serial(value));
    assert_eq!(
        [revoked(0), revoked(2), revoked(3), revoked(4)],
        [true, true, false, false]
    );
    assert!(!revocations.revokes(subject(1), Serial::FIRST));
}

#[test]
fn a_least_serial_never_falls() {
    let mut revocations = none();
    revocations.record(1, SUBJECT, serial(3)).unwrap();
    revocations.record(2, SUBJECT, serial(1)).unwrap();
    assert!(revocations.revokes(SUBJECT, serial(2)));
    assert_eq!(revocations.version(), 2);
}

#[test]
fn serials_end_before_the_one_that_revokes_all() {
    assert_eq!(Serial::FIRST.next(), Serial::new(1));
    let last = serial(0xFF_FFFE);
    assert_eq!(last.next(), None);
    assert_eq!(Serial::NEVER.next(), None);
    assert_eq!(Serial::new(0x100_0000), None);
    let mut revocations = none();
    revocations.record(1, SUBJECT, Serial::NEVER).unwrap();
    assert!(revocations.revokes(SUBJECT, last));
}

#[test]
fn devices_ask_for_what_is_new() {
    let mut server = none();
    let mut device = none();
    for number in 0..1000 {
        server
            .record(u64::from(number) + 1, subject(number), serial(1))
            .unwrap();
    }
    let bytes = sent(&server, device.version());
    assert_eq!(bytes.len(), 30 + 1000 * 15 + 64);
    received(&mut device, &bytes);
    assert_eq!((device.len(), device.version()), (1000, 1000));
    assert_eq!(device.as_of(), time::minute(NOW));

    server.record(1001, subject(5), serial(2)).unwrap();
    let bytes = sent(&server, device.version());
    assert_eq!(bytes.len(), 30 + 15 + 64);
    received(&mut device, &bytes);
    assert!(device.revokes(subject(5), serial(1)));
    assert_eq!(sent(&server, device.version()).len(), 30 + 64);
}

#[test]
fn a_delta_after_a_gap_is_refused() {
    let mut server = none();
    server.record(10, subject(1), serial(1)).unwrap();
    server.record(20, subject(2), serial(1)).unwrap();
    let mut device = none();
    let late = server.delta(10, 0);
    assert_eq!(device.apply(&late), Err(NotApplied::Gap));
    assert_eq!(device, none());
}

#[test]
fn an_old_delta_does_no_harm() {
    let mut server = none();
    server.record(10, subject(1), serial(1)).unwrap();
    let old = server.delta(0, 5);
    server.record(20, subject(1), serial(2)).unwrap();
    let new = server.delta(0, 6);
    let mut device = none();
    device.apply(&new).unwrap();
    let before = device.clone();
    device.apply(&old).unwrap();
    assert_eq!(device, before);
}

#[test]
fn versions_are_not_given_twice_after_a_restore() {
    let mut server = none();
    let device_version = server.next_version(1_000_000);
    server
        .record(device_version, subject(1), serial(1))
        .unwrap();
    // Put back to the state before that change; the clock went on.
    let restored = none();
    assert!(restored.next_version(2_000_000) > device_version);
    // Within one microsecond.
    assert_eq!(server.next_version(1_000_000), 1_000_001);
}

#[test]
fn memory_is_bounded() {
    let mut full = none();
    let count = u32::try_from(MAX_ENTRIES).unwrap();
    for number in 0..count {
        full.record(u64::from(number) + 1, subject(number), serial(1))
            .unwrap();
    }
    let version = full.version();
    let one_more = full.record(version + 1, SUBJECT, serial(1));
    assert_eq!(one_more, Err(NotApplied::Full));
    assert_eq!(full.version(), version);
    full.record(version + 1, subject(0), serial(2)).unwrap();

    let bytes = sent(&full, 0);
    assert_eq!(bytes.len(), 30 + MAX_ENTRIES * 15 + 64);
    let mut device = none();
    device.record(1, SUBJECT, serial(1)).unwrap();
    let delta = Delta::read(&bytes, &ring(), NOW).unwrap();
    assert_eq!(device.apply(&delta), Err(NotApplied::Full));
    assert_eq!(device.len(), 1);
}

#[test]
fn another_events_delta_is_refused() {
    let other = Revocations::new(EventId(*b"gala"));
    let verdict = none().apply(&other.delta(0, 0));
    assert_eq!(verdict, Err(NotApplied::WrongEvent));
}

#[test]
fn every_bit_of_a_delta_is_signed() {
    let mut server = none();
    server.record(1, subject(1), serial(1)).unwrap();
    server.record(2, subject(2), serial(1)).unwrap();
    let bytes = sent(&server, 0);
    assert_eq!(bytes.len(), 124);
    for bit in 0..bytes.len() * 8 {
        let mut other = bytes.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        assert!(Delta::read(&other, &ring(), NOW).is_err(), "bit {bit}");
    }
    for length in 0..bytes.len() {
        let verdict = Delta::read(&bytes[..length], &ring(), NOW);
        assert!(verdict.is_err(), "{length} bytes");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(Delta::read(&longer, &ring(), NOW), Err(Reason::Malformed));
}

#[test]
fn a_delta_has_one_spelling() {
    use ed25519_dalek::Signer as _;

    let mut server = none();
    server.record(1, subject(1), serial(1)).unwrap();
    server.record(2, subject(2), serial(1)).unwrap();
    let bytes = sent(&server, 0);
    let raw = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
    let read = |entries: &[u8]| {
        let signed = [&bytes[..30], entries].concat();
        let signature = raw.sign(&[b"qr-observatory:revocations:1:", &signed[..]].concat());
        Delta::read(
            &[signed, signature.to_bytes().to_vec()].concat(),
            &ring(),
            NOW,
        )
    };
    let (first, second) = (&bytes[30..45], &bytes[45..60]);
    assert!(read(&[first, second].concat()).is_ok());
    assert_eq!(read(&[second, first].concat()), Err(Reason::Malformed));
    assert_eq!(read(&[first, first].concat()), Err(Reason::Malformed));
    assert_eq!(read(first), Err(Reason::Malformed));
}

#[test]
fn a_delta_by_another_key_is_refused() {
    let empty = none().delta(0, 0);
    let read = |key: tokens::SigningKey| Delta::read(&key.delta(&empty), &ring(), NOW);
    assert_eq!(read(key(3)), Err(Reason::UnknownKey));
    let stranger = tokens::SigningKey::new(crate::made::number(1), &[9; 32]);
    assert_eq!(read(stranger), Err(Reason::BadSignature));
    assert_eq!(read(key(2)), Ok(empty));
    assert_eq!(none().event(), EVENT);
}

proptest! {
    #[test]
    fn a_device_ends_where_the_server_is(
        changes in prop::collection::vec((0..20u32, 0..50u32, any::<bool>()), 0..100),
    ) {
        let (mut server, mut device) = (none(), none());
        let mut seen = Vec::new();
        for (number, least, asks) in changes {
            let version = server.next_version(0);
            server.record(version, subject(number), serial(least)).unwrap();
            if asks {
                let bytes = sent(&server, device.version());
                received(&mut device, &bytes);
                seen.push(bytes);
            }
        }
        let bytes = sent(&server, device.version());
        received(&mut device, &bytes);
        // All of them again, in another order.
        for bytes in seen.iter().rev() {
            received(&mut device, bytes);
        }
        prop_assert_eq!(device.version(), server.version());
        prop_assert_eq!(device.delta(0, 0), server.delta(0, 0));
    }

    #[test]
    fn any_bytes_get_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Delta::read(&bytes, &ring(), NOW).is_err());
        let headed = [&[1, 1][..], &bytes].concat();
        prop_assert!(Delta::read(&headed, &ring(), NOW).is_err());
    }
}
