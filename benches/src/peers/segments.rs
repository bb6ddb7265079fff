//! qrcodegen, told exactly what to do.
//!
//! Invariant: one segment, the version and the level asked for, no boost.

use encoding_rs::SHIFT_JIS;
use qrcodegen::{DataTooLong, Mask, QrCode, QrCodeEcc, QrSegment, QrSegmentMode, Version};
use symbol::{Level, Matrix};

#[must_use]
pub fn level(level: Level) -> QrCodeEcc {
    match level {
        Level::L => QrCodeEcc::Low,
        Level::M => QrCodeEcc::Medium,
        Level::Q => QrCodeEcc::Quartile,
        Level::H => QrCodeEcc::High,
    }
}

/// Data bits in all of a symbol. qrcodegen says it only to those who ask for too much.
///
/// `version`: 1..=40.
#[must_use]
pub fn capacity_bits(version: u8, at: Level) -> usize {
    let version = Version::new(version);
    let endless = [QrSegment::new(QrSegmentMode::Byte, 1, vec![false; 24_000])];
    match QrCode::encode_segments_advanced(&endless, level(at), version, version, None, false) {
        Err(DataTooLong::DataOverCapacity(_, capacity)) => capacity,
        _ => 0,
    }
}

/// A Kanji segment (ISO/IEC 18004 §7.4.6), which the crate itself does not make; Shift JIS by `encoding_rs`. `None` if a
/// character is not in the two ranges that the mode has.
#[must_use]
pub fn kanji(text: &str) -> Option<QrSegment> {
    let (bytes, _, unmappable) = SHIFT_JIS.encode(text);
    if unmappable {
        return None;
    }
    let mut bits = Vec::new();
    for pair in bytes.chunks(2) {
        let &[high, low] = pair else { return None };
        let code = u16::from_be_bytes([high, low]);
        let within = match code {
            0x8140..=0x9ffc => code - 0x8140,
            0xe040..=0xebbf => code - 0xc140,
            _ => return None,
        };
        let number = (within >> 8) * 0xc0 + (within & 0xff);
        bits.extend((0..13).rev().map(|at| number >> at & 1 == 1));
    }
    Some(QrSegment::new(QrSegmentMode::Kanji, bytes.len() / 2, bits))
}

/// `version`: 1..=40, `mask`: 0..=7. `None` if the segment does not fit.
#[must_use]
pub fn qrcodegen_symbol(segment: &QrSegment, version: u8, at: Level, mask: u8) -> Option<Matrix> {
    let (version, mask) = (Version::new(version), Some(Mask::new(mask)));
    let segments = std::slice::from_ref(segment);
    let code = QrCode::encode_segments_advanced(segments, level(at), version, version, mask, false)
        .ok()?;
    Some(qrcodegen_matrix(&code))
}

#[must_use]
pub fn qrcodegen_matrix(code: &QrCode) -> Matrix {
    // Sizes are 21..=177.
    let modules = usize::try_from(code.size()).unwrap_or_default();
    let module = |at: usize| i32::try_from(at).unwrap_or_default();
    Matrix::from_fn(modules, |x, y| code.get_module(module(x), module(y)))
}
