//! How content becomes codewords, beyond level and family: what the encoder would choose by itself.
//!
//! Invariant: the default leaves everything to the encoder, and is no part of a digest.

use std::ops::RangeInclusive;

use symbol::{Append, Declare, Eci, Fnc1, Mask, Mode, Options, Version, Versions};

use super::{Fault, Field, Level, Problem};
use crate::kernel::limits::{MICRO_MASKS, MICRO_VERSIONS, VERSIONS};

const fn versions(micro: bool) -> RangeInclusive<u8> {
    if micro { MICRO_VERSIONS } else { VERSIONS }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Encoding {
    /// The smallest and the largest allowed: 1..=40, or 1..=4 of Micro QR.
    pub versions: Option<(u8, u8)>,
    pub mask: Option<Mask>,
    /// One for everything.
    pub mode: Option<Mode>,
    pub charset: Charset,
    pub fnc1: Option<Fnc1>,
    /// Its place among several symbols of one message.
    pub append: Option<Append>,
    /// Raise the level as far as the symbol stays the same size.
    pub boost: bool,
}

/// Which character set text is in, and whether the symbol says so by an ECI (ISO/IEC 18004 §7.4.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    /// What most readers read right: `docs/adr/0014-text-in-symbols.md`.
    #[default]
    Auto,
    /// UTF-8 and its ECI, also for ASCII.
    Utf8,
    /// No ECI: the shortest segments.
    Undeclared,
    /// ISO/IEC 8859-1 and its ECI.
    Latin1,
    /// Shift JIS and its ECI.
    ShiftJis,
}

impl Charset {
    const fn declare(self) -> Option<Declare> {
        match self {
            Self::Auto => Some(Declare::Auto),
            Self::Utf8 => Some(Declare::Always),
            Self::Undeclared => Some(Declare::Never),
            Self::Latin1 | Self::ShiftJis => None,
        }
    }

    const fn eci(self) -> Option<Eci> {
        match self {
            Self::Auto | Self::Undeclared => None,
            Self::Utf8 => Some(Eci::UTF_8),
            Self::Latin1 => Some(Eci::LATIN_1),
            Self::ShiftJis => Some(Eci::SHIFT_JIS),
        }
    }
}

impl Encoding {
    /// Of the encoder.
    pub(super) fn options(&self, level: Level, micro: bool) -> Options {
        // Then the encoder has no choice of its own, and is told.
        let is_forced = self.mode.is_some() || self.fnc1.is_some();
        Options {
            level,
            boost: self.boost,
            versions: self.allowed(micro),
            mask: self.mask,
            mode: self.mode,
            declare_utf8: self.charset.declare(),
            eci: self
                .charset
                .eci()
                .filter(|eci| *eci != Eci::UTF_8 || is_forced),
            fnc1: self.fnc1,
            append: self.append,
            ..Options::default()
        }
    }

    fn allowed(&self, micro: bool) -> Versions {
        let of: fn(u8) -> Option<Version> = if micro { Version::micro } else { Version::qr };
        let range = self
            .versions
            .and_then(|(least, most)| of(least).zip(of(most)));
        match range {
            Some((least, most)) => Versions::Between(least, most),
            None if micro => Versions::Micro,
            None => Versions::Qr,
        }
    }

    /// Which of the two ends of the range a caller has to change: both, where it is one version.
    pub(super) const fn field_of_most(&self) -> Field {
        match self.versions {
            Some((least, most)) if least == most => Field::Version,
            _ => Field::MostVersion,
        }
    }

    pub(super) fn faults(&self, micro: bool) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |field, problem| faults.push(Fault { field, problem });
        let range = versions(micro);
        let outside = |range: &RangeInclusive<u8>| Problem::Outside {
            least: f64::from(*range.start()),
            most: f64::from(*range.end()),
            unit: if micro { " of Micro QR" } else { "" },
        };
        if let Some((least, most)) = self.versions {
            let single = Field::Version;
            let fields = if least == most {
                [single, single]
            } else {
                [Field::LeastVersion, Field::MostVersion]
            };
            let wrong = !range.contains(&least);
            if wrong {
                fault(fields[0], outside(&range));
            }
            let is_told = wrong && least == most;
            if !range.contains(&most) && !is_told {
                fault(fields[1], outside(&range));
            }
            if least > most {
                fault(Field::LeastVersion, Problem::Reversed(Field::MostVersion));
            }
        }
        let mask = self.mask.filter(|_| micro);
        if mask.is_some_and(|mask| !MICRO_MASKS.contains(&mask.reference())) {
            fault(Field::Mask, outside(&MICRO_MASKS));
        }
        faults
    }

    /// Without what says nothing.
    pub(super) fn normalised(self, micro: bool) -> Self {
        let all = versions(micro);
        let versions = self.versions;
        Self {
            versions: versions.filter(|range| *range != (*all.start(), *all.end())),
            ..self
        }
    }

    /// Equal encodings, equal bytes. `None`: the default.
    pub(super) fn canonical(&self) -> Option<[u8; 11]> {
        let (least, most) = self.versions.unwrap_or_default();
        let mode = self.mode.map_or(0, |mode| match mode {
            Mode::Numeric => 1,
            Mode::Alphanumeric => 2,
            Mode::Byte => 3,
            Mode::Kanji => 4,
        });
        let (fnc1, indicator) = match self.fnc1 {
            None => (0, 0),
            Some(Fnc1::Gs1) => (1, 0),
            Some(Fnc1::Application(indicator)) => (2, indicator),
        };
        let append = self.append;
        let place = append.map_or([0; 3], |of| [of.position(), of.total(), of.parity()]);
        (*self != Self::default()).then_some([
            least,
            most,
            self.mask.map_or(0, |mask| mask.reference() + 1),
            mode,
            self.charset as u8,
            fnc1,
            indicator,
            place[0],
            place[1],
            place[2],
            u8::from(self.boost),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_counts_and_the_default_does_not() {
        let default = Encoding::default();
        assert_eq!(default.canonical(), None);
        let with = |edit: fn(&mut Encoding)| {
            let mut encoding = default;
            edit(&mut encoding);
            encoding.canonical().unwrap()
        };
        let all = [
            with(|e| e.versions = Some((1, 7))),
            with(|e| e.versions = Some((7, 7))),
            with(|e| e.mask = Mask::new(0)),
            with(|e| e.mask = Mask::new(1)),
            with(|e| e.mode = Some(Mode::Numeric)),
            with(|e| e.mode = Some(Mode::Byte)),
            with(|e| e.charset = Charset::Utf8),
            with(|e| e.charset = Charset::Undeclared),
            with(|e| e.charset = Charset::Latin1),
            with(|e| e.charset = Charset::ShiftJis),
            with(|e| e.fnc1 = Some(Fnc1::Gs1)),
            with(|e| e.fnc1 = Some(Fnc1::Application(0))),
            with(|e| e.fnc1 = Some(Fnc1::Application(9))),
            with(|e| e.append = Append::new(0, 2, 0)),
            with(|e| e.append = Append::new(1, 2, 0)),
            with(|e| e.append = Append::new(0, 3, 0)),
            with(|e| e.append = Append::new(0, 2, 1)),
            with(|e| e.boost = true),
        ];
        let different: std::collections::HashSet<_> = all.into_iter().collect();
        assert_eq!(different.len(), all.len());
        let all = Encoding {
            versions: Some((1, 40)),
            ..default
        };
        assert_eq!(all.normalised(false), default);
        assert_eq!(all.normalised(true), all);
    }
}
