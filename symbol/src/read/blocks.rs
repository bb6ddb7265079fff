//! How codewords stand in the symbol: cut into blocks and interleaved (ISO/IEC 18004 §7.5.1, §7.6, §7.7.3).
//!
//! Invariant: taking apart and putting together walk the same order.

use crate::{Level, Version, tables};

/// The blocks of a version and level.
pub struct Blocks {
    /// Data codewords of each block.
    data: Vec<usize>,
    /// Error correction codewords of every block.
    check: usize,
    /// The place among all data codewords of one that has only 4 bits.
    half: Option<usize>,
    misdecode_protection: usize,
}

impl Blocks {
    /// `None` if the version does not have the level.
    pub fn of(version: Version, level: Level) -> Option<Self> {
        let check = tables::ec_per_block(version, level);
        let count = tables::blocks(version, level);
        let data = tables::total_codewords(version).checked_sub(check * count)?;
        let (each, longer) = (data.checked_div(count)?, data % count);
        Some(Self {
            data: (0..count)
                .map(|block| each + usize::from(block >= count - longer))
                .collect(),
            check,
            half: (version.is_micro() && version.number() % 2 == 1).then(|| data - 1),
            misdecode_protection: misdecode_protection(version, level),
        })
    }

    pub fn count(&self) -> usize {
        self.data.len()
    }

    /// Error correction codewords of every block.
    pub fn check(&self) -> usize {
        self.check
    }

    /// Hidden codewords plus twice the wrong ones that a block may have.
    pub fn capacity(&self) -> usize {
        self.check - self.misdecode_protection
    }

    /// (block, place in it) of each codeword in the order of the symbol: the first data codewords of all blocks, then
    /// the second ones, …; the error correction codewords in the same way.
    fn sequence(&self) -> impl Iterator<Item = (usize, usize)> {
        let longest = self.data.last().copied().unwrap_or(0);
        let data = (0..longest).flat_map(move |place| {
            let blocks = self.data.iter().enumerate();
            blocks
                .filter(move |&(_, &data)| place < data)
                .map(move |(block, _)| (block, place))
        });
        let check = (0..self.check).flat_map(|place| {
            self.data
                .iter()
                .enumerate()
                .map(move |(block, data)| (block, data + place))
        });
        data.chain(check)
    }

    /// Bits of the codeword at a place of a block.
    fn bits(&self, place: usize) -> usize {
        // Only symbols of one block have a codeword of 4 bits.
        if Some(place) == self.half { 4 } else { 8 }
    }

    /// The codewords of each block, from bits in placement order. One of 4 bits has them in its upper half.
    pub fn collect(&self, bits: impl IntoIterator<Item = bool>) -> Vec<Vec<u8>> {
        let mut bits = bits.into_iter();
        let empty = |data: &usize| vec![0; data + self.check];
        let mut blocks: Vec<_> = self.data.iter().map(empty).collect();
        for (block, place) in self.sequence() {
            for at in (0..8).rev().take(self.bits(place)) {
                blocks[block][place] |= u8::from(bits.next().unwrap_or(false)) << at;
            }
        }
        blocks
    }

    /// The opposite. Remainder bits are not among them.
    pub fn lay_out(&self, blocks: &[Vec<u8>]) -> impl Iterator<Item = bool> {
        self.sequence().flat_map(|(block, place)| {
            let codeword = blocks[block][place];
            let places = (0..8).rev().take(self.bits(place));
            places.map(move |at| codeword >> at & 1 == 1)
        })
    }

    /// The data of all blocks: bytes, and the number of valid bits.
    pub fn message(&self, blocks: &[Vec<u8>]) -> (Vec<u8>, usize) {
        let data = blocks.iter().zip(&self.data);
        let bytes: Vec<_> = data
            .flat_map(|(block, &data)| &block[..data])
            .copied()
            .collect();
        let unused = if self.half.is_some() { 4 } else { 0 };
        let bits = 8 * bytes.len() - unused;
        (bytes, bits)
    }
}

/// Error correction codewords that may not be used up, so that a symbol damaged too much is not read as another one
/// (table 9, note b).
fn misdecode_protection(version: Version, level: Level) -> usize {
    let table: [&[usize]; 4] = if version.is_micro() {
        [&[2, 3, 2, 2], &[0, 2], &[], &[]]
    } else {
        [&[3, 2, 1], &[2], &[1], &[1]]
    };
    let by_version = table[level as usize];
    let from_smallest = usize::from(version.number()) - 1;
    by_version.get(from_smallest).copied().unwrap_or(0)
}
