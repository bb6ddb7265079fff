//! The audit log: who changed what, when and why.
//!
//! Invariant: entries are appended and read, never changed.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, prelude::Uuid,
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
    /// The organization that it concerns; `None` for what concerns the installation.
    pub org_id: Option<Uuid>,
    /// How the actor was known: `session`, `key:<id>`, `basic`, `command line`.
    pub via: Option<String>,
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
        check(entry)?;
        let insert = audit_entry::Entity::insert(entry.row()).build(self.db.backend());
        self.db.write_one(&self.append, insert).await.map(drop)
    }

    /// The newest entries of actions that begin with `prefix`, newest first.
    ///
    /// # Errors
    /// Faults only.
    pub async fn list_by_action(&self, prefix: &str, limit: u64) -> Result<Vec<Entry>> {
        let select = audit_entry::Entity::find()
            .filter(audit_entry::Column::Action.starts_with(prefix))
            .order_by_desc(audit_entry::Column::AtUs)
            .order_by_desc(audit_entry::Column::Id)
            .limit(in_range(limit));
        let work = async {
            let rows = select.all(&self.db.reader).await?;
            Ok(rows.into_iter().map(Entry::from_row).collect())
        };
        self.db.run(&self.list, work).await
    }

    /// What concerns an organization, newest first: entries before `before`, if given.
    ///
    /// # Errors
    /// Faults only.
    pub async fn of_organization(
        &self,
        org: Uuid,
        before: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Entry>> {
        // Ids of one process sort by time; those of several do to the millisecond.
        let mut select = audit_entry::Entity::find().filter(audit_entry::Column::OrgId.eq(org));
        if let Some(before) = before {
            select = select.filter(audit_entry::Column::Id.lt(before));
        }
        let work = async {
            let rows = select
                .order_by_desc(audit_entry::Column::Id)
                .limit(in_range(limit))
                .all(&self.db.reader)
                .await?;
            Ok(rows.into_iter().map(Entry::from_row).collect())
        };
        self.db.run(&self.list, work).await
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

/// What a database may refuse.
pub(super) fn check(entry: &Entry) -> Result<()> {
    text::check("actor", &entry.actor)?;
    text::check("action", &entry.action)?;
    text::check("subject", &entry.subject)?;
    text::check_some("reason", entry.reason.as_deref())?;
    text::check_some("detail", entry.detail.as_deref())
}

/// Appends within the transaction of what was changed.
pub(super) async fn insert(tx: &DatabaseTransaction, entry: &Entry) -> Result<(), DbErr> {
    let insert = audit_entry::Entity::insert(entry.row()).build(tx.get_database_backend());
    tx.execute_raw(insert).await.map(drop)
}

impl Entry {
    fn row(&self) -> audit_entry::ActiveModel {
        audit_entry::ActiveModel {
            id: Set(self.id),
            at_us: Set(self.at.as_microsecond()),
            actor: Set(self.actor.clone()),
            action: Set(self.action.clone()),
            subject: Set(self.subject.clone()),
            reason: Set(self.reason.clone()),
            detail: Set(self.detail.clone()),
            org_id: Set(self.org_id),
            via: Set(self.via.clone()),
        }
    }

    fn from_row(row: audit_entry::Model) -> Self {
        Self {
            id: row.id,
            at: from_micros(row.at_us),
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            reason: row.reason,
            detail: row.detail,
            org_id: row.org_id,
            via: row.via,
        }
    }
}
