//! What [`super::Tiers`] asks of every cache in the memory of this process.

use futures_util::future::{BoxFuture, ready};

use super::{Counts, name::Tag, pattern::Pattern};
use crate::telemetry::labels::Space;

/// A cache in memory, of any kind of value. By default its values go by time only.
pub trait MemoryCache: Send + Sync {
    fn space(&self) -> Space;

    /// Entries and bytes; approximate.
    fn size(&self) -> (u64, u64);

    fn counts(&self) -> Counts;

    /// Brings [`MemoryCache::size`] up to date.
    fn catch_up(&self) -> BoxFuture<'_, ()>;

    /// Drops everything that is about one thing.
    fn invalidate<'a>(&'a self, _tag: &'a Tag) -> BoxFuture<'a, ()> {
        Box::pin(ready(()))
    }

    /// Drops the values whose names match. Returns how many there were.
    fn clear<'a>(&'a self, _pattern: &'a Pattern) -> BoxFuture<'a, u64> {
        Box::pin(ready(0))
    }

    /// Invalidations of other nodes may have been missed: every value that can change counts as stale.
    fn resync(&self) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }
}
