//! Content as runs of characters between which alone a mode may change (see the [module above](super)).
//!
//! Invariant: the runs cover the bytes without gaps, in order.

use crate::Mode;

/// Characters with the same cost in each mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Digit,
    Alphanumeric,
    /// `%` beside FNC1: in alphanumeric mode it takes two characters.
    Percent,
    Byte,
    /// Byte mode or Kanji mode.
    Kanji,
    /// Kanji mode, because as bytes it would be in a character set that nobody has named.
    KanjiOnly,
}

/// In sixths of a bit: no plan wins with such a character, and 4 GiB of them do not overflow.
const NEVER: u64 = 1 << 24;

impl Class {
    /// Sixths of a bit that each character takes, by mode; in byte mode, each byte.
    pub(super) const fn prices(self) -> [u64; 4] {
        match self {
            Self::Digit => [20, 33, 48, NEVER],
            Self::Alphanumeric => [NEVER, 33, 48, NEVER],
            Self::Percent => [NEVER, 66, 48, NEVER],
            Self::Byte => [NEVER, NEVER, 48, NEVER],
            Self::Kanji => [NEVER, NEVER, 48, 78],
            Self::KanjiOnly => [NEVER, NEVER, NEVER, 78],
        }
    }

    pub(super) const fn has(self, mode: Mode) -> bool {
        self.prices()[mode as usize] < NEVER
    }

    /// The first mode that has the character.
    pub(super) const fn narrowest(self) -> Mode {
        match self {
            Self::Digit => Mode::Numeric,
            Self::Alphanumeric => Mode::Alphanumeric,
            Self::Percent | Self::Byte | Self::Kanji => Mode::Byte,
            Self::KanjiOnly => Mode::Kanji,
        }
    }
}

/// Neighbouring characters of a class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) class: Class,
    /// Set by the planner.
    pub(super) mode: Mode,
    /// Whether it may not extend an alphanumeric segment: beside FNC1, GS is sent as `%`, and with a GS or `%` behind
    /// it in the same segment that would read as `%%`, which is a percent sign.
    pub(super) apart: bool,
    /// The planner's way back.
    pub(super) trace: u8,
    pub(super) bytes: u32,
    /// Less than `bytes` for multi-byte characters.
    pub(super) chars: u32,
}

impl Run {
    pub(super) fn new(class: Class, bytes: usize, chars: usize) -> Self {
        // Content of 4 GiB is too long in any case.
        let cut = |n| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            class,
            mode: class.narrowest(),
            apart: false,
            trace: 0,
            bytes: cut(bytes),
            chars: cut(chars),
        }
    }

    /// Sixths of a bit that it takes, by mode.
    pub(super) fn prices(&self) -> [u64; 4] {
        let (bytes, chars) = (u64::from(self.bytes), u64::from(self.chars));
        let [numeric, alphanumeric, byte, kanji] = self.class.prices();
        [
            numeric * chars,
            alphanumeric * chars,
            byte * bytes,
            kanji * chars,
        ]
    }

    /// The least of them.
    pub(super) fn floor(&self) -> u64 {
        let [numeric, alphanumeric, byte, kanji] = self.prices();
        numeric.min(alphanumeric).min(byte).min(kanji)
    }
}

const FEW: usize = 24;

/// A list that needs no allocation while it is short, as it is for nearly every text.
pub(super) struct Runs {
    few: [Run; FEW],
    len: usize,
    /// All runs, once there are more.
    many: Vec<Run>,
}

impl Runs {
    pub(super) fn new() -> Self {
        const NOTHING: Run = Run {
            class: Class::Digit,
            mode: Mode::Numeric,
            apart: false,
            trace: 0,
            bytes: 0,
            chars: 0,
        };
        Self {
            few: [NOTHING; FEW],
            len: 0,
            many: Vec::new(),
        }
    }

    pub(super) fn one(run: Run) -> Self {
        let mut runs = Self::new();
        runs.push(run);
        runs
    }

    pub(super) fn push(&mut self, run: Run) {
        if let Some(place) = self.few.get_mut(self.len) {
            *place = run;
        } else {
            if self.many.is_empty() {
                self.many.extend_from_slice(&self.few);
            }
            self.many.push(run);
        }
        self.len += 1;
    }

    /// One more character; the last run grows if it is of the same class, unless they are to be kept apart.
    pub(super) fn add(&mut self, class: Class, bytes: usize, apart: bool) {
        let run = Run {
            apart,
            ..Run::new(class, bytes, 1)
        };
        match self.as_mut().last_mut() {
            Some(last) if last.class == class && !apart => {
                last.bytes = last.bytes.saturating_add(run.bytes);
                last.chars = last.chars.saturating_add(1);
            }
            _ => self.push(run),
        }
    }

    pub(super) fn as_mut(&mut self) -> &mut [Run] {
        if self.many.is_empty() {
            &mut self.few[..self.len]
        } else {
            &mut self.many
        }
    }
}
