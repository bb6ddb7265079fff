//! Codes: their content or target, their look, and their counters of scans.
//!
//! Invariant: counters are written by [`scans`](super::scans) only, together with the scans that they count.

mod list;
mod look;
mod many;
mod model;
mod placements;
mod plan;

use futures_util::FutureExt as _;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    QuerySelect, QueryTrait, prelude::Uuid,
};

use super::{
    audit::{self, Entry},
    audited::Step,
    batch::Batch,
    connection::Connections,
    entity::code,
};
use crate::{
    kernel::{Error, Kind, Result, Timestamp},
    telemetry::StoreTimer,
};
pub use list::{ListQuery, Sort};
pub use look::Look;
pub use model::{Change, Code, CodeKind, CodeStyle, Counters, Resolution};
pub use placements::{Placement, PlacementChanges};
pub use plan::{DEVICES, Plan, Rule, Scheduled, When};

/// Cheap to clone.
#[derive(Clone)]
pub struct Codes {
    db: Connections,
    timers: Timers,
    getting: Batch<Uuid, Code>,
    resolving: Batch<Box<str>, Resolution>,
}

#[derive(Clone)]
struct Timers {
    insert: StoreTimer,
    list: StoreTimer,
    update: StoreTimer,
    delete: StoreTimer,
    count: StoreTimer,
    order: StoreTimer,
    many: StoreTimer,
    placements: StoreTimer,
    take_use: StoreTimer,
}

impl Codes {
    /// Must be called within a runtime.
    pub(super) fn new(db: &Connections) -> Self {
        let getting = {
            let (db, timer) = (db.clone(), db.timer("codes.get"));
            move |ids: Vec<Uuid>| {
                let (db, timer) = (db.clone(), timer.clone());
                async move { many::by_id(&db, &timer, &ids).await }.boxed()
            }
        };
        let resolving = {
            let (db, timer) = (db.clone(), db.timer("codes.resolve"));
            move |slugs: Vec<Box<str>>| {
                let (db, timer) = (db.clone(), timer.clone());
                async move { many::by_slug(&db, &timer, &slugs).await }.boxed()
            }
        };
        Self {
            getting: Batch::new("codes.get", db.timeout, Box::new(getting)),
            resolving: Batch::new("codes.resolve", db.timeout, Box::new(resolving)),
            timers: Timers {
                insert: db.timer("codes.insert"),
                list: db.timer("codes.list"),
                update: db.timer("codes.update"),
                delete: db.timer("codes.delete"),
                count: db.timer("codes.count"),
                order: db.timer("codes.most_scanned"),
                many: db.timer("codes.many"),
                placements: db.timer("codes.placements"),
                take_use: db.timer("codes.take_use"),
            },
            db: db.clone(),
        }
    }

    /// Stores a new code, with its counters as they are, its placements, and who made it.
    ///
    /// # Errors
    /// `Conflict` when the id or a slug is taken; `Invalid` when a text holds a NUL.
    pub async fn insert(
        &self,
        code: &Code,
        placements: Vec<Placement>,
        entry: &Entry,
    ) -> Result<()> {
        let placements = PlacementChanges {
            add: placements,
            ..PlacementChanges::default()
        };
        code.check()?;
        placements.check()?;
        let backend = self.db.backend();
        let insert = code::Entity::insert(code.to_row()).build(backend);
        let mut steps = vec![Step::Must(insert)];
        steps.extend(placements.statements(backend).into_iter().map(Step::Must));
        self.db
            .change(&self.timers.insert, steps, entry)
            .await
            .map(drop)
    }

    /// # Errors
    /// Faults only.
    pub async fn get(&self, org: Uuid, id: Uuid) -> Result<Option<Code>> {
        let found = self.getting.get(id).await?;
        Ok(found.filter(|code| code.org_id == org))
    }

    /// The data that a redirect needs about a slug, of any organization.
    ///
    /// # Errors
    /// Faults only.
    pub async fn resolve(&self, slug: &str) -> Result<Option<Resolution>> {
        self.resolving.get(slug.into()).await
    }

    /// One page of an organization's codes, and how many match in total.
    ///
    /// # Errors
    /// Faults only.
    pub async fn list(&self, org: Uuid, query: &ListQuery) -> Result<(Vec<Code>, u64)> {
        let Some(select) = query.select(self.db.backend(), org) else {
            return Ok((Vec::new(), 0));
        };
        let work = async {
            let total = select.clone().count(&self.db.reader).await?;
            let rows = query.page(select).all(&self.db.reader).await?;
            let codes = rows.into_iter().filter_map(|row| {
                let id = row.id;
                many::readable(&id, Code::from_row(row))
            });
            Ok((codes.collect(), total))
        };
        self.db.run(&self.timers.list, work).await
    }

    /// Changes a code at the time of `entry`, which gets what was changed as its detail, and returns the code as it is now; `None`
    /// when the organization has no such code.
    ///
    /// # Errors
    /// `Invalid` when a text holds a NUL; `PreconditionFailed` when the code is not as `change.seen` says; `Conflict` when a slug of a
    /// placement is taken.
    pub async fn update(
        &self,
        org: Uuid,
        id: Uuid,
        change: &Change,
        mut entry: Entry,
    ) -> Result<Option<Code>> {
        change.check()?;
        audit::check(&entry)?;
        let work = async {
            let tx = self.db.begin().await?;
            // Locked: the text to search in is made of fields that this change may not carry.
            let found = code::Entity::find_by_id(id)
                .filter(code::Column::OrgId.eq(org))
                .lock_exclusive()
                .one(&*tx)
                .await?;
            let Some(row) = found else {
                return Ok(None);
            };
            let before = Code::from_row(row)?;
            if change.seen.is_some_and(|seen| seen != before.updated_at) {
                return Ok(Some(Err(changed_meanwhile())));
            }
            let mut code = before.clone();
            code.apply(change, entry.at);
            code.to_changes(&before, change)
                .update_without_returning(&*tx)
                .await?;
            for statement in change.placements.statements(self.db.backend()) {
                tx.execute_raw(statement).await?;
            }
            if let Some(detail) = before.difference(&code, &change.placements) {
                entry.detail = Some(detail);
                audit::insert(&tx, &entry).await?;
            }
            tx.commit().await?;
            Ok(Some(Ok(code)))
        };
        let done = self.db.write(&self.timers.update, work).await?;
        done.transpose()
    }

    /// Removes a code and its scans. False when there was none.
    ///
    /// # Errors
    /// Faults only.
    pub async fn delete(&self, org: Uuid, id: Uuid, entry: &Entry) -> Result<bool> {
        let delete = code::Entity::delete_many()
            .filter(code::Column::Id.eq(id))
            .filter(code::Column::OrgId.eq(org))
            .build(self.db.backend());
        let steps = vec![Step::Must(delete)];
        self.db.change(&self.timers.delete, steps, entry).await
    }

    /// Whether any organization has this code.
    ///
    /// # Errors
    /// Faults only.
    pub async fn exists(&self, id: Uuid) -> Result<bool> {
        let work = code::Entity::find_by_id(id).count(&self.db.reader);
        let found = self.db.run(&self.timers.count, work).await?;
        Ok(found > 0)
    }

    /// Dynamic codes of all organizations that were made from `since` on, and before `until`.
    ///
    /// # Errors
    /// Faults only.
    pub async fn count_dynamic(&self, since: Timestamp, until: Timestamp) -> Result<u64> {
        let work = code::Entity::find()
            .filter(code::Column::Kind.eq(CodeKind::Dynamic.label()))
            .filter(code::Column::CreatedAtUs.gte(since.as_microsecond()))
            .filter(code::Column::CreatedAtUs.lt(until.as_microsecond()))
            .count(&self.db.reader);
        self.db.run(&self.timers.count, work).await
    }

    /// Codes of all organizations.
    ///
    /// # Errors
    /// Faults only.
    pub async fn count(&self) -> Result<u64> {
        let work = code::Entity::find().count(&self.db.reader);
        self.db.run(&self.timers.count, work).await
    }
}

/// A change of what is not as the caller saw it (RFC 9110 §13.1.1).
#[must_use]
pub fn changed_meanwhile() -> Error {
    let message = "the code was changed since it was read: read it again, and send the ETag of that as If-Match";
    Error::new(Kind::PreconditionFailed, message)
}
