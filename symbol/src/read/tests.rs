//! Symbols of encoders that are not ours, whole and damaged.

use super::*;
use crate::{Level, Mask, Mode};
use proptest::prelude::*;

mod damaged;
mod goldens;

/// What qrcodegen makes of the segments.
fn encode(
    segments: &[qrcodegen::QrSegment],
    version: Version,
    level: Level,
    mask: u8,
) -> Option<Matrix> {
    use qrcodegen::{QrCode, QrCodeEcc};
    let level = match level {
        Level::L => QrCodeEcc::Low,
        Level::M => QrCodeEcc::Medium,
        Level::Q => QrCodeEcc::Quartile,
        Level::H => QrCodeEcc::High,
    };
    let only = qrcodegen::Version::new(version.number());
    let mask = Some(qrcodegen::Mask::new(mask));
    let code = QrCode::encode_segments_advanced(segments, level, only, only, mask, false).ok()?;
    let at = |i: usize| i32::try_from(i).unwrap();
    Some(Matrix::from_fn(version.modules(), |x, y| {
        code.get_module(at(x), at(y))
    }))
}

/// Not one module and not one codeword was wrong.
fn is_clean(reading: &DecodedSymbol, matrix: &Matrix) -> bool {
    let blocks_are = reading
        .blocks
        .iter()
        .all(|block| block.errors == 0 && block.hidden == 0);
    blocks_are && reading.damage == Damage::default() && reading.symbol.matrix == *matrix
}

fn fill(mode: Mode, length: usize) -> String {
    let alphabet: Vec<char> = match mode {
        Mode::Numeric => "3141592653589793".chars().collect(),
        Mode::Alphanumeric => "QR-CODE: 100 %*$./+".chars().collect(),
        Mode::Byte | Mode::Kanji => "Grüße, 世界! ".chars().collect(),
    };
    alphabet.into_iter().cycle().take(length).collect()
}

#[test]
fn every_version_level_and_mask_is_read() {
    for (at, version) in Version::all_qr().enumerate() {
        for (mask, level) in (0..8).flat_map(|mask| Level::ALL.map(|level| (mask, level))) {
            let mode =
                [Mode::Numeric, Mode::Alphanumeric, Mode::Byte][(at + usize::from(mask)) % 3];
            // Full for byte mode at every level but the highest, where it is about half.
            let text = fill(mode, crate::tables::data_bits(version, level).unwrap() / 20);
            let segments = qrcodegen::QrSegment::make_segments(&text);
            let matrix = encode(&segments, version, level, mask).unwrap();
            let reading = read(&matrix).unwrap();
            assert_eq!(reading.text(), text);
            let symbol = &reading.symbol;
            assert_eq!(
                (symbol.version, symbol.level, symbol.mask),
                (version, level, Mask::new(mask).unwrap())
            );
            assert!(is_clean(&reading, &matrix), "{version} {level:?} {mask}");
            let codewords: usize = reading.blocks.iter().map(Block::codewords).sum();
            assert_eq!(codewords, crate::tables::total_codewords(version));
        }
    }
}

#[test]
fn annex_i_2_is_read_down_to_its_codewords() {
    let segments = qrcodegen::QrSegment::make_segments("01234567");
    let matrix = encode(&segments, Version::MIN, Level::M, 2).unwrap();
    let plan = Blocks::of(Version::MIN, Level::M).unwrap();
    let order = VersionLayout::of(Version::MIN).order();
    let mask = Mask::new(2).unwrap();
    let bits =
        order.map(|(x, y)| matrix.is_dark(x, y) != unmask::turns_over(Version::MIN, mask, x, y));
    let expected = [
        0x10, 0x20, 0x0C, 0x56, 0x61, 0x80, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC,
        0x11, //
        0xA5, 0x24, 0xD4, 0xC1, 0xED, 0x36, 0xC7, 0x87, 0x2C, 0x55,
    ];
    assert_eq!(plan.collect(bits), [expected]);
    let reading = read(&matrix).unwrap();
    assert_eq!(reading.bytes(), b"01234567");
    assert_eq!(
        reading.blocks,
        [Block {
            data: 16,
            check: 10,
            capacity: 8,
            hidden: 0,
            errors: 0
        }]
    );
}

fn segments() -> impl Strategy<Value = Vec<Segment>> {
    let of = |mode| {
        move |bytes| Segment {
            mode,
            eci: None,
            bytes,
        }
    };
    let numeric = "[0-9]{0,40}"
        .prop_map(String::into_bytes)
        .prop_map(of(Mode::Numeric));
    let alphanumeric = "[0-9A-Z $%*+./:-]{0,40}"
        .prop_map(String::into_bytes)
        .prop_map(of(Mode::Alphanumeric));
    let bytes = prop::collection::vec(any::<u8>(), 0..40).prop_map(of(Mode::Byte));
    let double = prop_oneof![0x81..=0x9F_u8, 0xE0..=0xEA_u8]
        .prop_flat_map(|high| (Just(high), 0x40..=0xFC_u8));
    let kanji = prop::collection::vec(double, 0..20)
        .prop_map(|pairs| pairs.into_iter().flat_map(<[u8; 2]>::from).collect());
    prop::collection::vec(
        prop_oneof![
            numeric,
            alphanumeric,
            bytes,
            kanji.prop_map(of(Mode::Kanji))
        ],
        0..8,
    )
}

fn for_qrcodegen(segment: &Segment) -> qrcodegen::QrSegment {
    use qrcodegen::{QrSegment, QrSegmentMode};
    let text = || str::from_utf8(&segment.bytes).unwrap();
    match segment.mode {
        Mode::Numeric => QrSegment::make_numeric(text()),
        Mode::Alphanumeric => QrSegment::make_alphanumeric(text()),
        Mode::Byte => QrSegment::make_bytes(&segment.bytes),
        Mode::Kanji => {
            // §7.4.7.
            let value = |pair: &[u8]| {
                let less = if pair[0] < 0xE0 { 0x8140 } else { 0xC140 };
                let rest = u32::from(pair[0]) * 0x100 + u32::from(pair[1]) - less;
                rest / 0x100 * 0xC0 + rest % 0x100
            };
            let values = segment.bytes.chunks(2).map(value);
            let bits = values.flat_map(|value| (0..13).rev().map(move |bit| value >> bit & 1 == 1));
            QrSegment::new(
                QrSegmentMode::Kanji,
                segment.bytes.len() / 2,
                bits.collect(),
            )
        }
    }
}

proptest! {
    #[test]
    fn any_segments_come_back(segments in segments(), version in 1_u8..=40, level in 0_usize..4, mask in 0_u8..8) {
        let given: Vec<_> = segments.iter().map(for_qrcodegen).collect();
        let Some(matrix) = encode(&given, Version::qr(version).unwrap(), Level::ALL[level], mask) else {
            return Ok(());
        };
        let reading = read(&matrix).unwrap();
        prop_assert!(is_clean(&reading, &matrix));
        prop_assert_eq!(reading.segments, segments);
    }

    #[test]
    fn any_text_comes_back(text in ".{0,200}", eci in any::<bool>()) {
        let mut segments = vec![qrcodegen::QrSegment::make_bytes(text.as_bytes())];
        if eci {
            segments.insert(0, qrcodegen::QrSegment::make_eci(26));
        }
        let matrix = encode(&segments, Version::qr(25).unwrap(), Level::L, 0).unwrap();
        prop_assert_eq!(read(&matrix).unwrap().text(), text);
    }

    #[test]
    fn any_matrix_is_read_or_not(modules in 0_usize..=177, words in prop::collection::vec(any::<[u64; 3]>(), 177), hidden in any::<[u64; 3]>()) {
        let matrix = Matrix::from_rows(words[..modules].to_vec());
        let _ = read(&matrix);
        let _ = read_around(&matrix, &Matrix::from_rows(vec![hidden; modules]));
    }
}

#[test]
fn other_sizes_are_told() {
    for modules in [0, 1, 10, 12, 19, 22, 176] {
        let fault = read(&Matrix::from_fn(modules, |_, _| false)).unwrap_err();
        assert_eq!(fault, Unreadable::Size { modules });
        assert!(fault.to_string().contains("21, 25"));
    }
}
