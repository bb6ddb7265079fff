//! From data codewords to modules.
//!
//! Invariant: the same modules on every CPU.

mod correction;
mod format;
mod galois;
mod layout;
mod lines;
mod patterns;
mod penalty;
mod strips;
#[cfg(test)]
mod tests;
mod transpose;

use std::cell::RefCell;

use fearless_simd::{Level as Features, Simd, dispatch};

use correction::{Blocks, remainder, remainders, table_of};
use format::format_bits;
use layout::VersionLayout;
use penalty::Scratch;
use strips::Stream;

use crate::{Level, Mask, Matrix, Row, Symbol, Version, mask::PERIOD, tables};

/// See [`Symbol::data_area`].
pub(crate) fn data_area(version: Version) -> &'static Matrix {
    &VersionLayout::of(version).data_area
}

/// Buffers that a thread reuses for its next symbol: at most 45 KiB.
#[derive(Default)]
struct Buffers {
    codewords: Vec<u8>,
    stream: Stream,
    columns: Vec<Row>,
    scratch: Scratch,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

/// Draws a symbol. `data`: the version's and level's data codewords. Without a mask, the best one is found.
pub(crate) fn draw(
    features: Features,
    (version, level): (Version, Level),
    mask: Option<Mask>,
    data: &[u8],
) -> Symbol {
    let form = Form {
        version,
        level,
        mask,
    };
    BUFFERS.with_borrow_mut(
        |buffers| dispatch!(features, simd => draw_here(simd, buffers, form, data)),
    )
}

/// The form that a symbol is drawn in.
#[derive(Clone, Copy)]
struct Form {
    version: Version,
    level: Level,
    /// `None`: the best one is found.
    mask: Option<Mask>,
}

#[inline(always)]
fn draw_here<S: Simd>(simd: S, buffers: &mut Buffers, form: Form, data: &[u8]) -> Symbol {
    let Form {
        version,
        level,
        mask,
    } = form;
    let layout = VersionLayout::of(version);
    if version.is_micro() {
        protect_micro(version, level, data, &mut buffers.codewords);
    } else {
        protect(version, level, data, &mut buffers.codewords);
    }
    buffers.stream.fill(&buffers.codewords);
    buffers.columns.clear();
    buffers.columns.extend_from_slice(&layout.columns);
    layout.strips.place(&buffers.stream, &mut buffers.columns);
    let mut rows = Vec::new();
    transpose::transpose(&buffers.columns, &mut rows);
    // No closures on the way to the scores: they would not be compiled for this CPU.
    let mask = match mask {
        Some(mask) => mask,
        None if version.is_micro() => micro_mask(layout, level, &rows),
        None => {
            let symbol = penalty::Unmasked {
                layout,
                level,
                rows: &rows,
                columns: &buffers.columns,
            };
            let scores = penalty::scores(simd, &symbol, &mut buffers.scratch);
            penalty::best(&scores)
        }
    };
    finish(layout, level, mask, &mut rows);
    Symbol {
        matrix: Matrix::from_rows(rows),
        version,
        level,
        mask,
    }
}

/// Data and error correction codewords in the order of the symbol (§7.6): the blocks' first codewords, their second
/// ones, and so on.
#[inline(always)]
fn protect(version: Version, level: Level, data: &[u8], codewords: &mut Vec<u8>) {
    let blocks = Blocks::share(data.len(), tables::blocks(version, level));
    let check = tables::ec_per_block(version, level);
    let table = table_of(check);
    codewords.clear();
    codewords.resize(data.len() + check * blocks.count, 0);
    let (body, tail) = codewords.split_at_mut(data.len());
    if blocks.count == 1 {
        body.copy_from_slice(data);
    } else {
        for index in 0..blocks.count {
            let block = &data[blocks.start(index)..blocks.start(index + 1)];
            let (common, extra) = block.split_at(blocks.length);
            spread(common, &mut body[index..], blocks.count);
            if let Some(&codeword) = extra.first() {
                body[blocks.length * blocks.count + index - blocks.short] = codeword;
            }
        }
    }
    remainders(data, blocks, table, |index, remainder| {
        let mut bytes = [0; 32];
        for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(remainder) {
            *bytes = word.to_le_bytes();
        }
        spread(&bytes[..check], &mut tail[index..], blocks.count);
    });
}

/// Every `apart`-th place, from the first one on.
#[inline(always)]
fn spread(codewords: &[u8], places: &mut [u8], apart: usize) {
    // An index, because `step_by` divides to find out how far it goes.
    let mut at = 0;
    for &codeword in codewords {
        places[at] = codeword;
        at += apart;
    }
}

/// Micro QR has one block. The last data codeword of M1 and M3 has four bits (§7.4.10): for error correction it is the upper
/// half of a byte, and the error correction codewords follow it without a gap.
fn protect_micro(version: Version, level: Level, data: &[u8], codewords: &mut Vec<u8>) {
    let check = tables::ec_per_block(version, level);
    let remainder = remainder(data, table_of(check));
    let bytes = remainder.iter().flat_map(|word| word.to_le_bytes());
    codewords.clear();
    codewords.extend_from_slice(data);
    codewords.extend(bytes.take(check));
    if version.number() % 2 == 1 {
        let half = data.len().saturating_sub(1);
        for at in half..codewords.len() {
            let next = codewords.get(at + 1).map_or(0, |next| next >> 4);
            let kept = if at == half {
                codewords[at]
            } else {
                codewords[at] << 4
            };
            codewords[at] = kept | next;
        }
    }
}

/// Lays the mask over the data and writes the format information.
#[inline(always)]
fn finish(layout: &VersionLayout, level: Level, mask: Mask, rows: &mut [Row]) {
    let pattern = &layout.patterns[mask.pattern(layout.version.is_micro())];
    for (y, (row, data)) in rows.iter_mut().zip(&layout.data).enumerate() {
        let pattern = &pattern[y % PERIOD];
        *row = std::array::from_fn(|word| row[word] ^ (pattern[word] & data[word]));
    }
    let bits = format_bits(layout.version, level, mask);
    for (bit, places) in layout.format.iter().enumerate() {
        for &(x, y) in places {
            rows[y][x / 64] |= u64::from(bits >> bit & 1) << (x % 64);
        }
    }
}

/// Micro QR's rule (§7.8.3.2): many dark modules along the right and the lower edge, which have no timing pattern.
fn micro_mask(layout: &VersionLayout, level: Level, rows: &[Row]) -> Mask {
    let score = |mask: &Mask| {
        let mut rows = rows.to_vec();
        finish(layout, level, *mask, &mut rows);
        let far = layout.side - 1;
        let right = (1..=far).filter(|&y| rows[y][0] >> far & 1 == 1).count();
        let lower = (rows[far][0] >> 1).count_ones() as usize;
        let (less, more) = (right.min(lower), right.max(lower));
        16 * less + more
    };
    // The first of the best; `max_by_key` would take the last.
    Mask::all()
        .take(4)
        .rev()
        .max_by_key(score)
        .unwrap_or(Mask::FIRST)
}
