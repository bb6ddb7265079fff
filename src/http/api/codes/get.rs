//! `GET /api/v2/codes/{id}`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{OpenApi, param::Path};

use super::change::Changed;
use crate::{
    app::App,
    http::{
        api::{Group, qr::parse_id},
        may::May,
    },
    identity::act,
};

pub struct Get;

#[OpenApi(tag = "Group::Codes")]
impl Get {
    /// One code
    #[oai(
        path = "/api/v2/codes/:id",
        method = "get",
        operation_id = "get_code_v2"
    )]
    async fn get(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewCodes>,
        /// The code's UUID
        id: Path<String>,
    ) -> Result<Changed> {
        let code = app.codes.get(may.organization(), parse_id(&id)?).await?;
        Ok(Changed::of(&app, code).await?)
    }
}
