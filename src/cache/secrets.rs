//! The first tier alone, for secrets: no pattern names them, and no other tier has them.

use std::hash::Hash;

use futures_util::future::BoxFuture;

use super::{Bounds, Counts, Local, memory_cache::MemoryCache, name::Tag};
use crate::telemetry::labels::Space;

/// Values by secret keys; dropped with the thing that they are about.
pub struct Secrets<K, V> {
    values: Local<K, V>,
    about: fn(&V) -> Tag,
}

impl<K, V> Secrets<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// `weigh`: bytes that a value holds on the heap. `about`: the thing whose change drops it.
    pub(super) fn new(
        space: Space,
        bounds: Bounds,
        weigh: fn(&V) -> u32,
        about: fn(&V) -> Tag,
    ) -> Self {
        let weigh = move |_: &K, value: &V| weigh(value);
        Self {
            values: Local::new(space, bounds, weigh),
            about,
        }
    }

    #[must_use]
    pub fn values(&self) -> &Local<K, V> {
        &self.values
    }
}

impl<K, V> MemoryCache for Secrets<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn space(&self) -> Space {
        self.values.space()
    }

    fn size(&self) -> (u64, u64) {
        self.values.size()
    }

    fn counts(&self) -> Counts {
        self.values.counts()
    }

    fn catch_up(&self) -> BoxFuture<'_, ()> {
        self.values.catch_up()
    }

    /// Looks at all of them: users change rarely, and an index by user would have to be kept for each request.
    fn invalidate<'a>(&'a self, tag: &'a Tag) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if matches!(tag, Tag::User(_)) {
                let is_about = |_: &K, value: &V| (self.about)(value) == *tag;
                self.values.invalidate_where(is_about).await;
            }
        })
    }

    fn resync(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.values.invalidate_where(|_, _| true).await;
        })
    }
}
