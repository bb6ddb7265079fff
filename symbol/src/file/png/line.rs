//! Scanlines from module rows, and where in them something happens.
//!
//! Invariant: bits beyond the canvas are as if the quiet zone went on.

use super::colour::Colour;
use crate::file::Picture;
use crate::matrix::first_bits;
use crate::{Matrix, Row};

/// A module row as bit planes: dark, and [`Colour::high_bits`].
pub(super) type Planes = [Row; 2];

/// How module rows lie in scanlines.
pub(super) struct ScanlineLayout<'a> {
    colour: &'a Colour<'a>,
    offset_bits: usize,
    module_bits: usize,
    line_bits: usize,
}

impl<'a> ScanlineLayout<'a> {
    pub(super) fn new(picture: &Picture, colour: &'a Colour<'a>) -> Self {
        let bits = |px: u32| px as usize * usize::from(colour.bits_per_pixel());
        Self {
            colour,
            offset_bits: bits(picture.canvas.offset_px()),
            module_bits: bits(picture.canvas.module_px()),
            line_bits: bits(picture.canvas.width_px()),
        }
    }

    /// Bytes of a scanline without the filter type: 1..=16 384.
    pub(super) const fn line_bytes(&self) -> usize {
        self.line_bits.div_ceil(8)
    }

    /// The bit planes of row `y`; `modules` are drawn.
    pub(super) fn planes(&self, dark: &Matrix, y: usize, modules: usize) -> Planes {
        let drawn = first_bits(modules);
        let mask = |row: Row| std::array::from_fn(|word| row[word] & drawn[word]);
        let row = dark.rows().get(y).copied().unwrap_or_default();
        [mask(row), mask(self.colour.high_bits(y, &row))]
    }

    /// The lowest bits of the pixels are `planes[0]`, the next `planes[1]`.
    const fn masks(&self) -> [u64; 2] {
        match self.colour.bits_per_pixel() {
            1 => [u64::MAX, 0],
            _ => [u64::MAX / 3, u64::MAX / 3 * 2],
        }
    }
}

/// One scanline.
pub(super) struct Line {
    /// The pixels, the highest bit leftmost, and at least one bit more.
    words: Vec<u64>,
    above: Vec<u64>,
    /// The bytes that are not like the one before, in the first line before that the filter type 0.
    pub changed: ByteSet,
    /// Where at least four bytes in a row are like the one before: a copy of them is shorter than they are.
    pub long_runs: ByteSet,
    /// The bytes that are not like those of the line above.
    pub differing: ByteSet,
}

impl Line {
    pub(super) fn new(layout: &ScanlineLayout) -> Self {
        // An edge at the very end needs a word to lie in.
        let words = layout.line_bits / 64 + 1;
        Self {
            words: vec![0; words],
            above: vec![0; words],
            changed: ByteSet::of(words),
            long_runs: ByteSet::of(words),
            differing: ByteSet::of(words),
        }
    }

    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    pub(super) fn byte(&self, at: usize) -> u8 {
        self.words[at / 8].to_be_bytes()[at % 8]
    }

    /// Paints a row below the one painted before.
    pub(super) fn paint(&mut self, layout: &ScanlineLayout, planes: &Planes) {
        std::mem::swap(&mut self.words, &mut self.above);
        self.words.fill(if layout.colour.is_flipped() {
            u64::MAX
        } else {
            0
        });
        for (plane, mask) in planes.iter().zip(layout.masks()) {
            if *plane != Row::default() {
                toggle(&mut self.words, layout, plane, mask);
            }
        }
        self.compare();
    }

    /// Fills the sets.
    fn compare(&mut self) {
        let mut last = 0;
        let groups = self.words.chunks(8).zip(self.above.chunks(8));
        for (at, (words, above)) in groups.enumerate() {
            let (mut changed, mut differing) = (0, 0);
            for (at, (&word, &above)) in words.iter().zip(above).enumerate() {
                changed |= bytes_set(word ^ (word >> 8 | last << 56)) << (8 * at);
                differing |= bytes_set(word ^ above) << (8 * at);
                last = word;
            }
            self.changed.bits[at] = changed;
            self.differing.bits[at] = differing;
        }
        self.long_runs.fill_with_runs_out_of(&self.changed);
    }
}

/// Which bytes are not 0, the highest in bit 0.
const fn bytes_set(word: u64) -> u64 {
    const LOW: u64 = u64::MAX / 255 * 0x7F;
    const GATHER: u64 = 0x8040_2010_0804_0201;
    // A byte's highest bit says whether any is set; the product brings the eight together.
    let any = (((word & LOW) + LOW) | word) & !LOW;
    (any >> 7).wrapping_mul(GATHER) >> 56
}

/// Inverts everything right of each edge, in the bits of `mask`.
fn toggle(words: &mut [u64], layout: &ScanlineLayout, plane: &Row, mask: u64) {
    let (mut at, mut current, mut fill) = (0, 0, 0);
    for (first, edges) in (0..).step_by(64).zip(edges(plane)) {
        let mut left = edges;
        while left != 0 {
            let bit =
                layout.offset_bits + layout.module_bits * (first + left.trailing_zeros() as usize);
            while bit / 64 > at {
                words[at] ^= current;
                at += 1;
                current = fill;
            }
            current ^= u64::MAX >> (bit % 64) & mask;
            fill ^= mask;
            left &= left - 1;
        }
    }
    // All is light from here on.
    words[at] ^= current;
}

/// The modules that are not like the one before. Outside is light, so the one after the last may be among them.
fn edges(row: &Row) -> Row {
    let mut carry = 0;
    row.map(|word| {
        let before = word << 1 | carry;
        carry = word >> 63;
        word ^ before
    })
}

/// A set of the bytes of a line.
pub(super) struct ByteSet {
    /// Bit `at % 64` of word `at / 64`.
    bits: Vec<u64>,
}

impl ByteSet {
    /// For lines of so many words.
    fn of(words: usize) -> Self {
        Self {
            bits: vec![0; words.div_ceil(8)],
        }
    }

    /// The bytes from which on four or more are not in the other set.
    fn fill_with_runs_out_of(&mut self, other: &Self) {
        let mut behind = 0_u64;
        for (bits, other) in self.bits.iter_mut().zip(&other.bits).rev() {
            let next = |n: u32| !other >> n | behind << (64 - n);
            *bits = !other & next(1) & next(2) & next(3);
            behind = !other;
        }
    }

    /// The first at or after `from` that is in the set, at most `end`.
    pub(super) fn next(&self, from: usize, end: usize) -> usize {
        self.next_with(from, end, 0)
    }

    /// The first at or after `from` that is not, at most `end`.
    pub(super) fn next_absent(&self, from: usize, end: usize) -> usize {
        self.next_with(from, end, u64::MAX)
    }

    fn next_with(&self, from: usize, end: usize, flip: u64) -> usize {
        let mut at = from;
        while at < end {
            let left = (self.bits[at / 64] ^ flip) >> (at % 64);
            if left != 0 {
                return end.min(at + left.trailing_zeros() as usize);
            }
            at = (at / 64 + 1) * 64;
        }
        end
    }
}
