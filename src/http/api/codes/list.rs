//! `GET /api/v2/codes`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{Object, OpenApi, param::Query, payload::Json};
use uuid::Uuid;

use super::{Code, shown};
use crate::{
    app::App,
    codes::{self, ListQuery},
    http::{
        api::{Group, qr::QrType},
        bounds::{self, Within},
        may::May,
    },
    identity::act,
    kernel::{Error, Timestamp, clock::from_micros},
};

pub struct List;

/// A page of codes, the newest first.
#[derive(Object)]
#[oai(rename = "CodeResourcePage")]
struct Page {
    items: Vec<Code>,
    /// For `cursor`, to go on; `null` at the end.
    next: Option<String>,
    /// Codes that match, from this page on.
    remaining: u64,
}

fn page_size() -> Within<bounds::PageSize> {
    Within::new(50)
}

#[OpenApi(tag = "Group::Codes")]
impl List {
    /// Codes, the newest first
    #[oai(path = "/api/v2/codes", method = "get", operation_id = "list_codes_v2")]
    #[allow(clippy::too_many_arguments)] // the dialect's parameters
    async fn list(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewCodes>,
        /// The `next` of the page before
        cursor: Query<Option<String>>,
        /// Codes on a page
        #[oai(default = "page_size")]
        limit: Query<Within<bounds::PageSize>>,
        /// Only codes with this text in title, description, content, target or slug; case does not matter
        search: Query<Option<Within<bounds::Search>>>,
        /// Only codes with this tag
        tag: Query<Option<String>>,
        kind: Query<Option<QrType>>,
        enabled: Query<Option<bool>>,
    ) -> Result<Json<Page>> {
        let before = cursor.0.as_deref().map(|text| {
            read(text)
                .ok_or_else(|| Error::invalid("cursor", "must be the next of the page before"))
        });
        let query = ListQuery {
            limit: limit.0.0,
            kind: kind.0.map(Into::into),
            search: search.0.map(|s| s.0).filter(|s| !s.is_empty()),
            tag: tag.0.filter(|tag| !tag.is_empty()),
            enabled: enabled.0,
            before: before.transpose()?,
            descending: true,
            ..ListQuery::default()
        };
        let (codes, remaining) = app.codes.list(may.organization(), &query).await?;
        let has_more = remaining > codes.len() as u64;
        let next = codes.last().filter(|_| has_more).map(cursor_of);
        Ok(Json(Page {
            items: shown(&app, codes).await?,
            next,
            remaining,
        }))
    }
}

fn cursor_of(code: &codes::Code) -> String {
    format!(
        "{:x}-{}",
        code.created_at.as_microsecond(),
        code.id.simple()
    )
}

fn read(cursor: &str) -> Option<(Timestamp, Uuid)> {
    let (at, id) = cursor.split_once('-')?;
    let at = i64::from_str_radix(at, 16).ok()?;
    Some((from_micros(at), Uuid::try_parse(id).ok()?))
}
