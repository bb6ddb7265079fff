//! Both tiers as one: memory, then Redis, then the caller's code that makes the value.

use std::{
    hash::Hash,
    sync::atomic::{AtomicBool, Ordering},
};

use futures_util::future::BoxFuture;

use super::{
    Bounds, Counts, Local, Lookup,
    memory_cache::MemoryCache,
    name::{Name, Tag},
    pattern::Pattern,
    pending::PendingValue,
    second::Second,
};
use crate::{kernel::Result, telemetry::labels::Space};

/// What the keys of one space mean.
pub(super) struct Keys<K> {
    pub space: Space,
    pub name: fn(&K) -> Name,
    /// Whether a key's value can change; one that cannot is never stale.
    pub changes: bool,
}

/// Remembers values of one space. Concurrent misses of one key make, or fetch, the value once.
pub struct Tiered<K, V> {
    keys: Keys<K>,
    local: Local<K, V>,
    second: Option<Second<K, V>>,
}

impl<K, V> Tiered<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// `weigh`: bytes that a value holds on the heap.
    pub(super) fn new(
        keys: Keys<K>,
        bounds: Bounds,
        weigh: fn(&V) -> u32,
        second: Option<Second<K, V>>,
    ) -> Self {
        let name = keys.name;
        let weigh = move |_: &K, value: &V| weigh(value);
        Self {
            local: Local::tagged(keys.space, bounds, weigh, move |key| name(key).tag),
            keys,
            second,
        }
    }

    /// The remembered value, or the one that `make` makes.
    ///
    /// # Errors
    /// Those of `make`, for all callers that waited for it.
    pub async fn get_or_make<F>(&self, key: &K, make: impl FnOnce() -> F) -> Result<Lookup<V>>
    where
        F: Future<Output = Result<V>>,
    {
        let is_new = AtomicBool::new(false);
        let fetch = || async {
            let (value, is_made) = fetch_or(self.second.as_ref(), key, make()).await?;
            is_new.store(is_made, Ordering::Relaxed);
            Ok(value)
        };
        let found = self.local.get_or_make(key, fetch).await?;
        Ok(Lookup {
            made: found.made && is_new.load(Ordering::Relaxed),
            ..found
        })
    }

    /// What `part` takes from the value in memory. Counted as a look-up only where it takes something: otherwise the caller
    /// goes on to [`Tiered::get_or_make`].
    pub async fn find<T>(&self, key: &K, part: impl FnOnce(&V) -> Option<T>) -> Option<T> {
        self.local.find(key, part).await
    }

    /// Puts a value into memory before it is asked for; one that is there stays. Concurrent callers of
    /// [`Tiered::get_or_make`] do not wait for it.
    ///
    /// # Errors
    /// Those of `make`.
    pub async fn warm<F>(&self, key: &K, make: impl FnOnce() -> F) -> Result<()>
    where
        F: Future<Output = Result<V>>,
    {
        if self.local.holds(key) {
            return Ok(());
        }
        let fetch = async { Ok(fetch_or(self.second.as_ref(), key, make()).await?.0) };
        self.local.remake(key.clone(), fetch).await.map(drop)
    }

    /// Call before values about one thing are read elsewhere, for [`Tiered::insert`].
    pub fn begin_about(&self, tag: &Tag) -> PendingValue<'_> {
        self.local.begin_about(tag)
    }

    /// Puts a value into memory that was read since `begun`, unless its key was invalidated meanwhile.
    pub async fn insert(&self, begun: &PendingValue<'_>, key: K, value: V) {
        self.local.insert(begun, key, value).await;
    }

    /// The second tier; `None` without Redis.
    pub fn second(&self) -> Option<&Second<K, V>> {
        self.second.as_ref()
    }

    /// Whether the value is in memory. Not counted as a look-up.
    pub fn holds(&self, key: &K) -> bool {
        self.local.holds(key)
    }
}

/// The value from Redis where there is one, else the one that `make` makes; and whether it was made.
pub(super) async fn fetch_or<K, V>(
    second: Option<&Second<K, V>>,
    key: &K,
    make: impl Future<Output = Result<V>>,
) -> Result<(V, bool)> {
    match second {
        Some(second) => second.fetch_or(key, make).await,
        None => Ok((make.await?, true)),
    }
}

impl<K, V> MemoryCache for Tiered<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn space(&self) -> Space {
        self.keys.space
    }

    fn size(&self) -> (u64, u64) {
        self.local.size()
    }

    fn counts(&self) -> Counts {
        MemoryCache::counts(&self.local)
    }

    fn catch_up(&self) -> BoxFuture<'_, ()> {
        self.local.catch_up()
    }

    fn invalidate<'a>(&'a self, tag: &'a Tag) -> BoxFuture<'a, ()> {
        Box::pin(self.local.invalidate_tag(tag))
    }

    fn clear<'a>(&'a self, pattern: &'a Pattern) -> BoxFuture<'a, u64> {
        let selected = |key: &K, _: &V| pattern.matches(self.keys.space, &(self.keys.name)(key));
        Box::pin(self.local.invalidate_where(selected))
    }

    fn resync(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if self.keys.changes {
                self.local.invalidate_where(|_, _| true).await;
            }
        })
    }
}
