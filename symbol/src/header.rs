//! Headers before the first segment: structured append, ECI, FNC1 (ISO/IEC 18004 §7.4.3, §7.4.9, §8).
//!
//! Invariant: every [`Eci`] and every [`Append`] is valid in a symbol.

use std::fmt;

/// Extended channel interpretation: which character set the bytes are in (§7.4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Eci(u32);

impl Eci {
    /// ISO/IEC 8859-1. Text is transcoded.
    pub const LATIN_1: Self = Self(3);
    /// Shift JIS. Text is transcoded, if it has only what all readers have in the same place: ASCII but `\` and `~`,
    /// half-width katakana, and JIS X 0208 but ten characters (`～` is one).
    pub const SHIFT_JIS: Self = Self(20);
    pub const UTF_8: Self = Self(26);

    /// 0..=999 999.
    #[must_use]
    pub const fn new(assignment: u32) -> Option<Self> {
        if assignment <= 999_999 {
            Some(Self(assignment))
        } else {
            None
        }
    }

    /// The assignment number.
    #[must_use]
    pub const fn assignment(self) -> u32 {
        self.0
    }
}

/// `ISO-8859-1`, `Shift JIS`, `UTF-8`, or `ECI 000123`.
impl fmt::Display for Eci {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::LATIN_1 => f.write_str("ISO-8859-1"),
            Self::SHIFT_JIS => f.write_str("Shift JIS"),
            Self::UTF_8 => f.write_str("UTF-8"),
            Self(other) => write!(f, "ECI {other:06}"),
        }
    }
}

/// FNC1: the standard that defines the data's meaning (§7.4.9). In alphanumeric mode GS (0x1D) is then sent as `%`, and `%` as `%%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fnc1 {
    /// First position: GS1 application identifiers. Fields of variable length end with GS unless they are last.
    Gs1,
    /// Second position: an application indicator of AIM, either two digits (0..=99) or an ASCII letter plus 100
    /// (165..=190, 197..=222). Anything else is [`Error::NotAnIndicator`](crate::Error::NotAnIndicator).
    Application(u8),
}

/// One of several symbols that together carry a message (§8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Append {
    position: u8,
    total: u8,
    parity: u8,
}

impl Append {
    /// `position`: 0 is the first. `total`: 2..=16, more than `position`. `parity`: the exclusive or of all bytes of the
    /// whole message, the same in every symbol of it.
    #[must_use]
    pub const fn new(position: u8, total: u8, parity: u8) -> Option<Self> {
        if matches!(total, 2..=16) && position < total {
            Some(Self {
                position,
                total,
                parity,
            })
        } else {
            None
        }
    }

    #[must_use]
    pub const fn position(self) -> u8 {
        self.position
    }

    #[must_use]
    pub const fn total(self) -> u8 {
        self.total
    }

    #[must_use]
    pub const fn parity(self) -> u8 {
        self.parity
    }
}
