//! The units that were seen, in bounded memory.
//!
//! Invariant: lists are sorted, without repetitions, and at most as long as their limit.

use serde::{Deserialize, Serialize};

/// Spreads a unit's hash, so that decisions here are independent of the unit's bucket.
pub const fn mix(unit: u64) -> u64 {
    let mut x = unit.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A short name of a unit: two of the few thousand remembered ones share it with a chance of one in a thousand.
pub const fn short(unit: u64) -> u32 {
    (mix(unit) >> 32) as u32
}

/// Units that have counted already. At most [`Seen::LIMIT`] (16 KiB).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seen {
    units: Vec<u32>,
}

impl Seen {
    pub const LIMIT: usize = 4096;

    pub const fn new() -> Self {
        Self { units: Vec::new() }
    }

    /// Whether it was not there before.
    pub fn insert(&mut self, unit: u64) -> bool {
        let unit = short(unit);
        let Err(place) = self.units.binary_search(&unit) else {
            return false;
        };
        if !self.is_full() {
            self.units.insert(place, unit);
        }
        true
    }

    pub fn is_full(&self) -> bool {
        self.units.len() >= Self::LIMIT
    }

    pub fn sound(&self) -> bool {
        self.units.len() <= Self::LIMIT && self.units.is_sorted_by(|a, b| a < b)
    }
}

/// Tells new units from known ones among a sample of all units, chosen by hash, that is halved whenever it fills:
/// no unit is ever new twice. At most [`Sample::LIMIT`] (8 KiB).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Only units whose hash is at most this are in the sample.
    max: u64,
    units: Vec<u64>,
}

impl Sample {
    const LIMIT: usize = 1024;

    pub const fn new() -> Self {
        Self {
            max: u64::MAX,
            units: Vec::new(),
        }
    }

    /// Whether the unit is in the sample and was not seen before.
    pub fn is_new(&mut self, unit: u64) -> bool {
        let hash = mix(unit);
        if hash > self.max {
            return false;
        }
        let Err(place) = self.units.binary_search(&hash) else {
            return false;
        };
        self.units.insert(place, hash);
        if self.units.len() >= Self::LIMIT {
            self.max /= 2;
            let kept = self.units.partition_point(|known| *known <= self.max);
            self.units.truncate(kept);
        }
        true
    }

    pub fn sound(&self) -> bool {
        self.units.len() <= Self::LIMIT
            && self.units.is_sorted_by(|a, b| a < b)
            && self.units.last().is_none_or(|last| *last <= self.max)
    }
}
