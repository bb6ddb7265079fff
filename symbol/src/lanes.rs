//! Eight words side by side, one for each mask.
//!
//! Invariant: plain arrays. The compiler turns each operation into one or two instructions where the CPU has wide
//! registers, and into eight where it has not.

use std::ops::{BitAnd, BitOr, BitXor, Not};

/// Lane `i` belongs to mask `i`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(align(64))]
pub(crate) struct Lanes(pub [u64; 8]);

impl Lanes {
    // Loops: the compiler makes vector instructions of these, but not of `array::map` and `array::from_fn`.
    #[inline(always)]
    fn map(mut self, f: impl Fn(u64) -> u64) -> Self {
        for lane in &mut self.0 {
            *lane = f(*lane);
        }
        self
    }

    #[inline(always)]
    fn zip(mut self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        for (lane, other) in self.0.iter_mut().zip(other.0) {
            *lane = f(*lane, other);
        }
        self
    }

    #[inline(always)]
    pub(crate) const fn splat(word: u64) -> Self {
        Self([word; 8])
    }

    #[inline(always)]
    pub(crate) fn shift_down(self, bits: u32) -> Self {
        self.map(|word| word >> bits)
    }

    #[inline(always)]
    pub(crate) fn shift_up(self, bits: u32) -> Self {
        self.map(|word| word << bits)
    }

    /// Those of `self` that are not in `other`.
    #[inline(always)]
    pub(crate) fn without(self, other: Self) -> Self {
        self & !other
    }

    /// Set bits in each lane.
    #[inline(always)]
    pub(crate) fn ones(self) -> Self {
        self.map(|word| u64::from(word.count_ones()))
    }

    #[inline(always)]
    pub(crate) fn plus(self, other: Self) -> Self {
        // Counts of modules: far from 2⁶⁴.
        self.zip(other, u64::wrapping_add)
    }
}

impl BitAnd for Lanes {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }
}

impl BitOr for Lanes {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }
}

impl BitXor for Lanes {
    type Output = Self;
    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        self.zip(other, |a, b| a ^ b)
    }
}

impl Not for Lanes {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        self.map(|word| !word)
    }
}
