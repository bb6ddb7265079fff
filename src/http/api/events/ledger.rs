//! `/api/events/{id}/ledger`, `/api/events/{id}/counts`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};

use super::event;
use crate::{
    app::App,
    events::CheckinRow,
    http::{
        api::{Group, qr::parse_id},
        bounds::{self, Within},
        may::May,
    },
    identity::act,
    kernel::Error,
};

pub struct Ledger;

const ITEMS: u16 = 50;

/// A scan at a gate.
#[derive(Object)]
#[oai(rename = "LedgerEntry", skip_serializing_if_is_none)]
struct Entry {
    id: String,
    attendee_id: String,
    registration_no: String,
    name: String,
    /// `in` or `out`
    direction: String,
    gate: String,
    /// Who scanned
    by: String,
    scanned_at: String,
    stored_at: String,
    /// The device decided by itself, and told later
    offline: bool,
    /// It is part of what says who is inside
    counts: bool,
    /// Why it was refused
    reason: Option<String>,
}

#[derive(Object)]
#[oai(rename = "Ledger")]
struct Entries {
    /// The last stored first
    items: Vec<Entry>,
    /// For the next page; `null`: there is none
    next: Option<String>,
}

#[derive(Object)]
#[oai(rename = "EventCounts")]
struct Counts {
    /// People, without stalls
    invited: i64,
    inside: i64,
}

impl From<CheckinRow> for Entry {
    fn from(row: CheckinRow) -> Self {
        Self {
            id: row.id.to_string(),
            attendee_id: row.attendee_id.to_string(),
            registration_no: row.registration_no,
            name: row.name,
            direction: if row.is_in { "in" } else { "out" }.to_owned(),
            gate: row.gate,
            by: row.made_by,
            scanned_at: row.scanned_at.to_string(),
            stored_at: row.stored_at.to_string(),
            offline: row.is_offline,
            counts: row.counts,
            reason: row.reason,
        }
    }
}

#[OpenApi(tag = "Group::Events")]
impl Ledger {
    /// Scans at the gates, refused ones too
    #[oai(
        path = "/api/events/:id/ledger",
        method = "get",
        operation_id = "list_ledger"
    )]
    async fn list(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewEvents>,
        /// The event's UUID
        id: Path<String>,
        /// `next` of the page before
        cursor: Query<Option<String>>,
        /// Only scans that let somebody through who by an earlier one was there already
        #[oai(default)]
        conflicts: Query<bool>,
        limit: Query<Option<Within<bounds::PageSize>>>,
    ) -> Result<Json<Entries>> {
        let event = event(&app, may.organization(), &id).await?;
        let unknown = |_| Error::invalid("cursor", "must be next of a page before");
        let before = cursor.0.as_deref().map(parse_id).transpose();
        let before = before.map_err(unknown)?;
        let limit = limit
            .0
            .map_or(ITEMS, |limit| u16::try_from(limit.0).unwrap_or(ITEMS));
        let rows = app
            .events
            .ledger(&event, (before, conflicts.0), limit)
            .await?;
        let next =
            (rows.len() == usize::from(limit)).then(|| rows.last().map(|row| row.id.to_string()));
        Ok(Json(Entries {
            next: next.flatten(),
            items: rows.into_iter().map(Entry::from).collect(),
        }))
    }

    /// How many are invited, and inside
    #[oai(
        path = "/api/events/:id/counts",
        method = "get",
        operation_id = "event_counts"
    )]
    async fn counts(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewEvents>,
        /// The event's UUID
        id: Path<String>,
    ) -> Result<Json<Counts>> {
        let event = event(&app, may.organization(), &id).await?;
        let (invited, inside) = app.events.counts(&event).await?;
        Ok(Json(Counts { invited, inside }))
    }
}
