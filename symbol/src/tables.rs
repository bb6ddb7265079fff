//! Capacities of symbols: codewords, blocks and field widths (ISO/IEC 18004 §7.4.1, §7.5.1, tables 2, 3, 7, 9).
//!
//! Invariant: every table is indexed by [`Version::index`] and [`Level`]; 0 stands where there is no such symbol.

use crate::{Level, Mode, Version};

/// Micro QR M1–M4, then QR 1–40.
type PerVersion = [u8; 44];

/// Error correction codewords per block (table 9), by level.
const EC_PER_BLOCK: [PerVersion; 4] = [
    [
        2, 5, 6, 8, // M1–M4
        7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, //
        28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ],
    [
        0, 6, 8, 10, // M1–M4
        10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, //
        26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    ],
    [
        0, 0, 0, 14, // M1–M4
        13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30, //
        28, 30, 30, 30, 30, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ],
    [
        0, 0, 0, 0, // M1–M4
        17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28, //
        30, 24, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ],
];

/// Error correction blocks (table 9), by level.
const BLOCKS: [PerVersion; 4] = [
    [
        1, 1, 1, 1, // M1–M4
        1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, //
        8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25,
    ],
    [
        0, 1, 1, 1, // M1–M4
        1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, //
        17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49,
    ],
    [
        0, 0, 0, 1, // M1–M4
        1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20, //
        23, 23, 25, 27, 29, 34, 34, 35, 38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68,
    ],
    [
        0, 0, 0, 0, // M1–M4
        1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25, //
        25, 34, 30, 32, 35, 37, 40, 42, 45, 48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81,
    ],
];

/// Codewords, data and error correction together (table 1), by version.
const TOTAL_CODEWORDS: [u16; 44] = {
    let mut table = [0; 44];
    table[0] = 5;
    table[1] = 10;
    table[2] = 17;
    table[3] = 24;
    let mut number = 1;
    while number <= 40 {
        table[number as usize + 3] = qr_codewords(number);
        number += 1;
    }
    table
};

/// Modules that are no function pattern, format or version information, by eight: what the remainder bits leave.
const fn qr_codewords(number: u16) -> u16 {
    // The square without finder patterns, separators, timing patterns and format information.
    let mut modules = (16 * number + 128) * number + 64;
    if number >= 2 {
        // Alignment patterns, less the three that would lie on finders; those on a timing pattern share 5 modules.
        let along = number / 7 + 2;
        modules -= (25 * along - 10) * along - 55;
    }
    if number >= 7 {
        // Version information.
        modules -= 36;
    }
    modules / 8
}

/// Bits for data, by level. M1 and M3 end in half a codeword.
const DATA_BITS: [[u16; 44]; 4] = {
    let mut table = [[0; 44]; 4];
    let mut level = 0;
    while level < 4 {
        let mut index = 0;
        while index < 44 {
            let blocks = BLOCKS[level][index] as u16;
            if blocks > 0 {
                let data = TOTAL_CODEWORDS[index] - blocks * EC_PER_BLOCK[level][index] as u16;
                let half = if index == 0 || index == 2 { 4 } else { 0 };
                table[level][index] = 8 * data - half;
            }
            index += 1;
        }
        level += 1;
    }
    table
};

/// Error correction codewords in each block: 2..=30, or 0 if the version does not have the level.
pub(crate) const fn ec_per_block(version: Version, level: Level) -> usize {
    EC_PER_BLOCK[level as usize][version.index()] as usize
}

/// Error correction blocks: 1..=81, or 0 if the version does not have the level.
///
/// `total_codewords % blocks` of them, the last ones, hold one data codeword more than the others.
pub(crate) const fn blocks(version: Version, level: Level) -> usize {
    BLOCKS[level as usize][version.index()] as usize
}

/// Data and error correction codewords together: 5..=3706. The 4-bit codeword of M1 and M3 counts as one.
pub(crate) const fn total_codewords(version: Version) -> usize {
    TOTAL_CODEWORDS[version.index()] as usize
}

/// Bits for data, terminator included: 20..=23648. `None` if the version does not have the level.
///
/// A multiple of 8, but for M1 and M3, where it is one of 4.
pub(crate) const fn data_bits(version: Version, level: Level) -> Option<usize> {
    match DATA_BITS[level as usize][version.index()] {
        0 => None,
        bits => Some(bits as usize),
    }
}

/// The smallest version from `first` to `last`, both of one family, with room for `bits`.
pub(crate) fn smallest(
    bits: usize,
    level: Level,
    first: Version,
    last: Version,
) -> Option<Version> {
    let table = &DATA_BITS[level as usize][first.index()..=last.index()];
    let holds = |&available: &u16| available > 0 && usize::from(available) >= bits;
    let number = u8::try_from(table.iter().position(holds)?).ok()? + first.number();
    if first.is_micro() {
        Version::micro(number)
    } else {
        Version::qr(number)
    }
}

/// Versions whose fields have the same widths (table 3): M1, M2, M3, M4, 1–9, 10–26, 27–40.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Widths(u8);

impl Widths {
    pub(crate) const fn of(version: Version) -> Self {
        Self(match version.index() {
            0 => 0,
            1 => 1,
            2 => 2,
            3 => 3,
            4..13 => 4,
            13..30 => 5,
            _ => 6,
        })
    }

    /// Bits of a mode indicator: 0..=3 in M1–M4, else 4 (table 2).
    pub(crate) const fn indicator(self) -> u32 {
        if self.0 < 4 { self.0 as u32 } else { 4 }
    }

    /// The value of the mode indicator, or `None` where the version does not have the mode (table 2).
    pub(crate) const fn indicator_of(self, mode: Mode) -> Option<u32> {
        const MICRO_MODES: [u8; 4] = [1, 2, 4, 4];
        let mode = mode as u8;
        match self.0 {
            micro @ 0..4 if mode < MICRO_MODES[micro as usize] => Some(mode as u32),
            0..4 => None,
            _ => Some(1 << mode),
        }
    }

    /// Bits of the character count indicator (table 3); 0 where the version does not have the mode.
    pub(crate) const fn count(self, mode: Mode) -> u32 {
        const COUNT: [[u8; 4]; 7] = [
            [3, 0, 0, 0],
            [4, 3, 0, 0],
            [5, 4, 4, 3],
            [6, 5, 5, 4],
            [10, 9, 8, 8],
            [12, 11, 16, 10],
            [14, 13, 16, 12],
        ];
        COUNT[self.0 as usize][mode as usize] as u32
    }

    /// Bits of the terminator (§7.4.10): 3, 5, 7, 9 in M1–M4, else 4. Less where less is left.
    pub(crate) const fn terminator(self) -> usize {
        if self.0 < 4 {
            3 + 2 * self.0 as usize
        } else {
            4
        }
    }
}

#[cfg(test)]
mod tests;
