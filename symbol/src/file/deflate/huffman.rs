//! Prefix codes as deflate has them: canonical, of limited length (RFC 1951 §3.2.2).
//!
//! Invariant: a code is complete (Kraft's sum is 1) unless it has one symbol, which then takes one bit.

/// A symbol as it is written.
#[derive(Clone, Copy, Default)]
pub(super) struct Word {
    /// First bit lowest, as they are written.
    pub code: u16,
    /// Its length; 0 for symbols that do not occur.
    pub bits: u8,
    /// With those of the extra bits behind it. A code by itself has none.
    pub bits_with_extra: u8,
}

/// A code for an alphabet of `N`.
pub(super) struct Code<const N: usize>(pub [Word; N]);

impl<const N: usize> Code<N> {
    /// The shortest code for symbols that occur so often, none longer than `max_bits`, 7..=15. A symbol must occur.
    pub(super) fn new(counts: &[u32; N], max_bits: usize) -> Self {
        let mut by_count = [(0, 0); N];
        let mut used = 0;
        for (symbol, &count) in (0_u16..).zip(counts) {
            if count > 0 {
                by_count[used] = (count, symbol);
                used += 1;
            }
        }
        let by_count = &mut by_count[..used];
        by_count.sort_unstable();

        let mut of_length = depths::<N>(by_count);
        limit(&mut of_length, max_bits);
        let mut code = [Word::default(); N];
        let mut rarest_first = by_count.iter();
        for bits in (1_u8..16).rev() {
            for (_, symbol) in rarest_first.by_ref().take(of_length[usize::from(bits)]) {
                code[usize::from(*symbol)].bits = bits;
            }
        }
        assign(&mut code, &of_length);
        Self(code)
    }
}

/// How many leaves of Huffman's tree lie how deep, those deeper than 31 as if at 31. `leaves` is sorted by count.
///
/// Inner nodes come into being in the order of their counts, so two queues do for a heap.
fn depths<const N: usize>(leaves: &[(u32, u16)]) -> [usize; 32] {
    let mut of_depth = [0; 32];
    let inner = leaves.len().saturating_sub(1);
    if inner == 0 {
        of_depth[1] = leaves.len();
        return of_depth;
    }
    let mut sums = [0_u32; N];
    let mut parents = [0_u16; N];
    let mut leaf_parents = [0_u16; N];
    let (mut next_leaf, mut next_inner) = (0, 0);
    for (node, name) in (0..inner).zip(0_u16..) {
        for _ in 0..2 {
            let leaf_first = next_inner == node
                || next_leaf < leaves.len() && leaves[next_leaf].0 <= sums[next_inner];
            if leaf_first {
                sums[node] += leaves[next_leaf].0;
                leaf_parents[next_leaf] = name;
                next_leaf += 1;
            } else {
                sums[node] += sums[next_inner];
                parents[next_inner] = name;
                next_inner += 1;
            }
        }
    }
    // The last inner node is the root. From here on `sums` holds depths.
    sums[inner - 1] = 0;
    for node in (0..inner - 1).rev() {
        sums[node] = sums[usize::from(parents[node])] + 1;
    }
    for &parent in &leaf_parents[..leaves.len()] {
        of_depth[(sums[usize::from(parent)] as usize + 1).min(31)] += 1;
    }
    of_depth
}

/// Lifts what is deeper than `max_bits`, and pays by lowering the deepest leaves that can be.
fn limit(of_length: &mut [usize; 32], max_bits: usize) {
    let deeper: usize = of_length[max_bits + 1..].iter().sum();
    if deeper == 0 {
        return;
    }
    of_length[max_bits + 1..].fill(0);
    of_length[max_bits] += deeper;
    let kraft = (1..=max_bits).map(|bits| of_length[bits] << (max_bits - bits));
    // In units of 2^-max_bits. Each turn takes one of the longest codes away and puts it beside a shorter one, which
    // becomes a bit longer for it.
    for _ in 1 << max_bits..kraft.sum() {
        if let Some(bits) = (1..max_bits).rev().find(|&bits| of_length[bits] > 0) {
            of_length[max_bits] -= 1;
            of_length[bits] -= 1;
            of_length[bits + 1] += 2;
        }
    }
}

/// The canonical code with these lengths.
fn assign(code: &mut [Word], of_length: &[usize; 32]) {
    let mut next = [0_u16; 16];
    let mut first = 0;
    for bits in 1..16 {
        next[bits] = first;
        // At most 2^15 words of 15 bits.
        first = (first + u16::try_from(of_length[bits]).unwrap_or(0)) << 1;
    }
    for word in code.iter_mut().filter(|word| word.bits > 0) {
        let canonical = &mut next[usize::from(word.bits)];
        word.code = canonical.reverse_bits() >> (16 - word.bits);
        word.bits_with_extra = word.bits;
        *canonical += 1;
    }
}
