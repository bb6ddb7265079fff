//! Having destinations ready before somebody scans.

use super::{Redirect, Slug, destination};
use crate::{
    cache::Stocked,
    kernel::{Ctx, Result},
};

impl Redirect {
    /// Remembers where a slug leads, unless it is remembered already.
    ///
    /// # Errors
    /// The store's.
    pub async fn warm(&self, _ctx: &Ctx, slug: Slug) -> Result<()> {
        if self.slugs.holds(&slug) {
            return Ok(());
        }
        let found = self.lookup.find(&slug);
        self.slugs.remake(slug.clone(), found).await.map(drop)
    }

    /// Puts destinations into the second tier, and waits until they are there; memory does not remember them.
    ///
    /// # Errors
    /// The store's; `Unavailable` when the second tier takes nothing.
    pub async fn stock(&self, _ctx: &Ctx, slugs: &[Slug]) -> Result<Stocked> {
        let (Some(shared), Some(first)) = (&self.lookup.shared, slugs.first()) else {
            return Ok(Stocked::default());
        };
        let codes = &self.lookup.store.codes;
        let mut batch = shared.batch(slugs).await?;
        // By itself, as a request would ask: what that costs is what is compared.
        let start = self.clock.instant();
        codes.resolve(first.as_str()).await?;
        let took = self.clock.instant().saturating_duration_since(start);
        let names: Vec<&str> = slugs.iter().map(Slug::as_str).collect();
        let mut found = codes.resolve_many(&names).await?;
        for (nth, slug) in slugs.iter().enumerate() {
            match found.remove(slug.as_str()) {
                Some(code) => batch.add(nth, &destination(Some(code)), took),
                // It was deleted just now.
                None => batch.skip(),
            }
        }
        batch.finish().await
    }
}
