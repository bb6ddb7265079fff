//! Error correction codewords (ISO/IEC 18004 §7.5.2): the remainder of a block divided by the generator polynomial.
//!
//! Invariant: one table look-up and one shift by a byte per data codeword. A table of a degree holds every multiple of
//! its generator, made at compile time.

use super::galois::{generator, multiply};

/// Up to 30 codewords, the first one in the lowest byte of the first word.
pub(crate) type Remainder = [u64; 4];

/// The generator times 0..=255.
pub(crate) type Table = [Remainder; 256];

/// Blocks whose remainders are worked out side by side: a step waits for the last look-up of the same block, so the CPU
/// has room for others in between.
const ABREAST: usize = 4;

const fn table<const N: usize>() -> Table {
    let generator = generator::<N>();
    let mut table = [[0; 4]; 256];
    let mut factor = 0;
    while factor < 256 {
        let mut i = 0;
        while i < N {
            #[allow(clippy::cast_possible_truncation)] // below 256
            let product = multiply(generator[i], factor as u8);
            table[factor][i / 8] |= (product as u64) << (8 * (i % 8));
            i += 1;
        }
        factor += 1;
    }
    table
}

/// For the number of error correction codewords in a block. The standard has no others than those listed.
pub(crate) fn table_of(codewords: usize) -> &'static Table {
    macro_rules! tables {
        ($($degree:literal)*) => {
            match codewords {
                $($degree => { static TABLE: Table = table::<$degree>(); &TABLE })*
                _ => { static NONE: Table = [[0; 4]; 256]; &NONE }
            }
        };
    }
    tables!(2 5 6 7 8 10 13 14 15 16 17 18 20 22 24 26 28 30)
}

#[inline(always)]
fn step(remainder: &mut Remainder, codeword: u8, table: &Table) {
    #[allow(clippy::cast_possible_truncation)] // the lowest byte is meant
    let factor = remainder[0] as u8 ^ codeword;
    let multiple = &table[factor as usize];
    let [a, b, c, d] = *remainder;
    *remainder = [
        (a >> 8 | b << 56) ^ multiple[0],
        (b >> 8 | c << 56) ^ multiple[1],
        (c >> 8 | d << 56) ^ multiple[2],
        (d >> 8) ^ multiple[3],
    ];
}

/// The remainder of one block.
#[inline(always)]
pub(crate) fn remainder(block: &[u8], table: &Table) -> Remainder {
    let mut remainder = [0; 4];
    for &codeword in block {
        step(&mut remainder, codeword, table);
    }
    remainder
}

/// How a symbol's data are cut into blocks (§7.5.1, table 9).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocks {
    pub count: usize,
    /// The first `short` blocks hold `length` data codewords each, the others one more.
    pub short: usize,
    pub length: usize,
}

impl Blocks {
    /// `codewords` in all, shared out as evenly as it goes. `count` is at least 1.
    pub(crate) const fn share(codewords: usize, count: usize) -> Self {
        Self {
            count,
            short: count - codewords % count,
            length: codewords / count,
        }
    }

    /// Codewords before block `index`.
    #[inline(always)]
    pub(crate) const fn start(self, index: usize) -> usize {
        index * self.length + index.saturating_sub(self.short)
    }

    #[inline(always)]
    fn of(self, data: &[u8], index: usize) -> &[u8] {
        &data[self.start(index)..self.start(index + 1)]
    }
}

/// Calls back with the remainder of each block of a symbol.
#[inline(always)]
pub(crate) fn remainders(
    data: &[u8],
    blocks: Blocks,
    table: &Table,
    mut found: impl FnMut(usize, &Remainder),
) {
    let mut index = 0;
    while index + ABREAST <= blocks.count {
        let group: [&[u8]; ABREAST] = std::array::from_fn(|i| blocks.of(data, index + i));
        let common = group.map(|block| &block[..blocks.length]);
        let mut remainders = [[0; 4]; ABREAST];
        for at in 0..blocks.length {
            for (remainder, block) in remainders.iter_mut().zip(common) {
                step(remainder, block[at], table);
            }
        }
        for (i, (remainder, block)) in remainders.iter_mut().zip(group).enumerate() {
            for &codeword in &block[blocks.length..] {
                step(remainder, codeword, table);
            }
            found(index + i, remainder);
        }
        index += ABREAST;
    }
    for index in index..blocks.count {
        found(index, &remainder(blocks.of(data, index), table));
    }
}
