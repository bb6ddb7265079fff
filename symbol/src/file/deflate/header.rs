//! The header of a block: its two codes, by the lengths of their words, and those in a code again (RFC 1951 §3.2.7).
//!
//! Invariant: at most [`MAX_BYTES`].

use super::bits::BitWriter;
use super::huffman::{Code, Word};
use super::{DISTANCES, SYMBOLS, Symbol};

/// 17 bits, 19 lengths of 3, and for every symbol at most 7 with as many extra bits.
pub(super) const MAX_BYTES: usize = (17 + 19 * 3 + (SYMBOLS + DISTANCES) * 14) / 8 + 1;

/// The order in which lengths of the code for code lengths are written (RFC 1951 §3.2.7).
const LENGTHS_ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// The block's header: the codes by their lengths, and those by a code again (RFC 1951 §3.2.7).
pub(super) fn write(symbols: &Code<SYMBOLS>, distances: &Code<DISTANCES>, writer: &mut BitWriter) {
    let symbol_count = used(&symbols.0).max(257);
    let distance_count = used(&distances.0).max(1);
    let mut lengths = [0; SYMBOLS + DISTANCES];
    let words = symbols.0[..symbol_count]
        .iter()
        .chain(&distances.0[..distance_count]);
    for (length, word) in lengths.iter_mut().zip(words) {
        *length = word.bits;
    }

    let mut items = [(0, 0, 0); SYMBOLS + DISTANCES];
    let item_count = run_lengths(&lengths[..symbol_count + distance_count], &mut items);
    let items = &items[..item_count];
    let mut counts = [0; 19];
    for item in items {
        counts[item.0 as usize] += 1;
    }
    let code = Code::new(&counts, 7);
    let lengths = LENGTHS_ORDER.map(|symbol| code.0[symbol]);
    let written = used(&lengths).max(4);

    // The last block, with dynamic codes.
    writer.put(0b101, 3);
    for (value, count) in [
        (symbol_count - 257, 5),
        (distance_count - 1, 5),
        (written - 4, 4),
    ] {
        writer.put(value as u64, count);
    }
    for word in &lengths[..written] {
        writer.put(u64::from(word.bits), 3);
    }
    for &(symbol, extra, extra_bits) in items {
        let word = code.0[symbol as usize];
        let bits = u64::from(word.code) | u64::from(extra) << word.bits;
        writer.put(bits, u32::from(word.bits) + extra_bits);
    }
}

/// How many symbols there are up to the last that occurs.
fn used(words: &[Word]) -> usize {
    words
        .iter()
        .rposition(|word| word.bits > 0)
        .map_or(0, |last| last + 1)
}

/// Code lengths with their runs shortened. Says how many there are.
fn run_lengths(lengths: &[u8], items: &mut [Symbol; SYMBOLS + DISTANCES]) -> usize {
    let mut used = 0;
    let mut put = |item| {
        items[used] = item;
        used += 1;
    };
    let mut rest = lengths;
    while let Some(&length) = rest.first() {
        let run = rest.iter().take_while(|&&other| other == length).count();
        rest = &rest[run..];
        let mut left = u32::try_from(run).unwrap_or(0);
        if length > 0 {
            put((u32::from(length), 0, 0));
            left -= 1;
        }
        while left > 0 {
            let (taken, item) = match (length, left) {
                (0, 11..) => (left.min(138), (18, left.min(138) - 11, 7)),
                (0, 3..) => (left, (17, left - 3, 3)),
                (1.., 3..) => (left.min(6), (16, left.min(6) - 3, 2)),
                _ => (1, (u32::from(length), 0, 0)),
            };
            put(item);
            left -= taken;
        }
    }
    used
}
