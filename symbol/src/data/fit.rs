//! The smallest version that holds a plan, and the strongest level it then may have.
//!
//! Invariant: a version that lacks a feature of the options is never chosen.

use crate::{
    Error, Feature, Level, Mode, Options, Version,
    tables::{self, Widths},
};

use super::{plan::Plans, write};

/// The symbol that will hold the content.
pub(super) struct Fit {
    pub(super) version: Version,
    pub(super) level: Level,
    /// All of them but the terminator.
    pub(super) bits: usize,
    /// Whether the plan is the one with Kanji.
    pub(super) kanji: bool,
}

/// First and last of the versions that share a plan, because their headers have the same widths.
type Class = (Version, Version);

const CLASSES: [Class; 7] = {
    const fn qr(number: u8) -> Version {
        match Version::qr(number) {
            Some(version) => version,
            None => Version::MAX,
        }
    }
    const fn micro(number: u8) -> Class {
        match Version::micro(number) {
            Some(version) => (version, version),
            None => (Version::MICRO_MAX, Version::MICRO_MAX),
        }
    }
    [
        micro(1),
        micro(2),
        micro(3),
        micro(4),
        (qr(1), qr(9)),
        (qr(10), qr(26)),
        (qr(27), qr(40)),
    ]
};

/// Plans for one class of versions after the other, until one holds its plan. `only_qr`: Micro QR cannot hold it.
pub(super) fn fit(plans: &mut Plans, options: &Options, only_qr: bool) -> Result<Fit, Error> {
    let (first, last) = options.versions.ends();
    let first = if only_qr {
        first.max(Version::MIN)
    } else {
        first
    };
    // Of a range that ends before it begins, its end.
    let first = first.min(last);
    let allowed = CLASSES
        .iter()
        .map(|&(from, to)| (from.max(first), to.min(last)))
        .filter(|(from, to)| from <= to && *to < last);
    // The first version of the class that `last` is in, as far as it is allowed.
    let from = CLASSES.iter().rev().map(|&(from, _)| from);
    let from = from.clone().find(|from| *from <= last).unwrap_or(last);
    let largest = (from.max(first), last);
    let mut headers = 0;
    for (_, bits) in write::symbol_headers(options) {
        headers += u64::from(bits);
    }
    for class in allowed {
        let (_, last) = class;
        let room = tables::data_bits(last, options.level).unwrap_or(0) as u64;
        if headers + plans.at_least(Widths::of(last)) <= room
            && let Ok(fit) = fit_into(class, plans, headers, options)
        {
            return Ok(fit);
        }
    }
    fit_into(largest, plans, headers, options)
}

fn fit_into(
    (first, last): Class,
    plans: &mut Plans,
    headers: u64,
    options: &Options,
) -> Result<Fit, Error> {
    if let Some(feature) = lacking(last, plans.widest(), options) {
        return Err(Error::NotInVersion {
            version: last,
            feature,
        });
    }
    let (bits, kanji) = plans.plan(Widths::of(last));
    let bits = usize::try_from(headers + bits).unwrap_or(usize::MAX);
    let level = options.level;
    let Some(version) = tables::smallest(bits, level, first, last) else {
        return Err(too_long(bits, level, last));
    };
    Ok(Fit {
        version,
        level: if options.boost {
            strongest(bits, version, level)
        } else {
            level
        },
        bits,
        kanji,
    })
}

/// A feature of the options that Micro QR version `version` lacks. QR has all of them.
fn lacking(version: Version, widest: Mode, options: &Options) -> Option<Feature> {
    if !version.is_micro() {
        return None;
    }
    let mask = options.mask.filter(|mask| mask.reference() > 3);
    let level = options.level;
    let lacks_level = tables::data_bits(version, level).is_none();
    let lacks_mode = Widths::of(version).indicator_of(widest).is_none();
    (options.eci.map(|_| Feature::Eci))
        .or(options.fnc1.map(|_| Feature::Fnc1))
        .or(options.append.map(|_| Feature::Append))
        .or(mask.map(Feature::Mask))
        .or(lacks_level.then_some(Feature::Level(level)))
        .or(lacks_mode.then_some(Feature::Mode(widest)))
}

fn holds(bits: usize, version: Version, level: Level) -> bool {
    tables::data_bits(version, level).is_some_and(|available| available >= bits)
}

/// `level`, or a stronger one at which `version` still holds the bits.
fn strongest(bits: usize, version: Version, level: Level) -> Level {
    let stronger = Level::ALL
        .into_iter()
        .rev()
        .take_while(|&other| other > level);
    let mut that_hold = stronger.filter(|&other| holds(bits, version, other));
    that_hold.next().unwrap_or(level)
}

fn too_long(needed_bits: usize, level: Level, version: Version) -> Error {
    let mut weaker = Level::ALL.into_iter().rev().filter(|&other| other < level);
    Error::TooLong {
        needed_bits,
        available_bits: tables::data_bits(version, level).unwrap_or(0),
        level,
        version,
        fits: weaker.find(|&other| holds(needed_bits, version, other)),
    }
}
