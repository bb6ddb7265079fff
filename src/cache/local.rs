//! The first tier: a cache in memory, bounded in bytes, in which everything has a last moment.
//!
//! Invariants: concurrent misses of one key make the value once; an error is handed to all who waited for it and is
//! not kept; a value whose making began before its key was invalidated is not kept.

use std::{
    borrow::Borrow,
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use metrics::{Counter, Histogram};
use moka::{future::Cache, notification::RemovalCause};

use super::{
    index::Index,
    life::{ByUse, Life},
    name::Tag,
    pace::Pace,
};
use crate::{
    kernel::{Clock, Error, Result, SystemClock},
    telemetry::{
        catalogue::{CACHE_DURATION, CACHE_EVICTIONS, CACHE_REQUESTS},
        handles::{counter, histogram},
        labels::{CacheOperation, CacheResult, Space, Tier},
    },
};

/// What moka keeps per entry beside key and value (counts, times, two list nodes, a slot), estimated.
const ENTRY_BYTES: usize = 160;

/// One look-up in so many is timed: a clock takes longer to read than most of them.
const TIMED: u64 = 64;

/// Things that keys are about, by their digest: a change of one keeps only values of its group from being kept.
const GROUPS: usize = 64;

/// How much, and how long. By moka's own clock: tests cannot stop it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Keys, values and what the cache needs itself.
    pub bytes: u64,
    pub life: Life,
}

/// How often it was asked since the start, what it dropped for lack of room, and how long a look-up takes these days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub hits: u64,
    pub misses: u64,
    pub evictions: u64,
    /// `None` before the first that was measured.
    pub get: Option<Duration>,
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
    index: Option<Arc<Index<K>>>,
    /// By group.
    invalidations: [AtomicU64; GROUPS],
    asked: AtomicU64,
    found: AtomicU64,
    evicted: Arc<AtomicU64>,
    hits: Counter,
    misses: Counter,
    timer: Histogram,
    pace: Pace,
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

    /// One that can drop everything that is about one thing. `tag`: what a key's value is about.
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
            entries,
            index,
            invalidations: std::array::from_fn(|_| AtomicU64::new(0)),
            asked: AtomicU64::new(0),
            found: AtomicU64::new(0),
            evicted,
            hits: requests(CacheResult::Hit),
            misses: requests(CacheResult::Miss),
            timer: histogram(&CACHE_DURATION, &timed),
            pace: Pace::default(),
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
            self.pace.add(took);
        }
        if found.is_some() {
            self.found.fetch_add(1, Ordering::Relaxed);
            self.hits.increment(1);
        } else {
            self.misses.increment(1);
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
        self.make(key, make).await
    }

    /// As [`Local::get_or_make`], for a caller that has just looked in vain.
    ///
    /// # Errors
    /// Those of `make`, for everybody who waited for it.
    pub async fn make<Q, F, M>(&self, key: &Q, make: M) -> Result<Found<V>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        M: FnOnce() -> F,
        F: Future<Output = Result<V>>,
    {
        // Boxed, and made by the one who makes: futures of making are large, and neither a hit nor a thousand who wait
        // should carry one around.
        let making = async { Box::pin(make()).await };
        Box::pin(self.fill(key, making)).await
    }

    async fn fill<Q>(&self, key: &Q, making: impl Future<Output = Result<V>>) -> Result<Found<V>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let group = self.group_of(key);
        let before = group.load(Ordering::Acquire);
        let entry = self.entries.entry_by_ref(key).or_try_insert_with(making);
        let entry = entry.await.map_err(|e| Error::clone(&e))?;
        let fresh = entry.is_fresh();
        if fresh {
            self.kept(key, (group, before)).await;
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
        let group = self.group_of(&key);
        let before = group.load(Ordering::Acquire);
        let value = make.await?;
        self.entries.insert(key.clone(), value.clone()).await;
        self.kept(&key, (group, before)).await;
        Ok(value)
    }

    /// How many invalidations there were: for [`Local::put`].
    pub fn mark(&self) -> u64 {
        let groups = self.invalidations.iter();
        groups.map(|group| group.load(Ordering::Acquire)).sum()
    }

    /// Remembers a value that was read, or made, after this mark; not for long if anything was invalidated since.
    pub async fn put(&self, mark: u64, key: K, value: V) {
        self.entries.insert(key.clone(), value).await;
        if let Some(index) = &self.index {
            index.kept(key.clone());
        }
        if self.mark() != mark {
            self.entries.invalidate(&key).await;
        }
    }

    /// What counts the invalidations of a key, and of others.
    fn group_of<Q>(&self, key: &Q) -> &AtomicU64
    where
        Q: ToOwned<Owned = K> + ?Sized,
    {
        let index = self.index.as_ref();
        let tag = index.and_then(|index| index.tag(&key.to_owned()));
        self.group(tag.as_ref())
    }

    fn group(&self, tag: Option<&Tag>) -> &AtomicU64 {
        let mut hasher = std::hash::DefaultHasher::new();
        tag.hash(&mut hasher);
        let group = usize::try_from(hasher.finish() % GROUPS as u64).unwrap_or_default();
        &self.invalidations[group]
    }

    /// A value was just put there. If some key of its group was invalidated while it was made, this one may be stale already; if it
    /// is not, the price is one more miss.
    async fn kept<Q>(&self, key: &Q, (group, before): (&AtomicU64, u64))
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(index) = &self.index {
            index.kept(key.to_owned());
        }
        if group.load(Ordering::Acquire) != before {
            self.entries.invalidate(key).await;
        }
    }

    /// Forgets everything that is about one thing; also what is being made right now.
    pub async fn forget(&self, tag: &Tag) {
        self.group(Some(tag)).fetch_add(1, Ordering::AcqRel);
        if let Some(index) = &self.index {
            for key in index.keys(tag) {
                self.entries.invalidate(&key).await;
            }
        }
    }

    /// Forgets what is selected. How many there were.
    pub async fn forget_those(&self, selected: impl Fn(&K) -> bool) -> u64 {
        for group in &self.invalidations {
            group.fetch_add(1, Ordering::AcqRel);
        }
        let mut dropped = 0;
        let keys: Vec<Arc<K>> = self.entries.iter().map(|(key, _)| key).collect();
        for key in keys.iter().filter(|key| selected(key)) {
            self.entries.invalidate(&**key).await;
            dropped += 1;
        }
        dropped
    }

    /// Forgets a value; also one that is being made right now, as soon as it is.
    pub async fn invalidate<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.group_of(key).fetch_add(1, Ordering::AcqRel);
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

    #[must_use]
    pub fn counts(&self) -> Counts {
        let (asked, hits) = (
            self.asked.load(Ordering::Relaxed),
            self.found.load(Ordering::Relaxed),
        );
        Counts {
            hits,
            misses: asked.saturating_sub(hits),
            evictions: self.evicted.load(Ordering::Relaxed),
            get: self.pace.mean(),
        }
    }

    /// Catches up on what the sizes lag behind.
    pub async fn settle(&self) {
        self.entries.run_pending_tasks().await;
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
