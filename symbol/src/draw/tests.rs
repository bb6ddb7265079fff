//! Against Nayuki's encoder: the same data codewords give the same modules.

use super::*;
use crate::Cpu;

/// Data codewords of a byte segment, by hand.
fn byte_data(version: Version, level: Level, text: &[u8]) -> Vec<u8> {
    let total = tables::total_codewords(version);
    let room = total - tables::ec_per_block(version, level) * tables::blocks(version, level);
    let mut bits = vec![0, 1, 0, 0];
    let count = if version.number() < 10 { 8 } else { 16 };
    bits.extend((0..count).rev().map(|i| text.len() >> i & 1));
    bits.extend(
        text.iter()
            .flat_map(|b| (0..8).rev().map(move |i| usize::from(b >> i & 1))),
    );
    bits.resize(
        (bits.len() + (8 * room - bits.len()).min(4)).next_multiple_of(8),
        0,
    );
    let mut data: Vec<u8> = bits
        .chunks(8)
        .map(|c| c.iter().fold(0, |a, b| a << 1 | u8::try_from(*b).unwrap()))
        .collect();
    let pad = [0xec, 0x11]
        .into_iter()
        .cycle()
        .take(room - data.len())
        .collect::<Vec<_>>();
    data.extend(pad);
    data
}

fn reference(version: Version, level: Level, text: &[u8], mask: u8) -> Matrix {
    let level = match level {
        Level::L => qrcodegen::QrCodeEcc::Low,
        Level::M => qrcodegen::QrCodeEcc::Medium,
        Level::Q => qrcodegen::QrCodeEcc::Quartile,
        Level::H => qrcodegen::QrCodeEcc::High,
    };
    let v = qrcodegen::Version::new(version.number());
    let segments = [qrcodegen::QrSegment::make_bytes(text)];
    let code = qrcodegen::QrCode::encode_segments_advanced(
        &segments,
        level,
        v,
        v,
        Some(qrcodegen::Mask::new(mask)),
        false,
    )
    .unwrap();
    Matrix::from_fn(version.modules(), |x, y| {
        code.get_module(x.try_into().unwrap(), y.try_into().unwrap())
    })
}

#[test]
fn every_version_level_and_mask_is_as_nayuki_draws_it() {
    for version in Version::all_qr() {
        for level in Level::ALL {
            let room = tables::total_codewords(version)
                - tables::ec_per_block(version, level) * tables::blocks(version, level)
                - 3;
            let text: Vec<u8> = (0..room)
                .map(|i| u8::try_from(i * 7 % 251).unwrap())
                .collect();
            let data = byte_data(version, level, &text);
            for mask in Mask::all() {
                let expected = reference(version, level, &text, mask.reference());
                for cpu in Cpu::available() {
                    let symbol = draw(cpu.level(), (version, level), Some(mask), &data);
                    assert_eq!(
                        symbol.matrix, expected,
                        "{version:?} {level:?} {mask:?} {cpu}"
                    );
                }
            }
        }
    }
}
