//! A deflate stream (RFC 1951) from literals and copies that the caller chooses: one block with a code of its own.
//!
//! Invariant: a copy reaches back 1..=32 768 bytes, never beyond the start, and is 3..=258 bytes long.

mod bits;
mod huffman;
#[cfg(test)]
mod tests;

use bits::BitWriter;
use huffman::Code;

/// The longest copy.
pub(super) const MAX_COPY: usize = 258;
/// The shortest.
pub(super) const MIN_COPY: usize = 3;
/// How far a copy can reach back.
pub(super) const WINDOW: usize = 32_768;

/// The order in which lengths of the code for code lengths are written (RFC 1951 §3.2.7).
const LENGTHS_ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

#[derive(Clone, Copy)]
enum Token {
    Literal(u8),
    /// `times` copies of the same length from the same distance.
    Copy {
        length: u16,
        distance: u16,
        times: u32,
    },
}

/// What has been said so far, and how often each symbol will be needed.
pub(super) struct Deflate {
    tokens: Vec<Token>,
    /// Literals 0..=255, end of block 256, lengths 257..=285.
    symbols: [u32; 286],
    distances: [u32; 30],
}

impl Deflate {
    /// `tokens`: about how many there will be.
    pub(super) fn with_capacity(tokens: usize) -> Self {
        Self {
            tokens: Vec::with_capacity(tokens),
            symbols: [0; 286],
            distances: [0; 30],
        }
    }

    pub(super) fn literal(&mut self, byte: u8) {
        self.symbols[usize::from(byte)] += 1;
        self.tokens.push(Token::Literal(byte));
    }

    /// `length` bytes, at least [`MIN_COPY`], as they are `distance` bytes, 1..=[`WINDOW`], before.
    pub(super) fn copy(&mut self, length: usize, distance: usize) {
        let (mut times, mut rest) = (length / MAX_COPY, length % MAX_COPY);
        let mut before_last = 0;
        if (1..MIN_COPY).contains(&rest) && times > 0 {
            // Too short to stand alone.
            times -= 1;
            before_last = MAX_COPY + rest - MIN_COPY;
            rest = MIN_COPY;
        }
        for (length, times) in [(MAX_COPY, times), (before_last, 1), (rest, 1)] {
            if times > 0 && length >= MIN_COPY {
                self.copies(length, distance, times);
            }
        }
    }

    /// All in range: `length` <= 258, `distance` <= 32 768.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "see above; times is at most a picture's bytes / 258"
    )]
    fn copies(&mut self, length: usize, distance: usize, times: usize) {
        let times = times as u32;
        let (length, distance) = (length as u16, distance as u16);
        self.symbols[length_symbol(length).0] += times;
        self.distances[distance_symbol(distance).0] += times;
        self.tokens.push(Token::Copy {
            length,
            distance,
            times,
        });
    }

    /// Writes the block, which is the last.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) {
        self.symbols[256] = 1;
        if self.distances == [0; 30] {
            // Some inflaters want a code for distances even where none occurs.
            self.distances[0] = 1;
        }
        let symbols = Code::new(&self.symbols, 15);
        let distances = Code::new(&self.distances, 15);
        let mut bits = BitWriter::new(out);
        write_header(&symbols, &distances, &mut bits);
        for token in &self.tokens {
            match *token {
                Token::Literal(byte) => {
                    let (word, count) = symbols.of(usize::from(byte));
                    bits.put(word, count);
                }
                Token::Copy {
                    length,
                    distance,
                    times,
                } => {
                    let length = with_extra(&symbols, length_symbol(length));
                    let distance = with_extra(&distances, distance_symbol(distance));
                    put_copies(&mut bits, length, distance, times);
                }
            }
        }
        let (word, count) = symbols.of(256);
        bits.put(word, count);
        bits.finish();
    }
}

/// The same two groups of bits, each at most 28 long, `times` times.
fn put_copies(bits: &mut BitWriter, length: (u32, u32), distance: (u32, u32), mut times: u32) {
    let count = length.1 + distance.1;
    if times > 1 && count <= 16 {
        let once = length.0 | distance.0 << length.1;
        let twice = once | once << count;
        for _ in 0..times / 2 {
            bits.put(twice, 2 * count);
        }
        times %= 2;
    }
    for _ in 0..times {
        bits.put(length.0, length.1);
        bits.put(distance.0, distance.1);
    }
}

/// A symbol's code word with its extra bits behind it, and how many bits that is.
fn with_extra<const N: usize>(
    code: &Code<N>,
    (symbol, extra, count): (usize, u32, u32),
) -> (u32, u32) {
    let (word, bits) = code.of(symbol);
    (word | extra << bits, bits + count)
}

/// Symbol, extra bits and their number for a length of 3..=258 (RFC 1951 §3.2.5).
fn length_symbol(length: u16) -> (usize, u32, u32) {
    let x = u32::from(length) - 3;
    match length {
        ..=10 => (257 + x as usize, 0, 0),
        258.. => (285, 0, 0),
        _ => {
            let extra = x.ilog2() - 2;
            let symbol = 257 + 4 * (extra + 1) + (x >> extra & 3);
            (symbol as usize, x & ((1 << extra) - 1), extra)
        }
    }
}

/// The same for a distance of 1..=32 768.
fn distance_symbol(distance: u16) -> (usize, u32, u32) {
    let x = u32::from(distance) - 1;
    if x < 4 {
        return (x as usize, 0, 0);
    }
    let extra = x.ilog2() - 1;
    let symbol = 2 * (extra + 1) + (x >> extra & 1);
    (symbol as usize, x & ((1 << extra) - 1), extra)
}

/// The block's header: the codes by their lengths, and those by a code again (RFC 1951 §3.2.7).
fn write_header(symbols: &Code<286>, distances: &Code<30>, bits: &mut BitWriter) {
    let symbol_count = symbols
        .lengths
        .iter()
        .rposition(|&length| length > 0)
        .unwrap_or(0)
        .max(256)
        + 1;
    let distance_count = distances
        .lengths
        .iter()
        .rposition(|&length| length > 0)
        .unwrap_or(0)
        + 1;
    let mut lengths = [0; 286 + 30];
    lengths[..symbol_count].copy_from_slice(&symbols.lengths[..symbol_count]);
    lengths[symbol_count..][..distance_count].copy_from_slice(&distances.lengths[..distance_count]);

    let mut items = [(0, 0, 0); 286 + 30];
    let used = run_lengths(&lengths[..symbol_count + distance_count], &mut items);
    let items = &items[..used];
    let mut counts = [0; 19];
    for item in items {
        counts[item.0] += 1;
    }
    let code = Code::new(&counts, 7);
    let last = LENGTHS_ORDER
        .iter()
        .rposition(|&symbol| code.lengths[symbol] > 0);
    let written = (last.unwrap_or(0) + 1).max(4);

    // The last block, with dynamic codes.
    bits.put(0b101, 3);
    for (value, count) in [
        (symbol_count - 257, 5),
        (distance_count - 1, 5),
        (written - 4, 4),
    ] {
        bits.put(u32::try_from(value).unwrap_or(0), count);
    }
    for &symbol in &LENGTHS_ORDER[..written] {
        bits.put(u32::from(code.lengths[symbol]), 3);
    }
    for &item in items {
        let (word, count) = with_extra(&code, item);
        bits.put(word, count);
    }
}

/// Code lengths with their runs shortened: symbol, extra bits, number of extra bits. Says how many there are.
fn run_lengths(lengths: &[u8], items: &mut [(usize, u32, u32); 316]) -> usize {
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
            put((usize::from(length), 0, 0));
            left -= 1;
        }
        while left > 0 {
            let (taken, item) = match (length, left) {
                (0, 11..) => (left.min(138), (18, left.min(138) - 11, 7)),
                (0, 3..) => (left, (17, left - 3, 3)),
                (1.., 3..) => (left.min(6), (16, left.min(6) - 3, 2)),
                _ => (1, (usize::from(length), 0, 0)),
            };
            put(item);
            left -= taken;
        }
    }
    used
}
