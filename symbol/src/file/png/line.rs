//! Scanlines from module rows, and where in them something happens.
//!
//! Invariant: everything is found from the module row's few edges, never by looking at every pixel.

use std::ops::Range;

use super::colour::Colour;
use crate::file::Picture;
use crate::matrix::first_bits;
use crate::{Matrix, Row};

/// A module row as bit planes: dark, and [`Colour::high_bits`].
pub(super) type Planes = [Row; 2];

/// How module rows lie in scanlines.
pub(super) struct Layout<'a> {
    colour: &'a Colour<'a>,
    offset_bits: usize,
    module_bits: usize,
    line_bits: usize,
}

/// One scanline.
pub(super) struct Line {
    /// [`Layout::line_bytes`], then what is left over.
    bytes: Vec<u8>,
    len: usize,
    words: Vec<u64>,
    /// The bytes that are not like the one before, in order; then the number of bytes.
    pub changes: Vec<usize>,
    /// The ranges of bytes that are not like those of the line above, in order and not touching.
    pub differing: Vec<Range<usize>>,
}

impl<'a> Layout<'a> {
    pub(super) fn new(picture: &Picture, colour: &'a Colour<'a>) -> Self {
        let bits = |px: u32| px as usize * usize::from(colour.bits_per_pixel());
        Self {
            colour,
            offset_bits: bits(picture.canvas.offset_px()),
            module_bits: bits(picture.canvas.module_px()),
            line_bits: bits(picture.canvas.width_px()),
        }
    }

    /// Bytes of a scanline with the filter type before it (PNG §7.2), which is 0 for all: 2..=16 385.
    pub(super) const fn line_bytes(&self) -> usize {
        1 + self.line_bits.div_ceil(8)
    }

    /// The bit planes of row `y`; `modules` are drawn.
    pub(super) fn planes(&self, dark: &Matrix, y: usize, modules: usize) -> Planes {
        let drawn = first_bits(modules);
        let mask = |row: Row| std::array::from_fn(|word| row[word] & drawn[word]);
        let row = dark.rows().get(y).copied().unwrap_or_default();
        [mask(row), mask(self.colour.high_bits(y, &row))]
    }

    /// Where module `x` starts, in bits from the left edge.
    const fn bit(&self, x: usize) -> usize {
        self.offset_bits + x * self.module_bits
    }

    /// The lowest bits of the pixels are `planes[0]`, the next `planes[1]`.
    fn masks(&self) -> [u64; 2] {
        match self.colour.bits_per_pixel() {
            1 => [u64::MAX, 0],
            _ => [u64::MAX / 3, u64::MAX / 3 * 2],
        }
    }
}

impl Line {
    pub(super) fn new(layout: &Layout) -> Self {
        // One word more, so that an edge at the very end has a word to lie in.
        let words = layout.line_bits / 64 + 1;
        Self {
            bytes: vec![0; 1 + 8 * words],
            len: layout.line_bytes(),
            words: vec![0; words],
            changes: Vec::new(),
            differing: Vec::new(),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Paints a row; `above` is the one before, `None` for the first.
    pub(super) fn paint(&mut self, layout: &Layout, planes: &Planes, above: Option<&Planes>) {
        self.words.fill(if layout.colour.is_flipped() {
            u64::MAX
        } else {
            0
        });
        for (plane, mask) in planes.iter().zip(layout.masks()) {
            if *plane != Row::default() {
                toggle(&mut self.words, layout, &edges(plane), mask);
            }
        }
        for (bytes, word) in self.bytes[1..].chunks_exact_mut(8).zip(&self.words) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        self.find_changes(layout, planes);
        self.find_differing(layout, planes, above);
    }

    fn find_changes(&mut self, layout: &Layout, planes: &Planes) {
        self.changes.clear();
        let (bytes, changes, len) = (&self.bytes, &mut self.changes, self.len);
        let mut last = 0;
        let mut put = |at: usize| {
            // Modules narrower than a byte make bytes that are alike though there are edges in them.
            if at > last && at < len && bytes[at] != bytes[at - 1] {
                changes.push(at);
                last = at;
            }
        };
        // After the filter type.
        put(1);
        let [dark, high] = [edges(&planes[0]), edges(&planes[1])];
        let both = std::array::from_fn(|word| dark[word] | high[word]);
        for_each(&both, |x| {
            let bit = layout.bit(x);
            put(1 + bit / 8);
            put(2 + bit / 8);
        });
        changes.push(len);
    }

    fn find_differing(&mut self, layout: &Layout, planes: &Planes, above: Option<&Planes>) {
        self.differing.clear();
        let Some(above) = above else {
            self.differing.push(0..self.len);
            return;
        };
        let differ: Row = std::array::from_fn(|word| {
            (planes[0][word] ^ above[0][word]) | (planes[1][word] ^ above[1][word])
        });
        let mut start = None;
        for_each(&edges(&differ), |x| {
            let bit = layout.bit(x);
            match start.take() {
                None => start = Some(1 + bit / 8),
                Some(start) => {
                    let range = start..1 + bit.div_ceil(8);
                    match self.differing.last_mut() {
                        Some(last) if last.end >= range.start => last.end = range.end,
                        _ => self.differing.push(range),
                    }
                }
            }
        });
    }
}

/// Inverts everything right of each edge, in the bits of `mask`; a byte's highest bit is the leftmost.
fn toggle(words: &mut [u64], layout: &Layout, edges: &Row, mask: u64) {
    let (mut at, mut current, mut fill) = (0, 0, 0);
    for_each(edges, |x| {
        let bit = layout.bit(x);
        if bit / 64 > at {
            words[at] ^= current;
            for word in &mut words[at + 1..bit / 64] {
                *word ^= fill;
            }
            at = bit / 64;
            current = fill;
        }
        current ^= u64::MAX >> (bit % 64) & mask;
        fill ^= mask;
    });
    words[at] ^= current;
    for word in &mut words[at + 1..] {
        *word ^= fill;
    }
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

/// The set bits in order.
fn for_each(row: &Row, mut f: impl FnMut(usize)) {
    for (first, word) in (0..).step_by(64).zip(row) {
        let mut left = *word;
        while left != 0 {
            f(first + left.trailing_zeros() as usize);
            left &= left - 1;
        }
    }
}
