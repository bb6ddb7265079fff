//! Bit strings written by hand, and any others.

use super::*;
use proptest::prelude::*;

/// Bits as `0` and `1`; everything else is for the eye.
fn read(version: Version, written: &str) -> Result<Message, (usize, Fault)> {
    let bits: Vec<u8> = written
        .bytes()
        .filter(|b| matches!(b, b'0' | b'1'))
        .map(|b| b - b'0')
        .collect();
    let byte = |bits: &[u8]| {
        bits.iter()
            .enumerate()
            .fold(0, |byte, (at, bit)| byte | bit << (7 - at))
    };
    let bytes: Vec<_> = bits.chunks(8).map(byte).collect();
    parse(version, &bytes, bits.len())
}

fn qr(written: &str) -> Result<Message, (usize, Fault)> {
    read(Version::MIN, written)
}

fn bytes(message: Result<Message, (usize, Fault)>) -> Vec<u8> {
    let segments = message.unwrap().segments;
    segments
        .into_iter()
        .flat_map(|segment| segment.bytes)
        .collect()
}

#[test]
fn the_examples_of_the_standard_come_out() {
    // §7.4.4, §7.4.5 and §7.4.7.
    assert_eq!(
        bytes(qr("0001 0000001000 0000001100 0101011001 1000011")),
        b"01234567"
    );
    assert_eq!(
        bytes(qr(
            "0001 0000010000 0000001100 0101011001 1010100110 1110000101 0011101010 0101"
        )),
        b"0123456789012345"
    );
    assert_eq!(
        bytes(read(
            Version::micro(3).unwrap(),
            "00 10000 0000001100 0101011001 1010100110 1110000101 0011101010 0101"
        )),
        b"0123456789012345"
    );
    assert_eq!(
        bytes(qr("0010 000000101 00111001110 11100111001 000010")),
        b"AC-42"
    );
    assert_eq!(
        bytes(qr("1000 00000010 0110110011111 1101010101010")),
        [0x93, 0x5F, 0xE4, 0xAA]
    );
}

#[test]
fn a_terminator_may_be_cut_and_what_follows_it_does_not_count() {
    for written in ["", "0", "000", "0000", "0000 1110110000010001", "00", "101"] {
        assert_eq!(qr(written).unwrap().segments, [], "{written}");
    }
    for (number, written) in [
        (1, "000"),
        (1, "00"),
        (2, "00000 1"),
        (3, "0000000 1"),
        (4, "000000000 1"),
        (4, "0000"),
    ] {
        let message = read(Version::micro(number).unwrap(), written).unwrap();
        assert_eq!(message.segments, [], "M{number} {written}");
    }
}

#[test]
fn eci_stands_until_the_next() {
    let message = qr(
        "0100 00000001 01000001  0111 00011010  0100 00000001 01000010  0001 0000000001 0111 \
                      0111 10000001 00000000  0100 00000001 01000011  0111 11001111 01000010 00111111  0100 00000001 01000100",
    );
    let found: Vec<_> = message
        .unwrap()
        .segments
        .into_iter()
        .map(|segment| (segment.eci.map(Eci::assignment), segment.bytes))
        .collect();
    let expected = [
        (None, b"A".to_vec()),
        (Some(26), b"B".to_vec()),
        (Some(26), b"7".to_vec()),
        (Some(256), b"C".to_vec()),
        (Some(999_999), b"D".to_vec()),
    ];
    assert_eq!(found, expected);
}

#[test]
fn header_and_separators() {
    // Third of four symbols; GS1; `A%B%%C` in alphanumeric mode, and `%` in byte mode.
    let values = ["A%", "B%", "%C"].map(|pair| {
        let value = |character| {
            b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
                .iter()
                .position(|&c| c == character)
                .unwrap()
        };
        let [a, b] = [0, 1].map(|at| value(pair.as_bytes()[at]));
        format!("{:011b}", 45 * a + b)
    });
    let message = qr(&format!(
        "0011 0010 0011 10101011  0101  0010 000000110 {}  0100 00000001 00100101",
        values.concat()
    ))
    .unwrap();
    assert_eq!(message.append, Append::new(2, 4, 0xAB));
    assert_eq!(message.fnc1, Some(Fnc1::Gs1));
    assert_eq!(message.segments[0].bytes, b"A\x1DB%C");
    assert_eq!(message.segments[1].bytes, b"%");

    assert_eq!(
        qr("1001 00100101").unwrap().fnc1,
        Some(Fnc1::Application(37))
    );
    assert_eq!(
        qr("1001 10100101").unwrap().fnc1,
        Some(Fnc1::Application(165))
    );
    assert_eq!(qr("0011 0000 0000 10101011").unwrap().append, None);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let cases = [
        ("0001 0000000001 0111  1111", 18, Fault::NoMode(0b1111)),
        ("0001 0000000011 1111101000", 0, Fault::NoDigits(1000)),
        ("0001 0000000010 1100100", 0, Fault::NoDigits(100)),
        ("0001 0000000001 1010", 0, Fault::NoDigits(10)),
        ("0010 000000010 11111101001", 0, Fault::NoCharacters(2025)),
        ("0010 000000001 101101", 0, Fault::NoCharacters(45)),
        ("0100 00000001 0100000", 0, Fault::Cut),
        ("0111 11100000", 0, Fault::NoEci(224)),
        (
            "0111 11001111 01000010 01000000",
            0,
            Fault::NoEci(1_000_000),
        ),
        ("1001 01100100", 0, Fault::NoApplication(100)),
        (
            "0011 0010 0001 00000000",
            0,
            Fault::NoPosition {
                position: 2,
                total: 2,
            },
        ),
        ("0001 0000000001 0111  0101", 18, Fault::TooLate),
        ("0101 0101", 4, Fault::TooLate),
        ("0101 0011 0000 0001 00000000", 4, Fault::TooLate),
    ];
    for (written, at, fault) in cases {
        assert_eq!(qr(written).unwrap_err(), (at, fault), "{written}");
        assert!(!fault.to_string().is_empty());
    }
    let micro = read(Version::MICRO_MAX, "100 000000");
    assert_eq!(micro.unwrap_err(), (0, Fault::NoMode(4)));
}

proptest! {
    #[test]
    fn any_bits_are_a_message_or_a_fault(version in 0_usize..44, data in prop::collection::vec(any::<u8>(), 0..300), cut in 0_usize..8) {
        let version = Version::all_micro().chain(Version::all_qr()).nth(version).unwrap();
        let bits = (8 * data.len()).saturating_sub(cut);
        if let Ok(message) = parse(version, &data, bits) {
            // The shortest segment of no characters takes 8 bits, and a character at least 3.
            let characters: usize = message.segments.iter().map(|segment| segment.bytes.len()).sum();
            prop_assert!(3 * characters + 3 * message.segments.len() <= bits);
        }
    }
}
