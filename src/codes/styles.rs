//! Saved styles of organizations: options of a symbol under a name, for every dialect.
//!
//! Invariant: a symbol is drawn by the options that the name has now, or had a second ago on another node. Images are remembered by
//! what was drawn, so a change makes those of the name unreachable, and no others.

use std::sync::Arc;

use serde_json::json;

pub use crate::store::styles::SavedStyle;

use crate::{
    cache::{Name, Tag, Tiered, Tiers},
    identity::{Author, OrgId, Stamp},
    kernel::{
        Error, Kind, Result, SharedClock,
        id::{Ids, Uuid},
    },
    store::Store,
};

/// Styles of one organization.
const MOST: usize = 200;

/// All styles of an organization, remembered for a second.
pub type KnownStyles = Tiered<Uuid, Arc<Vec<SavedStyle>>>;

pub struct Styles {
    pub(super) store: Store,
    pub(super) tiers: Arc<Tiers>,
    pub(super) known: Arc<KnownStyles>,
    pub(super) ids: Arc<Ids>,
    pub(super) clock: SharedClock,
}

/// What remembered styles are called.
#[must_use]
pub fn name(org: &Uuid) -> Name {
    Name {
        tag: Some(Tag::Styles(*org)),
        rest: "all".to_owned(),
    }
}

/// Bytes that remembered styles hold on the heap.
#[must_use]
pub fn weigh(styles: &Arc<Vec<SavedStyle>>) -> u32 {
    let each =
        |style: &SavedStyle| size_of::<SavedStyle>() + style.name.len() + style.options.len();
    u32::try_from(styles.iter().map(each).sum::<usize>()).unwrap_or(u32::MAX)
}

impl Styles {
    /// By name; from memory if they were asked for within the last second.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, org: OrgId) -> Result<Arc<Vec<SavedStyle>>> {
        let read = || async { Ok(Arc::new(self.store.styles.list(org.id()).await?)) };
        Ok(self.known.get_or_make(&org.id(), read).await?.value)
    }

    /// # Errors
    /// `NotFound`, and the store's.
    pub async fn get(&self, org: OrgId, name: &str) -> Result<SavedStyle> {
        let styles = self.list(org).await?;
        let found = styles.iter().find(|style| style.name == name);
        found.cloned().ok_or_else(unknown)
    }

    /// The one of codes that name none.
    ///
    /// # Errors
    /// The store's.
    pub async fn default_of(&self, org: OrgId) -> Result<Option<SavedStyle>> {
        let styles = self.list(org).await?;
        Ok(styles.iter().find(|style| style.is_default).cloned())
    }

    /// Makes a style or replaces it. `options`: checked, as JSON.
    ///
    /// # Errors
    /// `Invalid` beyond the most that there may be; the store's.
    pub async fn put(
        &self,
        org: OrgId,
        name: &str,
        (options, is_default): (String, bool),
        author: &Author,
    ) -> Result<SavedStyle> {
        let styles = self.store.styles.list(org.id()).await?;
        let before = styles.iter().find(|style| style.name == name);
        if before.is_none() && styles.len() >= MOST {
            let message = format!("an organization has at most {MOST} styles: delete one first");
            return Err(Error::invalid("name", message));
        }
        let now = self.clock.now();
        let style = SavedStyle {
            org_id: org.id(),
            name: name.to_owned(),
            options,
            is_default,
            created_at: before.map_or(now, |before| before.created_at),
            updated_at: now,
        };
        let detail = json!({ "options": style.options, "default": is_default });
        let stamp = Stamp::now(&self.ids, &self.clock);
        let entry = author.entry(stamp, "style.put", format!("style:{name}"), Some(detail));
        let done = self.store.styles.put(&style, &entry).await;
        self.forget(org).await;
        done.map(|()| style)
    }

    /// # Errors
    /// `NotFound`; `Conflict` while codes name it; the store's.
    pub async fn delete(&self, org: OrgId, name: &str, author: &Author) -> Result<()> {
        let stamp = Stamp::now(&self.ids, &self.clock);
        let entry = author.entry(stamp, "style.delete", format!("style:{name}"), None);
        let done = self.store.styles.delete(org.id(), name, &entry).await;
        self.forget(org).await;
        if done? {
            return Ok(());
        }
        match self.store.styles.uses(org.id(), name).await? {
            0 => Err(unknown()),
            codes => {
                let message =
                    format!("{codes} codes are drawn in this style: give them another one first");
                Err(Error::new(Kind::Conflict, message))
            }
        }
    }

    async fn forget(&self, org: OrgId) {
        self.tiers.invalidate(&[Tag::Styles(org.id())]).await;
    }
}

fn unknown() -> Error {
    Error::not_found("there is no such style")
}
