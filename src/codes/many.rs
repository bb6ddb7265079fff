//! Going through many codes.

use std::{collections::HashMap, sync::Arc};

use super::{Appearance, Code, Codes};
use crate::{
    cache::{PendingValue, Tag},
    identity::OrgId,
    kernel::{Result, id::Uuid},
};

impl Codes {
    /// Ids of an organization's codes, or of all; the most scanned first, then the newest.
    ///
    /// # Errors
    /// The store's.
    pub async fn most_scanned(&self, org: Option<OrgId>) -> Result<Vec<Uuid>> {
        self.store.codes.most_scanned(org.map(OrgId::id)).await
    }

    /// Those of these that there are, in this order.
    ///
    /// # Errors
    /// The store's.
    pub async fn many(&self, ids: &[Uuid]) -> Result<Vec<Code>> {
        self.store.codes.many(ids).await
    }

    /// The same, and remembers what they look like.
    ///
    /// # Errors
    /// The store's.
    pub async fn warm(&self, ids: &[Uuid]) -> Result<Vec<Arc<Appearance>>> {
        let making = |id: &Uuid| (*id, self.appearances.begin_about(&Tag::Code(*id)));
        let begun: HashMap<Uuid, PendingValue<'_>> = ids.iter().map(making).collect();
        let mut codes = Vec::with_capacity(ids.len());
        for code in self.many(ids).await? {
            let (key, code) = ((code.org_id, code.id), Arc::new(Appearance::from(code)));
            if let Some(making) = begun.get(&code.id) {
                self.appearances
                    .insert(making, key, Arc::clone(&code))
                    .await;
            }
            codes.push(code);
        }
        Ok(codes)
    }
}
