//! From a slug to where it sends people.
//!
//! Invariant: a slug that was resolved once keeps its answer while the database is away; no dependency turns a
//! known redirect into an error.

mod kept;
mod ready;
mod slug;

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::HeaderValue;

use futures_util::future::BoxFuture;
pub use kept::shape;
pub use slug::Slug;

use crate::{
    cache::{Counts, Local, Pattern, Second, Shelf, Space, Tag},
    config,
    kernel::{Ctx, Error, Result, SharedClock, clock::Instant, id::Uuid, task},
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

/// A remembered destination.
#[derive(Clone)]
pub struct Remembered {
    destination: Destination,
    /// After this it is asked for again.
    fresh_until: Instant,
    /// How often news had been missed until then: after the next time it is asked for again, too.
    doubts: u64,
}

/// Slugs that were asked for, found or not.
pub type Slugs = Local<Slug, Remembered>;

/// How long a remembered answer may outlive its freshness while the database is away.
pub const KEEP: Duration = Duration::from_hours(168);
/// How long a redirect with a stale answer in hand waits for a fresh one.
const PATIENCE: Duration = Duration::from_millis(100);
/// After the database failed, stale answers are given without asking it for this long.
const TRUCE: Duration = Duration::from_secs(1);

/// The second tier of slugs that lead somewhere.
pub type Shared = Second<Slug, Destination>;

pub struct Redirect {
    lookup: Arc<Lookup>,
    slugs: Arc<Slugs>,
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
}

impl Redirect {
    #[must_use]
    pub fn new(
        settings: &config::targets::Targets,
        store: Store,
        (slugs, shared): (Arc<Slugs>, Option<Shared>),
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
            }),
            slugs,
            clock,
            refreshing: Arc::default(),
            away_until_ms: AtomicU64::new(0),
        }
    }

    /// # Errors
    /// The store's, and only for a slug that was never resolved here before.
    pub async fn resolve(&self, _ctx: &Ctx, slug: Slug) -> Result<Destination> {
        let now = self.clock.instant();
        match self.slugs.get(&slug).await {
            Some(known) if self.lookup.believes(&known, now) => Ok(known.destination),
            Some(stale) => Ok(self.refresh(slug, stale, now).await.destination),
            None => {
                let found = self.slugs.make(&slug, || self.lookup.find(&slug)).await?;
                Ok(found.value.destination)
            }
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
        let (lookup, slugs) = (Arc::clone(&self.lookup), Arc::clone(&self.slugs));
        let (done, answer) = tokio::sync::oneshot::channel();
        // Goes on when this request stops waiting: the next one finds the answer.
        task::spawn("redirect.refresh", async move {
            let found = slugs.remake(slug.clone(), lookup.find(&slug)).await;
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
        let first = locked(refreshing).insert(slug.clone());
        first.then(|| Self {
            refreshing: Arc::clone(refreshing),
            slug: slug.clone(),
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        locked(&self.refreshing).remove(&self.slug);
    }
}

fn locked(refreshing: &Refreshing) -> MutexGuard<'_, HashSet<Slug>> {
    refreshing.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lookup {
    fn believes(&self, known: &Remembered, now: Instant) -> bool {
        now < known.fresh_until && known.doubts == self.doubts.load(Ordering::Relaxed)
    }

    async fn find(&self, slug: &Slug) -> Result<Remembered> {
        // Read first: what is missed while it is looked for makes it doubtful.
        let doubts = self.doubts();
        let ask = async { destination(self.store.codes.resolve(slug.as_str()).await?) };
        let destination = match &self.shared {
            Some(shared) => shared.fetch_or(slug, ask).await?.0,
            None => ask.await?,
        };
        Ok(self.remembered(destination, doubts))
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
        (self.slugs.entries(), self.slugs.bytes())
    }

    fn counts(&self) -> Counts {
        self.slugs.counts()
    }

    fn settle(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.slugs.settle())
    }

    fn forget<'a>(&'a self, tag: &'a Tag) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Tag::Slug(slug) = tag
                && let Some(slug) = Slug::parse(slug)
            {
                self.slugs.invalidate(&slug).await;
            }
        })
    }

    fn clear<'a>(&'a self, pattern: &'a Pattern) -> BoxFuture<'a, u64> {
        let selected = |slug: &Slug| pattern.means(Space::Slug, &kept::name(slug));
        Box::pin(self.slugs.forget_those(selected))
    }

    /// They are asked for again, one by one; as long as nobody answers they lead where they led.
    fn doubt(&self) -> BoxFuture<'_, ()> {
        self.lookup.doubts.fetch_add(1, Ordering::AcqRel);
        Box::pin(std::future::ready(()))
    }
}

fn destination(found: Option<Resolution>) -> Result<Destination> {
    Ok(match found {
        None => Destination::Nowhere,
        Some(code) if !code.enabled => Destination::Nowhere,
        Some(
            Resolution {
                kind: CodeKind::Static,
                ..
            }
            | Resolution { target: None, .. },
        ) => Destination::NotARedirect,
        Some(Resolution {
            code_id,
            target: Some(target),
            ..
        }) => {
            let location = HeaderValue::try_from(target)
                .map_err(|_| Error::internal("a stored target cannot be sent as a Location"))?;
            Destination::Target { code_id, location }
        }
    })
}

/// Bytes that a remembered slug holds on the heap.
#[must_use]
pub fn weigh(slug: &Slug, remembered: &Remembered) -> u32 {
    let target = match &remembered.destination {
        Destination::Target { location, .. } => location.len(),
        Destination::NotARedirect | Destination::Nowhere => 0,
    };
    u32::try_from(slug.as_str().len() + target).unwrap_or(u32::MAX)
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
