//! Where the bits of the codewords go (ISO/IEC 18004 §7.7.3): up and down in strips of two columns, from right to left.
//!
//! Invariant: a strip is handled 32 rows at a time, as a word with two bits per row in the order in which the rows come
//! from top to bottom. Consecutive bits of the stream are spread over the word's data modules run by run.

use super::patterns::{Module, Patterns};
use crate::{Row, Version};

/// Bits before the first codeword, so that a whole word can be read that ends in it.
const LEAD: usize = 64;

pub(crate) struct Strips {
    pieces: Vec<Piece>,
}

/// 32 rows of a strip.
struct Piece {
    /// The right one of the two columns.
    column: usize,
    /// Rows 32 · `third` and on: the lower or upper half of a word of the columns.
    part: usize,
    /// Upward strips meet the rows in the opposite order.
    up: bool,
    /// Two bits per row that hold data: in an upward strip left below right, in a downward one right below left. So, from
    /// the lowest bit to the highest, it is the order of the stream, or exactly its reverse.
    data: u64,
    /// Where the 64 bits begin, counted from the lead, of which the piece takes as many as it has modules: the first
    /// ones, or if `up`, the last ones backwards.
    from: usize,
}

impl Strips {
    pub(crate) fn of(version: Version, patterns: &Patterns) -> Self {
        let side = version.modules();
        let mut pieces = Vec::new();
        let mut before = LEAD;
        // Column 6 is the timing pattern's; in Micro QR it is column 0.
        let columns = (1..side).rev().step_by(2).map(|column| {
            if !version.is_micro() && column <= 6 {
                column - 1
            } else {
                column
            }
        });
        for (strip, column) in columns.enumerate() {
            let up = strip % 2 == 0;
            let holds = |x: usize, y: usize| y < side && patterns.at(x, y) == Module::Data;
            let words: Vec<u64> = (0..side.div_ceil(32))
                .map(|part| {
                    (0..64_usize).fold(0, |word, bit| {
                        let (y, right) = (32 * part + bit / 2, (bit % 2 == 1) == up);
                        word | u64::from(holds(if right { column } else { column - 1 }, y)) << bit
                    })
                })
                .collect();
            let modules: u32 = words.iter().map(|word| word.count_ones()).sum();
            let mut above = 0;
            for (part, &data) in words.iter().enumerate() {
                let from = if up {
                    before + modules as usize - above - 64
                } else {
                    before + above
                };
                above += data.count_ones() as usize;
                pieces.push(Piece {
                    column,
                    part,
                    up,
                    data,
                    from,
                });
            }
            before += modules as usize;
        }
        pieces.retain(|piece| piece.data != 0);
        Self { pieces }
    }

    /// Adds the bits of the stream to the columns. The stream's first bit is the highest of its second word: see
    /// [`Stream`].
    #[inline(always)]
    pub(crate) fn place(&self, stream: &Stream, columns: &mut [Row]) {
        for piece in &self.pieces {
            let bits = stream.word(piece.from);
            // The first bit of the piece's order goes lowest.
            let bits = if piece.up { bits } else { bits.reverse_bits() };
            let spread = spread(bits, piece.data);
            let (below, above) = (even_bits(spread), even_bits(spread >> 1));
            let (left, right) = if piece.up {
                (below, above)
            } else {
                (above, below)
            };
            let shift = 32 * (piece.part % 2);
            columns[piece.column][piece.part / 2] |= right << shift;
            columns[piece.column - 1][piece.part / 2] |= left << shift;
        }
    }
}

/// The codewords as bits: one word of lead, then the first bit highest, then at least one word of zeros.
#[derive(Default)]
pub(crate) struct Stream {
    words: Vec<u64>,
}

impl Stream {
    /// `codewords` are the bytes of the stream; missing bits are 0 (§7.7.3, remainder bits).
    #[inline(always)]
    pub(crate) fn fill(&mut self, codewords: &[u8]) {
        self.words.clear();
        self.words.push(0);
        let (words, rest) = codewords.as_chunks::<8>();
        self.words
            .extend(words.iter().map(|word| u64::from_be_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.words.extend([u64::from_be_bytes(last), 0, 0]);
    }

    /// 64 bits from `bit` on.
    #[inline(always)]
    fn word(&self, bit: usize) -> u64 {
        let (word, shift) = (bit / 64, bit % 64);
        self.words[word] << shift | self.words[word + 1] >> 1 >> (63 - shift)
    }
}

/// Moves the lowest bits of `bits` to the set bits of `onto`, in order. CPUs have an instruction for it, some of them a
/// slow one; here it takes a step for each run of `onto`, of which there are few.
#[inline(always)]
fn spread(mut bits: u64, onto: u64) -> u64 {
    if onto == u64::MAX {
        return bits;
    }
    let mut left = onto;
    let mut spread = 0;
    while left != 0 {
        let start = left.trailing_zeros();
        let run = left & !left.wrapping_add(left & left.wrapping_neg());
        spread |= bits << start & run;
        bits >>= run.count_ones();
        left ^= run;
    }
    spread
}

/// The bits at even positions, side by side.
#[inline(always)]
fn even_bits(word: u64) -> u64 {
    let word = word & 0x5555_5555_5555_5555;
    let word = (word | word >> 1) & 0x3333_3333_3333_3333;
    let word = (word | word >> 2) & 0x0f0f_0f0f_0f0f_0f0f;
    let word = (word | word >> 4) & 0x00ff_00ff_00ff_00ff;
    let word = (word | word >> 8) & 0x0000_ffff_0000_ffff;
    (word | word >> 16) & 0x0000_0000_ffff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_are_spread_one_by_one(bits: u64, onto: u64) {
            let (mut left, mut expected) = (bits, 0);
            for at in (0..64).filter(|at| onto >> at & 1 == 1) {
                expected |= (left & 1) << at;
                left >>= 1;
            }
            prop_assert_eq!(spread(bits, onto), expected);
        }

        #[test]
        fn even_bits_close_up(word: u64) {
            let expected = (0..32).fold(0, |all, i| all | (word >> (2 * i) & 1) << i);
            prop_assert_eq!(even_bits(word), expected);
        }
    }
}
