//! The first tier: a cache in memory, bounded in bytes, in which everything has a last moment.
//!
//! Invariants: concurrent misses of one key make the value once; an error is handed to all who waited for it and is
//! not kept; a value whose making began before its key was invalidated is not kept.

use std::{
    borrow::Borrow,
    hash::Hash,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use metrics::Counter;
use moka::future::Cache;

use crate::{
    kernel::{Error, Result},
    telemetry::{
        catalogue::CACHE_REQUESTS,
        handles::counter,
        labels::{CacheResult, Space, Tier},
    },
};

/// What moka keeps per entry beside key and value (counts, times, two list nodes, a slot), estimated.
const ENTRY_BYTES: usize = 160;

/// How much, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Keys, values and what the cache needs itself.
    pub bytes: u64,
    /// From when a value was made, however often it is read. By moka's own clock: tests cannot stop it.
    pub ttl: Duration,
}

/// A value, and where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<V> {
    pub value: V,
    /// By this very call; not remembered, nor made by a concurrent call that this one waited for.
    pub made: bool,
}

/// A cache of one kind of value. Values are cloned on every hit, so they are cheap to clone.
pub struct Local<K, V> {
    entries: Cache<K, V>,
    invalidations: AtomicU64,
    hits: Counter,
    misses: Counter,
}

impl<K, V> Local<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// `weigh`: the bytes that key and value hold on the heap.
    #[must_use]
    pub fn new(
        space: Space,
        bounds: Bounds,
        weigh: impl Fn(&K, &V) -> u32 + Send + Sync + 'static,
    ) -> Self {
        let inline = u32::try_from(ENTRY_BYTES + size_of::<K>() + size_of::<V>());
        let inline = inline.unwrap_or(u32::MAX);
        let requests = |result: CacheResult| {
            let labels = [Tier::Memory.label(), space.label(), result.label()];
            counter(&CACHE_REQUESTS, &labels)
        };
        Self {
            entries: Cache::builder()
                .name(space.label())
                .max_capacity(bounds.bytes)
                .time_to_live(bounds.ttl)
                .weigher(move |key, value| weigh(key, value).saturating_add(inline))
                .build(),
            invalidations: AtomicU64::new(0),
            hits: requests(CacheResult::Hit),
            misses: requests(CacheResult::Miss),
        }
    }

    pub async fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let found = self.entries.get(key).await;
        match found {
            Some(_) => self.hits.increment(1),
            None => self.misses.increment(1),
        }
        found
    }

    /// The remembered value, or the one that `make` makes: called once for all concurrent callers of a key. If the
    /// caller that is making it goes away, another takes over.
    ///
    /// # Errors
    /// Those of `make`, for everybody who waited for it.
    pub async fn get_or_make<Q, F, M>(&self, key: &Q, make: M) -> Result<Found<V>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        M: FnOnce() -> F,
        F: Future<Output = Result<V>>,
    {
        if let Some(value) = self.get(key).await {
            return Ok(Found { value, made: false });
        }
        // Boxed: making is rare and its future is large, and a hit should not carry it around.
        Box::pin(self.fill(key, make())).await
    }

    async fn fill<Q>(&self, key: &Q, making: impl Future<Output = Result<V>>) -> Result<Found<V>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let before = self.invalidations.load(Ordering::Acquire);
        let entry = self.entries.entry_by_ref(key).or_try_insert_with(making);
        let entry = entry.await.map_err(|e| Error::clone(&e))?;
        let fresh = entry.is_fresh();
        if fresh {
            self.drop_if_invalidated(key, before).await;
        }
        let value = entry.into_value();
        Ok(Found { value, made: fresh })
    }

    /// Makes a value anew, whatever is remembered; if that succeeds it takes the old one's place.
    ///
    /// # Errors
    /// Those of `make`; what was remembered then stays.
    pub async fn remake(&self, key: K, make: impl Future<Output = Result<V>>) -> Result<V>
    where
        K: Clone,
    {
        let before = self.invalidations.load(Ordering::Acquire);
        let value = make.await?;
        self.entries.insert(key.clone(), value.clone()).await;
        self.drop_if_invalidated(&key, before).await;
        Ok(value)
    }

    /// Some key was invalidated while a value was made. If it was this one the value may be stale already; if not,
    /// the price is one more miss.
    async fn drop_if_invalidated<Q>(&self, key: &Q, before: u64)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if self.invalidations.load(Ordering::Acquire) != before {
            self.entries.invalidate(key).await;
        }
    }

    /// Forgets a value; also one that is being made right now, as soon as it is.
    pub async fn invalidate<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.invalidations.fetch_add(1, Ordering::AcqRel);
        self.entries.invalidate(key).await;
    }

    /// Whether it is remembered; no look-up that is counted, and no use that keeps it longer.
    pub fn holds<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.entries.contains_key(key)
    }

    /// For a gauge: approximate, it lags behind by some milliseconds of traffic.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries.entry_count()
    }

    /// For a gauge: approximate, like [`Local::entries`].
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.entries.weighted_size()
    }
}

#[cfg(test)]
mod tests;
