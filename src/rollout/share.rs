//! Which units take part: one bit for each bucket of Unleash's gradual rollout.
//!
//! Invariant: a share of a percentage holds every unit of a smaller one.

use std::sync::Arc;

/// A part of all units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Bit `n - 1` stands for bucket `n`, of 1 to 100.
    mask: u128,
    group: Arc<str>,
    /// The hash of the group and a colon.
    begun: Murmur,
}

impl Share {
    /// The lowest `percent` buckets of the group (a flag's name).
    #[must_use]
    pub fn percent(percent: u8, group: &str) -> Self {
        let mask = (1_u128 << percent.min(100)) - 1;
        Self::of(mask, group)
    }

    /// Any buckets.
    #[must_use]
    pub fn of(mask: u128, group: &str) -> Self {
        Self {
            mask: mask & ((1 << 100) - 1),
            group: group.into(),
            begun: Murmur::of_group(group),
        }
    }

    /// 0 to 100.
    #[must_use]
    pub fn percent_taken(&self) -> u8 {
        u8::try_from(self.mask.count_ones()).unwrap_or(100)
    }

    /// Bit `n - 1` stands for bucket `n`, of 1 to 100.
    #[must_use]
    pub fn mask(&self) -> u128 {
        self.mask
    }

    /// What is hashed with the unit.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    /// Whether the unit takes part.
    #[must_use]
    pub fn takes(&self, unit: &str) -> bool {
        match self.percent_taken() {
            0 => false,
            100 => true,
            _ => self.mask >> (self.begun.bucket(unit) - 1) & 1 == 1,
        }
    }
}

/// 1 to 100: the number that Unleash's `flexibleRollout` compares with the percentage.
#[must_use]
pub fn bucket(group: &str, unit: &str) -> u32 {
    Murmur::of_group(group).bucket(unit)
}

/// Murmur3, x86, 32 bits, seed 0, of a text that comes in parts: a group is read once, not with every unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Murmur {
    hash: u32,
    /// The last bytes, fewer than four, that do not make a word yet; the first one lowest.
    rest: u32,
    rest_bits: u32,
    /// Modulo 2³², as in the reference.
    bytes: u32,
}

impl Murmur {
    fn of_group(group: &str) -> Self {
        Self::default().read(group.as_bytes()).read(b":")
    }

    fn bucket(self, unit: &str) -> u32 {
        self.read(unit.as_bytes()).finish() % 100 + 1
    }

    #[allow(clippy::cast_possible_truncation)] // to the lower half, and of the length
    fn read(mut self, bytes: &[u8]) -> Self {
        self.bytes = self.bytes.wrapping_add(bytes.len() as u32);
        let (words, tail) = bytes.as_chunks::<4>();
        let mut waiting = u64::from(self.rest);
        for word in words {
            waiting |= u64::from(u32::from_le_bytes(*word)) << self.rest_bits;
            self.word(waiting as u32);
            waiting >>= 32;
        }
        for byte in tail {
            waiting |= u64::from(*byte) << self.rest_bits;
            self.rest_bits += 8;
            if self.rest_bits == 32 {
                self.word(waiting as u32);
                (waiting, self.rest_bits) = (0, 0);
            }
        }
        self.rest = waiting as u32;
        self
    }

    fn word(&mut self, word: u32) {
        let mixed = (self.hash ^ scramble(word)).rotate_left(13);
        self.hash = mixed.wrapping_mul(5).wrapping_add(0xe654_6b64);
    }

    fn finish(self) -> u32 {
        // No rest scrambles to nothing.
        let mut hash = self.hash ^ scramble(self.rest) ^ self.bytes;
        hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
        hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
        hash ^ (hash >> 16)
    }
}

fn scramble(word: u32) -> u32 {
    word.wrapping_mul(0xcc9e_2d51)
        .rotate_left(15)
        .wrapping_mul(0x1b87_3593)
}

#[cfg(test)]
mod tests;
