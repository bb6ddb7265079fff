//! `GET /api/rollout`, `GET /api/rollout/{experiment}`, `GET /api/rollout/audit`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};

use super::report::{self, ExperimentReport, RolloutReport};
use crate::{
    app::App,
    http::{api::Group, may::May},
    identity::act,
    kernel::{Ctx, Error},
};

pub struct Look;

/// One experiment, with its version as entity tag.
#[derive(ApiResponse)]
pub enum ExperimentAnswer {
    #[oai(status = 200)]
    Ok(
        Json<ExperimentReport>,
        /// For `If-Match`.
        #[oai(header = "ETag")]
        String,
    ),
}

impl ExperimentAnswer {
    pub fn of(app: &App, name: &str) -> Result<Self, Error> {
        let entry = app.rollout.entry(name)?;
        let view = app.rollout.view(entry)?;
        let etag = format!("\"{}\"", view.row.version);
        Ok(Self::Ok(Json(report::one(&app.rollout, &view)), etag))
    }
}

/// A change by an operator or the autopilot.
#[derive(Object)]
struct Change {
    at: String,
    actor: String,
    /// `rollout.set`, `rollout.kill`, `rollout.release`, `rollout.rehearse` or `rollout.retire`.
    action: String,
    /// The experiment, or the node.
    subject: String,
    reason: Option<String>,
    /// JSON: before and after.
    detail: Option<String>,
}

/// Newest first.
#[derive(Object)]
struct AuditLog {
    items: Vec<Change>,
}

#[OpenApi(tag = "Group::Rollout")]
#[allow(clippy::unused_async)] // the framework's handlers are
impl Look {
    /// Every experiment: its dial and its evidence
    #[oai(
        path = "/api/rollout",
        method = "get",
        operation_id = "list_experiments"
    )]
    async fn all(
        &self,
        app: Data<&Arc<App>>,
        _may: May<act::ViewRollout>,
    ) -> Result<Json<RolloutReport>> {
        Ok(Json(report::all(&app.rollout)?))
    }

    /// The last changes, newest first
    #[oai(
        path = "/api/rollout/audit",
        method = "get",
        operation_id = "list_rollout_changes"
    )]
    async fn audit(
        &self,
        app: Data<&Arc<App>>,
        _ctx: Data<&Ctx>,
        _may: May<act::ViewRollout>,
        #[oai(
            default = "twenty",
            validator(minimum(value = "1"), maximum(value = "100"))
        )]
        limit: Query<u64>,
    ) -> Result<Json<AuditLog>> {
        let entries = app.rollout.audit(limit.0).await?;
        let items = entries.into_iter().map(|e| Change {
            at: e.at.to_string(),
            actor: e.actor,
            action: e.action,
            subject: e.subject,
            reason: e.reason,
            detail: e.detail,
        });
        Ok(Json(AuditLog {
            items: items.collect(),
        }))
    }

    /// One experiment
    #[oai(
        path = "/api/rollout/:experiment",
        method = "get",
        operation_id = "get_experiment"
    )]
    async fn one(
        &self,
        app: Data<&Arc<App>>,
        _may: May<act::ViewRollout>,
        /// `render`, `validate` or `analytics`
        experiment: Path<String>,
    ) -> Result<ExperimentAnswer> {
        Ok(ExperimentAnswer::of(&app, &experiment)?)
    }
}

fn twenty() -> u64 {
    20
}
