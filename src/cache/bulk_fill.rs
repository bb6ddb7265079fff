//! Fills Redis with many values at once. Waits for Redis, so it is for commands, not for requests.
//!
//! Invariant: every value is made after its generation was read, as single values are.

use std::time::Duration;

use super::{frame::Generation, remote::Put, second::Second};
use crate::kernel::Result;

/// Numbers of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// In Redis now.
    pub stored: u64,
    /// Making them is cheaper than fetching them, or they are not shared.
    pub bypassed: u64,
    /// Making them failed.
    pub failed: u64,
}

impl std::ops::AddAssign for Filled {
    fn add_assign(&mut self, other: Self) {
        self.stored += other.stored;
        self.bypassed += other.bypassed;
        self.failed += other.failed;
    }
}

/// Values that are being made for Redis.
pub struct BulkFill<'a, K, V> {
    second: &'a Second<K, V>,
    keys: &'a [K],
    generations: Vec<Generation>,
    puts: Vec<Put>,
    filled: Filled,
}

impl<K, V> Second<K, V> {
    /// Reads the generations of these keys. Their values may be made from then on.
    ///
    /// # Errors
    /// `Unavailable` when Redis does not answer.
    pub async fn begin_bulk_fill<'a>(&'a self, keys: &'a [K]) -> Result<BulkFill<'a, K, V>> {
        Ok(BulkFill {
            generations: self.generations(keys).await?,
            second: self,
            keys,
            puts: Vec::with_capacity(keys.len()),
            filled: Filled::default(),
        })
    }
}

impl<K, V> BulkFill<'_, K, V> {
    /// Whether the value of the nth key should be made at all.
    #[must_use]
    pub fn wants(&self, nth: usize) -> bool {
        self.second.admits(&self.keys[nth])
    }

    /// Adds the value of the nth key. `cost`: the time that making it took. An error is counted as failed.
    pub fn add(&mut self, nth: usize, value: &Result<V>, cost: Duration) {
        let key = &self.keys[nth];
        match value {
            Err(_) => self.filled.failed += 1,
            Ok(value) => match self
                .second
                .put_for_bulk(key, value, self.generations[nth], cost)
            {
                Some(put) => self.puts.push(put),
                None => self.filled.bypassed += 1,
            },
        }
    }

    /// One key has no value for Redis.
    pub fn skip(&mut self) {
        self.filled.bypassed += 1;
    }

    /// Waits until Redis has all values.
    ///
    /// # Errors
    /// `Unavailable`; Redis may have some of the values then.
    pub async fn finish(mut self) -> Result<Filled> {
        self.filled.stored = self.puts.len() as u64;
        self.second.put_all(self.puts).await?;
        Ok(self.filled)
    }
}
