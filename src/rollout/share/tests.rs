//! The same buckets as Unleash's, even shares, and nobody pushed out by a higher percentage.

use proptest::prelude::*;

use super::*;

fn murmur3(bytes: &[u8]) -> u32 {
    Murmur::default().read(bytes).finish()
}

/// Of the reference implementation, and what Unleash's client specification says of groups and ids.
#[test]
fn hashes_are_those_of_the_reference() {
    for (text, hash) in [
        ("", 0),
        ("test", 0xba6b_d213),
        ("Hello, world!", 0xc036_3e43),
        ("The quick brown fox jumps over the lazy dog", 0x2e4f_f723),
    ] {
        assert_eq!(murmur3(text.as_bytes()), hash, "{text}");
    }
    assert_eq!(bucket("gr1", "123"), 73);
    assert_eq!(bucket("groupX", "999"), 25);
}

/// z of the two-sided 99.9 % band of a normal distribution.
const Z: f64 = 3.2905;

#[test]
fn shares_lie_within_the_band() {
    const UNITS: u32 = 100_000;
    for percent in [1, 5, 25, 50] {
        for group in ["qr.render.candidate", "qr.validate.shadow"] {
            let share = Share::percent(percent, group);
            let taken = (0..UNITS)
                .filter(|n| share.takes(&format!("unit-{n}")))
                .count();
            let p = f64::from(percent) / 100.0;
            let band = Z * (f64::from(UNITS) * p * (1.0 - p)).sqrt();
            let off = f64::from(u32::try_from(taken).unwrap()) - f64::from(UNITS) * p;
            assert!(
                off.abs() <= band,
                "{group} at {percent} %: {off} of ±{band}"
            );
        }
    }
}

#[test]
fn ends_take_nobody_and_everybody() {
    for n in 0..1000 {
        let unit = n.to_string();
        assert!(!Share::percent(0, "g").takes(&unit));
        assert!(Share::percent(100, "g").takes(&unit));
        assert!(Share::percent(u8::MAX, "g").takes(&unit));
    }
}

proptest! {
    #[test]
    fn raising_keeps_units_in(unit in ".{0,80}", group in ".{1,120}") {
        let mut before = false;
        for percent in 0..=100 {
            let share = Share::percent(percent, &group);
            prop_assert_eq!(share.percent_taken(), percent);
            let now = share.takes(&unit);
            prop_assert!(now || !before, "out at {percent} %");
            before = now;
        }
        prop_assert!(before);
    }

    /// The SDK's own implementation of the hash, which reads a stream.
    #[test]
    fn hashes_are_those_of_the_sdk(unit in ".{0,300}", group in ".{0,150}") {
        let text = format!("{group}:{unit}");
        let theirs = murmur3::murmur3_32(&mut text.as_bytes(), 0).unwrap();
        prop_assert_eq!(murmur3(text.as_bytes()), theirs);
        prop_assert_eq!(bucket(&group, &unit), theirs % 100 + 1);
    }

    #[test]
    fn parts_make_the_hash_of_the_whole(parts in proptest::collection::vec(".{0,9}", 0..6)) {
        let read = |hash: Murmur, part: &String| hash.read(part.as_bytes());
        let hash = parts.iter().fold(Murmur::default(), read).finish();
        prop_assert_eq!(hash, murmur3(parts.concat().as_bytes()));
    }

    #[test]
    fn a_mask_is_asked_by_bucket(mask in any::<u128>(), unit in "[a-z0-9]{1,64}") {
        let share = Share::of(mask, "g");
        prop_assert_eq!(share.takes(&unit), mask >> (bucket("g", &unit) - 1) & 1 == 1);
    }
}
