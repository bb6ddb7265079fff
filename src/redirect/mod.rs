//! From a slug to where it sends people.
//!
//! Invariant: a slug that was resolved once keeps its answer while the database is away; no dependency turns a
//! known redirect into an error.

mod bases;
mod kept;
mod known;
mod ready;

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::HeaderValue;
use parking_lot::Mutex;

pub use bases::Bases;
use futures_util::future::BoxFuture;
pub use kept::shape;
pub use known::Known;

use self::{bases::Own, known::Remembered};
use crate::{
    cache::{Counts, Pattern, Second, Shelf, Space, Tag},
    config,
    kernel::{Ctx, Error, Result, SharedClock, Slug, clock::Instant, id::Uuid, task},
    store::{
        Store,
        codes::{CodeKind, Resolution},
    },
};

/// Where a slug leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    Target {
        code_id: Uuid,
        location: HeaderValue,
    },
    /// A code, but one that has no target.
    NotARedirect,
    /// Unknown or disabled: told apart by nothing.
    Nowhere,
}

/// How long a redirect with a stale answer in hand waits for a fresh one.
const PATIENCE: Duration = Duration::from_millis(100);
/// After the database failed, stale answers are given without asking it for this long.
const TRUCE: Duration = Duration::from_secs(1);

/// The second tier of slugs that lead somewhere.
pub type Shared = Second<Slug, Destination>;

pub struct Redirect {
    lookup: Arc<Lookup>,
    known: Arc<Known>,
    clock: SharedClock,
    /// Slugs that are being asked for anew: one question each, however hot the slug is.
    refreshing: Refreshing,
    /// Until when stale answers are given without asking, in milliseconds since `epoch`.
    away_until_ms: AtomicU64,
    epoch: Instant,
}

/// The way to the database, past the second tier.
struct Lookup {
    store: Store,
    shared: Option<Shared>,
    clock: SharedClock,
    ttl: Duration,
    doubts: AtomicU64,
    bases: Bases,
}

impl Redirect {
    #[must_use]
    pub fn new(
        (settings, bases): (&config::targets::Targets, Bases),
        store: Store,
        (known, shared): (Known, Option<Shared>),
        clock: SharedClock,
    ) -> Self {
        let ttl = Duration::from_millis(settings.cache_ttl_ms);
        Self {
            epoch: clock.instant(),
            lookup: Arc::new(Lookup {
                store,
                shared,
                clock: SharedClock::clone(&clock),
                ttl,
                doubts: AtomicU64::new(0),
                bases,
            }),
            known: Arc::new(known),
            clock,
            refreshing: Arc::default(),
            away_until_ms: AtomicU64::new(0),
        }
    }

    /// # Errors
    /// The store's, and only for a slug that was never resolved here before.
    pub async fn resolve(&self, _ctx: &Ctx, slug: Slug) -> Result<Destination> {
        let now = self.clock.instant();
        match self.known.now.get(&slug).await {
            Some(known) if self.lookup.believes(&known, now) => Ok(known.destination),
            Some(stale) => Ok(self.refresh(slug, stale, now).await.destination),
            None => self.known.make(&slug, || self.lookup.find(&slug)).await,
        }
    }

    /// A fresh answer if the database gives one in time, else the stale one.
    async fn refresh(&self, slug: Slug, stale: Remembered, now: Instant) -> Remembered {
        let now_ms = u64::try_from(now.saturating_duration_since(self.epoch).as_millis())
            .unwrap_or(u64::MAX);
        if now_ms < self.away_until_ms.load(Ordering::Relaxed) {
            return stale;
        }
        let Some(turn) = Turn::take(&self.refreshing, &slug) else {
            return stale;
        };
        let (lookup, known) = (Arc::clone(&self.lookup), Arc::clone(&self.known));
        let (done, answer) = tokio::sync::oneshot::channel();
        // Goes on when this request stops waiting: the next one finds the answer.
        task::spawn("redirect.refresh", async move {
            let found = known.remake(&slug, lookup.find(&slug)).await;
            drop(turn);
            let _ = done.send(found);
        });
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(Ok(fresh))) => fresh,
            late_or_failed => {
                let until = now_ms + u64::try_from(TRUCE.as_millis()).unwrap_or(0);
                let before = self.away_until_ms.swap(until, Ordering::Relaxed);
                // Said once per outage, not once per slug.
                if before == 0 || before + 10_000 < until {
                    let why = match late_or_failed {
                        Ok(Ok(Err(e))) => format!("{e:?}"),
                        _ => "no answer in time".to_owned(),
                    };
                    tracing::warn!(
                        "the database is away; remembered redirects keep being answered: {why}"
                    );
                }
                stale
            }
        }
    }
}

type Refreshing = Arc<Mutex<HashSet<Slug>>>;

/// The right to ask for one slug anew, given back however the asking ends: a slug that nobody may ask for would
/// stay stale for ever.
struct Turn {
    refreshing: Refreshing,
    slug: Slug,
}

impl Turn {
    /// `None` while somebody else has it.
    fn take(refreshing: &Refreshing, slug: &Slug) -> Option<Self> {
        let first = refreshing.lock().insert(slug.clone());
        first.then(|| Self {
            refreshing: Arc::clone(refreshing),
            slug: slug.clone(),
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.refreshing.lock().remove(&self.slug);
    }
}

impl Lookup {
    fn believes(&self, known: &Remembered, now: Instant) -> bool {
        now < known.fresh_until && known.doubts == self.doubts.load(Ordering::Relaxed)
    }

    async fn find(&self, slug: &Slug) -> Result<Remembered> {
        // Read first: what is missed while it is looked for makes it doubtful.
        let doubts = self.doubts();
        let destination = match &self.shared {
            Some(shared) => shared.fetch_or(slug, self.ask(slug)).await?.0,
            None => self.ask(slug).await?,
        };
        Ok(self.remembered(destination, doubts))
    }

    /// As [`Lookup::find`], past the second tier: it may not have heard of a change yet.
    async fn find_changed(self: Arc<Self>, slug: Slug) -> Result<Remembered> {
        let doubts = self.doubts();
        Ok(self.remembered(self.ask(&slug).await?, doubts))
    }

    async fn ask(&self, slug: &Slug) -> Result<Destination> {
        self.destination(slug, self.store.codes.resolve(slug.as_str()).await?)
    }

    fn destination(&self, slug: &Slug, found: Option<Resolution>) -> Result<Destination> {
        let Some(code) = found.filter(|code| code.enabled) else {
            return Ok(Destination::Nowhere);
        };
        let (CodeKind::Dynamic, Some(target)) = (code.kind, code.target) else {
            return Ok(Destination::NotARedirect);
        };
        let target = match self.bases.own(slug, &target) {
            None => target,
            Some(Own::Other(target)) => target,
            Some(Own::Itself) => return Ok(Destination::NotARedirect),
        };
        let location = HeaderValue::try_from(target)
            .map_err(|_| Error::internal("a stored target cannot be sent as a Location"))?;
        Ok(Destination::Target {
            code_id: code.code_id,
            location,
        })
    }

    fn doubts(&self) -> u64 {
        self.doubts.load(Ordering::Acquire)
    }

    /// From now on; `doubts` as they were before it was looked for.
    fn remembered(&self, destination: Destination, doubts: u64) -> Remembered {
        Remembered {
            destination,
            fresh_until: self.clock.instant() + self.ttl,
            doubts,
        }
    }
}

impl Shelf for Redirect {
    fn space(&self) -> Space {
        Space::Slug
    }

    fn size(&self) -> (u64, u64) {
        self.known.size()
    }

    fn counts(&self) -> Counts {
        self.known.now.counts()
    }

    fn settle(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.known.settle_sizes())
    }

    fn forget<'a>(&'a self, tag: &'a Tag) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Tag::Slug(slug) = tag
                && let Some(slug) = Slug::parse(slug)
            {
                let lookup = Arc::clone(&self.lookup);
                let find = lookup.find_changed(slug.clone());
                self.known.changed(slug, find).await;
            }
        })
    }

    fn clear<'a>(&'a self, pattern: &'a Pattern) -> BoxFuture<'a, u64> {
        let selected = |slug: &Slug| pattern.means(Space::Slug, &kept::name(slug));
        Box::pin(self.known.forget_those(selected))
    }

    /// They are asked for again, one by one; as long as nobody answers they lead where they led.
    fn doubt(&self) -> BoxFuture<'_, ()> {
        self.lookup.doubts.fetch_add(1, Ordering::AcqRel);
        Box::pin(std::future::ready(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_asked_for_by_one_and_the_turn_comes_back() {
        let refreshing = Refreshing::default();
        let slug = Slug::parse("a1b2c3d4").unwrap();
        let turn = Turn::take(&refreshing, &slug);
        assert!(turn.is_some());
        assert!(Turn::take(&refreshing, &slug).is_none());
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _turn = turn;
            panic!("while asking");
        }));
        assert!(panicked.is_err());
        assert!(Turn::take(&refreshing, &slug).is_some());
    }
}
