//! Resolves slugs to destinations.
//!
//! Invariant: a slug that was resolved once keeps its answer while the database is away; no fault of a dependency turns a known
//! redirect into an error.

mod bases;
mod codec;
mod plan;
mod warm;

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use http::HeaderValue;

pub use bases::Bases;
pub use plan::{Planned, Season, Visit};

use self::{bases::Own, plan::Source};
use crate::{
    cache::{Bounds, Life, Revalidating, Revalidation, Tag, Tiers},
    config,
    kernel::{Result, SharedClock, Slug, id::Uuid},
    store::{
        Store,
        codes::{CodeKind, Plan, Resolution},
    },
};

/// The destination of a slug.
#[derive(Clone, Debug)]
pub enum Destination {
    Target {
        code_id: Uuid,
        location: HeaderValue,
    },
    /// It depends on the visit, or the slug is a placement's.
    Planned(Arc<Planned>),
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
                Tag::Code(_) | Tag::Scans(_) | Tag::User(_) | Tag::Styles(_) => None,
            },
            // That a slug was unknown says nothing about a code that was created since.
            outlives_change: |destination| !matches!(destination, Destination::Nowhere),
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

    /// Whether a code that allows so many scans has one left; a scan by a person takes it.
    ///
    /// # Errors
    /// The store's.
    pub async fn may_scan(&self, code_id: Uuid, most: i64, is_person: bool) -> Result<bool> {
        let codes = &self.lookup.store.codes;
        if is_person {
            codes.take_use(code_id, most).await
        } else {
            codes.has_use(code_id, most).await
        }
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
        let Some(target) = self.elsewhere(slug, target) else {
            return Ok(Destination::NotARedirect);
        };
        if code.plan == Plan::default() && code.placement_id.is_none() {
            return Ok(Destination::Target {
                code_id: code.code_id,
                location: plan::location(&target)?,
            });
        }
        let source = Source {
            code_id: code.code_id,
            placement_id: code.placement_id,
            target,
            plan: self.elsewhere_of(slug, code.plan),
        };
        Ok(Destination::Planned(Arc::new(Planned::new(source)?)))
    }

    /// The target under the present address; `None` for one that leads to its own code.
    fn elsewhere(&self, slug: &Slug, target: String) -> Option<String> {
        match self.bases.own(slug, &target) {
            None => Some(target),
            Some(Own::Other(target)) => Some(target),
            Some(Own::Itself) => None,
        }
    }

    /// The same of every target of a plan; those that lead to their own code go.
    fn elsewhere_of(&self, slug: &Slug, mut plan: Plan) -> Plan {
        let is_itself = |target: &str| matches!(self.bases.own(slug, target), Some(Own::Itself));
        plan.rules.retain(|rule| !is_itself(&rule.target));
        plan.schedule.retain(|next| !is_itself(&next.target));
        for target in plan.targets_mut() {
            if let Some(other) = self.elsewhere(slug, target.clone()) {
                *target = other;
            }
        }
        plan
    }
}

/// Bytes that a remembered destination holds on the heap.
fn weigh(slug: &Slug, destination: &Destination) -> u32 {
    let target = match destination {
        Destination::Target { location, .. } => location.len(),
        Destination::Planned(planned) => planned.weigh(),
        Destination::NotARedirect | Destination::Nowhere => 0,
    };
    u32::try_from(slug.as_str().len() + target).unwrap_or(u32::MAX)
}
