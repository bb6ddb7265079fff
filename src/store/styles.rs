//! Saved styles: options of a symbol under a name, for an organization.
//!
//! Invariant: an organization has at most one default style.

use sea_orm::{DbErr, QueryResult, prelude::Uuid};

use super::{
    audit::Entry,
    audited::Step,
    connection::{Connections, timers},
    text,
};
use crate::kernel::{Result, Timestamp, clock::from_micros};

/// Options under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedStyle {
    pub org_id: Uuid,
    pub name: String,
    /// JSON.
    pub options: String,
    /// Of codes that name no other.
    pub is_default: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Styles {
    db: Connections,
    timers: Timers,
}

timers!("styles": list, put, delete, uses);

impl Styles {
    pub(super) fn new(db: &Connections) -> Self {
        Self {
            timers: Timers::new(db),
            db: db.clone(),
        }
    }

    /// An organization's, by name.
    ///
    /// # Errors
    /// Faults only.
    pub async fn list(&self, org: Uuid) -> Result<Vec<SavedStyle>> {
        let sql = "SELECT org_id, name, options, is_default, created_at_us, updated_at_us \
                   FROM styles WHERE org_id = $1 ORDER BY name";
        let ask = self.db.statement(sql, [org.into()]);
        self.db.rows(&self.timers.list, ask, read).await
    }

    /// Makes a style or replaces it; the time when it was made stays. A new default takes the place of the old one.
    ///
    /// # Errors
    /// `Invalid` when a text holds a NUL.
    pub async fn put(&self, style: &SavedStyle, entry: &Entry) -> Result<()> {
        text::check("name", &style.name)?;
        text::check("options", &style.options)?;
        let mut steps = Vec::new();
        if style.is_default {
            let sql = "UPDATE styles SET is_default = $2, updated_at_us = $3 \
                       WHERE org_id = $1 AND is_default = $4";
            let at = style.updated_at.as_microsecond();
            let values = [style.org_id.into(), false.into(), at.into(), true.into()];
            steps.push(Step::May(self.db.statement(sql, values)));
        }
        let sql = "INSERT INTO styles (org_id, name, options, is_default, created_at_us, updated_at_us) \
                   VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (org_id, name) DO UPDATE SET options = excluded.options, \
                   is_default = excluded.is_default, updated_at_us = excluded.updated_at_us";
        let put = self.db.statement(
            sql,
            [
                style.org_id.into(),
                style.name.clone().into(),
                style.options.clone().into(),
                style.is_default.into(),
                style.created_at.as_microsecond().into(),
                style.updated_at.as_microsecond().into(),
            ],
        );
        steps.push(Step::Must(put));
        self.db
            .change(&self.timers.put, steps, entry)
            .await
            .map(drop)
    }

    /// Removes a style that no code names. False: there is none, or one names it.
    ///
    /// # Errors
    /// Faults only.
    pub async fn delete(&self, org: Uuid, name: &str, entry: &Entry) -> Result<bool> {
        if !text::storable(name) {
            return Ok(false);
        }
        let sql = "DELETE FROM styles WHERE org_id = $1 AND name = $2 \
                   AND NOT EXISTS (SELECT 1 FROM codes WHERE org_id = $1 AND style_name = $2)";
        let delete = self.db.statement(sql, [org.into(), name.into()]);
        let steps = vec![Step::Must(delete)];
        self.db.change(&self.timers.delete, steps, entry).await
    }

    /// Codes that name a style.
    ///
    /// # Errors
    /// Faults only.
    pub async fn uses(&self, org: Uuid, name: &str) -> Result<i64> {
        let sql = "SELECT COUNT(*) FROM codes WHERE org_id = $1 AND style_name = $2";
        let ask = self.db.statement(sql, [org.into(), name.into()]);
        let count = self.db.row(&self.timers.uses, ask, |row| row.try_get_by(0));
        Ok(count.await?.unwrap_or(0))
    }
}

fn read(row: &QueryResult) -> Result<SavedStyle, DbErr> {
    Ok(SavedStyle {
        org_id: row.try_get_by(0)?,
        name: row.try_get_by(1)?,
        options: row.try_get_by(2)?,
        is_default: row.try_get_by(3)?,
        created_at: from_micros(row.try_get_by(4)?),
        updated_at: from_micros(row.try_get_by(5)?),
    })
}
