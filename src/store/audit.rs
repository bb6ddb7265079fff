//! The audit log: who changed what, when and why.
//!
//! Invariant: entries are appended and read, never changed.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    prelude::Uuid,
};

use super::{
    connection::{Connections, in_range},
    entity::audit_entry,
    text,
};
use crate::{
    kernel::{Result, Timestamp, clock::from_micros},
    telemetry::StoreTimer,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub id: Uuid,
    pub at: Timestamp,
    /// A user's name, or the command line's.
    pub actor: String,
    /// `<what>.<verb>`, e.g. `rollout.kill`.
    pub action: String,
    /// What was changed, e.g. an experiment's name or a code's id.
    pub subject: String,
    pub reason: Option<String>,
    /// JSON.
    pub detail: Option<String>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Audit {
    db: Connections,
    append: StoreTimer,
    list: StoreTimer,
}

impl Audit {
    pub(super) fn new(db: &Connections) -> Self {
        Self {
            append: db.timer("audit.append"),
            list: db.timer("audit.list"),
            db: db.clone(),
        }
    }

    /// # Errors
    /// `Conflict` when the id exists; `Invalid` when a text holds a NUL.
    pub async fn append(&self, entry: &Entry) -> Result<()> {
        text::check("actor", &entry.actor)?;
        text::check("action", &entry.action)?;
        text::check("subject", &entry.subject)?;
        text::check_some("reason", entry.reason.as_deref())?;
        text::check_some("detail", entry.detail.as_deref())?;
        let row = audit_entry::ActiveModel {
            id: Set(entry.id),
            at_us: Set(entry.at.as_microsecond()),
            actor: Set(entry.actor.clone()),
            action: Set(entry.action.clone()),
            subject: Set(entry.subject.clone()),
            reason: Set(entry.reason.clone()),
            detail: Set(entry.detail.clone()),
        };
        let insert = audit_entry::Entity::insert(row).build(self.db.backend());
        let work = self.db.execute(insert);
        self.db.run(&self.append, work).await.map(drop)
    }

    /// One page, newest first, of everything or of what concerns one subject.
    ///
    /// # Errors
    /// Faults only.
    pub async fn list(&self, subject: Option<&str>, offset: u64, limit: u64) -> Result<Vec<Entry>> {
        if !subject.is_none_or(text::storable) {
            return Ok(Vec::new());
        }
        let mut select = audit_entry::Entity::find();
        if let Some(subject) = subject {
            select = select.filter(audit_entry::Column::Subject.eq(subject));
        }
        let work = async {
            let rows = select
                .order_by_desc(audit_entry::Column::AtUs)
                .order_by_desc(audit_entry::Column::Id)
                .offset(in_range(offset))
                .limit(in_range(limit))
                .all(&self.db.reader)
                .await?;
            Ok(rows.into_iter().map(Entry::from_row).collect())
        };
        self.db.run(&self.list, work).await
    }
}

impl Entry {
    fn from_row(row: audit_entry::Model) -> Self {
        Self {
            id: row.id,
            at: from_micros(row.at_us),
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            reason: row.reason,
            detail: row.detail,
        }
    }
}
