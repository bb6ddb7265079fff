//! Both tiers with stale-while-revalidate: a value outlives its freshness while its source is away.
//!
//! Invariants: a value in memory goes only by a change of its key, by time, or for lack of room; the value of before a change is
//! served only while the new one is unknown; each key is asked for by one task at a time.

use std::{
    collections::HashSet,
    hash::Hash,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::{BoxFuture, ready};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::{
    Bounds, Counts, Local, Pattern, Second, Tag,
    memory_cache::MemoryCache,
    tiered::{Keys, fetch_or},
};
use crate::{
    kernel::{Result, SharedClock, clock::Instant, task},
    telemetry::labels::Space,
};

/// How long a caller with a stale value waits for a fresh one.
const WAIT: Duration = Duration::from_millis(100);
/// After the source failed, stale values are served without asking it for this long.
const PAUSE_MS: u64 = 1000;
/// An outage that begins this long after the last one is logged again.
const QUIET_MS: u64 = 10_000;
/// One byte in so many is for values of before a change.
const BEFORE: u64 = 16;

/// Reads a key's value past both tiers.
pub type Source<K, V> = Box<dyn Fn(K) -> BoxFuture<'static, Result<V>> + Send + Sync>;

/// How the values of one space are made anew.
pub struct Revalidation<K, V> {
    pub source: Source<K, V>,
    /// How long a value is served without asking for it again.
    pub fresh: Duration,
    /// The key whose value a tag is about.
    pub key: fn(&Tag) -> Option<K>,
    /// Whether a value may be served after a change while the source is away.
    pub outlives_change: fn(&V) -> bool,
    /// Bytes that key and value hold on the heap.
    pub weigh: fn(&K, &V) -> u32,
}

#[derive(Clone)]
struct Dated<V> {
    value: V,
    fresh_until: Instant,
    /// Resync epoch when this was cached. Stale once it changes.
    epoch: u64,
}

/// Remembers values of one space. Concurrent misses of one key make, or fetch, the value once.
pub struct Revalidating<K, V> {
    this: Weak<Self>,
    keys: Keys<K>,
    now: Local<K, Dated<V>>,
    /// Values that a change has made obsolete, until the new one is known.
    before: Local<K, V>,
    second: Option<Second<K, V>>,
    how: Revalidation<K, V>,
    clock: SharedClock,
    epoch: AtomicU64,
    running: Running<K>,
    /// Until when stale values are served without asking, in milliseconds since `start`.
    away_until_ms: AtomicU64,
    start: Instant,
}

impl<K, V> Revalidating<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// `bounds.life`: how long a value may be served while its source is away.
    pub(super) fn new(
        keys: Keys<K>,
        bounds: Bounds,
        second: Option<Second<K, V>>,
        how: Revalidation<K, V>,
        clock: SharedClock,
    ) -> Arc<Self> {
        let (space, weigh) = (keys.space, how.weigh);
        let part = |bytes| Bounds { bytes, ..bounds };
        let before = bounds.bytes / BEFORE;
        Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            now: Local::new(
                space,
                part(bounds.bytes - before),
                move |key, dated: &Dated<V>| weigh(key, &dated.value),
            ),
            before: Local::new(space, part(before), weigh),
            keys,
            second,
            how,
            epoch: AtomicU64::new(0),
            running: Running::default(),
            away_until_ms: AtomicU64::new(0),
            start: clock.instant(),
            clock,
        })
    }

    /// The remembered value while it is fresh. A stale one is replaced first, or returned if that takes too long.
    ///
    /// # Errors
    /// The source's, and only for a key that has no remembered value.
    pub async fn get(&self, key: K) -> Result<V> {
        let now = self.clock.instant();
        match self.now.get(&key).await {
            Some(found) if self.is_fresh(&found, now) => Ok(found.value),
            // Boxed: a hit does not hold the space for these.
            Some(stale) => Ok(Box::pin(self.revalidate(key, now))
                .await
                .unwrap_or(stale.value)),
            None => Box::pin(self.make(&key, || self.read(&key))).await,
        }
    }

    /// Reads many values at once and puts them into memory; those that are there stay. `read`: the values of these keys, in their
    /// order, past the second tier.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn warm<F>(&self, mut keys: Vec<K>, read: impl FnOnce(Vec<K>) -> F) -> Result<()>
    where
        F: Future<Output = Result<Vec<V>>>,
    {
        keys.retain(|key| !self.now.holds(key));
        let epoch = self.epoch();
        let begun: Vec<_> = keys.iter().map(|key| self.now.begin(key)).collect();
        let values = read(keys.clone()).await?;
        for ((key, begun), value) in keys.iter().zip(&begun).zip(values) {
            let dated = self.dated(value, epoch);
            self.now.insert(begun, key.clone(), dated).await;
        }
        Ok(())
    }

    /// The second tier; `None` without Redis.
    pub fn second(&self) -> Option<&Second<K, V>> {
        self.second.as_ref()
    }

    fn is_fresh(&self, found: &Dated<V>, now: Instant) -> bool {
        now < found.fresh_until && found.epoch == self.epoch.load(Ordering::Relaxed)
    }

    fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// `epoch`: as it was before the value was read.
    fn dated(&self, value: V, epoch: u64) -> Dated<V> {
        Dated {
            value,
            fresh_until: self.clock.instant() + self.how.fresh,
            epoch,
        }
    }

    async fn read(&self, key: &K) -> Result<Dated<V>> {
        let epoch = self.epoch();
        let source = (self.how.source)(key.clone());
        let (value, _) = fetch_or(self.second.as_ref(), key, source).await?;
        Ok(self.dated(value, epoch))
    }

    /// A fresh value if one comes in time.
    async fn revalidate(&self, key: K, now: Instant) -> Option<V> {
        let now_ms = now.saturating_duration_since(self.start).as_millis();
        let now_ms = u64::try_from(now_ms).unwrap_or(u64::MAX);
        if now_ms < self.away_until_ms.load(Ordering::Relaxed) {
            return None;
        }
        let (turn, this) = (Turn::take(&self.running, &key)?, self.this.upgrade()?);
        let (done, answer) = oneshot::channel();
        // Goes on when this caller stops waiting: the next one finds the value.
        task::spawn("cache.revalidate", async move {
            let found = this.remake(&key, this.read(&key)).await;
            drop(turn);
            let _ = done.send(found);
        });
        let why = match tokio::time::timeout(WAIT, answer).await {
            Ok(Ok(Ok(fresh))) => return Some(fresh),
            Ok(Ok(Err(e))) => format!("{e:?}"),
            _ => "no answer in time".to_owned(),
        };
        let until = now_ms + PAUSE_MS;
        let before = self.away_until_ms.swap(until, Ordering::Relaxed);
        // Logged once per outage, not once per key.
        if before == 0 || before + QUIET_MS < until {
            let space = self.keys.space.label();
            tracing::warn!(
                space,
                "the source is away; remembered values are served: {why}"
            );
        }
        None
    }

    /// Makes a value that is not remembered. While its source is away, the value of before the last change.
    async fn make<F>(&self, key: &K, read: impl FnOnce() -> F) -> Result<V>
    where
        F: Future<Output = Result<Dated<V>>>,
    {
        match self.now.make(key, read).await {
            Ok(found) => {
                if found.made {
                    self.made(key, &found.value.value).await;
                }
                Ok(found.value.value)
            }
            Err(e) if e.kind().is_fault() => self.before.peek(key).await.ok_or(e),
            Err(e) => Err(e),
        }
    }

    /// Makes a value anew; the old one stays until that succeeds.
    async fn remake(&self, key: &K, read: impl Future<Output = Result<Dated<V>>>) -> Result<V> {
        let found = self.now.remake(key.clone(), read).await?;
        self.made(key, &found.value).await;
        Ok(found.value)
    }

    /// A value came from the source. If a change has overtaken it, it is not in memory, and is the value of before that change.
    async fn made(&self, key: &K, value: &V) {
        if self.now.holds(key) {
            self.before.invalidate(key).await;
        } else {
            self.insert_before(key, value).await;
        }
    }

    async fn insert_before(&self, key: &K, value: &V) {
        if (self.how.outlives_change)(value) {
            let begun = self.before.begin(key);
            self.before.insert(&begun, key.clone(), value.clone()).await;
        }
    }

    /// The value of a key changed. If it was in memory it is read at once: later the source may be away.
    async fn changed<F>(&self, key: K, read: F)
    where
        F: Future<Output = Result<Dated<V>>> + Send + 'static,
    {
        let known = self.now.peek(&key).await;
        self.now.invalidate(&key).await;
        let (Some(known), Some(this)) = (known, self.this.upgrade()) else {
            return;
        };
        self.insert_before(&key, &known.value).await;
        task::spawn("cache.revalidate", async move {
            // The next caller asks again, and gets the error.
            let _ = this.make(&key, || read).await;
        });
    }
}

impl<K, V> MemoryCache for Revalidating<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn space(&self) -> Space {
        self.keys.space
    }

    fn size(&self) -> (u64, u64) {
        let (now, before) = (self.now.size(), self.before.size());
        (now.0 + before.0, now.1 + before.1)
    }

    fn counts(&self) -> Counts {
        self.now.counts()
    }

    fn catch_up(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.now.catch_up().await;
            self.before.catch_up().await;
        })
    }

    /// Reads past the second tier, which may not know of the change yet.
    fn invalidate<'a>(&'a self, tag: &'a Tag) -> BoxFuture<'a, ()> {
        let (Some(key), Some(this)) = ((self.how.key)(tag), self.this.upgrade()) else {
            return Box::pin(ready(()));
        };
        let epoch = self.epoch();
        let source = (self.how.source)(key.clone());
        let read = async move { Ok(this.dated(source.await?, epoch)) };
        Box::pin(self.changed(key, read))
    }

    fn clear<'a>(&'a self, pattern: &'a Pattern) -> BoxFuture<'a, u64> {
        let selected = |key: &K| pattern.matches(self.keys.space, &(self.keys.name)(key));
        Box::pin(async move {
            self.before.invalidate_where(|key, _| selected(key)).await;
            self.now.invalidate_where(|key, _| selected(key)).await
        })
    }

    /// Values are read again one by one, and served as they are until then.
    fn resync(&self) -> BoxFuture<'_, ()> {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        Box::pin(ready(()))
    }
}

type Running<K> = Arc<Mutex<HashSet<K>>>;

/// The right to ask for one key, given back however the asking ends. A key whose right is lost would stay stale.
struct Turn<K: Hash + Eq> {
    running: Running<K>,
    key: K,
}

impl<K: Hash + Eq + Clone> Turn<K> {
    /// `None` while another task has it.
    fn take(running: &Running<K>, key: &K) -> Option<Self> {
        let is_first = running.lock().insert(key.clone());
        is_first.then(|| Self {
            running: Arc::clone(running),
            key: key.clone(),
        })
    }
}

impl<K: Hash + Eq> Drop for Turn<K> {
    fn drop(&mut self) {
        self.running.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests;
