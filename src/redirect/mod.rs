//! Resolves slugs to destinations.
//!
//! Invariant: a slug that was resolved once keeps its answer while the database is away; no fault of a dependency turns a known
//! redirect into an error.

mod bases;
mod codec;
mod warm;

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use http::HeaderValue;

pub use bases::Bases;

use self::bases::Own;
use crate::{
    cache::{Bounds, Life, Revalidating, Revalidation, Tag, Tiers},
    config,
    kernel::{Error, Result, SharedClock, Slug, id::Uuid},
    store::{
        Store,
        codes::{CodeKind, Resolution},
    },
};

/// The destination of a slug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    Target {
        code_id: Uuid,
        location: HeaderValue,
    },
    /// A code, but one that has no target.
    NotARedirect,
    /// Unknown or disabled: callers cannot tell which.
    Nowhere,
}

/// How long a destination may be served while the database is away.
const LIFE: Duration = Duration::from_hours(168);

pub struct Redirect {
    lookup: Arc<Lookup>,
    known: Arc<Revalidating<Slug, Destination>>,
    clock: SharedClock,
}

/// Reads destinations from the database.
struct Lookup {
    store: Store,
    bases: Bases,
}

impl Redirect {
    #[must_use]
    pub fn new(
        settings: &config::targets::Targets,
        bases: Bases,
        store: Store,
        tiers: &Tiers,
        clock: SharedClock,
    ) -> Self {
        let lookup = Arc::new(Lookup { store, bases });
        let source = {
            let lookup = Arc::clone(&lookup);
            move |slug: Slug| {
                let lookup = Arc::clone(&lookup);
                async move { lookup.read(&slug).await }.boxed()
            }
        };
        let fresh = Duration::from_millis(settings.cache_ttl_ms);
        let how = Revalidation {
            source: Box::new(source),
            fresh,
            key: |tag| match tag {
                Tag::Slug(slug) => Slug::parse(slug),
                Tag::Code(_) | Tag::Scans(_) | Tag::User(_) => None,
            },
            // That a slug was unknown says nothing about a code that was created since.
            outlives_change: |destination| *destination != Destination::Nowhere,
            weigh,
        };
        let bounds = Bounds {
            bytes: settings.cache_bytes,
            life: Life::fixed(LIFE),
        };
        Self {
            known: tiers.revalidating(codec::shape(fresh), bounds, how),
            lookup,
            clock,
        }
    }

    /// The destination of a slug. While the database is away, the last known one.
    ///
    /// # Errors
    /// The store's, and only for a slug that is not remembered.
    pub async fn resolve(&self, slug: Slug) -> Result<Destination> {
        self.known.get(slug).await
    }
}

impl Lookup {
    async fn read(&self, slug: &Slug) -> Result<Destination> {
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
}

/// Bytes that a remembered destination holds on the heap.
fn weigh(slug: &Slug, destination: &Destination) -> u32 {
    let target = match destination {
        Destination::Target { location, .. } => location.len(),
        Destination::NotARedirect | Destination::Nowhere => 0,
    };
    u32::try_from(slug.as_str().len() + target).unwrap_or(u32::MAX)
}
