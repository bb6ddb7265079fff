//! The tables against what others print.

use super::*;

fn qrcodegen_level(level: Level) -> qrcodegen::QrCodeEcc {
    match level {
        Level::L => qrcodegen::QrCodeEcc::Low,
        Level::M => qrcodegen::QrCodeEcc::Medium,
        Level::Q => qrcodegen::QrCodeEcc::Quartile,
        Level::H => qrcodegen::QrCodeEcc::High,
    }
}

/// qrcodegen keeps its tables to itself; how many bytes it takes gives them away.
#[test]
fn data_bits_are_what_qrcodegen_fills() {
    for version in Version::all_qr() {
        let only = qrcodegen::Version::new(version.number());
        let header = 4 + Widths::of(version).count(Mode::Byte) as usize;
        for level in Level::ALL {
            let bytes = (data_bits(version, level).unwrap() - header) / 8;
            let fits = |bytes: usize| {
                let data = [qrcodegen::QrSegment::make_bytes(&vec![b'a'; bytes])];
                let (ecc, mask) = (qrcodegen_level(level), qrcodegen::Mask::new(0));
                qrcodegen::QrCode::encode_segments_advanced(
                    &data,
                    ecc,
                    only,
                    only,
                    Some(mask),
                    false,
                )
                .is_ok()
            };
            assert!(fits(bytes), "{version} {level:?}");
            assert!(!fits(bytes + 1), "{version} {level:?}");
        }
    }
}

#[test]
fn micro_data_bits_are_table_7() {
    let bits =
        Version::all_micro().map(|version| Level::ALL.map(|level| data_bits(version, level)));
    let expected = [
        [Some(20), None, None, None],
        [Some(40), Some(32), None, None],
        [Some(84), Some(68), None, None],
        [Some(128), Some(112), Some(80), None],
    ];
    assert!(bits.eq(expected));
}

/// Table 7: 5 to 35 digits, up to 7089.
#[test]
fn digits_that_fit_are_table_7() {
    let digits = |version: Version, level| {
        let widths = Widths::of(version);
        let header = (widths.indicator() + widths.count(Mode::Numeric)) as usize;
        let bits = data_bits(version, level).unwrap() - header;
        bits / 10 * 3 + [0, 0, 0, 0, 1, 1, 1, 2, 2, 2][bits % 10]
    };
    let micro: Vec<_> = Version::all_micro().map(|v| digits(v, Level::L)).collect();
    assert_eq!(micro, [5, 10, 23, 35]);
    let levels = |number| Level::ALL.map(|level| digits(Version::qr(number).unwrap(), level));
    assert_eq!(levels(1), [41, 34, 27, 17]);
    assert_eq!(levels(10), [652, 513, 364, 288]);
    assert_eq!(levels(27), [3517, 2701, 1933, 1501]);
    assert_eq!(levels(40), [7089, 5596, 3993, 3057]);
}

/// A block corrects an even share; what is left for data is never less than nothing.
#[test]
fn blocks_share_the_codewords() {
    for version in Version::all_micro().chain(Version::all_qr()) {
        for level in Level::ALL {
            let Some(bits) = data_bits(version, level) else {
                assert_eq!(
                    (blocks(version, level), ec_per_block(version, level)),
                    (0, 0)
                );
                continue;
            };
            let ec = blocks(version, level) * ec_per_block(version, level);
            assert_eq!(bits.div_ceil(8) + ec, total_codewords(version));
            let largest_block = total_codewords(version).div_ceil(blocks(version, level));
            assert!(largest_block <= 153, "{version} {level:?}");
        }
    }
}

#[test]
fn widths_are_tables_2_and_3() {
    let width = |version: Version| {
        let widths = Widths::of(version);
        (
            widths.indicator(),
            Mode::ALL.map(|mode| widths.count(mode)),
            widths.terminator(),
        )
    };
    let micro: Vec<_> = Version::all_micro().map(width).collect();
    assert_eq!(
        micro,
        [
            (0, [3, 0, 0, 0], 3),
            (1, [4, 3, 0, 0], 5),
            (2, [5, 4, 4, 3], 7),
            (3, [6, 5, 5, 4], 9),
        ]
    );
    for version in Version::all_qr() {
        let expected = match version.number() {
            ..=9 => [10, 9, 8, 8],
            10..=26 => [12, 11, 16, 10],
            27.. => [14, 13, 16, 12],
        };
        assert_eq!(width(version), (4, expected, 4));
    }
}
