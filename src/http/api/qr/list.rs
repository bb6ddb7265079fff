//! `GET /api/v1/qr`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{Enum, Object, OpenApi, param::Query, payload::Json};

use super::{Code, QrType, page_size, shown};
use crate::{
    app::App,
    codes::{ListQuery, Sort},
    http::{
        api::Group,
        bounds::{self, Within},
        may::May,
    },
    identity::act,
};

pub struct List;

/// Sort key of a list: texts by their bytes, codes without a value first.
#[derive(Clone, Copy, Default, Enum)]
#[oai(rename_all = "snake_case")]
enum SortBy {
    Id,
    QrType,
    #[default]
    CreatedAt,
    ScanCount,
    LastScanAt,
    GenuineScanCount,
    FirstGenuineScanAt,
    LastGenuineScanAt,
    Title,
    Description,
    RedirectUrl,
    ShortId,
}

impl From<SortBy> for Sort {
    fn from(by: SortBy) -> Self {
        match by {
            SortBy::Id => Self::Id,
            SortBy::QrType => Self::Kind,
            SortBy::CreatedAt => Self::CreatedAt,
            SortBy::ScanCount => Self::ScanCount,
            SortBy::LastScanAt => Self::LastScanAt,
            SortBy::GenuineScanCount => Self::GenuineScanCount,
            SortBy::FirstGenuineScanAt => Self::FirstGenuineScanAt,
            SortBy::LastGenuineScanAt => Self::LastGenuineScanAt,
            SortBy::Title => Self::Title,
            SortBy::Description => Self::Description,
            SortBy::RedirectUrl => Self::Target,
            SortBy::ShortId => Self::Slug,
        }
    }
}

/// One page of codes.
#[derive(Object)]
struct CodePage {
    items: Vec<Code>,
    /// Codes that match, on all pages.
    total: u64,
    /// This page, from 1.
    page: u64,
    page_size: u64,
}

#[OpenApi(tag = "Group::Codes")]
impl List {
    /// Codes, a page at a time
    #[oai(path = "/api/v1/qr", method = "get", operation_id = "list_codes")]
    #[allow(clippy::too_many_arguments)] // the dialect's parameters
    async fn list(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewCodes>,
        /// Codes to skip
        #[oai(default, validator(maximum(value = "9007199254740991")))]
        skip: Query<u64>,
        /// Codes on a page
        #[oai(default = "page_size")]
        limit: Query<Within<bounds::PageSize>>,
        /// Only this type
        qr_type: Query<Option<QrType>>,
        /// Only codes with this text in title, description, content, target or short id; case does not matter
        search: Query<Option<Within<bounds::Search>>>,
        #[oai(default)] sort_by: Query<SortBy>,
        /// Largest first
        #[oai(default)]
        sort_desc: Query<bool>,
    ) -> Result<Json<CodePage>> {
        let limit = limit.0.0;
        let query = ListQuery {
            offset: skip.0,
            limit,
            kind: qr_type.0.map(Into::into),
            search: search.0.map(|s| s.0).filter(|s| !s.is_empty()),
            sort: sort_by.0.into(),
            descending: sort_desc.0,
            ..ListQuery::default()
        };
        let (codes, total) = app.codes.list(may.organization(), &query).await?;
        Ok(Json(CodePage {
            items: codes.into_iter().map(|c| shown(&app, c)).collect(),
            total,
            page: skip.0 / limit + 1,
            page_size: limit,
        }))
    }
}
