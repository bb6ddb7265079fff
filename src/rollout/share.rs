//! Which units take part: one bit for each bucket of Unleash's gradual rollout.
//!
//! Invariant: a share of a percentage holds every unit of a smaller one.

use std::sync::Arc;

use super::unit::TEXT_BYTES;

/// Longest group that is hashed on the stack; Unleash allows 100 characters for a flag's name.
const GROUP_BYTES: usize = 120;

/// A part of all units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Bit `n - 1` stands for bucket `n`, of 1 to 100.
    mask: u128,
    group: Arc<str>,
}

impl Share {
    /// The lowest `percent` buckets of what `group` (a flag's name) makes of units.
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
            _ => self.mask >> (bucket(&self.group, unit) - 1) & 1 == 1,
        }
    }
}

/// 1 to 100: what Unleash's `flexibleRollout` compares with the percentage.
#[must_use]
pub fn bucket(group: &str, unit: &str) -> u32 {
    let mut text = [0_u8; GROUP_BYTES + 1 + TEXT_BYTES];
    let length = group.len() + 1 + unit.len();
    if let Some(buffer) = text.get_mut(..length) {
        buffer[..group.len()].copy_from_slice(group.as_bytes());
        buffer[group.len()] = b':';
        buffer[group.len() + 1..].copy_from_slice(unit.as_bytes());
        murmur3(buffer) % 100 + 1
    } else {
        murmur3(format!("{group}:{unit}").as_bytes()) % 100 + 1
    }
}

/// Murmur3, x86, 32 bits, seed 0.
fn murmur3(bytes: &[u8]) -> u32 {
    let mix = |k: u32| {
        k.wrapping_mul(0xcc9e_2d51)
            .rotate_left(15)
            .wrapping_mul(0x1b87_3593)
    };
    let (words, rest) = bytes.as_chunks::<4>();
    let mut hash = words.iter().fold(0_u32, |hash, word| {
        let mixed = hash ^ mix(u32::from_le_bytes(*word));
        mixed
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64)
    });
    if !rest.is_empty() {
        let tail = rest
            .iter()
            .rev()
            .fold(0, |n, byte| n << 8 | u32::from(*byte));
        hash ^= mix(tail);
    }
    // The reference takes the length modulo 2³², too.
    #[allow(clippy::cast_possible_truncation)]
    let mut hash = hash ^ bytes.len() as u32;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests;
