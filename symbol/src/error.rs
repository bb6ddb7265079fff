//! Why content cannot become a symbol.
//!
//! Invariant: every message says what was wrong, where, and what would be right.

use std::fmt;

use crate::{Eci, Level, Mask, Mode, Version};

/// Why there is no symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Not even the largest version allowed can hold the content.
    TooLong {
        /// Without the terminator, which may be cut.
        needed_bits: usize,
        available_bits: usize,
        level: Level,
        /// The largest allowed.
        version: Version,
        /// The strongest level below `level` at which the content fits into `version`.
        fits: Option<Level>,
    },
    /// The forced mode does not have the character at byte `at` of the content.
    NotInMode {
        mode: Mode,
        at: usize,
        found: Unencodable,
    },
    /// The character set does not have the character at byte `at` of the text.
    NotInCharset { eci: Eci, at: usize, found: char },
    /// An application indicator is two digits or a letter: 0..=99, 165..=190, 197..=222.
    NotAnIndicator { found: u8 },
    /// No version allowed has the feature; `version` is the largest of them.
    NotInVersion { version: Version, feature: Feature },
}

/// A character or byte that the forced mode does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unencodable {
    Character(char),
    Byte(u8),
}

/// A feature that small symbols lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    Level(Level),
    Mode(Mode),
    Mask(Mask),
    Eci,
    Fnc1,
    Append,
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong {
                needed_bits,
                available_bits,
                level,
                version,
                fits,
            } => {
                let over = needed_bits.saturating_sub(*available_bits);
                write!(
                    f,
                    "the content needs {needed_bits} bits, but version {version} at level {level:?} has \
                     {available_bits}: {over} bits ({} bytes) too long; ",
                    over.div_ceil(8)
                )?;
                match fits {
                    Some(fits) => write!(f, "it fits at level {fits:?}"),
                    None => f.write_str("it fits at no weaker level"),
                }
            }
            Self::NotInMode { mode, at, found } => {
                let has = match mode {
                    Mode::Numeric => "the digits 0-9",
                    Mode::Alphanumeric => "0-9, A-Z, space and $%*+-./:",
                    Mode::Byte => "any byte",
                    Mode::Kanji => "those of JIS X 0208, in Shift JIS, that readers agree on",
                };
                write!(
                    f,
                    "{mode} mode cannot hold {found} at byte {at}; it has {has}"
                )
            }
            Self::NotInCharset { eci, at, found } => write!(
                f,
                "{eci} cannot hold {} at byte {at}; UTF-8 can",
                Unencodable::Character(*found)
            ),
            Self::NotAnIndicator { found } => write!(
                f,
                "{found} is no FNC1 application indicator; those are 0 to 99, or an ASCII letter plus 100"
            ),
            Self::NotInVersion { version, feature } => write!(
                f,
                "version {version} has no {feature}; a larger version does"
            ),
        }
    }
}

/// `'é' (U+00E9)`, or `byte 0xE9`.
impl fmt::Display for Unencodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Character(c) => write!(f, "{c:?} (U+{:04X})", u32::from(c)),
            Self::Byte(byte) => write!(f, "byte 0x{byte:02X}"),
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Level(level) => write!(f, "level {level:?}"),
            Self::Mode(mode) => write!(f, "{mode} mode"),
            Self::Mask(mask) => write!(f, "mask {}", mask.reference()),
            Self::Eci => f.write_str("ECI"),
            Self::Fnc1 => f.write_str("FNC1"),
            Self::Append => f.write_str("structured append"),
        }
    }
}
