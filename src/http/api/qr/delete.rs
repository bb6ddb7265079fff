//! `DELETE /api/v1/qr/{id}`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{ApiResponse, OpenApi, param::Path};

use super::parse_id;
use crate::{
    app::App,
    http::{api::Group, may::May},
    identity::{Author, act},
};

pub struct Delete;

#[derive(ApiResponse)]
enum Deleted {
    /// The code and its scans are gone.
    #[oai(status = 204)]
    Gone,
}

#[OpenApi(tag = "Group::Codes")]
impl Delete {
    /// Delete a code and its scans
    #[oai(
        path = "/api/v1/qr/:id",
        method = "delete",
        operation_id = "delete_code"
    )]
    async fn delete(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::EditCodes>,
        /// The code's UUID
        id: Path<String>,
    ) -> Result<Deleted> {
        let author = Author::from(may.caller());
        app.codes
            .delete(may.organization(), parse_id(&id)?, None, &author)
            .await?;
        Ok(Deleted::Gone)
    }
}
