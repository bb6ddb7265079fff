//! Why a symbol cannot be read.
//!
//! Invariant: every message says what is wrong, where, and what would be right.

use std::fmt;

use crate::Version;

/// Why a symbol cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// No version has so many modules along one side.
    Size { modules: usize },
    /// No copy of the format information has at most 3 wrong bits.
    Format,
    /// No copy of the version information names the version of this size with at most 3 wrong bits.
    Version { expected: Version },
    /// More codewords are wrong than the block can correct.
    Block {
        index: usize,
        block_count: usize,
        capacity: usize,
    },
    /// The codewords are right, but the data are malformed at bit `at`.
    Data { at: usize, fault: Fault },
}

impl std::error::Error for Unreadable {}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { modules } => write!(
                f,
                "no symbol has {modules} modules along one side: QR has 21, 25, … 177, Micro QR 11, 13, 15 or 17"
            ),
            Self::Format => {
                f.write_str("every copy of the format information has more than 3 wrong bits")
            }
            Self::Version { expected } => write!(
                f,
                "no copy of the version information says version {expected}, as the size does, with at most 3 wrong bits"
            ),
            Self::Block {
                index,
                block_count,
                capacity,
            } => write!(
                f,
                "block {index} of {block_count} (from 0) has more than {} wrong codewords",
                capacity / 2
            ),
            Self::Data { at, fault } => write!(f, "at bit {at} of the data: {fault}"),
        }
    }
}

/// A malformed bit string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The last bit comes before the end of what began.
    Cut,
    /// No mode has this indicator.
    NoMode(u32),
    /// Three digits are 0..=999, two 0..=99, one 0..=9.
    NoDigits(u32),
    /// Two characters are 0..=2024, one 0..=44.
    NoCharacters(u32),
    /// ECI assignments are 0..=999 999, and their first byte is at most 223.
    NoEci(u32),
    /// An application indicator is 0..=99, 165..=190 or 197..=222.
    NoApplication(u32),
    /// Of `total` symbols the last has position `total - 1`.
    NoPosition { position: u8, total: u8 },
    /// Structured append comes first, and FNC1 once and before the first segment.
    TooLate,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => f.write_str("the data end in the middle of what begins here"),
            Self::NoMode(found) => write!(f, "{found:04b} is no mode indicator of ISO/IEC 18004"),
            Self::NoDigits(found) => {
                write!(f, "{found} has more digits than the group it stands for")
            }
            Self::NoCharacters(found) => {
                write!(f, "{found} is no value of the characters it stands for")
            }
            Self::NoEci(found) => write!(
                f,
                "{found} is no ECI assignment (0..=999999, first byte at most 223)"
            ),
            Self::NoApplication(found) => {
                write!(
                    f,
                    "{found} is no application indicator (0..=99, 165..=190, 197..=222)"
                )
            }
            Self::NoPosition { position, total } => {
                write!(f, "position {position} of {total} symbols (it begins at 0)")
            }
            Self::TooLate => f.write_str(
                "structured append comes first, and FNC1 once and before the first segment",
            ),
        }
    }
}
