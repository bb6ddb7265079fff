//! `DELETE /api/v2/codes/{id}`.

use std::sync::Arc;

use poem::{Request, Result, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Header, Path},
};

use super::etag::seen;
use crate::{
    app::App,
    http::{
        api::{Group, qr::parse_id},
        may::May,
    },
    identity::{Author, act},
};

pub struct Delete;

#[derive(ApiResponse)]
enum Deleted {
    /// The code, its placements and its scans are gone.
    #[oai(status = 204)]
    Gone,
}

#[OpenApi(tag = "Group::Codes")]
impl Delete {
    /// Delete a code, its placements and its scans
    #[oai(
        path = "/api/v2/codes/:id",
        method = "delete",
        operation_id = "delete_code_v2"
    )]
    async fn delete(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        may: May<act::EditCodes>,
        /// The code's UUID
        id: Path<String>,
        /// `ETag` of what shall be deleted
        #[oai(name = "If-Match")]
        _if_match: Header<Option<String>>,
    ) -> Result<Deleted> {
        let (org, id) = (may.organization(), parse_id(&id)?);
        let seen = seen(&app, (org, id), request.headers()).await?;
        let author = Author::from(may.caller());
        app.codes.delete(org, id, seen, &author).await?;
        Ok(Deleted::Gone)
    }
}
