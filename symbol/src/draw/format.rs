//! Format and version information (ISO/IEC 18004 §7.9, §7.10).

use crate::{Level, Mask, Version};

/// `data`'s low bits followed by their BCH remainder: `check_bits` of it, by `generator` with its highest bit.
const fn bch(data: u32, check_bits: u32, generator: u32) -> u32 {
    let mut remainder = data << check_bits;
    while remainder >> check_bits != 0 {
        let excess = remainder.ilog2() - check_bits;
        remainder ^= generator << excess;
    }
    data << check_bits | remainder
}

/// The 15 bits of format information, bit 0 the last one of table C.1.
pub(crate) const fn format_bits(version: Version, level: Level, mask: Mask) -> u32 {
    let data = if version.is_micro() {
        // Table 13: symbol numbers.
        let symbol = match (version.number(), level) {
            (1, _) => 0,
            (2, Level::L) => 1,
            (2, _) => 2,
            (3, Level::L) => 3,
            (3, _) => 4,
            (_, Level::L) => 5,
            (_, Level::M) => 6,
            _ => 7,
        };
        symbol << 2 | (mask.reference() & 3) as u32
    } else {
        let level = match level {
            Level::L => 1,
            Level::M => 0,
            Level::Q => 3,
            Level::H => 2,
        };
        level << 3 | mask.reference() as u32
    };
    let pattern = if version.is_micro() { 0x4445 } else { 0x5412 };
    bch(data, 10, 0x537) ^ pattern
}

/// The 18 bits of version information; versions 7 and up have it.
pub(crate) const fn version_bits(version: Version) -> Option<u32> {
    if version.is_micro() || version.number() < 7 {
        None
    } else {
        Some(bch(version.number() as u32, 12, 0x1f25))
    }
}

/// Where bit `bit` of the format information stands: (x, y), twice in a QR symbol (figure 25), once in Micro QR
/// (figure 28).
pub(crate) fn format_positions(
    version: Version,
    bit: usize,
) -> impl Iterator<Item = (usize, usize)> {
    let far = version.modules();
    let (first, second) = if version.is_micro() {
        let at = match bit {
            0..=7 => (8, bit + 1),
            _ => (15 - bit, 8),
        };
        (at, None)
    } else {
        let first = match bit {
            0..=5 => (8, bit),
            6 | 7 => (8, bit + 1),
            8 => (7, 8),
            _ => (14 - bit, 8),
        };
        let second = match bit {
            0..=7 => (far - 1 - bit, 8),
            _ => (8, far - 15 + bit),
        };
        (first, Some(second))
    };
    std::iter::once(first).chain(second)
}

/// Where bit `bit` of the version information stands: (x, y), beside the lower left and the upper right finder
/// (figures 26 and 27).
pub(crate) fn version_positions(version: Version, bit: usize) -> [(usize, usize); 2] {
    let (near, far) = (bit / 3, version.modules() - 11 + bit % 3);
    [(near, far), (far, near)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard() {
        let mask = |n| Mask::new(n).unwrap();
        // §7.9.1: level M, mask 5.
        let bits = format_bits(Version::MIN, Level::M, mask(5));
        assert_eq!(bits, 0b100_0000_1100_1110);
        // §7.9.2: M1, mask 3 (symbol number 0).
        let bits = format_bits(Version::MICRO_MIN, Level::L, mask(3));
        assert_eq!(bits, 0b100_1011_0001_1100);
        // §7.10: version 7.
        let seven = Version::qr(7).unwrap();
        assert_eq!(version_bits(seven), Some(0b00_0111_1100_1001_0100));
        assert_eq!(version_bits(Version::qr(6).unwrap()), None);
    }
}
