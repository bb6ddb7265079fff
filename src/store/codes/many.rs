//! Codes by the batch, for whoever goes through all of them.
//!
//! Invariant: the order is total: by scans, then newest first, then by id.

use std::collections::HashMap;

use futures_util::TryStreamExt as _;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement, StreamTrait, Value,
    prelude::Uuid,
};

use super::{Code, CodeKind, Codes, Resolution};
use crate::{
    kernel::Result,
    store::{
        entity::code,
        statement::{chunks, placeholders},
        text,
    },
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

    /// Those of these that there are, of whichever organization, in this order.
    ///
    /// # Errors
    /// Faults only.
    pub async fn many(&self, ids: &[Uuid]) -> Result<Vec<Code>> {
        let work = async {
            let mut found = HashMap::with_capacity(ids.len());
            for chunk in chunks(ids) {
                let chunk = chunk.iter().copied();
                let rows = code::Entity::find().filter(code::Column::Id.is_in(chunk));
                for row in rows.all(&self.db.reader).await? {
                    found.insert(row.id, Code::from_row(row)?);
                }
            }
            Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
        };
        self.db.run(&self.timers.many, work).await
    }

    /// As [`Codes::resolve`], for many slugs: those that exist.
    ///
    /// # Errors
    /// Faults only.
    pub async fn resolve_many(&self, slugs: &[&str]) -> Result<HashMap<String, Resolution>> {
        let backend = self.db.backend();
        let mut storable: Vec<&str> = slugs.to_vec();
        storable.retain(|slug| text::storable(slug));
        let work = async {
            let mut found = HashMap::with_capacity(storable.len());
            for chunk in chunks(&storable) {
                let list = placeholders(backend, 1, chunk.len());
                let sql = format!(
                    "SELECT id, kind, target, enabled, slug FROM codes WHERE slug IN {list}"
                );
                let values = chunk.iter().map(|slug| Value::from(*slug));
                let ask = Statement::from_sql_and_values(backend, sql, values);
                for row in self.db.reader.query_all_raw(ask).await? {
                    let resolution = Resolution {
                        code_id: row.try_get_by(0)?,
                        kind: CodeKind::parse(&row.try_get_by::<String, _>(1)?)?,
                        target: row.try_get_by(2)?,
                        enabled: row.try_get_by(3)?,
                    };
                    found.insert(row.try_get_by(4)?, resolution);
                }
            }
            Ok::<_, DbErr>(found)
        };
        self.db.run(&self.timers.many, work).await
    }
}
