//! `GET /api/rollout/{experiment}/mismatches/{id}/{side}`.

use std::sync::Arc;

use poem::{
    Body, Result,
    http::{HeaderValue, header},
    web::Data,
};
use poem_openapi::{
    ApiResponse, Enum, OpenApi,
    param::Path,
    payload::{Binary, Response},
};
use uuid::Uuid;

use crate::{
    app::App,
    http::{api::Group, may::May},
    identity::act,
    kernel::Error,
    telemetry::labels::Side,
};

pub struct Mismatch;

/// The arm.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "lowercase")]
enum Arm {
    Control,
    Candidate,
}

#[derive(ApiResponse)]
enum Answer {
    /// The answer, in its own media type.
    #[oai(status = 200)]
    Shown(Binary<Body>),
}

#[OpenApi(tag = "Group::Rollout")]
impl Mismatch {
    /// The answer of one arm to a question of a mismatch
    ///
    /// The answer is made anew. Only the last eight questions are stored, in memory.
    #[oai(
        path = "/api/rollout/:experiment/mismatches/:id/:side",
        method = "get",
        operation_id = "get_mismatch_answer"
    )]
    async fn shown(
        &self,
        app: Data<&Arc<App>>,
        _may: May<act::ViewRollout>,
        /// `render`, `validate` or `analytics`
        experiment: Path<String>,
        /// The mismatch's id
        id: Path<String>,
        side: Path<Arm>,
    ) -> Result<Response<Answer>> {
        let entry = app.rollout.entry(&experiment)?;
        let unknown = |_| Error::not_found("there is no such mismatch");
        let id = Uuid::try_parse(&id).map_err(unknown)?;
        let side = match side.0 {
            Arm::Control => Side::Control,
            Arm::Candidate => Side::Candidate,
        };
        let shown = app.rollout.replay(entry, id, side).await?;
        let answer = Answer::Shown(Binary(Body::from_bytes(shown.bytes)));
        Ok(Response::new(answer)
            .header(
                header::CONTENT_TYPE,
                HeaderValue::from_static(shown.media_type),
            )
            // It may hold what somebody put into a code.
            .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
    }
}
