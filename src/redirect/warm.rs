//! Reads many destinations at once, before they are asked for.

use super::Redirect;
use crate::{
    cache::Filled,
    kernel::{Result, Slug},
};

impl Redirect {
    /// Puts destinations into memory; those that are there stay. All of them are one question to the database; asking Redis would be
    /// one question for each.
    ///
    /// # Errors
    /// The store's.
    pub async fn warm(&self, slugs: Vec<Slug>) -> Result<()> {
        let read = async |slugs: Vec<Slug>| {
            let names: Vec<&str> = slugs.iter().map(Slug::as_str).collect();
            let mut found = self.lookup.store.codes.resolve_many(&names).await?;
            let each = slugs.iter().map(|slug| {
                let code = found.remove(slug.as_str());
                self.lookup.destination(slug, code)
            });
            each.collect()
        };
        self.known.warm(slugs, read).await
    }

    /// Puts destinations into Redis, not into memory, and waits until Redis has them.
    ///
    /// # Errors
    /// The store's; `Unavailable` when Redis takes no values.
    pub async fn bulk_fill(&self, slugs: &[Slug]) -> Result<Filled> {
        let (Some(second), Some(first)) = (self.known.second(), slugs.first()) else {
            return Ok(Filled::default());
        };
        let codes = &self.lookup.store.codes;
        let mut fill = second.begin_bulk_fill(slugs).await?;
        // One by itself, as for a request: its cost is compared with that of fetching.
        let start = self.clock.instant();
        codes.resolve(first.as_str()).await?;
        let took = self.clock.instant().saturating_duration_since(start);
        let names: Vec<&str> = slugs.iter().map(Slug::as_str).collect();
        let mut found = codes.resolve_many(&names).await?;
        for (nth, slug) in slugs.iter().enumerate() {
            match found.remove(slug.as_str()) {
                Some(code) => fill.add(nth, &self.lookup.destination(slug, Some(code)), took),
                // It was deleted meanwhile.
                None => fill.skip(),
            }
        }
        fill.finish().await
    }
}
