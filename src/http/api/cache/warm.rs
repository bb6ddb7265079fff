//! `POST …/cache/warm`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{Object, OpenApi, payload::Json};
use serde::Deserialize;

use crate::{
    app::App,
    http::{api::Group, extract::Optional, may::May},
    identity::act,
    kernel::Ctx,
};

pub struct Warm;

/// Codes to warm.
#[derive(Default, Deserialize, Object)]
#[oai(rename = "CacheWarm")]
#[serde(deny_unknown_fields)]
struct Selection {
    /// Match slugs, ids and titles, such as `a1b2*`: `*`, `?`, `[a-c]`, `\`. A pattern that matches everything is refused.
    /// Without patterns: the most scanned codes.
    #[oai(validator(min_items = 1, max_items = 20))]
    patterns: Option<Vec<String>>,
}

/// Result of warming.
#[derive(Object)]
#[oai(rename = "CacheWarmed")]
#[allow(clippy::struct_field_names)] // what stands in the answer
struct Warmed {
    success: bool,
    /// Codes that match: 1000 at most, the most scanned first.
    matched: u64,
    /// Codes that are in the cache now. Codes that were not reached in time count neither here nor as failed.
    warmed: u64,
    /// Codes that cannot be drawn, or for which the database was away.
    failed: u64,
    duration_ms: u64,
}

#[OpenApi(tag = "Group::Cache")]
impl Warm {
    /// Cache the targets and the stored images of some codes
    #[oai(
        path = "/api/v2/qr/cache/warm",
        method = "post",
        operation_id = "warm_cache"
    )]
    async fn warm(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: May<act::ChangeCache>,
        body: Optional<Selection>,
    ) -> Result<Json<Warmed>> {
        let patterns = body.0.patterns.as_deref();
        let done = app.warmer.matching(&ctx, may.organization(), patterns);
        let done = done.await?;
        Ok(Json(Warmed {
            success: true,
            matched: done.matched,
            warmed: done.warmed,
            failed: done.failed,
            duration_ms: u64::try_from(done.took.as_millis()).unwrap_or(u64::MAX),
        }))
    }

    /// The same, by its path without a version
    #[oai(
        path = "/api/qr/cache/warm",
        method = "post",
        operation_id = "warm_cache_unversioned"
    )]
    async fn warm_unversioned(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: May<act::ChangeCache>,
        body: Optional<Selection>,
    ) -> Result<Json<Warmed>> {
        self.warm(app, ctx, may, body).await
    }
}
