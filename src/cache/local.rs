//! The first tier: a cache in memory, bounded in bytes, in which everything has a last moment.
//!
//! Invariants: concurrent misses of one key make the value once; an error is handed to all who waited for it and is
//! not kept; a value whose making began before its key was invalidated is not kept.

use std::{
    borrow::Borrow,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use metrics::{Counter, Histogram};
use moka::{future::Cache, notification::RemovalCause};

use super::{
    index::Index,
    life::{ByUse, Life},
    makings::{Making, Makings},
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

/// Why a value that was asked for is not remembered.
enum NotKept<V> {
    Failed(Error),
    /// What it is about changed while it was made.
    Overtaken(V),
}

/// A cache of one kind of value. Values are cloned on every hit, so they are cheap to clone.
pub struct Local<K, V> {
    entries: Cache<K, V>,
    index: Option<Arc<Index<K>>>,
    makings: Makings,
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
            makings: Makings::default(),
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
        let begun = self.begin(key);
        if begun.is_behind_an_old_one() {
            // To wait for that one would be to take its value, of before the change.
            let value = making.await?;
            self.keep(&begun, key.to_owned(), value.clone()).await;
            return Ok(Found { value, made: true });
        }
        let ran = AtomicBool::new(false);
        let making = async {
            ran.store(true, Ordering::Relaxed);
            let value = making.await.map_err(NotKept::Failed)?;
            // Not put there at all: by now there may be a newer one.
            if begun.is_overtaken() {
                return Err(NotKept::Overtaken(value));
            }
            Ok(value)
        };
        let entry = self.entries.entry_by_ref(key).or_try_insert_with(making);
        match entry.await {
            Ok(entry) => {
                let made = entry.is_fresh();
                if made {
                    self.kept(&begun, key).await;
                }
                let value = entry.into_value();
                Ok(Found { value, made })
            }
            Err(e) => match &*e {
                NotKept::Failed(e) => Err(Error::clone(e)),
                NotKept::Overtaken(value) => Ok(Found {
                    value: value.clone(),
                    made: ran.load(Ordering::Relaxed),
                }),
            },
        }
    }

    /// Makes a value anew, whatever is remembered; if that succeeds it takes the old one's place.
    ///
    /// # Errors
    /// Those of `make`; what was remembered then stays.
    pub async fn remake(&self, key: K, make: impl Future<Output = Result<V>>) -> Result<V>
    where
        K: Clone,
    {
        let begun = self.begin(&key);
        let value = make.await?;
        self.keep(&begun, key, value.clone()).await;
        Ok(value)
    }

    /// Before values about one thing are read or made elsewhere: for [`Local::keep`].
    pub fn begin_about(&self, tag: &Tag) -> Making<'_> {
        self.makings.begin(tag)
    }

    /// Before a value is read or made elsewhere: for [`Local::keep`].
    pub fn begin<Q>(&self, key: &Q) -> Making<'_>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        match self.tag(key) {
            Some(tag) => self.makings.begin(&tag),
            None => self.makings.begin(&key),
        }
    }

    /// Remembers a value that was read, or made, since `begun`; unless its key was invalidated meanwhile.
    pub async fn keep(&self, begun: &Making<'_>, key: K, value: V) {
        if !begun.is_overtaken() {
            self.entries.insert(key.clone(), value).await;
            self.kept(begun, &key).await;
        }
    }

    fn tag<Q>(&self, key: &Q) -> Option<Tag>
    where
        Q: ToOwned<Owned = K> + ?Sized,
    {
        let index = self.index.as_ref();
        index.and_then(|index| index.tag(&key.to_owned()))
    }

    /// A value was just put there. If what it is about changed while it was made, it may be of before that.
    async fn kept<Q>(&self, begun: &Making<'_>, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(index) = &self.index {
            index.kept(key.to_owned());
        }
        if begun.is_overtaken() {
            self.entries.invalidate(key).await;
        }
    }

    /// Forgets everything that is about one thing; also what is being made right now.
    pub async fn forget(&self, tag: &Tag) {
        self.makings.overtake(tag);
        if let Some(index) = &self.index {
            for key in index.keys(tag) {
                self.entries.invalidate(&key).await;
            }
        }
    }

    /// Forgets what is selected. How many there were.
    pub async fn forget_those(&self, selected: impl Fn(&K) -> bool) -> u64 {
        self.makings.overtake_all();
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
        match self.tag(key) {
            Some(tag) => self.makings.overtake(&tag),
            None => self.makings.overtake(&key),
        }
        self.entries.invalidate(key).await;
    }

    /// What is remembered; no look-up that is counted.
    pub async fn peek<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.entries.get(key).await
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
