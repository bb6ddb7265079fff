//! What people and stalls show: `/api/students/{id}/qr`, `/api/stalls/{id}/qr`, and the keys to verify it with.

use std::sync::Arc;

use base64ct::{Base64, Encoding as _};
use poem::{Request, Result, web::Data};
use poem_openapi::{Object, OpenApi, param::Path, payload::Json, types::Any};
use serde_json::Value;

use crate::{
    app::App,
    events::Attendee,
    http::{
        api::Group,
        may::{May, context},
    },
    identity::{Author, act},
    kernel::{Ctx, Error},
    render,
};

pub struct Badges;

const STUDENT: &str = "attendee";
const STALL: &str = "stall";

/// A token as a symbol.
#[derive(Object)]
#[oai(rename = "TokenImage", skip_serializing_if_is_none)]
struct Shape {
    success: bool,
    qr_token: String,
    /// PNG as a data URL (RFC 2397)
    qr_image: String,
    /// The image was drawn before
    cached: bool,
    /// Of a rotating token: when to ask for the next one
    seconds_until_rotation: Option<i64>,
}

#[OpenApi(tag = "Group::Events")]
impl Badges {
    /// An attendee's token
    #[oai(
        path = "/api/students/:id/qr",
        method = "get",
        operation_id = "get_student_token"
    )]
    async fn student(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: May<act::EditEvents>,
        /// UUID or registration number
        id: Path<String>,
    ) -> Result<Json<Shape>> {
        let attendee = app.events.person(may.organization(), STUDENT, &id).await?;
        Ok(Json(
            shape((&app, &ctx), may.organization(), &attendee, false).await?,
        ))
    }

    /// An attendee's token for the next half minute
    ///
    /// It counts for a minute more. `seconds_until_rotation` says when to ask for the next one.
    #[oai(
        path = "/api/students/:id/qr/rotating",
        method = "get",
        operation_id = "get_rotating_student_token"
    )]
    async fn rotating(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: May<act::EditEvents>,
        /// UUID or registration number
        id: Path<String>,
    ) -> Result<Json<Shape>> {
        let attendee = app.events.person(may.organization(), STUDENT, &id).await?;
        Ok(Json(
            shape((&app, &ctx), may.organization(), &attendee, true).await?,
        ))
    }

    /// Give an attendee another token: the one of before is revoked
    #[oai(
        path = "/api/students/:id/qr/regenerate",
        method = "post",
        operation_id = "regenerate_student_token"
    )]
    async fn regenerate(
        &self,
        request: &Request,
        may: May<act::EditEvents>,
        /// UUID or registration number
        id: Path<String>,
    ) -> Result<Json<Shape>> {
        Ok(Json(regenerated(request, &may, STUDENT, &id).await?))
    }

    /// A stall's token
    #[oai(
        path = "/api/stalls/:id/qr",
        method = "get",
        operation_id = "get_stall_token"
    )]
    async fn stall(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: May<act::EditEvents>,
        /// UUID or number
        id: Path<String>,
    ) -> Result<Json<Shape>> {
        let stall = app.events.person(may.organization(), STALL, &id).await?;
        Ok(Json(
            shape((&app, &ctx), may.organization(), &stall, false).await?,
        ))
    }

    /// Give a stall another token: the one of before is revoked
    #[oai(
        path = "/api/stalls/:id/qr/regenerate",
        method = "post",
        operation_id = "regenerate_stall_token"
    )]
    async fn regenerate_stall(
        &self,
        request: &Request,
        may: May<act::EditEvents>,
        /// UUID or number
        id: Path<String>,
    ) -> Result<Json<Shape>> {
        Ok(Json(regenerated(request, &may, STALL, &id).await?))
    }

    /// The public keys of tokens (RFC 7517)
    #[oai(
        path = "/.well-known/jwks.json",
        method = "get",
        operation_id = "get_token_keys"
    )]
    async fn keys(&self, app: Data<&Arc<App>>) -> Result<Json<Any<Value>>> {
        Ok(Json(Any(app.events.jwks().await?)))
    }
}

async fn regenerated(
    request: &Request,
    may: &May<act::EditEvents>,
    kind: &str,
    id: &str,
) -> Result<Shape, Error> {
    let (app, ctx) = context(request)?;
    let org = may.organization();
    let attendee = app.events.person(org, kind, id).await?;
    let attendee = app
        .events
        .regenerate(attendee, &Author::from(may.caller()))
        .await?;
    shape((app, ctx), org, &attendee, false).await
}

async fn shape(
    (app, ctx): (&App, &Ctx),
    org: crate::identity::OrgId,
    attendee: &Attendee,
    is_rotating: bool,
) -> Result<Shape, Error> {
    let token = app.events.token(org, attendee, is_rotating).await?;
    let spec = render::Spec::new(token.clone());
    let request = render::Request::new(spec).map_err(render::Faults::into_error)?;
    let drawn = app.render(ctx, &Arc::new(request)).await?;
    let image = Base64::encode_string(&drawn.file.bytes);
    Ok(Shape {
        success: true,
        qr_token: token,
        qr_image: format!("data:{};base64,{image}", drawn.file.media_type),
        cached: drawn.cached,
        seconds_until_rotation: is_rotating.then(|| app.events.seconds_until_rotation()),
    })
}
