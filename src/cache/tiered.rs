//! Both tiers as one: memory, then Redis, then whoever makes the value.

use std::{
    hash::Hash,
    sync::atomic::{AtomicBool, Ordering},
};

use futures_util::future::BoxFuture;

use super::{
    Bounds, Counts, Found, Local,
    makings::Making,
    name::{Name, Tag},
    pattern::Pattern,
    second::Second,
    shelf::Shelf,
};
use crate::{kernel::Result, telemetry::labels::Space};

/// Remembers values of one space. Concurrent misses of one key make, or fetch, the value once.
pub struct Tiered<K, V> {
    space: Space,
    name: fn(&K) -> Name,
    local: Local<K, V>,
    second: Option<Second<K, V>>,
    /// Whether the values of a key can change; those that cannot are never stale.
    changes: bool,
}

impl<K, V> Tiered<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// `weigh`: bytes that a value holds on the heap.
    pub(super) fn new(
        shape: (Space, fn(&K) -> Name, bool),
        bounds: Bounds,
        weigh: fn(&V) -> u32,
        second: Option<Second<K, V>>,
    ) -> Self {
        let (space, name, changes) = shape;
        let local = Local::tagged(
            space,
            bounds,
            move |_, value| weigh(value),
            move |key| name(key).tag,
        );
        Self {
            space,
            name,
            local,
            second,
            changes,
        }
    }

    /// The remembered value, or the one that `make` makes.
    ///
    /// # Errors
    /// Those of `make`, for everybody who waited for it.
    pub async fn get_or_make<F>(&self, key: &K, make: impl FnOnce() -> F) -> Result<Found<V>>
    where
        F: Future<Output = Result<V>>,
    {
        let is_new = AtomicBool::new(false);
        let fetch = || async {
            let Some(second) = &self.second else {
                is_new.store(true, Ordering::Relaxed);
                return make().await;
            };
            let (value, is_made) = second.fetch_or(key, make()).await?;
            is_new.store(is_made, Ordering::Relaxed);
            Ok(value)
        };
        let found = self.local.get_or_make(key, fetch).await?;
        Ok(Found {
            made: found.made && is_new.load(Ordering::Relaxed),
            ..found
        })
    }

    /// Has a value ready before somebody asks for it; one that is in memory stays. Whoever asks meanwhile does not wait for
    /// this one.
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
        let fetch = async {
            match &self.second {
                Some(second) => Ok(second.fetch_or(key, make()).await?.0),
                None => make().await,
            }
        };
        self.local.remake(key.clone(), fetch).await.map(drop)
    }

    /// Before values about one thing are read elsewhere: for [`Tiered::keep`].
    pub fn begin_about(&self, tag: &Tag) -> Making<'_> {
        self.local.begin_about(tag)
    }

    /// Puts a value into memory that was read since `begun`; unless its key was invalidated meanwhile.
    pub async fn keep(&self, begun: &Making<'_>, key: K, value: V) {
        self.local.keep(begun, key, value).await;
    }

    /// The second tier, where there is one.
    pub fn second(&self) -> Option<&Second<K, V>> {
        self.second.as_ref()
    }

    /// Whether it is in memory; no look-up that is counted.
    pub fn holds(&self, key: &K) -> bool {
        self.local.holds(key)
    }
}

impl<K, V> Shelf for Tiered<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn space(&self) -> Space {
        self.space
    }

    fn size(&self) -> (u64, u64) {
        (self.local.entries(), self.local.bytes())
    }

    fn counts(&self) -> Counts {
        self.local.counts()
    }

    fn settle(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.local.settle())
    }

    fn forget<'a>(&'a self, tag: &'a Tag) -> BoxFuture<'a, ()> {
        Box::pin(self.local.forget(tag))
    }

    fn clear<'a>(&'a self, pattern: &'a Pattern) -> BoxFuture<'a, u64> {
        let selected = |key: &K| pattern.means(self.space, &(self.name)(key));
        Box::pin(self.local.forget_those(selected))
    }

    fn doubt(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if self.changes {
                self.local.forget_those(|_| true).await;
            }
        })
    }
}
