//! Never more bits than other encoders.
//!
//! Invariant: compared is what they plan, in the version that we chose.

use proptest::prelude::*;
use qrcode::optimize::{Parser, total_encoded_len};
use qrcodegen::{QrSegment, QrSegmentMode};

use super::{encode, read};
use crate::{Content, Mode, Options, Version, tables::Widths};

fn qrcodegen_bits(text: &str, version: Version) -> usize {
    let segment_bits = |segment: &QrSegment| {
        let mode = match segment.mode() {
            QrSegmentMode::Numeric => Mode::Numeric,
            QrSegmentMode::Alphanumeric => Mode::Alphanumeric,
            _ => Mode::Byte,
        };
        4 + Widths::of(version).count(mode) as usize + segment.data().len()
    };
    QrSegment::make_segments(text)
        .iter()
        .map(segment_bits)
        .sum()
}

/// Without bytes that it would take for Shift JIS.
fn qrcode_bits(text: &str, version: Version) -> usize {
    let version = qrcode::Version::Normal(version.number().into());
    let segments: Vec<_> = Parser::new(text.as_bytes()).optimize(version).collect();
    total_encoded_len(&segments, version)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn text_is_no_longer_than_elsewhere(text in super::text(), boost in any::<bool>()) {
        let options = Options { boost, ..Options::default() };
        if let Ok((codewords, version, level)) = encode(Content::Text(&text), &options) {
            let bits = read(&codewords, version, level).bits;
            prop_assert!(bits <= qrcodegen_bits(&text, version));
            if text.is_ascii() {
                prop_assert!(bits <= qrcode_bits(&text, version));
            }
        }
    }
}
