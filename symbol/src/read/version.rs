//! Version information of versions 7 and up (ISO/IEC 18004 §7.10, annex D).
//!
//! Invariant: the size of the symbol says the version; this only confirms it.

use super::bch::{self, MOST_WRONG};
use crate::{Matrix, Version};

/// Annex D.1.
const GENERATOR: u32 = 0b1_1111_0010_0101;

/// The version that has so many modules along one side.
pub fn of_size(modules: usize) -> Option<Version> {
    let mut all = Version::all_micro().chain(Version::all_qr());
    all.find(|version| version.modules() == modules)
}

/// Whether a copy names `version` with at most three wrong bits, or the version has none.
pub fn is_confirmed(matrix: &Matrix, version: Version) -> bool {
    let Some(word) = word(version) else {
        return true;
    };
    let wrong = |places: [_; 18]| (bch::word(matrix, &places) ^ word).count_ones();
    copies(version)
        .into_iter()
        .any(|places| wrong(places) <= MOST_WRONG)
}

/// The dark modules among those of the version information.
pub fn dark(version: Version) -> impl Iterator<Item = (usize, usize)> {
    let copy =
        move |places: [_; 18]| bch::dark(word(version).unwrap_or(0), &places).collect::<Vec<_>>();
    copies(version).into_iter().flat_map(copy)
}

fn word(version: Version) -> Option<u32> {
    let has_one = !version.is_micro() && version.number() >= 7;
    has_one.then(|| bch::codeword(version.number().into(), GENERATOR))
}

/// Where bits 0 to 17 of each copy are: upper right, lower left (figures 27 and 28).
fn copies(version: Version) -> [[(usize, usize); 18]; 2] {
    // Micro QR has no such copies, and no word to put there.
    let from = version.modules().saturating_sub(11);
    [
        std::array::from_fn(|bit| (from + bit % 3, bit / 3)),
        std::array::from_fn(|bit| (bit / 3, from + bit % 3)),
    ]
}
