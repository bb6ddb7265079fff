//! `/api/v2/codes/{id}/targets`: where a code led, leads and will lead.

use std::sync::Arc;

use jiff::SignedDuration;
use poem::{Request, Result, web::Data};
use poem_openapi::{
    Object, OpenApi,
    param::{Header, Path, Query},
    payload::Json,
};
use serde::Deserialize;

use super::{change::Changed, draft::Checking, etag::seen};
use crate::http::api::faults::Faults;
use crate::{
    app::App,
    codes::Next,
    http::{
        api::{Group, qr::parse_id},
        bounds::{self, Within},
        extract::Input,
        may::{May, context},
    },
    identity::{Author, act},
};

/// What may be between the clocks of two machines.
const LATE: SignedDuration = SignedDuration::from_mins(1);

pub struct Targets;

/// A target from a time on.
#[derive(Object)]
#[oai(rename = "CodeTarget")]
struct Shape {
    target: String,
    /// `null`: since before changes were logged. A time to come is a scheduled one's
    from: Option<String>,
    /// Who set it
    by: Option<String>,
}

/// The newest first; those to come before them.
#[derive(Object)]
#[oai(rename = "CodeTargets")]
struct Shapes {
    items: Vec<Shape>,
}

/// A new target.
#[derive(Deserialize, Object)]
#[oai(rename = "NewCodeTarget")]
#[serde(deny_unknown_fields)]
struct New {
    target: Within<bounds::Target>,
    /// When the code begins to lead there (RFC 3339); at once if none is given. Another one for the same time is replaced
    at: Option<String>,
}

#[OpenApi(tag = "Group::Codes")]
impl Targets {
    /// Where a code led, leads and will lead
    #[oai(
        path = "/api/v2/codes/:id/targets",
        method = "get",
        operation_id = "list_code_targets"
    )]
    async fn list(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewCodes>,
        /// The code's UUID
        id: Path<String>,
    ) -> Result<Json<Shapes>> {
        let led = app
            .codes
            .targets(may.organization(), parse_id(&id)?)
            .await?;
        let items = led.into_iter().map(|led| Shape {
            target: led.target,
            from: led.from.map(|t| t.to_string()),
            by: led.by,
        });
        Ok(Json(Shapes {
            items: items.collect(),
        }))
    }

    /// Lead to another target, now or later
    #[oai(
        path = "/api/v2/codes/:id/targets",
        method = "post",
        operation_id = "set_code_target"
    )]
    async fn lead(
        &self,
        request: &Request,
        may: May<act::EditCodes>,
        /// The code's UUID
        id: Path<String>,
        /// `ETag` of what the change is for
        #[oai(name = "If-Match")]
        _if_match: Header<Option<String>>,
        body: Input<New>,
    ) -> Result<Changed> {
        let (app, ctx) = context(request)?;
        let at = (may.organization(), parse_id(&id)?);
        let seen = seen(app, at, request.headers()).await?;
        let mut faults = Faults::default();
        let checking = Checking {
            app,
            ctx,
            org: at.0,
        };
        let target = checking
            .target(&mut faults, "target", &body.0.target.0)
            .await?;
        let from = body
            .0
            .at
            .as_deref()
            .and_then(|text| faults.time("at", text));
        // The clocks of who asks and of this node may differ.
        if from.is_some_and(|at| app.clock.now().duration_since(at) > LATE) {
            faults.add("at", "is over: leave it out for now");
        }
        faults.finish()?;
        let target = target.unwrap_or(body.0.target.0);
        let next = Next { target, from };
        let author = Author::from(may.caller());
        let code = app.codes.lead(at, seen, &author, next).await?;
        Ok(Changed::of(app, code).await?)
    }

    /// Cancel a target that is to come
    #[oai(
        path = "/api/v2/codes/:id/targets",
        method = "delete",
        operation_id = "cancel_code_target"
    )]
    async fn cancel(
        &self,
        request: &Request,
        may: May<act::EditCodes>,
        /// The code's UUID
        id: Path<String>,
        /// When it was to begin, as `from` of `GET …/targets` says (RFC 3339)
        at: Query<String>,
        /// `ETag` of what the change is for
        #[oai(name = "If-Match")]
        _if_match: Header<Option<String>>,
    ) -> Result<Changed> {
        let (app, _) = context(request)?;
        let of = (may.organization(), parse_id(&id)?);
        let seen = seen(app, of, request.headers()).await?;
        let mut faults = Faults::default();
        let when = faults.time("at", &at.0);
        faults.finish()?;
        let author = Author::from(may.caller());
        let code = app
            .codes
            .cancel(of, seen, &author, when.unwrap_or_default());
        Ok(Changed::of(app, code.await?).await?)
    }

    /// Lead to the target of before
    #[oai(
        path = "/api/v2/codes/:id/targets/undo",
        method = "post",
        operation_id = "undo_code_target"
    )]
    async fn undo(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        may: May<act::EditCodes>,
        /// The code's UUID
        id: Path<String>,
        /// `ETag` of what the change is for
        #[oai(name = "If-Match")]
        _if_match: Header<Option<String>>,
    ) -> Result<Changed> {
        let at = (may.organization(), parse_id(&id)?);
        let seen = seen(&app, at, request.headers()).await?;
        let author = Author::from(may.caller());
        let code = app.codes.lead_back(at, seen, &author).await?;
        Ok(Changed::of(&app, code).await?)
    }
}
