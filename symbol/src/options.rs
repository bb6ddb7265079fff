//! Options of the encoder.
//!
//! Invariant: the defaults are right for a web address.

use std::fmt;

use crate::{Append, Content, Eci, Fnc1, Level, Mask, Version};

/// How content becomes a symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The weakest level allowed.
    pub level: Level,
    /// Raise the level as far as the symbol stays the same size.
    pub boost: bool,
    pub versions: Versions,
    /// `None`: the one with the lowest penalty.
    pub mask: Option<Mask>,
    /// One mode for everything. `None`: whatever is shortest.
    pub mode: Option<Mode>,
    /// Whether text may use Kanji mode. It does only where readers cannot mistake it: see [`Mode::Kanji`].
    pub kanji: bool,
    /// Write text that is not ASCII as one segment of UTF-8 bytes, and where to name that character set. `None`: the
    /// shortest segments, without an ECI. Has no effect on bytes, nor beside `mode`, `eci` or `fnc1`.
    pub declare_utf8: Option<Declare>,
    pub eci: Option<Eci>,
    pub fnc1: Option<Fnc1>,
    pub append: Option<Append>,
}

impl Options {
    /// For [`Self::declare_utf8`]: the options to try first, in this order, and those to use where none of them fits.
    /// `None`: these options as they are.
    pub(crate) fn declared(&self, content: Content<'_>) -> Option<([Option<Self>; 2], Self)> {
        let Content::Text(text) = content else {
            return None;
        };
        let declare = self.declare_utf8?;
        if (self.mode, self.eci, self.fnc1) != (None, None, None) {
            return None;
        }
        let bytes = |eci| {
            Some(Self {
                mode: Some(Mode::Byte),
                eci,
                ..self.clone()
            })
        };
        match declare {
            Declare::Auto | Declare::Never if text.is_ascii() => None,
            Declare::Auto => Some(([bytes(Some(Eci::UTF_8)), bytes(None)], self.clone())),
            Declare::Never => Some(([bytes(None), None], self.clone())),
            Declare::Always => {
                let shortest = Self {
                    eci: Some(Eci::UTF_8),
                    ..self.clone()
                };
                Some(([bytes(Some(Eci::UTF_8)), None], shortest))
            }
        }
    }
}

/// Which texts [`Eci::UTF_8`] stands before. `docs/adr/0014-text-in-symbols.md` has the measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Declare {
    /// Texts that are not ASCII: every reader that was measured then reads them exactly. Where the text does not fit
    /// behind the ECI, one segment without it; else the shortest segments. ASCII is written as short as possible.
    Auto,
    /// Every text, in one segment of bytes, or else in the shortest segments. Micro QR has no ECI and is refused.
    Always,
    /// None, for readers that do not know ECI. Text that is not ASCII is one segment of bytes, or else the shortest
    /// segments; ASCII is written as with [`Self::Auto`].
    Never,
}

/// Level M, no boost, any QR version, Kanji allowed, nothing forced.
impl Default for Options {
    fn default() -> Self {
        Self {
            level: Level::default(),
            boost: false,
            versions: Versions::default(),
            mask: None,
            mode: None,
            kanji: true,
            declare_utf8: None,
            eci: None,
            fnc1: None,
            append: None,
        }
    }
}

/// Which versions may be chosen. The smallest that fits is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Versions {
    /// 1–40.
    #[default]
    Qr,
    /// M1–M4.
    Micro,
    /// M1–M4, then 1–40. Micro QR is skipped where it lacks a feature of the options.
    MicroOrQr,
    Exactly(Version),
    /// From the first to the last, both included. Where both families are in between, as [`Self::MicroOrQr`].
    Between(Version, Version),
}

impl Versions {
    /// The smallest and the largest.
    pub(crate) const fn ends(self) -> (Version, Version) {
        match self {
            Self::Qr => (Version::MIN, Version::MAX),
            Self::Micro => (Version::MICRO_MIN, Version::MICRO_MAX),
            Self::MicroOrQr => (Version::MICRO_MIN, Version::MAX),
            Self::Exactly(version) => (version, version),
            Self::Between(first, last) => (first, last),
        }
    }
}

/// How characters become bits (§7.3), from the narrowest character set to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Digits, three in 10 bits.
    Numeric,
    /// Digits, capital letters, space and `$%*+-./:`, two in 11 bits.
    Alphanumeric,
    /// Anything, 8 bits a byte.
    Byte,
    /// Shift JIS double-byte characters of JIS X 0208, 13 bits each.
    ///
    /// Where it is not forced, it is chosen for text only, either behind [`Eci::SHIFT_JIS`], or without an ECI if then
    /// all that is not ASCII is in it: readers take bytes beside it for Shift JIS, too. Never for characters that
    /// readers disagree on, nor beside ASCII that Shift JIS has something else for (`\` and `~`).
    Kanji,
}

impl Mode {
    pub const ALL: [Self; 4] = [Self::Numeric, Self::Alphanumeric, Self::Byte, Self::Kanji];
}

/// `numeric`, `alphanumeric`, `byte`, `Kanji`.
impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Numeric => "numeric",
            Self::Alphanumeric => "alphanumeric",
            Self::Byte => "byte",
            Self::Kanji => "Kanji",
        })
    }
}
