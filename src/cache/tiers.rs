//! All caches of this process, and the invalidations between nodes.
//!
//! Invariant: after [`Tiers::invalidate`] this node and Redis do not serve the old value, and the other nodes stop within a second.

use std::{hash::Hash, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use metrics::Counter;
use parking_lot::RwLock;

use super::{
    Bounds, Cost, Counts, MemoryCache, Name, Pattern, Revalidating, Revalidation, Second, Secrets,
    Shape, Tag, Tiered,
    remote::{Facts, Remote, Subscriber},
    tiered::Keys,
};
use crate::{
    config::redis::{Admission, Redis as Settings},
    kernel::{Error, Result, SharedClock},
    telemetry::{
        catalogue::CACHE_INVALIDATIONS,
        handles::counter,
        labels::{CacheOrigin, Space},
    },
};

/// Invalidations between two yields.
const CHUNK: usize = 256;

pub struct Tiers {
    memory: Arc<MemoryCaches>,
    remote: Option<Arc<Remote>>,
    rule: Admission,
    clock: SharedClock,
}

/// The first tier: a cache for each space.
struct MemoryCaches {
    all: RwLock<Vec<Arc<dyn MemoryCache>>>,
    here: Counter,
    elsewhere: Counter,
    resync: Counter,
}

/// Numbers of values that were dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    pub memory: u64,
    pub redis: u64,
}

/// One space of the first tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryStats {
    pub space: &'static str,
    pub entries: u64,
    pub bytes: u64,
    pub counts: Counts,
}

/// State of the second tier.
#[derive(Clone, Debug)]
pub struct RemoteStats {
    /// `standalone`, `cluster` or `sentinel`.
    pub mode: &'static str,
    /// Whether requests ask it.
    pub usable: bool,
    /// Whether invalidations of other nodes arrive.
    pub subscribed: bool,
    /// Invalidations that it did not take yet.
    pub pending: usize,
    pub trouble: Option<Error>,
    /// `None` before the first answer, and with `REDIS_ENABLE_STATS=false`.
    pub facts: Option<Facts>,
    pub counts: Counts,
    /// Moving mean of a write's time; `None` before the first.
    pub set: Option<Duration>,
}

impl Tiers {
    /// Connects in the background.
    ///
    /// # Errors
    /// When a file that the settings name cannot be read.
    pub fn start(settings: &Settings, clock: &SharedClock) -> Result<Arc<Self>> {
        let memory = Arc::new(MemoryCaches::new());
        let subscriber: Arc<dyn Subscriber> = Arc::<MemoryCaches>::clone(&memory);
        Ok(Arc::new(Self {
            remote: Remote::start(settings, clock, subscriber)?,
            memory,
            rule: settings.admission,
            clock: SharedClock::clone(clock),
        }))
    }

    /// The first tier alone.
    #[must_use]
    pub fn in_memory(clock: &SharedClock) -> Arc<Self> {
        Arc::new(Self {
            memory: Arc::new(MemoryCaches::new()),
            remote: None,
            rule: Admission::Never,
            clock: SharedClock::clone(clock),
        })
    }

    /// Both tiers for one space. `weigh`: bytes that a value holds on the heap.
    pub fn cache<K, V>(
        &self,
        shape: Shape<K, V>,
        bounds: Bounds,
        weigh: fn(&V) -> u32,
    ) -> Arc<Tiered<K, V>>
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        let keys = shape.keys();
        self.added(Arc::new(Tiered::new(
            keys,
            bounds,
            weigh,
            self.second(shape),
        )))
    }

    /// Both tiers for one space, with stale-while-revalidate.
    #[must_use]
    pub fn revalidating<K, V>(
        &self,
        shape: Shape<K, V>,
        bounds: Bounds,
        how: Revalidation<K, V>,
    ) -> Arc<Revalidating<K, V>>
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        let keys = shape.keys();
        let clock = SharedClock::clone(&self.clock);
        self.added(Revalidating::new(
            keys,
            bounds,
            self.second(shape),
            how,
            clock,
        ))
    }

    /// The first tier alone, for values that can change.
    pub fn memory_cache<K, V>(
        &self,
        space: Space,
        name: fn(&K) -> Name,
        bounds: Bounds,
        weigh: fn(&V) -> u32,
    ) -> Arc<Tiered<K, V>>
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        let changes = true;
        let keys = Keys {
            space,
            name,
            changes,
        };
        self.added(Arc::new(Tiered::new(keys, bounds, weigh, None)))
    }

    /// The first tier alone, for secrets. `about`: the user whose change drops a value. No pattern names them.
    pub fn secrets<K, V>(
        &self,
        space: Space,
        bounds: Bounds,
        weigh: fn(&V) -> u32,
        about: fn(&V) -> Tag,
    ) -> Arc<Secrets<K, V>>
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        self.added(Arc::new(Secrets::new(space, bounds, weigh, about)))
    }

    fn added<C: MemoryCache + 'static>(&self, cache: Arc<C>) -> Arc<C> {
        self.memory.all.write().push(Arc::<C>::clone(&cache));
        cache
    }

    fn second<K, V>(&self, shape: Shape<K, V>) -> Option<Second<K, V>> {
        let remote = Arc::clone(self.remote.as_ref()?);
        Some(Second::new(remote, shape, SharedClock::clone(&self.clock)))
    }

    /// Call after a change is in the database. This node and Redis drop what is about these things; the other nodes do within a
    /// second. Waits for Redis at most `REDIS_BUDGET_MS`.
    pub async fn invalidate(&self, tags: &[Tag]) {
        self.memory.invalidate(tags).await;
        if let Some(remote) = &self.remote {
            remote.invalidate(tags).await;
        }
    }

    /// As [`Tiers::invalidate`], of many things and not for a request: waits until Redis has them, and leaves room for requests
    /// in between.
    pub async fn invalidate_in_background(&self, tags: &[Tag]) {
        for tags in tags.chunks(CHUNK) {
            self.memory.invalidate(tags).await;
            if let Some(remote) = &self.remote {
                remote.invalidate_in_background(tags).await;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Whether invalidations of other nodes arrive.
    #[must_use]
    pub fn is_subscribed(&self) -> bool {
        self.remote.as_ref().is_some_and(|r| r.is_subscribed())
    }

    /// Whether a Redis is configured, in which nodes can count together.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.remote.is_some()
    }

    /// Takes cells from a bucket that all nodes share (GCRA): one of `burst` cells, which gets one more in `each`. Returns for how
    /// long it is empty; `None` while it is not, and where Redis cannot tell.
    pub async fn take_shared(
        &self,
        name: &str,
        bucket: (Duration, u32),
        cells: u64,
    ) -> Option<Duration> {
        self.remote.as_ref()?.take_shared(name, bucket, cells).await
    }

    /// Drops the values whose names match from the memory of this node. Returns how many there were.
    pub async fn clear_memory(&self, pattern: &Pattern) -> u64 {
        self.memory.clear(pattern).await
    }

    /// Drops the values whose names match, on all nodes.
    ///
    /// # Errors
    /// `Unavailable` when Redis could not be asked; the memory of this node is cleared all the same.
    pub async fn clear(&self, pattern: &Pattern) -> Result<Cleared> {
        let memory = self.memory.clear(pattern).await;
        let Some(remote) = &self.remote else {
            return Ok(Cleared { memory, redis: 0 });
        };
        let swept = remote
            .sweep(&remote.names().matching(pattern.as_str()))
            .await;
        // After Redis: other nodes would fetch again from there.
        remote.publish_cleared(pattern.as_str()).await;
        Ok(Cleared {
            memory,
            redis: swept?,
        })
    }

    /// Brings the sizes of the first tier up to date: without look-ups they do not change.
    pub async fn catch_up(&self) {
        for cache in self.memory.all() {
            cache.catch_up().await;
        }
    }

    #[must_use]
    pub fn memory(&self) -> Vec<MemoryStats> {
        let stats = |cache: &Arc<dyn MemoryCache>| {
            let (entries, bytes) = cache.size();
            MemoryStats {
                space: cache.space().label(),
                entries,
                bytes,
                counts: cache.counts(),
            }
        };
        self.memory.all().iter().map(stats).collect()
    }

    /// `None` when no Redis is configured.
    #[must_use]
    pub fn redis(&self) -> Option<RemoteStats> {
        let remote = self.remote.as_ref()?;
        let facts = remote.facts();
        Some(RemoteStats {
            mode: remote.mode(),
            usable: remote.is_usable(),
            subscribed: remote.is_subscribed(),
            pending: remote.pending_count(),
            trouble: remote.trouble(),
            counts: remote.counts(facts.as_ref()),
            set: remote.mean_set(),
            facts,
        })
    }

    /// `auto`, `always` or `never`; and each kind of value with its figures.
    #[must_use]
    pub fn admission(&self) -> (&'static str, Vec<Cost>) {
        let rule = match self.rule {
            Admission::Auto => "auto",
            Admission::Always => "always",
            Admission::Never => "never",
        };
        let shown = self.remote.as_ref().map(|remote| remote.costs.shown());
        (rule, shown.unwrap_or_default())
    }

    /// Before the process ends: sends the pending invalidations to Redis, for `timeout` at most.
    pub async fn stop(&self, timeout: Duration) {
        if let Some(remote) = &self.remote {
            remote.stop(timeout).await;
        }
    }
}

impl Drop for Tiers {
    fn drop(&mut self) {
        if let Some(remote) = &self.remote {
            remote.end();
        }
    }
}

impl MemoryCaches {
    fn new() -> Self {
        let origin = |origin: CacheOrigin| counter(&CACHE_INVALIDATIONS, &[origin.label()]);
        Self {
            all: RwLock::default(),
            here: origin(CacheOrigin::Here),
            elsewhere: origin(CacheOrigin::Elsewhere),
            resync: origin(CacheOrigin::Resync),
        }
    }

    fn all(&self) -> Vec<Arc<dyn MemoryCache>> {
        self.all.read().clone()
    }

    /// Changes of this node.
    async fn invalidate(&self, tags: &[Tag]) {
        for tag in tags {
            self.here.increment(1);
            self.drop_about(tag).await;
        }
    }

    async fn drop_about(&self, tag: &Tag) {
        for cache in self.all() {
            cache.invalidate(tag).await;
        }
    }

    async fn clear(&self, pattern: &Pattern) -> u64 {
        let mut cleared = 0;
        for cache in self.all() {
            cleared += cache.clear(pattern).await;
        }
        cleared
    }
}

impl Subscriber for MemoryCaches {
    fn invalidated(&self, tag: Tag, own: bool) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if !own {
                self.elsewhere.increment(1);
            }
            // Also for a change of this node: an old value may have been fetched before Redis dropped it.
            self.drop_about(&tag).await;
        })
    }

    fn cleared(&self, pattern: Pattern) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.clear(&pattern).await;
        })
    }

    fn resync(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.resync.increment(1);
            for cache in self.all() {
                cache.resync().await;
            }
        })
    }
}
