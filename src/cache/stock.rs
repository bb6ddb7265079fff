//! Filling the second tier by the batch, for whoever has the time to wait for it.
//!
//! Invariant: as for single values: what is put there was made after its generation was read.

use std::time::Duration;

use super::{
    frame::Generation,
    remote::Put,
    second::{Placed, Second},
};
use crate::kernel::Result;

/// What became of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stocked {
    /// They are in Redis now.
    pub kept: u64,
    /// Making them is cheaper than fetching them, or they are not shared.
    pub bypassed: u64,
    /// They could not be made.
    pub failed: u64,
}

impl std::ops::AddAssign for Stocked {
    fn add_assign(&mut self, other: Self) {
        self.kept += other.kept;
        self.bypassed += other.bypassed;
        self.failed += other.failed;
    }
}

/// A batch on its way.
pub struct Batch<'a, K, V> {
    second: &'a Second<K, V>,
    keys: &'a [K],
    generations: Vec<Generation>,
    puts: Vec<Put>,
    stocked: Stocked,
}

impl<K, V> Second<K, V> {
    /// Begins a batch: only now its values may be made.
    ///
    /// # Errors
    /// `Unavailable` when Redis does not tell their generations.
    pub async fn batch<'a>(&'a self, keys: &'a [K]) -> Result<Batch<'a, K, V>> {
        Ok(Batch {
            generations: self.generations(keys).await?,
            second: self,
            keys,
            puts: Vec::with_capacity(keys.len()),
            stocked: Stocked::default(),
        })
    }
}

impl<K, V> Batch<'_, K, V> {
    /// Whether the value of the nth key should be made at all.
    #[must_use]
    pub fn wants(&self, nth: usize) -> bool {
        self.second.admits(&self.keys[nth])
    }

    /// The value of the nth key, and what it cost to make; an error is counted.
    pub fn add(&mut self, nth: usize, value: &Result<V>, cost: Duration) {
        let key = &self.keys[nth];
        match value {
            Err(_) => self.stocked.failed += 1,
            Ok(value) => match self.second.place(key, value, (self.generations[nth], cost)) {
                Placed::Worth(put) => self.puts.push(put),
                Placed::Bypassed => self.stocked.bypassed += 1,
            },
        }
    }

    /// The nth key has no value for Redis.
    pub fn skip(&mut self) {
        self.stocked.bypassed += 1;
    }

    /// Waits until Redis has all of it.
    ///
    /// # Errors
    /// `Unavailable`; some may be there then.
    pub async fn finish(mut self) -> Result<Stocked> {
        self.stocked.kept = self.puts.len() as u64;
        self.second.put_all(self.puts).await?;
        Ok(self.stocked)
    }
}
