//! A deflate stream (RFC 1951) from literals and copies that the caller chooses: one block with a code of its own.
//!
//! Invariant: a copy reaches back 1..=32 768 bytes, never beyond the start, and is 3..=258 bytes long.

mod bits;
mod header;
mod huffman;
#[cfg(test)]
mod tests;

use bits::BitWriter;
use huffman::{Code, Word};

/// The longest copy.
pub(super) const MAX_COPY: usize = 258;
/// The shortest.
pub(super) const MIN_COPY: usize = 3;
/// How far a copy can reach back.
pub(super) const WINDOW: usize = 32_768;

/// Literals 0..=255, end of block 256, lengths 257..=285.
const SYMBOLS: usize = 286;
/// Distances follow them where both are in one table.
const DISTANCES: usize = 30;
const END_OF_BLOCK: usize = 256;

/// What has been said so far, and how often each symbol will be needed.
pub(super) struct Deflate {
    /// A symbol in the lowest 9 bits, its extra bits above.
    items: Vec<u32>,
    /// After so many items, the last two, which are a copy, so many times more.
    repeats: Vec<(usize, u32)>,
    symbols: [u32; SYMBOLS],
    distances: [u32; DISTANCES],
}

impl Deflate {
    /// `items`: about how many literals, lengths and distances there will be.
    pub(super) fn with_capacity(items: usize) -> Self {
        Self {
            items: Vec::with_capacity(items),
            repeats: Vec::new(),
            symbols: [0; SYMBOLS],
            distances: [0; DISTANCES],
        }
    }

    pub(super) fn literals(&mut self, bytes: impl ExactSizeIterator<Item = u8>) {
        let symbols = &mut self.symbols;
        self.items.extend(bytes.map(|byte| {
            symbols[usize::from(byte)] += 1;
            u32::from(byte)
        }));
    }

    /// `length` bytes, at least [`MIN_COPY`] and less than 2^31, as they are `distance` bytes, 1..=[`WINDOW`], before.
    pub(super) fn copy(&mut self, length: usize, distance: usize) {
        debug_assert!(length >= MIN_COPY && (1..=WINDOW).contains(&distance));
        if length <= MAX_COPY {
            return self.copies(length, distance, 1);
        }
        let (times, rest) = (length / MAX_COPY, length % MAX_COPY);
        match rest {
            0 => self.copies(MAX_COPY, distance, times),
            // Too short to stand alone.
            1..MIN_COPY => {
                self.copies(MAX_COPY, distance, times - 1);
                self.copies(MAX_COPY + rest - MIN_COPY, distance, 1);
                self.copies(MIN_COPY, distance, 1);
            }
            _ => {
                self.copies(MAX_COPY, distance, times);
                self.copies(rest, distance, 1);
            }
        }
    }

    /// `times` copies, perhaps none, of the same `length`, 3..=258.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "lengths and distances are far smaller"
    )]
    fn copies(&mut self, length: usize, distance: usize, times: usize) {
        if times == 0 {
            return;
        }
        let times = times as u32;
        let (length, length_extra, _) = length_symbol(length as u32);
        let (distance, distance_extra, _) = distance_symbol(distance as u32);
        self.symbols[length as usize] += times;
        self.distances[distance as usize] += times;
        self.items.extend([
            length | length_extra << 9,
            (SYMBOLS as u32 + distance) | (distance_extra << 9),
        ]);
        if times > 1 {
            self.repeats.push((self.items.len(), times - 1));
        }
    }

    /// Writes the block, which is the last.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) {
        self.symbols[END_OF_BLOCK] = 1;
        if self.distances == [0; DISTANCES] {
            // Some inflaters want a code for distances even where none occurs.
            self.distances[0] = 1;
        }
        let symbols = Code::new(&self.symbols, 15);
        let distances = Code::new(&self.distances, 15);
        let words = words(&symbols, &distances);
        let counts = self.symbols.iter().chain(&self.distances);
        let bits: u64 = counts
            .zip(&words)
            .map(|(&count, word)| u64::from(count) * u64::from(word.bits_with_extra))
            .sum();
        let capacity = header::MAX_BYTES + usize::try_from(bits / 8).unwrap_or(0) + 1;
        let mut writer = BitWriter::new(out, capacity);
        header::write(&symbols, &distances, &mut writer);

        let mut said = 0;
        for &(after, times) in &self.repeats {
            put_items(&mut writer, &self.items[said..after], &words);
            said = after;
            put_repeated(&mut writer, &self.items[after - 2..after], times, &words);
        }
        put_items(&mut writer, &self.items[said..], &words);
        let end = words[END_OF_BLOCK];
        writer.put(u64::from(end.code), u32::from(end.bits));
        writer.finish();
    }
}

/// Both alphabets, and as many more as 9 bits can name.
type Words = [Word; 512];

fn words(symbols: &Code<SYMBOLS>, distances: &Code<DISTANCES>) -> Words {
    let mut table = [Word::default(); 512];
    table[..SYMBOLS].copy_from_slice(&symbols.0);
    table[SYMBOLS..SYMBOLS + DISTANCES].copy_from_slice(&distances.0);
    for (entry, extra) in table[265..285]
        .iter_mut()
        .zip((1..6).flat_map(|extra| [extra; 4]))
    {
        entry.bits_with_extra += extra;
    }
    for (entry, extra) in table[SYMBOLS + 4..]
        .iter_mut()
        .zip((1..14).flat_map(|extra| [extra; 2]))
    {
        entry.bits_with_extra += extra;
    }
    table
}

/// An item's bits, at most 28, and their number.
fn bits_of(item: u32, words: &Words) -> (u64, u32) {
    let word = words[(item & 511) as usize];
    let bits = u64::from(word.code) | u64::from(item >> 9) << word.bits;
    (bits, u32::from(word.bits_with_extra))
}

/// By twos, as each call waits for the one before.
fn put_items(writer: &mut BitWriter, items: &[u32], words: &Words) {
    let (pairs, single) = items.as_chunks::<2>();
    for &[first, second] in pairs {
        let (first, second) = (bits_of(first, words), bits_of(second, words));
        writer.put(first.0 | second.0 << first.1, first.1 + second.1);
    }
    for &item in single {
        let (bits, count) = bits_of(item, words);
        writer.put(bits, count);
    }
}

/// A copy's two items `times` times, as many at once as fit.
fn put_repeated(writer: &mut BitWriter, copy: &[u32], times: u32, words: &Words) {
    let (mut once, mut count) = (0, 0);
    for &item in copy {
        let (bits, more) = bits_of(item, words);
        once |= bits << count;
        count += more;
    }
    let at_once = 56 / count.max(1);
    let many = (0..at_once).fold(0, |many, _| many << count | once);
    for _ in 0..times / at_once {
        writer.put(many, count * at_once);
    }
    for _ in 0..times % at_once {
        writer.put(once, count);
    }
}

/// A symbol, its extra bits, and their number.
type Symbol = (u32, u32, u32);

/// For a length of 3..=258 (RFC 1951 §3.2.5).
const fn length_symbol(length: u32) -> Symbol {
    let x = length.saturating_sub(3);
    match length {
        ..=10 => (257 + x, 0, 0),
        258.. => (285, 0, 0),
        _ => {
            let extra = x.ilog2() - 2;
            (
                257 + 4 * (extra + 1) + (x >> extra & 3),
                x & ((1 << extra) - 1),
                extra,
            )
        }
    }
}

/// For a distance of 1..=32 768.
const fn distance_symbol(distance: u32) -> Symbol {
    let x = distance.saturating_sub(1);
    if x < 4 {
        return (x, 0, 0);
    }
    let extra = x.ilog2() - 1;
    (
        2 * (extra + 1) + (x >> extra & 1),
        x & ((1 << extra) - 1),
        extra,
    )
}
