//! Codes: what an organization printed, and where it leads.
//!
//! Invariant: whatever changes a code drops what is remembered of it, so that the next scan and the next image
//! see the change: on this node at once, on others within a second. So does a change that failed: when the
//! connection was lost in COMMIT, nobody knows whether it was made.

mod appearance;
mod drawing;
pub mod made_under;
mod many;
pub mod styles;
mod targets;

use std::{collections::HashMap, sync::Arc};

use serde_json::{Value, json};

pub use appearance::{Appearance, weigh};
pub use drawing::Wishes;

pub use targets::{Led, Next};

pub use crate::store::codes::{
    Change, Code, CodeKind, CodeStyle, Counters, DEVICES, ListQuery, Look, Placement,
    PlacementChanges, Plan, Rule, Scheduled, Sort, When,
};

use crate::{
    cache::{Name, Tag, Tiered, Tiers},
    identity::{Author, Entry, OrgId, Stamp},
    kernel::{
        Error, Kind, Result, SharedClock, Slug, Timestamp,
        id::{self, Ids, Uuid},
    },
    render::Logo,
    store::{Store, codes::changed_meanwhile},
};

/// Tries to find a free slug. With 32 random bits and a million codes the chance to need a second is 1 in 4 000.
const SLUG_TRIES: usize = 8;
/// Tries to make a change that others come before.
const EDIT_TRIES: usize = 5;

/// A code that is to be made; already validated.
#[derive(Clone, Debug)]
pub struct Draft {
    pub meaning: Meaning,
    pub title: Option<String>,
    pub description: Option<String>,
    pub enabled: bool,
    pub look: Look,
    pub style: Option<CodeStyle>,
    /// What a static content was made of, as JSON.
    pub payload: Option<String>,
    pub tags: Vec<String>,
    pub plan: Plan,
    /// Names of placements.
    pub placements: Vec<String>,
}

/// What a symbol says.
#[derive(Clone, Debug)]
pub enum Meaning {
    /// This text, for ever.
    Static { content: String },
    /// A redirect of ours, to where it is told.
    Dynamic { target: String },
}

/// What is needed to draw a code, remembered for a few seconds. By the code's organization and its id.
pub type Appearances = Tiered<(Uuid, Uuid), Arc<Appearance>>;

pub struct Codes {
    pub styles: styles::Styles,
    store: Store,
    tiers: Arc<Tiers>,
    appearances: Arc<Appearances>,
    base_url: Arc<str>,
    /// The installation's.
    logo: Arc<Logo>,
    ids: Arc<Ids>,
    clock: SharedClock,
}

/// What [`Codes`] is built from.
pub struct Parts {
    pub store: Store,
    pub tiers: Arc<Tiers>,
    pub appearances: Arc<Appearances>,
    pub known_styles: Arc<styles::KnownStyles>,
    /// The installation's: its file, or the built-in mark.
    pub logo: Arc<Logo>,
    pub ids: Arc<Ids>,
    pub clock: SharedClock,
}

impl Codes {
    /// `base_url`: what dynamic symbols begin with, without a trailing slash.
    #[must_use]
    pub fn new(base_url: &str, parts: Parts) -> Self {
        let Parts {
            store,
            tiers,
            appearances,
            known_styles,
            logo,
            ids,
            clock,
        } = parts;
        Self {
            styles: styles::Styles {
                store: store.clone(),
                tiers: Arc::clone(&tiers),
                known: known_styles,
                ids: Arc::clone(&ids),
                clock: SharedClock::clone(&clock),
            },
            store,
            tiers,
            appearances,
            base_url: base_url.into(),
            logo,
            ids,
            clock,
        }
    }

    /// What the symbol of a code says.
    #[must_use]
    pub fn content(&self, code: &Code) -> String {
        match (&code.content, &code.slug) {
            (Some(content), _) => content.clone(),
            (None, Some(slug)) => self.address(slug),
            (None, None) => String::new(),
        }
    }

    /// What the symbol of a slug says.
    #[must_use]
    pub fn address(&self, slug: &str) -> String {
        format!("{}/r/{slug}?scan_ref=qr", self.base_url)
    }

    /// What a symbol says whose slug is not made yet: it is as long.
    #[must_use]
    pub fn some_address(&self) -> String {
        self.address(&"0".repeat(Slug::DIGITS))
    }

    /// # Errors
    /// `Conflict` when no free slug was found, and the store's.
    pub async fn create(&self, org: OrgId, draft: Draft, author: &Author) -> Result<Code> {
        let now = self.clock.now();
        let (kind, content, target) = match draft.meaning {
            Meaning::Static { content } => (CodeKind::Static, Some(content), None),
            Meaning::Dynamic { target } => (CodeKind::Dynamic, None, Some(target)),
        };
        let mut code = Code {
            id: self.ids.next(),
            org_id: org.id(),
            kind,
            content,
            slug: None,
            target,
            title: draft.title,
            description: draft.description,
            enabled: draft.enabled,
            look: draft.look,
            style: draft.style,
            payload: draft.payload,
            tags: draft.tags,
            plan: draft.plan,
            created_at: now,
            updated_at: now,
            counters: Counters::default(),
        };
        let entry = |code: &Code| self.entry(author, "code.create", code.id, Some(told(code)));
        if kind == CodeKind::Static {
            let entry = entry(&code);
            self.store.codes.insert(&code, Vec::new(), &entry).await?;
            return Ok(code);
        }
        let placements = self.placements(code.id, &draft.placements)?;
        for _ in 0..SLUG_TRIES {
            let slug = id::secret::<4>()?;
            code.slug = Some(slug.clone());
            let entry = entry(&code);
            let placed = placements.clone();
            let inserted = self.store.codes.insert(&code, placed, &entry).await;
            if matches!(&inserted, Err(e) if e.kind() == Kind::Conflict) {
                continue;
            }
            // It may have been asked for, and remembered as unknown, before it existed.
            self.tiers.invalidate(&[Tag::Slug(slug.into())]).await;
            return inserted.map(|()| code);
        }
        Err(Error::new(
            Kind::Conflict,
            "no free short address was found; try again",
        ))
    }

    /// # Errors
    /// `NotFound`, and the store's.
    pub async fn get(&self, org: OrgId, id: Uuid) -> Result<Code> {
        let found = self.store.codes.get(org.id(), id).await?;
        found.ok_or_else(unknown)
    }

    /// What is needed to draw the code; its counters may be seconds old.
    ///
    /// # Errors
    /// `NotFound`, and the store's.
    pub async fn appearance(&self, org: OrgId, id: Uuid) -> Result<Arc<Appearance>> {
        let find = || async {
            let code = self.get(org, id).await?;
            Ok(Arc::new(Appearance::from(code)))
        };
        Ok(self
            .appearances
            .get_or_make(&(org.id(), id), find)
            .await?
            .value)
    }

    /// One page and how many there are in all.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, org: OrgId, query: &ListQuery) -> Result<(Vec<Code>, u64)> {
        self.store.codes.list(org.id(), query).await
    }

    /// # Errors
    /// `NotFound`, `PreconditionFailed`, and the store's.
    pub async fn update(
        &self,
        org: OrgId,
        id: Uuid,
        change: &Change,
        author: &Author,
    ) -> Result<Code> {
        let entry = self.entry(author, "code.edit", id, None);
        let placed = self.slugs_of_placements(id).await?;
        match self.store.codes.update(org.id(), id, change, entry).await {
            Ok(changed) => {
                let code = changed.ok_or_else(unknown)?;
                self.forget(&code, &placed).await;
                Ok(code)
            }
            Err(e) => {
                if e.kind().is_fault()
                    && let Ok(Some(code)) = self.store.codes.get(org.id(), id).await
                {
                    self.forget(&code, &placed).await;
                }
                Err(e)
            }
        }
    }

    /// Changes a code by what it is now. `seen`: when the caller's copy was changed last; without one, a change that comes
    /// between is looked at and this one is made again.
    ///
    /// # Errors
    /// `NotFound`, `PreconditionFailed`, those of `change`, and the store's.
    pub async fn edit(
        &self,
        (org, id): (OrgId, Uuid),
        seen: Option<Timestamp>,
        author: &Author,
        change: impl Fn(&Code) -> Result<Change>,
    ) -> Result<Code> {
        let mut tries = 0;
        loop {
            let code = self.get(org, id).await?;
            let change = Change {
                seen: Some(seen.unwrap_or(code.updated_at)),
                ..change(&code)?
            };
            let changed = self.update(org, id, &change, author).await;
            tries += 1;
            let is_late = matches!(&changed, Err(e) if e.kind() == Kind::PreconditionFailed);
            if seen.is_some() || !is_late || tries == EDIT_TRIES {
                return changed;
            }
        }
    }

    /// `seen`: as in [`Codes::edit`].
    ///
    /// # Errors
    /// `NotFound`, `PreconditionFailed`, and the store's.
    pub async fn delete(
        &self,
        org: OrgId,
        id: Uuid,
        seen: Option<Timestamp>,
        author: &Author,
    ) -> Result<()> {
        let code = self.get(org, id).await?;
        if seen.is_some_and(|seen| seen != code.updated_at) {
            return Err(changed_meanwhile());
        }
        let placed = self.slugs_of_placements(id).await?;
        let entry = self.entry(author, "code.delete", id, Some(told(&code)));
        let deleted = self.store.codes.delete(org.id(), id, &entry).await;
        self.forget(&code, &placed).await;
        if deleted? { Ok(()) } else { Err(unknown()) }
    }

    /// New placements of a code, each under a free slug: longer by two digits than a code's, so that the two never meet.
    ///
    /// # Errors
    /// `Internal` when the operating system gives no randomness.
    pub fn placements(&self, code_id: Uuid, names: &[String]) -> Result<Vec<Placement>> {
        let made = names.iter().map(|name| {
            Ok(Placement {
                id: self.ids.next(),
                code_id,
                slug: id::secret::<5>()?,
                name: name.clone(),
                created_at: self.clock.now(),
                scans: 0,
                genuine_scans: 0,
                last_scan_at: None,
            })
        });
        made.collect()
    }

    /// The placements of some codes.
    ///
    /// # Errors
    /// The store's.
    pub async fn placed(&self, codes: &[Uuid]) -> Result<HashMap<Uuid, Vec<Placement>>> {
        self.store.codes.placements(codes).await
    }

    async fn slugs_of_placements(&self, id: Uuid) -> Result<Vec<Tag>> {
        let placed = self.placed(&[id]).await?;
        let slugs = placed.into_values().flatten();
        Ok(slugs
            .map(|placement| Tag::Slug(placement.slug.into()))
            .collect())
    }

    fn entry(&self, author: &Author, action: &str, id: Uuid, detail: Option<Value>) -> Entry {
        let stamp = Stamp::now(&self.ids, &self.clock);
        author.entry(stamp, action, format!("code:{id}"), detail)
    }

    async fn forget(&self, code: &Code, placed: &[Tag]) {
        let mut tags = vec![Tag::Code(code.id), Tag::Scans(code.id)];
        tags.extend_from_slice(placed);
        tags.extend(code.slug.as_deref().map(|slug| Tag::Slug(slug.into())));
        self.tiers.invalidate(&tags).await;
    }
}

/// What the audit log keeps of a code. Not what a static one says: that may be about a person, and goes with the code.
fn told(code: &Code) -> Value {
    json!({ "kind": code.kind.label(), "slug": code.slug, "target": code.target, "title": code.title })
}

fn unknown() -> Error {
    Error::not_found("there is no such code")
}

/// What a remembered code is called.
#[must_use]
pub fn name((org_id, id): &(Uuid, Uuid)) -> Name {
    Name {
        tag: Some(Tag::Code(*id)),
        rest: org_id.to_string(),
    }
}
