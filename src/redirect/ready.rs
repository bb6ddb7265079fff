//! Having destinations ready before somebody scans.

use super::Redirect;
use crate::{
    cache::Stocked,
    kernel::{Ctx, Result, Slug},
};

impl Redirect {
    /// Remembers in memory where slugs lead, unless it is remembered already. All of them are one question to the database;
    /// the second tier would be one for each.
    ///
    /// # Errors
    /// The store's.
    pub async fn warm(&self, _ctx: &Ctx, mut slugs: Vec<Slug>) -> Result<()> {
        slugs.retain(|slug| !self.known.now.holds(slug));
        let doubts = self.lookup.doubts();
        let begun: Vec<_> = slugs
            .iter()
            .map(|slug| self.known.now.begin(slug))
            .collect();
        let names: Vec<&str> = slugs.iter().map(Slug::as_str).collect();
        let mut found = self.lookup.store.codes.resolve_many(&names).await?;
        for (slug, begun) in slugs.iter().zip(&begun) {
            let destination = self.lookup.destination(slug, found.remove(slug.as_str()))?;
            let remembered = self.lookup.remembered(destination, doubts);
            self.known.now.keep(begun, slug.clone(), remembered).await;
        }
        Ok(())
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
                Some(code) => {
                    batch.add(nth, &self.lookup.destination(slug, Some(code)), took);
                }
                // It was deleted just now.
                None => batch.skip(),
            }
        }
        batch.finish().await
    }
}
