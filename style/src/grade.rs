//! How well readers cope, computed from the scene, after ISO/IEC 15415 and ISO/IEC 18004 annex M.
//!
//! Each module is seen through a round aperture of 0.8 of its width, in linear light, by its luminance and by its red channel,
//! which is what red scanners see; the worse of both counts. The grade is synthetic: of the picture as it is drawn, not of a
//! print. One parameter goes beyond the standard and is labelled so: [`Parameter::Finders`].

mod finders;
mod plain;
mod seen;

pub use plain::{Plain, grade_plain};

use symbol::{Matrix, Symbol, Version, read};

use crate::{compose::eyes, scene::Scene};
use seen::Seen;

/// From F, the worst, to A.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    F,
    D,
    C,
    B,
    A,
}

impl Grade {
    pub const ALL: [Self; 5] = [Self::F, Self::D, Self::C, Self::B, Self::A];

    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::F => "F",
            Self::D => "D",
            Self::C => "C",
            Self::B => "B",
            Self::A => "A",
        }
    }

    /// `None` for anything but one of the five letters, in either case.
    #[must_use]
    pub fn parse(letter: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|grade| grade.label().eq_ignore_ascii_case(letter))
    }

    /// By the least value of D, C, B and A.
    fn at_least(value: f32, least: [f32; 4]) -> Self {
        // Sums of rounded numbers: a value that is exact must not fall short of its own limit.
        Self::ALL[least.iter().filter(|least| value + 1e-4 >= **least).count()]
    }

    /// By the most damage of A, B, C and D.
    fn at_most(damage: f32, most: [f32; 4]) -> Self {
        Self::ALL[most.iter().filter(|most| damage <= **most).count()]
    }
}

/// What is graded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parameter {
    /// Reflectance of the lightest module less that of the darkest, 0..=1.
    Contrast,
    /// How far the reflectance of a codeword's worst module is from the threshold, against half of the contrast, 0..=1; of the
    /// codewords that error correction cannot spare.
    Modulation,
    /// Of the worst block, 0..=1.
    UnusedErrorCorrection,
    /// Finder patterns and separators, timing and alignment patterns: damaged modules of the worst part.
    FixedPatterns,
    /// Damaged modules of the better copy.
    FormatInformation,
    /// Light modules around the symbol.
    QuietZone,
    /// 1 where dark modules are lighter than the ground (ISO/IEC 18004 §5.3: reflectance reversal). Several readers do not look
    /// for that.
    Reversal,
    /// Beyond the standard: what readers make of the finder patterns, and how much narrower than a module their narrowest ring
    /// or gap is on the lines that readers look for, 0..=1.
    Finders,
}

impl Parameter {
    pub const ALL: [Self; Self::COUNT] = [
        Self::Contrast,
        Self::Modulation,
        Self::UnusedErrorCorrection,
        Self::FixedPatterns,
        Self::FormatInformation,
        Self::QuietZone,
        Self::Reversal,
        Self::Finders,
    ];
    pub const COUNT: usize = 8;

    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Contrast => "contrast",
            Self::Modulation => "modulation",
            Self::UnusedErrorCorrection => "unused-error-correction",
            Self::FixedPatterns => "fixed-patterns",
            Self::FormatInformation => "format-information",
            Self::QuietZone => "quiet-zone",
            Self::Reversal => "reflectance-reversal",
            Self::Finders => "finders",
        }
    }
}

/// The grade of one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reason {
    pub parameter: Parameter,
    pub value: f32,
    pub grade: Grade,
}

/// What is said of a picture of a symbol.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// Of each parameter its own, in the order of [`Parameter::ALL`].
    pub reasons: [Reason; Parameter::COUNT],
}

impl Report {
    /// Of what both kinds of light show the worse counts.
    fn of([by_luminance, by_red]: [[Reason; 5]; 2], rest: [Reason; 3]) -> Self {
        let both = by_luminance.into_iter().zip(by_red);
        let worse = both.map(|(a, b)| if b.grade < a.grade { b } else { a });
        let mut all = worse.chain(rest);
        // There are as many as parameters.
        let none = Reason {
            parameter: Parameter::Contrast,
            value: 0.0,
            grade: Grade::F,
        };
        Self {
            reasons: std::array::from_fn(|_| all.next().unwrap_or(none)),
        }
    }

    /// The worst of all parameters.
    #[must_use]
    pub fn grade(&self) -> Grade {
        let all = self.reasons.iter().map(|reason| reason.grade);
        all.min().unwrap_or(Grade::F)
    }

    /// Those that have the worst grade.
    pub fn worst(&self) -> impl Iterator<Item = &Reason> {
        let worst = self.grade();
        self.reasons
            .iter()
            .filter(move |reason| reason.grade == worst)
    }
}

/// Grades `symbol` as `scene` shows it.
#[must_use]
pub fn grade(scene: &Scene, symbol: &Symbol) -> Report {
    let bands = seen::bands(scene, symbol.matrix());
    let by_band = bands.each_ref().map(|band| band_reasons(band, symbol));
    let is_reversed = bands[0].is_reversed();
    let narrowness = finders::narrowness(scene, &eyes(symbol));
    let rest = [
        quiet_zone(scene.quiet_zone, symbol.version()),
        reversal(is_reversed),
        finder_patterns(narrowness, scene.eyes),
    ];
    Report::of(by_band, rest)
}

/// A Micro QR symbol needs half of what others need.
fn quiet_zone(modules: u8, version: Version) -> Reason {
    let value = f32::from(modules);
    let whole = f32::from(version.quiet_zone());
    Reason {
        parameter: Parameter::QuietZone,
        value,
        grade: Grade::at_least(value, [0.25, 0.5, 0.75, 1.0].map(|share| share * whole)),
    }
}

fn reversal(is_reversed: bool) -> Reason {
    let grade = if is_reversed { Grade::D } else { Grade::A };
    Reason {
        parameter: Parameter::Reversal,
        value: f32::from(u8::from(is_reversed)),
        grade,
    }
}

/// `shape`: what readers make of it. Where border and centre do not fit together it is worth nothing.
fn finder_patterns(narrowness: f32, shape: Grade) -> Reason {
    let grade = if narrowness > finders::MOST {
        Grade::F
    } else {
        shape
    };
    Reason {
        parameter: Parameter::Finders,
        value: narrowness,
        grade,
    }
}

fn contrast(value: f32) -> Reason {
    Reason {
        parameter: Parameter::Contrast,
        value,
        grade: Grade::at_least(value, [0.2, 0.4, 0.55, 0.7]),
    }
}

fn band_reasons(seen: &Seen, symbol: &Symbol) -> [Reason; 5] {
    let reason = |parameter, value, grade| Reason {
        parameter,
        value,
        grade,
    };
    // Modules whose modulation is worse than D, C, B, A. A wrong one is worse than all.
    let worse = LEAST_MODULATION.map(|least| seen.below(least, symbol.matrix()));
    let best = |damage_grade: &dyn Fn(&Matrix) -> Grade| {
        let levels = Grade::ALL[1..].iter().zip(&worse);
        levels
            .map(|(&level, low)| level.min(damage_grade(low)))
            .max()
            .unwrap_or(Grade::F)
    };
    let in_blocks = |low: &Matrix| read::codewords_in(symbol.version(), symbol.level(), low);
    let modulation = best(&|low| {
        if low.is_empty() {
            Grade::A
        } else {
            unused(&in_blocks(low)).1
        }
    });
    let fixed = best(&|low| fixed_patterns(symbol, low).1);
    let format = best(&|low| format_information(symbol, low).1);
    let (reserve, reserve_grade) = reserve(&worse[0], seen, symbol);
    [
        contrast(seen.contrast()),
        reason(
            Parameter::Modulation,
            seen.least_modulation(symbol.matrix()),
            modulation,
        ),
        reason(Parameter::UnusedErrorCorrection, reserve, reserve_grade),
        reason(
            Parameter::FixedPatterns,
            fixed_patterns(symbol, &worse[0]).0,
            fixed,
        ),
        reason(
            Parameter::FormatInformation,
            format_information(symbol, &worse[0]).0,
            format,
        ),
    ]
}

const LEAST_MODULATION: [f32; 4] = [0.2, 0.3, 0.4, 0.5];
const LEAST_UNUSED: [f32; 4] = [0.25, 0.37, 0.5, 0.62];

/// What is left of the worst block's error correction when these codewords are wrong.
fn unused(blocks: &[(usize, usize)]) -> (f32, Grade) {
    let left = blocks
        .iter()
        .map(|&(wrong, capacity)| 1.0 - 2.0 * wrong as f32 / capacity.max(1) as f32);
    let least = left.fold(1.0, f32::min);
    (least.max(0.0), Grade::at_least(least, LEAST_UNUSED))
}

/// By a decode of the modules as they are seen. `low`: those that may be wrong.
fn reserve(low: &Matrix, seen: &Seen, symbol: &Symbol) -> (f32, Grade) {
    if low.is_empty() {
        return (1.0, Grade::A);
    }
    let Ok(decoded) = read::read(&seen.matrix()) else {
        return (0.0, Grade::F);
    };
    if decoded.symbol.matrix() != symbol.matrix() {
        return (0.0, Grade::F);
    }
    let blocks: Vec<_> = decoded
        .blocks
        .iter()
        .map(|block| (block.errors, block.capacity))
        .collect();
    unused(&blocks)
}

/// ISO/IEC 18004 annex M: damaged modules of each finder pattern, in its middle row and column, by their number, of the other fixed
/// patterns by their share.
fn fixed_patterns(symbol: &Symbol, low: &Matrix) -> (f32, Grade) {
    let modules = symbol.matrix().modules();
    if low.is_empty() {
        return (0.0, Grade::A);
    }
    let count = |matrix: &Matrix| {
        (0..modules)
            .map(|y| matrix.runs(y).map(|run| run.len()).sum::<usize>())
            .sum::<usize>()
    };
    let eye_of = |x: usize, y: usize| {
        eyes(symbol).into_iter().position(|(eye_x, eye_y)| {
            // With the separator.
            let near = |from: usize, at: usize| at + 1 >= from && at <= from + 7;
            near(eye_x, x) && near(eye_y, y)
        })
    };
    // Of a finder pattern of another shape than a square the corners are no damage; [`Parameter::Finders`] judges the shape.
    let is_middle = |eye: usize, x: usize, y: usize| {
        eyes(symbol)
            .get(eye)
            .is_some_and(|&(eye_x, eye_y)| x == eye_x + 3 || y == eye_y + 3)
    };
    let format = format_copies(symbol);
    let is_format = |x: usize, y: usize| format.iter().flatten().any(|&place| place == (x, y));
    let fixed = low.without(symbol.data_area());
    let mut in_eyes = [0_usize; 3];
    let mut others = 0_usize;
    for (x, y) in (0..modules).flat_map(|y| fixed.runs(y).flatten().map(move |x| (x as usize, y))) {
        match eye_of(x, y) {
            Some(eye) => in_eyes[eye] += usize::from(is_middle(eye, x, y)),
            None if is_format(x, y) => {}
            None => others += 1,
        }
    }
    let worst = in_eyes.into_iter().max().unwrap_or(0);
    // The module beside the lower left finder pattern is always dark; a Micro QR symbol has none.
    let of_format: usize = format.iter().map(Vec::len).sum();
    let all_fixed = modules * modules - count(symbol.data_area());
    let in_other_parts = 64 * eyes(symbol).len() + of_format + usize::from(eyes(symbol).len() > 1);
    let all_others = all_fixed.saturating_sub(in_other_parts);
    let share = others as f32 / all_others.max(1) as f32;
    let by_eye = Grade::at_most(worst as f32, [0.0, 1.0, 2.0, 3.0]);
    (
        worst.max(others) as f32,
        by_eye.min(Grade::at_most(share, [0.0, 0.07, 0.11, 0.14])),
    )
}

/// The better copy counts: a reader needs one.
fn format_information(symbol: &Symbol, low: &Matrix) -> (f32, Grade) {
    let damage =
        |copy: &Vec<(usize, usize)>| copy.iter().filter(|&&(x, y)| low.is_dark(x, y)).count();
    let least = format_copies(symbol).iter().map(damage).min().unwrap_or(0) as f32;
    (least, Grade::at_most(least, [0.0, 1.0, 2.0, 3.0]))
}

/// Places of both copies; of the one in a Micro QR symbol.
fn format_copies(symbol: &Symbol) -> Vec<Vec<(usize, usize)>> {
    let modules = symbol.matrix().modules();
    if symbol.version().is_micro() {
        return vec![
            (1..=8)
                .map(|v| (8, v))
                .chain((1..8).map(|v| (v, 8)))
                .collect(),
        ];
    }
    let near = (0..=8).filter(|&v| v != 6).map(|v| (8, v));
    let below = (0..8).filter(|&v| v != 6).map(|v| (v, 8));
    let far = (modules - 7..modules).map(|v| (8, v));
    let right = (modules - 8..modules).map(|v| (v, 8));
    vec![near.chain(below).collect(), far.chain(right).collect()]
}
