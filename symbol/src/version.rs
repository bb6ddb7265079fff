//! How large a symbol is (ISO/IEC 18004 §5.3.1).

use std::fmt;

use crate::{
    Level, Mode,
    tables::{Widths, data_bits},
};

/// A QR version 1–40 or a Micro QR version M1–M4. Ordered by size within a family, Micro first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 0..4: M1..M4; 4..44: 1..40.
    index: u8,
}

impl Version {
    /// The smallest and the largest QR version.
    pub const MIN: Self = Self { index: 4 };
    pub const MAX: Self = Self { index: 43 };
    /// The smallest and the largest Micro QR version.
    pub const MICRO_MIN: Self = Self { index: 0 };
    pub const MICRO_MAX: Self = Self { index: 3 };

    /// QR version `number`, 1..=40.
    #[must_use]
    pub const fn qr(number: u8) -> Option<Self> {
        match number {
            1..=40 => Some(Self { index: number + 3 }),
            _ => None,
        }
    }

    /// Micro QR version M`number`, 1..=4.
    #[must_use]
    pub const fn micro(number: u8) -> Option<Self> {
        match number {
            1..=4 => Some(Self { index: number - 1 }),
            _ => None,
        }
    }

    /// Every QR version from small to large.
    #[must_use]
    pub fn all_qr() -> impl DoubleEndedIterator<Item = Self> + Clone {
        (4..44).map(|index| Self { index })
    }

    /// Every Micro QR version from small to large.
    #[must_use]
    pub fn all_micro() -> impl DoubleEndedIterator<Item = Self> + Clone {
        (0..4).map(|index| Self { index })
    }

    #[must_use]
    pub const fn is_micro(self) -> bool {
        self.index < 4
    }

    /// 1..=40, or 1..=4 for M1–M4.
    #[must_use]
    pub const fn number(self) -> u8 {
        if self.is_micro() {
            self.index + 1
        } else {
            self.index - 3
        }
    }

    /// Modules along one side, without the quiet zone: 21..=177, or 11..=17 for Micro QR.
    #[must_use]
    pub const fn modules(self) -> usize {
        let number = self.number() as usize;
        if self.is_micro() {
            9 + 2 * number
        } else {
            17 + 4 * number
        }
    }

    /// Modules that must stay light around the symbol: 4, or 2 for Micro QR (§6.3.8).
    #[must_use]
    pub const fn quiet_zone(self) -> u8 {
        if self.is_micro() { 2 } else { 4 }
    }

    /// Bytes that one segment of bytes holds (table 7): 17 in version 1 at level L, 2953 in version 40. `None` where the version has no
    /// such level or no such segments.
    #[must_use]
    pub fn bytes(self, level: Level) -> Option<usize> {
        let widths = Widths::of(self);
        let header = widths.indicator() + widths.count(Mode::Byte);
        widths.indicator_of(Mode::Byte)?;
        let bits = data_bits(self, level)?.checked_sub(header as usize)?;
        Some(bits / 8)
    }

    /// Where the version stands in tables: 0..=3 for M1–M4, then 4..=43.
    pub(crate) const fn index(self) -> usize {
        self.index as usize
    }
}

/// `7`, or `M3`.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_micro() {
            f.write_str("M")?;
        }
        write!(f, "{}", self.number())
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_table_7() {
        let qr = |number| Version::qr(number).unwrap();
        for (version, level, bytes) in [
            (qr(1), Level::L, Some(17)),
            (qr(1), Level::H, Some(7)),
            (qr(9), Level::M, Some(180)),
            (qr(10), Level::Q, Some(151)),
            (qr(26), Level::L, Some(1367)),
            (qr(40), Level::L, Some(2953)),
            (qr(40), Level::H, Some(1273)),
            (Version::MICRO_MAX, Level::L, Some(15)),
            (Version::MICRO_MIN, Level::L, None),
            (Version::MICRO_MAX, Level::H, None),
        ] {
            assert_eq!(version.bytes(level), bytes, "{version} {level:?}");
        }
    }
}
