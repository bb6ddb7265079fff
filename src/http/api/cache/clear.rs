//! `POST …/cache/clear`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{Object, OpenApi, payload::Json};
use serde::Deserialize;

use super::may_change;
use crate::{
    app::App,
    http::{
        api::Group,
        extract::{Optional, Signed},
    },
};

pub struct Clear;

/// What shall be forgotten.
#[derive(Default, Deserialize, Object)]
#[oai(rename = "CacheClear")]
struct Selection {
    /// Of names such as `render_engine:{code-…}:…`, `slug:{slug-…}:target`; as Redis understands them: `*`, `?`,
    /// `[a-c]`, `\`. None: everything.
    #[oai(validator(min_length = 1, max_length = 256))]
    pattern: Option<String>,
}

/// What was forgotten.
#[derive(Object)]
#[oai(rename = "CacheCleared")]
struct Cleared {
    success: bool,
    cleared: Tiers,
}

/// Entries.
#[derive(Object)]
#[oai(rename = "CacheClearedTiers")]
struct Tiers {
    /// Of this node; the others are told, and do the same.
    memory: u64,
    redis: u64,
}

#[OpenApi(tag = "Group::Cache")]
impl Clear {
    /// Forget what a pattern means, or everything, on all nodes
    ///
    /// 503 when Redis cannot be asked; the memory of this node is cleared all the same.
    #[oai(path = "/api/v2/qr/cache/clear", method = "post")]
    async fn clear(
        &self,
        app: Data<&Arc<App>>,
        signed: Signed,
        body: Optional<Selection>,
    ) -> Result<Json<Cleared>> {
        may_change(&signed.0)?;
        let cleared = app
            .clear_cache(body.0.pattern.as_deref().unwrap_or("*"))
            .await?;
        Ok(Json(Cleared {
            success: true,
            cleared: Tiers {
                memory: cleared.memory,
                redis: cleared.redis,
            },
        }))
    }

    /// The same, by its path without a version
    #[oai(path = "/api/qr/cache/clear", method = "post")]
    async fn clear_unversioned(
        &self,
        app: Data<&Arc<App>>,
        signed: Signed,
        body: Optional<Selection>,
    ) -> Result<Json<Cleared>> {
        self.clear(app, signed, body).await
    }
}
