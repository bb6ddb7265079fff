//! Codes in batches, for work on all of them.
//!
//! Invariant: the order is total: by scans, then newest first, then by id.

use std::{collections::HashMap, fmt::Display};

use futures_util::TryStreamExt as _;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryResult, Statement,
    StreamTrait, Value, prelude::Uuid,
};

use tracing::warn;

use super::{Code, CodeKind, Codes, Plan, Resolution};
use crate::{
    kernel::Result,
    store::{
        connection::Connections,
        entity::code,
        statement::{chunks, placeholders},
        text,
    },
    telemetry::StoreTimer,
};

impl Codes {
    /// Ids of an organization's codes, or of all; the most scanned first. 16 bytes each, as they were at one moment: there
    /// is no index by scans, which change with each of them.
    ///
    /// # Errors
    /// Faults only.
    pub async fn most_scanned(&self, org: Option<Uuid>) -> Result<Vec<Uuid>> {
        const ALL: &str =
            "SELECT id FROM codes ORDER BY scan_count DESC, created_at_us DESC, id DESC";
        const OWN: &str = "SELECT id FROM codes WHERE org_id = $1 \
                           ORDER BY scan_count DESC, created_at_us DESC, id DESC";
        let ask = match org {
            Some(org) => self.db.statement(OWN, [org.into()]),
            None => self.db.statement(ALL, []),
        };
        let work = async {
            // Row by row: all rows at once would take twenty times the memory of their ids.
            let rows = self.db.reader.stream_raw(ask).await?;
            let ids = rows.and_then(async |row| row.try_get_by::<Uuid, _>(0));
            ids.try_collect().await
        };
        self.db.run(&self.timers.order, work).await
    }

    /// Those of `ids` that exist, of any organization, in this order.
    ///
    /// # Errors
    /// Faults only.
    pub async fn many(&self, ids: &[Uuid]) -> Result<Vec<Code>> {
        let mut found = by_id(&self.db, &self.timers.many, ids).await?;
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// As [`Codes::resolve`], for many slugs: those that exist.
    ///
    /// # Errors
    /// Faults only.
    pub async fn resolve_many<S: AsRef<str>>(
        &self,
        slugs: &[S],
    ) -> Result<HashMap<Box<str>, Resolution>> {
        by_slug(&self.db, &self.timers.many, slugs).await
    }
}

/// Codes of any organization. A row that cannot be read is left out, and logged: it must not take the others along.
pub(super) async fn by_id(
    db: &Connections,
    timer: &StoreTimer,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Code>> {
    let work = async {
        let mut found = HashMap::with_capacity(ids.len());
        for chunk in chunks(ids) {
            let chunk = chunk.iter().copied();
            let rows = code::Entity::find().filter(code::Column::Id.is_in(chunk));
            for row in rows.all(&db.reader).await? {
                let id = row.id;
                found.extend(readable(&id, Code::from_row(row)).map(|code| (id, code)));
            }
        }
        Ok(found)
    };
    db.run(timer, work).await
}

/// As [`by_id`], what redirects need to know.
pub(super) async fn by_slug<S: AsRef<str>>(
    db: &Connections,
    timer: &StoreTimer,
    slugs: &[S],
) -> Result<HashMap<Box<str>, Resolution>> {
    let backend = db.backend();
    let slugs = slugs.iter().map(AsRef::as_ref);
    let storable: Vec<&str> = slugs.filter(|slug| text::storable(slug)).collect();
    let work = async {
        let mut found = HashMap::with_capacity(storable.len());
        for chunk in chunks(&storable) {
            // One list for both, so that a look-up stays one round trip.
            let list = placeholders(backend, chunk.len(), 1);
            let sql = format!(
                "WITH asked (slug) AS (VALUES {list}) \
                 SELECT c.id, c.kind, c.target, c.enabled, c.slug, c.plan, NULL AS placement_id \
                 FROM asked JOIN codes c ON c.slug = asked.slug \
                 UNION ALL \
                 SELECT c.id, c.kind, c.target, c.enabled, p.slug, c.plan, p.id \
                 FROM asked JOIN placements p ON p.slug = asked.slug JOIN codes c ON c.id = p.code_id"
            );
            let values = chunk.iter().map(|slug| Value::from(*slug));
            let ask = Statement::from_sql_and_values(backend, sql, values);
            for row in db.reader.query_all_raw(ask).await? {
                let slug: String = row.try_get_by(4)?;
                let resolution = readable(&slug, resolution(&row));
                found.extend(resolution.map(|resolution| (slug.into_boxed_str(), resolution)));
            }
        }
        Ok(found)
    };
    db.run(timer, work).await
}

fn resolution(row: &QueryResult) -> Result<Resolution, DbErr> {
    Ok(Resolution {
        code_id: row.try_get_by(0)?,
        kind: CodeKind::parse(&row.try_get_by::<String, _>(1)?)?,
        target: row.try_get_by(2)?,
        enabled: row.try_get_by(3)?,
        plan: Plan::of_column(row.try_get_by::<Option<String>, _>(5)?.as_deref())?,
        placement_id: row.try_get_by(6)?,
    })
}

/// A row that cannot be read is logged and left out.
pub(super) fn readable<T>(code: &impl Display, row: Result<T, DbErr>) -> Option<T> {
    row.inspect_err(|error| warn!(%code, %error, "a stored code cannot be read"))
        .ok()
}
