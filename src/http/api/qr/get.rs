//! `GET /api/v1/qr/{id}`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{OpenApi, param::Path, payload::Json};

use super::{Code, parse_id, shown};
use crate::{
    app::App,
    http::{api::Group, may::May},
    identity::act,
};

pub struct Get;

#[OpenApi(tag = "Group::Codes")]
impl Get {
    /// One code
    #[oai(path = "/api/v1/qr/:id", method = "get", operation_id = "get_code")]
    async fn get(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewCodes>,
        /// The code's UUID
        id: Path<String>,
    ) -> Result<Json<Code>> {
        let code = app.codes.get(may.organization(), parse_id(&id)?).await?;
        Ok(Json(shown(&app, code)))
    }
}
