//! Codes: what an organization printed, and where it leads.
//!
//! Invariant: whatever changes a code drops what is remembered of it, so that the next scan and the next image
//! see the change: on this node at once, on others within a second. So does a change that failed: when the
//! connection was lost in COMMIT, nobody knows whether it was made.

mod appearance;
mod drawing;
pub mod made_under;
mod many;

use std::sync::Arc;

use serde_json::{Value, json};

pub use appearance::{Appearance, weigh};
pub use drawing::Wishes;

pub use crate::store::codes::{Change, Code, CodeKind, Counters, ListQuery, Look, Sort};

use crate::{
    cache::{Name, Tag, Tiered, Tiers},
    identity::{Author, Entry, OrgId, Stamp},
    kernel::{
        Error, Kind, Result, SharedClock,
        id::{self, Ids, Uuid},
    },
    render::Logo,
    store::Store,
};

/// Tries to find a free slug. With 32 random bits and a million codes the chance to need a second is 1 in 4 000.
const SLUG_TRIES: usize = 8;

/// A code that is to be made; already validated.
#[derive(Clone, Debug)]
pub struct Draft {
    pub meaning: Meaning,
    pub title: Option<String>,
    pub description: Option<String>,
    pub look: Look,
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
            logo,
            ids,
            clock,
        } = parts;
        Self {
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
            (None, Some(slug)) => format!("{}/r/{slug}?scan_ref=qr", self.base_url),
            (None, None) => String::new(),
        }
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
            enabled: true,
            look: draft.look,
            created_at: now,
            updated_at: now,
            counters: Counters::default(),
        };
        let entry = |code: &Code| self.entry(author, "code.create", code.id, Some(told(code)));
        if kind == CodeKind::Static {
            let entry = entry(&code);
            self.store.codes.insert(&code, &entry).await?;
            return Ok(code);
        }
        for _ in 0..SLUG_TRIES {
            let slug = id::secret::<4>()?;
            code.slug = Some(slug.clone());
            let entry = entry(&code);
            let inserted = self.store.codes.insert(&code, &entry).await;
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
    /// `NotFound`, and the store's.
    pub async fn update(
        &self,
        org: OrgId,
        id: Uuid,
        change: &Change,
        author: &Author,
    ) -> Result<Code> {
        let entry = self.entry(author, "code.edit", id, None);
        match self.store.codes.update(org.id(), id, change, entry).await {
            Ok(changed) => {
                let code = changed.ok_or_else(unknown)?;
                self.forget(&code).await;
                Ok(code)
            }
            Err(e) => {
                if e.kind().is_fault()
                    && let Ok(Some(code)) = self.store.codes.get(org.id(), id).await
                {
                    self.forget(&code).await;
                }
                Err(e)
            }
        }
    }

    /// # Errors
    /// `NotFound`, and the store's.
    pub async fn delete(&self, org: OrgId, id: Uuid, author: &Author) -> Result<()> {
        let code = self.get(org, id).await?;
        let entry = self.entry(author, "code.delete", id, Some(told(&code)));
        let deleted = self.store.codes.delete(org.id(), id, &entry).await;
        self.forget(&code).await;
        if deleted? { Ok(()) } else { Err(unknown()) }
    }

    fn entry(&self, author: &Author, action: &str, id: Uuid, detail: Option<Value>) -> Entry {
        let stamp = Stamp::now(&self.ids, &self.clock);
        author.entry(stamp, action, format!("code:{id}"), detail)
    }

    async fn forget(&self, code: &Code) {
        let mut tags = vec![Tag::Code(code.id), Tag::Scans(code.id)];
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
