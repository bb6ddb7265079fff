//! Where slugs lead, as far as it is remembered.
//!
//! Invariants: what is held of one slug goes by nothing but a change of that slug, time, or lack of room; and what a slug led to
//! before its last change is given only while nobody can say where it leads now.

use std::{sync::Arc, time::Duration};

use super::Destination;
use crate::{
    cache::{Bounds, Life, Local, Space},
    kernel::{Result, Slug, clock::Instant, task},
};

/// How long a remembered answer may outlive its freshness while the database is away.
const KEEP: Duration = Duration::from_hours(168);
/// One byte in so many is for what was before a change.
const BEFORE: u64 = 16;

/// A remembered destination.
#[derive(Clone)]
pub(super) struct Remembered {
    pub destination: Destination,
    /// After this it is asked for again.
    pub fresh_until: Instant,
    /// How often news had been missed until then: after the next time it is asked for again, too.
    pub doubts: u64,
}

/// Slugs that were asked for, found or not.
type Slugs = Local<Slug, Remembered>;

pub struct Known {
    pub(super) now: Slugs,
    /// Destinations that a change has made obsolete, until the database has said what took their place.
    before: Slugs,
}

impl Known {
    /// `bytes`: for all that is remembered.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let slugs = |bytes| {
            let life = Life::fixed(KEEP);
            Local::new(Space::Slug, Bounds { bytes, life }, weigh)
        };
        Self {
            now: slugs(bytes - bytes / BEFORE),
            before: slugs(bytes / BEFORE),
        }
    }

    /// Asks where a slug leads that is not remembered: once for all who ask at the same time.
    ///
    /// # Errors
    /// Those of `find`, unless it is a fault and something is known from before a change.
    pub(super) async fn make<F>(&self, slug: &Slug, find: impl FnOnce() -> F) -> Result<Destination>
    where
        F: Future<Output = Result<Remembered>>,
    {
        match self.now.make(slug, find).await {
            Ok(found) => {
                if found.made {
                    self.settle(slug, &found.value).await;
                }
                Ok(found.value.destination)
            }
            Err(e) if e.kind().is_fault() => {
                let before = self.before.peek(slug).await;
                before.map(|known| known.destination).ok_or(e)
            }
            Err(e) => Err(e),
        }
    }

    /// Asks anew where a slug leads; as long as nobody answers it leads where it led.
    ///
    /// # Errors
    /// Those of `find`.
    pub(super) async fn remake(
        &self,
        slug: &Slug,
        find: impl Future<Output = Result<Remembered>>,
    ) -> Result<Remembered> {
        let found = self.now.remake(slug.clone(), find).await?;
        self.settle(slug, &found).await;
        Ok(found)
    }

    /// The slug was changed. If it was remembered, `find` is asked at once, past everything that may not have heard of the change
    /// yet: the database may be away when somebody scans.
    pub(super) async fn changed<F>(self: &Arc<Self>, slug: Slug, find: F)
    where
        F: Future<Output = Result<Remembered>> + Send + 'static,
    {
        let known = self.now.peek(&slug).await;
        self.now.invalidate(&slug).await;
        let Some(known) = known else {
            return;
        };
        self.keep_before(&slug, &known).await;
        let this = Arc::clone(self);
        task::spawn("redirect.refresh", async move {
            // Whoever scans next asks again, and says why it failed.
            let _ = this.make(&slug, || find).await;
        });
    }

    /// After the database answered. An answer that a change has overtaken is not remembered as the present one.
    async fn settle(&self, slug: &Slug, found: &Remembered) {
        if self.now.holds(slug) {
            self.before.invalidate(slug).await;
        } else {
            self.keep_before(slug, found).await;
        }
    }

    async fn keep_before(&self, slug: &Slug, known: &Remembered) {
        // That a slug was unknown says nothing of the code that was made since.
        if known.destination != Destination::Nowhere {
            let begun = self.before.begin(slug);
            self.before.keep(&begun, slug.clone(), known.clone()).await;
        }
    }

    /// Entries and bytes; approximate.
    pub(super) fn size(&self) -> (u64, u64) {
        let sum = |of: fn(&Slugs) -> u64| of(&self.now) + of(&self.before);
        (sum(Slugs::entries), sum(Slugs::bytes))
    }

    pub(super) async fn settle_sizes(&self) {
        self.now.settle().await;
        self.before.settle().await;
    }

    pub(super) async fn forget_those(&self, selected: impl Fn(&Slug) -> bool) -> u64 {
        self.before.forget_those(&selected).await;
        self.now.forget_those(selected).await
    }
}

/// Bytes that a remembered slug holds on the heap.
fn weigh(slug: &Slug, remembered: &Remembered) -> u32 {
    let target = match &remembered.destination {
        Destination::Target { location, .. } => location.len(),
        Destination::NotARedirect | Destination::Nowhere => 0,
    };
    u32::try_from(slug.as_str().len() + target).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
