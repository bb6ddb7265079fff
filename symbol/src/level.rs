//! Error correction level (ISO/IEC 18004 §7.5.1).

use std::{fmt, str::FromStr};

/// How much of the symbol may be lost: about 7, 15, 25, 30 %.
///
/// Micro QR M1 only detects errors and counts as [`Level::L`]; M2 and M3 have L and M; M4 has L, M and Q.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    L,
    #[default]
    M,
    Q,
    H,
}

impl Level {
    /// From weak to strong.
    pub const ALL: [Self; 4] = [Self::L, Self::M, Self::Q, Self::H];

    /// In lower case: `l`, `m`, `q` or `h`.
    /// The share of codewords that error correction restores, about (ISO/IEC 18004 table 1).
    #[must_use]
    pub const fn restores(self) -> f64 {
        match self {
            Self::L => 0.07,
            Self::M => 0.15,
            Self::Q => 0.25,
            Self::H => 0.30,
        }
    }

    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::L => "l",
            Self::M => "m",
            Self::Q => "q",
            Self::H => "h",
        }
    }
}

/// A text that names no [`Level`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownLevel;

impl fmt::Display for UnknownLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be one of l, m, q, h")
    }
}

impl std::error::Error for UnknownLevel {}

impl FromStr for Level {
    type Err = UnknownLevel;

    /// One letter, in either case.
    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        match text {
            "l" | "L" => Ok(Self::L),
            "m" | "M" => Ok(Self::M),
            "q" | "Q" => Ok(Self::Q),
            "h" | "H" => Ok(Self::H),
            _ => Err(UnknownLevel),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_parse_back_in_either_case() {
        for level in Level::ALL {
            assert_eq!(level.label().parse(), Ok(level));
            assert_eq!(level.label().to_uppercase().parse(), Ok(level));
        }
        for text in ["", "high", "ll"] {
            assert_eq!(text.parse::<Level>(), Err(UnknownLevel));
        }
    }
}
