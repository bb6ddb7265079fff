//! How large a symbol is (ISO/IEC 18004 §5.3.1).

use std::fmt;

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
