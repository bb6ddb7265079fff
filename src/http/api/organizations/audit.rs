//! `GET /api/organizations/{org_id}/audit`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

use crate::{
    app::App,
    http::{api::Group, may::May},
    identity::{Entry, act},
};

pub struct Audit;

/// A change.
#[derive(Object)]
#[oai(rename = "AuditEntry")]
struct Shape {
    id: Uuid,
    at: String,
    /// A user's name.
    actor: String,
    /// How the actor was known: `session`, `basic`, `key:<id>`, `command line`; of a beginning session or membership: `password`,
    /// `dialog`, `invitation`, the provider.
    via: Option<String>,
    /// Such as `member.role`.
    action: String,
    /// Such as `user:<id>`.
    subject: String,
    reason: Option<String>,
    /// JSON.
    detail: Option<String>,
}

impl From<Entry> for Shape {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            at: entry.at.to_string(),
            actor: entry.actor,
            via: entry.via,
            action: entry.action,
            subject: entry.subject,
            reason: entry.reason,
            detail: entry.detail,
        }
    }
}

#[derive(Object)]
#[oai(rename = "AuditPage")]
struct Shapes {
    items: Vec<Shape>,
    /// For `before`, to go on; `null` at the end.
    next: Option<Uuid>,
}

#[OpenApi(tag = "Group::Organizations")]
impl Audit {
    /// Who changed what, via what and why, newest first
    #[oai(
        path = "/api/organizations/:org_id/audit",
        method = "get",
        operation_id = "list_audit_entries"
    )]
    async fn list(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewAudit>,
        /// The organization's UUID
        org_id: Path<String>,
        /// Entries before this one: the `next` of the page before
        before: Query<Option<Uuid>>,
        #[oai(
            default = "hundred",
            validator(minimum(value = "1"), maximum(value = "1000"))
        )]
        limit: Query<u64>,
    ) -> Result<Json<Shapes>> {
        let _ = org_id;
        let (org, limit) = (may.organization(), limit.0);
        let entries = app.auth.organizations.audit(org, before.0, limit).await?;
        let is_full = u64::try_from(entries.len()).is_ok_and(|n| n == limit);
        let next = entries.last().map(|e| e.id).filter(|_| is_full);
        let items = entries.into_iter().map(Shape::from).collect();
        Ok(Json(Shapes { items, next }))
    }
}

fn hundred() -> u64 {
    100
}
