//! All caches of this process, and what other nodes have to know of them.
//!
//! Invariant: whatever changes is told here, and then nobody remembers it: not this node, not Redis, and within a second
//! not the other nodes.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use metrics::Counter;
use parking_lot::RwLock;

use super::{
    Bounds, Cost, Counts, Name, Pattern, Second, Shape, Shelf, Tag, Tiered,
    remote::{Facts, Hears, Remote},
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

/// Changes that are looked at in one go.
const APART: usize = 256;

pub struct Tiers {
    shelves: Arc<Shelves>,
    remote: Option<Arc<Remote>>,
    rule: Admission,
    clock: SharedClock,
}

/// The first tier: all of it.
struct Shelves {
    all: RwLock<Vec<Arc<dyn Shelf>>>,
    here: Counter,
    elsewhere: Counter,
    resync: Counter,
}

/// What was dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    pub memory: u64,
    pub redis: u64,
}

/// One space of the first tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShelfStats {
    pub space: &'static str,
    pub entries: u64,
    pub bytes: u64,
    pub counts: Counts,
}

/// How the second tier is.
#[derive(Clone, Debug)]
pub struct RemoteStats {
    /// `standalone`, `cluster` or `sentinel`.
    pub mode: &'static str,
    /// Whether requests ask it.
    pub usable: bool,
    /// Whether changes on other nodes are heard.
    pub subscribed: bool,
    /// Changes that it was not told of yet.
    pub pending: usize,
    pub trouble: Option<Error>,
    /// `None` before the first look, and with `REDIS_ENABLE_STATS=false`.
    pub facts: Option<Facts>,
    pub counts: Counts,
    /// How long a write takes these days; `None` before the first.
    pub set: Option<std::time::Duration>,
}

impl Tiers {
    /// Connects in the background.
    ///
    /// # Errors
    /// When a file that the settings name cannot be read.
    pub fn start(settings: &Settings, clock: &SharedClock) -> Result<Arc<Self>> {
        let shelves = Arc::new(Shelves::new());
        let hears: Arc<dyn Hears> = Arc::<Shelves>::clone(&shelves);
        Ok(Arc::new(Self {
            remote: Remote::start(settings, clock, hears)?,
            shelves,
            rule: settings.admission,
            clock: SharedClock::clone(clock),
        }))
    }

    /// The first tier alone.
    #[must_use]
    pub fn in_memory(clock: &SharedClock) -> Arc<Self> {
        Arc::new(Self {
            shelves: Arc::new(Shelves::new()),
            remote: None,
            rule: Admission::Never,
            clock: SharedClock::clone(clock),
        })
    }

    /// Both tiers for one kind of value. `weigh`: bytes that a value holds on the heap.
    pub fn shelf<K, V>(
        &self,
        shape: Shape<K, V>,
        bounds: Bounds,
        weigh: fn(&V) -> u32,
    ) -> Arc<Tiered<K, V>>
    where
        K: std::hash::Hash + Eq + Clone + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        let facts = (shape.space, shape.name, shape.changes);
        self.added(Tiered::new(facts, bounds, weigh, self.second(shape)))
    }

    /// The first tier alone, for values that can change.
    pub fn memory_shelf<K, V>(
        &self,
        (space, name): (Space, fn(&K) -> Name),
        bounds: Bounds,
        weigh: fn(&V) -> u32,
    ) -> Arc<Tiered<K, V>>
    where
        K: std::hash::Hash + Eq + Clone + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        self.added(Tiered::new((space, name, true), bounds, weigh, None))
    }

    fn added<S: Shelf + 'static>(&self, new: S) -> Arc<S> {
        let new = Arc::new(new);
        self.add(Arc::<S>::clone(&new));
        new
    }

    /// The second tier for one kind of value; `None` when there is none.
    #[must_use]
    pub fn second<K, V>(&self, shape: Shape<K, V>) -> Option<Second<K, V>> {
        let remote = Arc::clone(self.remote.as_ref()?);
        Some(Second::new(remote, shape, SharedClock::clone(&self.clock)))
    }

    /// Has a cache looked after.
    pub fn add(&self, cache: Arc<dyn Shelf>) {
        let mut all = self.shelves.all.write();
        all.push(cache);
    }

    /// Something changed, and is in the database already: nobody remembers it any more. Waits for Redis no longer than a
    /// request may; the other nodes know within a second.
    pub async fn changed(&self, tags: &[Tag]) {
        for tag in tags {
            self.shelves.here.increment(1);
            self.shelves.forget(tag).await;
        }
        if let Some(remote) = &self.remote {
            remote.changed(tags).await;
        }
    }

    /// As [`Tiers::changed`], of many things and for whoever is no request: it takes the time it takes, and leaves room
    /// for requests in between.
    pub async fn changed_apart(&self, tags: &[Tag]) {
        for tags in tags.chunks(APART) {
            for tag in tags {
                self.shelves.here.increment(1);
                self.shelves.forget(tag).await;
            }
            if let Some(remote) = &self.remote {
                remote.changed_apart(tags).await;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Whether changes on other nodes are heard of.
    #[must_use]
    pub fn hears(&self) -> bool {
        self.remote.as_ref().is_some_and(|r| r.is_subscribed())
    }

    /// Drops what a pattern means from the memory of this node. How many there were.
    pub async fn forget_here(&self, pattern: &Pattern) -> u64 {
        self.shelves.clear(pattern).await
    }

    /// Drops what a pattern means, on all nodes.
    ///
    /// # Errors
    /// `Unavailable` when Redis could not be asked; the memory of this node is cleared all the same.
    pub async fn clear(&self, pattern: &Pattern) -> Result<Cleared> {
        let memory = self.shelves.clear(pattern).await;
        let Some(remote) = &self.remote else {
            return Ok(Cleared { memory, redis: 0 });
        };
        let swept = remote
            .sweep(&remote.names().matching(pattern.as_str()))
            .await;
        // Only after Redis: what others drop they would fetch again from there.
        remote.tell_cleared(pattern.as_str()).await;
        Ok(Cleared {
            memory,
            redis: swept?,
        })
    }

    /// Brings the sizes of the first tier up to date: without look-ups they stay as they were.
    pub async fn settle(&self) {
        for shelf in self.shelves.shelves() {
            shelf.settle().await;
        }
    }

    #[must_use]
    pub fn memory(&self) -> Vec<ShelfStats> {
        let stats = |shelf: &Arc<dyn Shelf>| {
            let (entries, bytes) = shelf.size();
            ShelfStats {
                space: shelf.space().label(),
                entries,
                bytes,
                counts: shelf.counts(),
            }
        };
        self.shelves.shelves().iter().map(stats).collect()
    }

    /// `None` when none is configured.
    #[must_use]
    pub fn redis(&self) -> Option<RemoteStats> {
        let remote = self.remote.as_ref()?;
        let facts = remote.facts();
        Some(RemoteStats {
            mode: remote.mode(),
            usable: remote.is_usable(),
            subscribed: remote.is_subscribed(),
            pending: remote.pending(),
            trouble: remote.trouble(),
            counts: remote.counts(facts.as_ref()),
            set: remote.set_pace(),
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

    /// Before the process ends: tells what Redis was not told of yet.
    pub async fn stop(&self, patience: std::time::Duration) {
        if let Some(remote) = &self.remote {
            remote.stop(patience).await;
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

impl Shelves {
    fn new() -> Self {
        let origin = |origin: CacheOrigin| counter(&CACHE_INVALIDATIONS, &[origin.label()]);
        Self {
            all: RwLock::default(),
            here: origin(CacheOrigin::Here),
            elsewhere: origin(CacheOrigin::Elsewhere),
            resync: origin(CacheOrigin::Resync),
        }
    }

    fn shelves(&self) -> Vec<Arc<dyn Shelf>> {
        self.all.read().clone()
    }

    async fn forget(&self, tag: &Tag) {
        for shelf in self.shelves() {
            shelf.forget(tag).await;
        }
    }

    async fn clear(&self, pattern: &Pattern) -> u64 {
        let mut cleared = 0;
        for shelf in self.shelves() {
            cleared += shelf.clear(pattern).await;
        }
        cleared
    }
}

impl Hears for Shelves {
    fn changed(&self, tag: Tag, own: bool) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if !own {
                self.elsewhere.increment(1);
            }
            // One's own, too: between the change and its telling an old value may have been fetched.
            self.forget(&tag).await;
        })
    }

    fn cleared(&self, pattern: Pattern) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.clear(&pattern).await;
        })
    }

    fn missed(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.resync.increment(1);
            for shelf in self.shelves() {
                shelf.doubt().await;
            }
        })
    }
}
