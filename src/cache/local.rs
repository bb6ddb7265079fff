//! The first tier: a cache in memory, bounded in bytes, whose values expire.
//!
//! Invariants: concurrent misses of one key make the value once; an error is returned to all callers that waited for it and is
//! not cached; a value whose making began before its key was invalidated is not cached.

use std::{
    borrow::Borrow,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use metrics::{Counter, Histogram};
use moka::{future::Cache, notification::RemovalCause};

use super::{
    index::Index,
    life::{ByUse, Life},
    memory_cache::MemoryCache,
    moving_mean::MovingMean,
    name::Tag,
    pending::{PendingValue, PendingValues},
};
use crate::{
    kernel::{Clock, Error, Result, SystemClock},
    telemetry::{
        catalogue::{CACHE_DURATION, CACHE_EVICTIONS, CACHE_REQUESTS},
        handles::{counter, histogram},
        labels::{CacheOperation, CacheResult, Space, Tier},
    },
};

/// Bytes of an entry in moka beside key and value (counts, times, two list nodes, a slot), estimated.
const ENTRY_BYTES: usize = 160;

/// One look-up in so many is timed: reading a clock takes longer than most look-ups.
const TIMED: u64 = 64;

/// Size and lifetime. Time is moka's own: a paused test does not stop it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Keys, values and the cache's own entries.
    pub bytes: u64,
    pub life: Life,
}

/// Look-ups since the start, values dropped for lack of room, and the moving mean of a look-up's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub hits: u64,
    pub misses: u64,
    pub evictions: u64,
    /// `None` before the first measurement.
    pub get: Option<Duration>,
}

/// A value and its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup<V> {
    pub value: V,
    /// This call made it: it was not cached, and no concurrent call made it.
    pub made: bool,
}

/// Why a value was not cached.
enum NotCached<V> {
    Failed(Error),
    /// Its key was invalidated while it was made.
    Overtaken(V),
}

/// A cache of one kind of value. Values are cloned on every hit, so they are cheap to clone.
pub struct Local<K, V> {
    space: Space,
    entries: Cache<K, V>,
    index: Option<Arc<Index<K>>>,
    pending: PendingValues,
    asked: AtomicU64,
    found: AtomicU64,
    evicted: Arc<AtomicU64>,
    hits: Counter,
    misses: Counter,
    timer: Histogram,
    mean_get: MovingMean,
}

impl<K, V> Local<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// `weigh`: the bytes that key and value hold on the heap.
    #[must_use]
    pub fn new(
        space: Space,
        bounds: Bounds,
        weigh: impl Fn(&K, &V) -> u32 + Send + Sync + 'static,
    ) -> Self {
        Self::build(space, bounds, weigh, None)
    }

    /// A cache that can drop everything that is about one thing. `tag`: the thing that a key's value is about.
    #[must_use]
    pub fn tagged(
        space: Space,
        bounds: Bounds,
        weigh: impl Fn(&K, &V) -> u32 + Send + Sync + 'static,
        tag: impl Fn(&K) -> Option<Tag> + Send + Sync + 'static,
    ) -> Self {
        Self::build(space, bounds, weigh, Some(Index::new(tag)))
    }

    fn build(
        space: Space,
        bounds: Bounds,
        weigh: impl Fn(&K, &V) -> u32 + Send + Sync + 'static,
        index: Option<Index<K>>,
    ) -> Self {
        let inline = u32::try_from(ENTRY_BYTES + size_of::<K>() + size_of::<V>());
        let inline = inline.unwrap_or(u32::MAX);
        let requests = |result: CacheResult| {
            let labels = [Tier::Memory.label(), space.label(), result.label()];
            counter(&CACHE_REQUESTS, &labels)
        };
        let (index, evicted) = (index.map(Arc::new), Arc::new(AtomicU64::new(0)));
        let evictions = counter(&CACHE_EVICTIONS, &[Tier::Memory.label()]);
        let listener = {
            let (index, evicted) = (index.clone(), Arc::clone(&evicted));
            move |key: Arc<K>, _, cause| {
                if cause == RemovalCause::Size {
                    evicted.fetch_add(1, Ordering::Relaxed);
                    evictions.increment(1);
                }
                if let Some(index) = &index
                    && cause != RemovalCause::Replaced
                {
                    index.removed(&key);
                }
            }
        };
        let builder = Cache::builder()
            .name(space.label())
            .max_capacity(bounds.bytes)
            .weigher(move |key, value| weigh(key, value).saturating_add(inline))
            .eviction_listener(listener);
        // Moka keeps a timer per entry for those that differ; a fixed time needs none.
        let builder = if bounds.life.is_fixed() {
            builder.time_to_live(bounds.life.first)
        } else {
            builder.expire_after(ByUse(bounds.life))
        };
        let entries = builder.build();
        if let Some(index) = &index {
            let weak = entries.clone();
            index.watch(move |key| weak.contains_key(key));
        }
        let timed = [Tier::Memory.label(), CacheOperation::Get.label()];
        Self {
            space,
            entries,
            index,
            pending: PendingValues::default(),
            asked: AtomicU64::new(0),
            found: AtomicU64::new(0),
            evicted,
            hits: requests(CacheResult::Hit),
            misses: requests(CacheResult::Miss),
            timer: histogram(&CACHE_DURATION, &timed),
            mean_get: MovingMean::default(),
        }
    }

    pub async fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let nth = self.asked.fetch_add(1, Ordering::Relaxed);
        let start = nth.is_multiple_of(TIMED).then(|| SystemClock.instant());
        let found = self.entries.get(key).await;
        if let Some(start) = start {
            let took = SystemClock.instant().saturating_duration_since(start);
            self.timer.record(took);
            self.mean_get.add(took);
        }
        if found.is_some() {
            self.found.fetch_add(1, Ordering::Relaxed);
            self.hits.increment(1);
        } else {
            self.misses.increment(1);
        }
        found
    }

    /// What `part` takes from the cached value. Counted as a look-up only where it takes something: otherwise the caller goes
    /// on to [`Local::get_or_make`].
    pub async fn find<Q, T>(&self, key: &Q, part: impl FnOnce(&V) -> Option<T>) -> Option<T>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let found = part(&self.entries.get(key).await?)?;
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.found.fetch_add(1, Ordering::Relaxed);
        self.hits.increment(1);
        Some(found)
    }

    /// The cached value, or the one that `make` makes: called once for all concurrent callers of a key. If the caller that
    /// makes it goes away, another takes over.
    ///
    /// # Errors
    /// Those of `make`, for all callers that waited for it.
    pub async fn get_or_make<Q, F, M>(&self, key: &Q, make: M) -> Result<Lookup<V>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        M: FnOnce() -> F,
        F: Future<Output = Result<V>>,
    {
        if let Some(value) = self.get(key).await {
            return Ok(Lookup { value, made: false });
        }
        self.make(key, make).await
    }

    /// As [`Local::get_or_make`], after a miss.
    ///
    /// # Errors
    /// Those of `make`, for everybody who waited for it.
    pub async fn make<Q, F, M>(&self, key: &Q, make: M) -> Result<Lookup<V>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        M: FnOnce() -> F,
        F: Future<Output = Result<V>>,
    {
        // Boxed, and only where the value is made: these futures are large, and a thousand callers may wait.
        let making = async { Box::pin(make()).await };
        Box::pin(self.fill(key, making)).await
    }

    async fn fill<Q>(&self, key: &Q, making: impl Future<Output = Result<V>>) -> Result<Lookup<V>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let begun = self.begin(key);
        if begun.is_behind_an_old_one() {
            // Waiting for the old one would return its value, of before the change.
            let value = making.await?;
            self.insert(&begun, key.to_owned(), value.clone()).await;
            return Ok(Lookup { value, made: true });
        }
        let ran = AtomicBool::new(false);
        let making = async {
            ran.store(true, Ordering::Relaxed);
            let value = making.await.map_err(NotCached::Failed)?;
            // Not inserted: a newer value may be there by now.
            if begun.is_overtaken() {
                return Err(NotCached::Overtaken(value));
            }
            Ok(value)
        };
        let entry = self.entries.entry_by_ref(key).or_try_insert_with(making);
        match entry.await {
            Ok(entry) => {
                let made = entry.is_fresh();
                if made {
                    self.inserted(&begun, key).await;
                }
                let value = entry.into_value();
                Ok(Lookup { value, made })
            }
            Err(e) => match &*e {
                NotCached::Failed(e) => Err(Error::clone(e)),
                NotCached::Overtaken(value) => Ok(Lookup {
                    value: value.clone(),
                    made: ran.load(Ordering::Relaxed),
                }),
            },
        }
    }

    /// Makes a value anew; if that succeeds it replaces the cached one.
    ///
    /// # Errors
    /// Those of `make`; the cached value then stays.
    pub async fn remake(&self, key: K, make: impl Future<Output = Result<V>>) -> Result<V> {
        let begun = self.begin(&key);
        let value = make.await?;
        self.insert(&begun, key, value.clone()).await;
        Ok(value)
    }

    /// Call before values about one thing are read or made elsewhere, for [`Local::insert`].
    pub fn begin_about(&self, tag: &Tag) -> PendingValue<'_> {
        self.pending.begin(tag)
    }

    /// Call before a value is read or made elsewhere, for [`Local::insert`].
    pub fn begin<Q>(&self, key: &Q) -> PendingValue<'_>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        match self.tag(key) {
            Some(tag) => self.pending.begin(&tag),
            None => self.pending.begin(&key),
        }
    }

    /// Caches a value that was read, or made, since `begun`, unless its key was invalidated meanwhile.
    pub async fn insert(&self, begun: &PendingValue<'_>, key: K, value: V) {
        if !begun.is_overtaken() {
            self.entries.insert(key.clone(), value).await;
            self.inserted(begun, &key).await;
        }
    }

    fn tag<Q>(&self, key: &Q) -> Option<Tag>
    where
        Q: ToOwned<Owned = K> + ?Sized,
    {
        let index = self.index.as_ref();
        index.and_then(|index| index.tag(&key.to_owned()))
    }

    /// After an insertion. Drops the value again if its key was invalidated while it was made.
    async fn inserted<Q>(&self, begun: &PendingValue<'_>, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(index) = &self.index {
            index.inserted(key.to_owned());
        }
        if begun.is_overtaken() {
            self.entries.invalidate(key).await;
        }
    }

    /// Drops everything that is about one thing, and does not cache values about it that are being made.
    pub async fn invalidate_tag(&self, tag: &Tag) {
        self.pending.overtake(tag);
        if let Some(index) = &self.index {
            for key in index.keys(tag) {
                self.entries.invalidate(&key).await;
            }
        }
    }

    /// Drops the selected values. Returns how many there were.
    pub async fn invalidate_where(&self, selected: impl Fn(&K, &V) -> bool) -> u64 {
        self.pending.overtake_all();
        let mut dropped = 0;
        let selected = self
            .entries
            .iter()
            .filter(|(key, value)| selected(key, value));
        let keys: Vec<Arc<K>> = selected.map(|(key, _)| key).collect();
        for key in keys {
            self.entries.invalidate(&*key).await;
            dropped += 1;
        }
        dropped
    }

    /// Drops a value, and does not cache one that is being made.
    pub async fn invalidate<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        match self.tag(key) {
            Some(tag) => self.pending.overtake(&tag),
            None => self.pending.overtake(&key),
        }
        self.entries.invalidate(key).await;
    }

    /// The cached value. Not counted as a look-up.
    pub async fn peek<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.entries.get(key).await
    }

    /// Whether a value is cached. Not counted as a look-up, and does not extend its life.
    pub fn holds<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.entries.contains_key(key)
    }
}

impl<K, V> MemoryCache for Local<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn space(&self) -> Space {
        self.space
    }

    /// Lags behind by some milliseconds of traffic.
    fn size(&self) -> (u64, u64) {
        (self.entries.entry_count(), self.entries.weighted_size())
    }

    fn counts(&self) -> Counts {
        let (asked, hits) = (
            self.asked.load(Ordering::Relaxed),
            self.found.load(Ordering::Relaxed),
        );
        Counts {
            hits,
            misses: asked.saturating_sub(hits),
            evictions: self.evicted.load(Ordering::Relaxed),
            get: self.mean_get.mean(),
        }
    }

    fn catch_up(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.entries.run_pending_tasks())
    }
}

#[cfg(test)]
mod tests;
