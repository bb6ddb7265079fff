//! A decoded symbol.
//!
//! Invariant: every number is about the modules as they were read, against the symbol as it should have been.

use super::layout::{Part, VersionLayout};
use super::text;
use crate::{Append, Eci, Fnc1, Matrix, Mode, Symbol};

/// The message of a symbol, and its damage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedSymbol {
    /// Version, level and mask, and the modules as they should have been.
    pub symbol: Symbol,
    pub segments: Vec<Segment>,
    /// Which part of a longer message this is.
    pub append: Option<Append>,
    pub fnc1: Option<Fnc1>,
    /// From the first to the last.
    pub blocks: Vec<Block>,
    pub damage: Damage,
}

impl DecodedSymbol {
    /// The message as a reader app shows it: Kanji and bytes under ECI 3, 20 and 26 by their character set, other
    /// bytes as UTF-8 where they are valid, else as ISO/IEC 8859-1. An application indicator (FNC1 in second position)
    /// comes first, as two digits or a letter.
    #[must_use]
    pub fn text(&self) -> String {
        self.application() + &text::decode(&self.segments)
    }

    /// The message as it is transmitted (§14.2), without symbology identifier and ECI escapes: characters in Kanji mode
    /// as Shift JIS.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let segments = self.segments.iter().flat_map(|segment| &segment.bytes);
        self.application()
            .bytes()
            .chain(segments.copied())
            .collect()
    }

    /// §7.4.9.3.
    fn application(&self) -> String {
        match self.fnc1 {
            Some(Fnc1::Application(digits @ ..100)) => format!("{digits:02}"),
            Some(Fnc1::Application(letter)) => char::from(letter - 100).into(),
            Some(Fnc1::Gs1) | None => String::new(),
        }
    }
}

/// One error correction block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Data codewords.
    pub data: usize,
    /// Error correction codewords.
    pub check: usize,
    /// The highest `hidden + 2 * errors` that can be corrected: `check`, less the codewords against misreading (table 9).
    pub capacity: usize,
    /// Codewords that were ignored because they have hidden modules.
    pub hidden: usize,
    /// Other codewords that were wrong.
    pub errors: usize,
}

impl Block {
    #[must_use]
    pub const fn codewords(&self) -> usize {
        self.data + self.check
    }
}

/// Modules that are not as they should be, by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Finder patterns and their separators.
    pub finder: usize,
    pub timing: usize,
    pub alignment: usize,
    /// Both copies of the format information, and the one module by them that is always dark.
    pub format: usize,
    /// Both copies of the version information.
    pub version: usize,
    /// Codewords and remainder bits.
    pub data: usize,
}

impl Damage {
    /// All but `data`.
    #[must_use]
    pub const fn function(&self) -> usize {
        self.finder + self.timing + self.alignment + self.format + self.version
    }

    pub(super) fn of(matrix: &Matrix, symbol: &Symbol) -> Self {
        let layout = VersionLayout::of(symbol.version);
        let (missing, surplus) = (
            symbol.matrix.without(matrix),
            matrix.without(&symbol.matrix),
        );
        let mut damage = Self::default();
        for wrong in [missing, surplus] {
            for y in 0..wrong.modules() {
                for x in wrong.runs(y).flatten() {
                    *match layout.part(x as usize, y) {
                        Part::Finder => &mut damage.finder,
                        Part::Timing => &mut damage.timing,
                        Part::Alignment => &mut damage.alignment,
                        Part::Format => &mut damage.format,
                        Part::Version => &mut damage.version,
                        Part::Data => &mut damage.data,
                    } += 1;
                }
            }
        }
        damage
    }
}

/// Characters in one mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub mode: Mode,
    /// The character set by the last ECI header before the segment; `None` before the first.
    pub eci: Option<Eci>,
    /// ASCII in numeric and alphanumeric mode, Shift JIS in Kanji mode. In alphanumeric mode of a symbol with FNC1, GS
    /// (0x1D) stands for what was sent as `%`, and `%` for `%%`.
    pub bytes: Vec<u8>,
}
