//! Which module of a symbol is for what, module by module (ISO/IEC 18004 §6.3, §7.7.3, annex E).
//!
//! Invariant: written from the standard and not from the encoder, so that each checks the other. Every module has
//! exactly one part, and every data module stands exactly once in the placement order.

use std::sync::OnceLock;

use crate::{Matrix, Version};

/// What a module is for. Where an alignment pattern crosses a timing pattern, both want the same colour; it counts as
/// alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Finder patterns with their separators.
    Finder,
    Timing,
    Alignment,
    /// Format information, and the one module by it that is always dark.
    Format,
    Version,
    /// Codewords, and the remainder bits after them.
    Data,
}

/// The plan of one version.
pub struct VersionLayout {
    modules: usize,
    /// Row by row.
    parts: Vec<Part>,
    /// Row by row: dark modules of finder, timing and alignment patterns, and the one always dark module.
    dark: Vec<bool>,
    /// Data modules (x, y) in placement order.
    order: Vec<(u8, u8)>,
}

impl VersionLayout {
    /// Built once per version.
    pub fn of(version: Version) -> &'static Self {
        static ALL: [OnceLock<VersionLayout>; 44] = [const { OnceLock::new() }; 44];
        ALL[version.index()].get_or_init(|| Self::build(version))
    }

    fn build(version: Version) -> Self {
        let modules = version.modules();
        let (mut parts, mut dark) = (Vec::new(), Vec::new());
        for (y, x) in (0..modules).flat_map(|y| (0..modules).map(move |x| (y, x))) {
            let (part, is_dark) = if version.is_micro() {
                micro(x, y)
            } else {
                qr(version, x, y)
            };
            parts.push(part);
            dark.push(is_dark);
        }
        let order = order(version, |x, y| parts[y * modules + x] == Part::Data);
        Self {
            modules,
            parts,
            dark,
            order,
        }
    }

    pub fn part(&self, x: usize, y: usize) -> Part {
        self.parts[y * self.modules + x]
    }

    pub fn order(&self) -> impl ExactSizeIterator<Item = (usize, usize)> {
        self.order.iter().map(|&(x, y)| (x.into(), y.into()))
    }

    /// The patterns that are the same in every symbol of the version, with `dark` modules added.
    pub fn with(&self, dark: impl IntoIterator<Item = (usize, usize)>) -> Matrix {
        let mut all = self.dark.clone();
        for (x, y) in dark {
            all[y * self.modules + x] = true;
        }
        Matrix::from_fn(self.modules, |x, y| all[y * self.modules + x])
    }
}

/// Larger of the two distances between modules.
fn apart(a: (usize, usize), b: (usize, usize)) -> usize {
    a.0.abs_diff(b.0).max(a.1.abs_diff(b.1))
}

/// §6.3.3, §6.3.4: rings of 7, 5 and 3 modules, and the light separator as a fourth ring.
fn finder(from_centre: usize) -> (Part, bool) {
    (Part::Finder, !matches!(from_centre, 2 | 4))
}

/// A module of a QR symbol: its part, and whether its pattern makes it dark.
fn qr(version: Version, x: usize, y: usize) -> (Part, bool) {
    let n = version.modules();
    let finders = [(3, 3), (n - 4, 3), (3, n - 4)];
    if let Some(&centre) = finders.iter().find(|&&centre| apart(centre, (x, y)) <= 4) {
        return finder(apart(centre, (x, y)));
    }
    let near = |along: usize| {
        let mut centres = alignment(version).iter().map(|&centre| centre.into());
        centres.find(|centre: &usize| centre.abs_diff(along) <= 2)
    };
    if let Some(centre) = near(x).zip(near(y)) {
        // Where a finder pattern stands there is none.
        if finders.iter().all(|&finder| apart(finder, centre) > 4) {
            return (Part::Alignment, apart(centre, (x, y)) != 1);
        }
    }
    if x == 6 || y == 6 {
        return (Part::Timing, (x + y).is_multiple_of(2));
    }
    let by_finder = |along: usize| along <= 8 || along >= n - 8;
    if (x == 8 && by_finder(y)) || (y == 8 && by_finder(x)) {
        return (Part::Format, (x, y) == (8, n - 8));
    }
    let by_separator = |along: usize| (n - 11..n - 8).contains(&along);
    if version.number() >= 7 && (x < 6 && by_separator(y) || y < 6 && by_separator(x)) {
        return (Part::Version, false);
    }
    (Part::Data, false)
}

/// The same for a Micro QR symbol, whose patterns do not depend on its size.
fn micro(x: usize, y: usize) -> (Part, bool) {
    match (x, y) {
        (..=7, ..=7) => finder(apart((3, 3), (x, y))),
        (0, _) | (_, 0) => (Part::Timing, (x + y).is_multiple_of(2)),
        (..=8, 8) | (8, ..=8) => (Part::Format, false),
        _ => (Part::Data, false),
    }
}

/// §7.7.3: pairs of columns from right to left, upwards and downwards in turn, right module first.
fn order(version: Version, is_data: impl Fn(usize, usize) -> bool) -> Vec<(u8, u8)> {
    let modules = version.modules();
    // A vertical timing pattern takes a whole column, and the pairs lie on either side of it.
    let timing = if version.is_micro() { 0 } else { 6 };
    let columns: Vec<usize> = (0..modules).rev().filter(|&x| x != timing).collect();
    let mut order = Vec::new();
    for (turn, pair) in columns.chunks(2).enumerate() {
        for step in 0..modules {
            let y = if turn.is_multiple_of(2) {
                modules - 1 - step
            } else {
                step
            };
            for &x in pair.iter().filter(|&&x| is_data(x, y)) {
                // Below 177.
                #[expect(clippy::cast_possible_truncation)]
                order.push((x as u8, y as u8));
            }
        }
    }
    order
}

/// Row and column coordinates of the centres of alignment patterns (annex E, table E.1).
fn alignment(version: Version) -> &'static [u8] {
    ALIGNMENT[usize::from(version.number()) - 1]
}

#[rustfmt::skip]
const ALIGNMENT: [&[u8]; 40] = [
    &[],
    &[6, 18],
    &[6, 22],
    &[6, 26],
    &[6, 30],
    &[6, 34],
    &[6, 22, 38],
    &[6, 24, 42],
    &[6, 26, 46],
    &[6, 28, 50],
    &[6, 30, 54],
    &[6, 32, 58],
    &[6, 34, 62],
    &[6, 26, 46, 66],
    &[6, 26, 48, 70],
    &[6, 26, 50, 74],
    &[6, 30, 54, 78],
    &[6, 30, 56, 82],
    &[6, 30, 58, 86],
    &[6, 34, 62, 90],
    &[6, 28, 50, 72, 94],
    &[6, 26, 50, 74, 98],
    &[6, 30, 54, 78, 102],
    &[6, 28, 54, 80, 106],
    &[6, 32, 58, 84, 110],
    &[6, 30, 58, 86, 114],
    &[6, 34, 62, 90, 118],
    &[6, 26, 50, 74, 98, 122],
    &[6, 30, 54, 78, 102, 126],
    &[6, 26, 52, 78, 104, 130],
    &[6, 30, 56, 82, 108, 134],
    &[6, 34, 60, 86, 112, 138],
    &[6, 30, 58, 86, 114, 142],
    &[6, 34, 62, 90, 118, 146],
    &[6, 30, 54, 78, 102, 126, 150],
    &[6, 24, 50, 76, 102, 128, 154],
    &[6, 28, 54, 80, 106, 132, 158],
    &[6, 32, 58, 84, 110, 136, 162],
    &[6, 26, 54, 82, 110, 138, 166],
    &[6, 30, 58, 86, 114, 142, 170],
];
