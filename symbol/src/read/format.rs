//! Format information: level and mask, and for Micro QR the version once more (ISO/IEC 18004 §7.9, annex C).
//!
//! Invariant: only what the size of the symbol allows is ever read.

use super::bch::{self, MOST_WRONG};
use crate::{Level, Mask, Matrix, Version};

/// §7.9.1.
const GENERATOR: u32 = 0b101_0011_0111;
/// Laid over the word so that it is never all light (§7.9.1, §7.9.2).
const MASK_QR: u32 = 0x5412;
const MASK_MICRO: u32 = 0x4445;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    pub level: Level,
    pub mask: Mask,
    /// As it stands in the symbol, 15 bits.
    word: u32,
}

impl Format {
    /// The dark modules among those of the format information.
    pub fn dark(&self, version: Version) -> impl Iterator<Item = (usize, usize)> {
        let word = self.word;
        copies(version)
            .into_iter()
            .flat_map(move |places| bch::dark(word, &places).collect::<Vec<_>>())
    }
}

/// Possible formats, likeliest first: one, or two where the copies disagree. None where
/// no copy has at most three wrong bits.
pub fn candidates(matrix: &Matrix, version: Version) -> Vec<Format> {
    let formats: Vec<_> = (0..32)
        .filter_map(|value| meaning(version, value))
        .collect();
    let nearest = |places: [(usize, usize); 15]| {
        let read = bch::word(matrix, &places);
        let wrong = formats
            .iter()
            .map(|&format| ((format.word ^ read).count_ones(), format));
        wrong
            .min_by_key(|&(wrong, _)| wrong)
            .filter(|&(wrong, _)| wrong <= MOST_WRONG)
    };
    let mut found: Vec<_> = copies(version).into_iter().filter_map(nearest).collect();
    found.sort_by_key(|&(wrong, _)| wrong);
    found.dedup_by_key(|&mut (_, format)| format);
    found.into_iter().map(|(_, format)| format).collect()
}

/// The format a 5-bit value stands for (tables 12 and 13), if a symbol of that size can have it.
fn meaning(version: Version, value: u32) -> Option<Format> {
    let (level, mask_bits, mask_over) = if version.is_micro() {
        let (number, level) = match value >> 2 {
            0 => (1, Level::L),
            1 => (2, Level::L),
            2 => (2, Level::M),
            3 => (3, Level::L),
            4 => (3, Level::M),
            5 => (4, Level::L),
            6 => (4, Level::M),
            _ => (4, Level::Q),
        };
        (
            (number == version.number()).then_some(level)?,
            2,
            MASK_MICRO,
        )
    } else {
        let level = [Level::M, Level::L, Level::H, Level::Q][value as usize >> 3 & 3];
        (level, 3, MASK_QR)
    };
    let mask = value & ((1 << mask_bits) - 1);
    Some(Format {
        level,
        mask: Mask::new(u8::try_from(mask).ok()?)?,
        word: bch::codeword(value, GENERATOR) ^ mask_over,
    })
}

/// Where bits 0 to 14 of each copy are (figures 25 and 26).
fn copies(version: Version) -> Vec<[(usize, usize); 15]> {
    if version.is_micro() {
        return vec![std::array::from_fn(|bit| match bit {
            ..=7 => (8, 1 + bit),
            _ => (15 - bit, 8),
        })];
    }
    let n = version.modules();
    let round_the_corner = std::array::from_fn(|bit| match bit {
        ..=5 => (8, bit),
        // Past the timing pattern.
        6 | 7 => (8, bit + 1),
        8 => (7, 8),
        _ => (14 - bit, 8),
    });
    let along_the_others = std::array::from_fn(|bit| match bit {
        ..=7 => (n - 1 - bit, 8),
        _ => (8, n - 15 + bit),
    });
    vec![round_the_corner, along_the_others]
}
