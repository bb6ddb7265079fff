//! Random inputs that can be had again.
//!
//! Invariant: the same seed gives the same numbers on every machine.

/// `SplitMix64`: small, fast, and good enough to choose inputs.
pub struct Random(u64);

impl Random {
    /// Seeds that lie next to each other give unrelated numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// 0..`end`; 0 where `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let product = u128::from(self.next()) * end as u128;
        // The upper half is less than `end`.
        usize::try_from(product >> 64).unwrap_or_default()
    }

    /// `first`..=`last`.
    pub fn between(&mut self, first: usize, last: usize) -> usize {
        first + self.below(last + 1 - first)
    }

    /// One of `choices`, which are not none.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// 0..=255.
    pub fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    /// `length` letters out of `letters`, which are not none.
    pub fn letters(&mut self, letters: &[u8], length: usize) -> Vec<u8> {
        (0..length).map(|_| self.one_of(letters)).collect()
    }
}
