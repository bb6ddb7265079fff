//! The parts that all symbols of one version share, laid out for drawing.
//!
//! Invariant: depends on the version only; made at its first use.

use std::sync::OnceLock;

use super::{
    format::{format_bits, format_positions, version_bits, version_positions},
    lines::Line,
    patterns::{Module, Patterns},
    strips::Strips,
};
use crate::{
    Level, Mask, Matrix, Row, Version,
    mask::{PERIOD, inverts},
};

pub(crate) struct VersionLayout {
    pub version: Version,
    /// Modules along one side.
    pub side: usize,
    /// Where the codewords' bits go.
    pub strips: Strips,
    /// The dark function modules of each column; format information is light.
    pub columns: Vec<Row>,
    /// The modules of each row that hold data.
    pub data: Vec<Row>,
    /// The patterns' rows, by [`PERIOD`].
    pub patterns: [[Row; PERIOD]; 8],
    /// Where the bits of the format information stand: (x, y).
    pub format: [Vec<(usize, usize)>; 15],
    /// See [`Symbol::data_area`](crate::Symbol::data_area).
    pub data_area: Matrix,
    /// For the mask scores.
    pub planes: Vec<Plane>,
}

/// One word of every line of the symbol, for all masks at once. Lines run along the penalty rules' direction: a plane of
/// rows finds what repeats from row to row, that is along columns.
pub(crate) struct Plane {
    pub source: Source,
    /// Modules of each line that hold data.
    pub data: Vec<u64>,
    /// The patterns' lines, by [`PERIOD`].
    pub patterns: [Line; PERIOD],
    /// Format information of each level: line, and its dark modules.
    pub format: [Vec<(usize, Line)>; 4],
    /// Bits that are modules.
    pub modules: u64,
    /// Those of them that come from rows. Both directions meet every dark module and every block of four, so only one
    /// counts them.
    pub rows: u64,
    /// Those of `rows` that have a right neighbour in the symbol.
    pub pairs: u64,
}

/// The origin of a plane's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Word `.0` of every row.
    Rows(usize),
    /// Word `.0` of every column.
    Columns(usize),
    /// Word `.0` of both, which fill at most half of it: rows in the lower half, columns in the upper. Saves versions
    /// 1–3, 12–19 and 28–35 a plane.
    Both(usize),
}

impl Source {
    /// A plane's word of line `at`.
    #[inline(always)]
    pub(crate) fn word(self, rows: &[Row], columns: &[Row], at: usize) -> u64 {
        match self {
            Self::Rows(word) => rows[at][word],
            Self::Columns(word) => columns[at][word],
            Self::Both(word) => rows[at][word] | columns[at][word] << 32,
        }
    }
}

impl VersionLayout {
    /// The layout of a version, made at its first use.
    pub(crate) fn of(version: Version) -> &'static Self {
        static LAYOUTS: [OnceLock<Box<VersionLayout>>; 44] = [const { OnceLock::new() }; 44];
        LAYOUTS[version.index()].get_or_init(|| Box::new(Self::new(version)))
    }

    fn new(version: Version) -> Self {
        let side = version.modules();
        let patterns = Patterns::of(version);
        let set = |f: &dyn Fn(usize, usize) -> bool| Matrix::from_fn(side, f).rows().to_vec();
        let data = set(&|x, y| patterns.at(x, y) == Module::Data);
        let data_columns = set(&|x, y| patterns.at(y, x) == Module::Data);
        let planes = if version.is_micro() {
            Vec::new()
        } else {
            sources(side)
                .into_iter()
                .map(|source| Plane::new(version, source, &data, &data_columns))
                .collect()
        };
        Self {
            version,
            side,
            strips: Strips::of(version, &patterns),
            columns: set(&|x, y| patterns.at(y, x) == Module::Dark),
            data,
            patterns: std::array::from_fn(|pattern| {
                std::array::from_fn(|y| row_of(|x| inverts(pattern, x, y)))
            }),
            format: std::array::from_fn(|bit| format_positions(version, bit).collect()),
            data_area: data_area(version, &patterns),
            planes,
        }
    }
}

impl Plane {
    fn new(version: Version, source: Source, rows: &[Row], columns: &[Row]) -> Self {
        let side = version.modules();
        let (by_rows, by_columns) = match source {
            Source::Rows(word) => (Some(word), None),
            Source::Columns(word) => (None, Some(word)),
            Source::Both(word) => (Some(word), Some(word)),
        };
        let bits = |word: Option<usize>, count: usize| {
            word.map_or(0, |word| crate::matrix::first_bits(count)[word])
        };
        // One direction's lines, in this plane's place.
        let part = |f: &dyn Fn(usize, usize) -> bool, at: usize| {
            let line = |word: Option<usize>, turned: bool| {
                word.map_or(0, |word| {
                    row_of(|along| if turned { f(at, along) } else { f(along, at) })[word]
                })
            };
            let below = if by_rows.is_some() && by_columns.is_some() {
                32
            } else {
                0
            };
            // Beyond the symbol patterns go on; upper halves must not reach into lower ones.
            let keep = |bits: u64| {
                if below == 32 {
                    bits & 0xffff_ffff
                } else {
                    bits
                }
            };
            keep(line(by_rows, false)) | keep(line(by_columns, true)) << below
        };
        let lanes = |at: usize| {
            Line(std::array::from_fn(|mask| {
                part(&|x, y| inverts(mask, x, y), at)
            }))
        };
        let format = Level::ALL.map(|level| {
            let dark: Vec<Matrix> = Mask::all()
                .map(|mask| format_modules(version, level, mask))
                .collect();
            (0..side)
                .map(|at| {
                    let line = |mask: usize| part(&|x, y| dark[mask].is_dark(x, y), at);
                    (at, Line(std::array::from_fn(line)))
                })
                .filter(|(_, line)| *line != Line::default())
                .collect()
        });
        let high = if matches!(source, Source::Both(_)) {
            32
        } else {
            0
        };
        Self {
            source,
            data: (0..side).map(|at| source.word(rows, columns, at)).collect(),
            patterns: std::array::from_fn(lanes),
            format,
            modules: bits(by_rows, side) | bits(by_columns, side) << high,
            rows: bits(by_rows, side),
            pairs: bits(by_rows, side - 1),
        }
    }
}

/// Rows from the last word to the first, so that a plane's right neighbour comes before it; then columns.
fn sources(side: usize) -> Vec<Source> {
    let last = (side - 1) / 64;
    let mut sources = Vec::new();
    if (side - 1) % 64 < 32 {
        sources.push(Source::Both(last));
        sources.extend((0..last).rev().map(Source::Rows));
        sources.extend((0..last).map(Source::Columns));
    } else {
        sources.extend((0..=last).rev().map(Source::Rows));
        sources.extend((0..=last).map(Source::Columns));
    }
    sources
}

/// The codewords and the version information.
fn data_area(version: Version, patterns: &Patterns) -> Matrix {
    let information: Vec<(usize, usize)> = version_bits(version)
        .into_iter()
        .flat_map(|_| (0..18).flat_map(|bit| version_positions(version, bit)))
        .collect();
    Matrix::from_fn(version.modules(), |x, y| {
        patterns.at(x, y) == Module::Data || information.contains(&(x, y))
    })
}

/// 192 bits.
fn row_of(bit: impl Fn(usize) -> bool) -> Row {
    std::array::from_fn(|word| (0..64).map(|i| u64::from(bit(64 * word + i)) << i).sum())
}

/// The dark modules of the format information.
fn format_modules(version: Version, level: Level, mask: Mask) -> Matrix {
    let bits = format_bits(version, level, mask);
    let dark: Vec<(usize, usize)> = (0..15)
        .filter(|bit| bits >> bit & 1 == 1)
        .flat_map(|bit| format_positions(version, bit))
        .collect();
    Matrix::from_fn(version.modules(), |x, y| dark.contains(&(x, y)))
}
