//! What a cache in memory has to do for those who look after all of them.

use futures_util::future::BoxFuture;

use super::{Counts, name::Tag, pattern::Pattern};
use crate::telemetry::labels::Space;

/// A cache in memory, of whatever kind of value.
pub trait Shelf: Send + Sync {
    fn space(&self) -> Space;

    /// Entries and bytes; approximate.
    fn size(&self) -> (u64, u64);

    fn counts(&self) -> Counts;

    /// Catches up on what [`Shelf::size`] lags behind.
    fn settle(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Drops everything that is about one thing.
    fn forget<'a>(&'a self, tag: &'a Tag) -> BoxFuture<'a, ()>;

    /// Drops what a pattern means; how many there were.
    fn clear<'a>(&'a self, pattern: &'a Pattern) -> BoxFuture<'a, u64>;

    /// News may have been missed: nothing that can change may be believed any more.
    fn doubt(&self) -> BoxFuture<'_, ()>;
}
