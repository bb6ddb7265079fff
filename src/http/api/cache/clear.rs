//! `POST …/cache/clear`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{Object, OpenApi, payload::Json};
use serde::Deserialize;

use crate::{
    app::App,
    http::{api::Group, extract::Optional, may::May},
    identity::{Author, Caller, act},
};

pub struct Clear;

/// Entries to drop.
// A misspelt `pattern` would mean everything.
#[derive(Default, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "CacheClear")]
struct Selection {
    /// Matches names such as `render_engine:{code-…}:…`, `slug:{slug-…}:target`, as Redis does: `*`, `?`, `[a-c]`, `\`.
    /// Without a pattern: everything.
    #[oai(validator(min_length = 1, max_length = 256))]
    pattern: Option<String>,
}

/// Result of clearing.
#[derive(Object)]
#[oai(rename = "CacheCleared")]
struct Cleared {
    success: bool,
    cleared: Tiers,
}

/// Numbers of entries.
#[derive(Object)]
#[oai(rename = "CacheClearedTiers")]
struct Tiers {
    /// Of this node. The others drop theirs, too.
    memory: u64,
    redis: u64,
}

#[OpenApi(tag = "Group::Cache")]
impl Clear {
    /// Drop the entries that match a pattern, or all, on all nodes
    ///
    /// 503 when Redis does not answer; the memory of this node is cleared nevertheless.
    #[oai(
        path = "/api/v2/qr/cache/clear",
        method = "post",
        operation_id = "clear_cache"
    )]
    async fn clear(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ChangeCache>,
        body: Optional<Selection>,
    ) -> Result<Json<Cleared>> {
        cleared(&app, &body.0, may.caller()).await
    }

    /// The same, by its path without a version
    #[oai(
        path = "/api/qr/cache/clear",
        method = "post",
        operation_id = "clear_cache_unversioned"
    )]
    async fn clear_unversioned(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ChangeCache>,
        body: Optional<Selection>,
    ) -> Result<Json<Cleared>> {
        cleared(&app, &body.0, may.caller()).await
    }
}

async fn cleared(app: &App, selection: &Selection, caller: &Caller) -> Result<Json<Cleared>> {
    let pattern = selection.pattern.as_deref().unwrap_or("*");
    let cleared = app.clear_cache(pattern, &Author::from(caller)).await?;
    Ok(Json(Cleared {
        success: true,
        cleared: Tiers {
            memory: cleared.memory,
            redis: cleared.redis,
        },
    }))
}
