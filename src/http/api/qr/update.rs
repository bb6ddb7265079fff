//! `PUT /api/v1/qr/{id}`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{Object, OpenApi, param::Path, payload::Json, types::MaybeUndefined};
use serde::Deserialize;

use super::{Code, parse_id, shown};
use crate::{
    app::App,
    codes::{Change, CodeKind},
    http::{
        api::Group,
        bounds::{self, Bound, Within},
        extract::Input,
        may::May,
    },
    identity::{Author, act},
    kernel::Ctx,
    validate::{Purpose, Submission},
};

pub struct Update;

/// Fields to change; absent ones stay. `null` and the empty text remove a title or a description.
#[derive(Deserialize, Object)]
struct Changes {
    /// A new target, for dynamic codes.
    redirect_url: Option<Within<bounds::Target>>,
    #[serde(default)]
    title: MaybeUndefined<Within<bounds::Title>>,
    #[serde(default)]
    description: MaybeUndefined<Within<bounds::Description>>,
}

#[OpenApi(tag = "Group::Codes")]
impl Update {
    /// Change a code's target, title or description
    #[oai(path = "/api/v1/qr/:id", method = "put", operation_id = "update_code")]
    async fn update(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: May<act::EditCodes>,
        /// The code's UUID
        id: Path<String>,
        body: Input<Changes>,
    ) -> Result<Json<Code>> {
        let (org_id, id) = (may.organization(), parse_id(&id)?);
        let code = app.codes.get(org_id, id).await?;
        let submission = Arc::new(Submission {
            purpose: match code.kind {
                CodeKind::Static => Purpose::UpdateStatic,
                CodeKind::Dynamic => Purpose::UpdateDynamic,
            },
            redirect_url: body.0.redirect_url.map(|url| url.0),
            title: cleared(body.0.title),
            description: cleared(body.0.description),
            ..Submission::default()
        });
        let target = app.validate(&ctx, &submission).await?.into_result()?;
        let change = Change {
            target,
            title: submission.title.clone(),
            description: submission.description.clone(),
            ..Change::default()
        };
        let author = Author::from(may.caller());
        let code = app.codes.update(org_id, id, &change, &author).await?;
        Ok(Json(shown(&app, code)))
    }
}

/// Removing is writing the empty text.
fn cleared<B: Bound<Of = String>>(text: MaybeUndefined<Within<B>>) -> Option<String> {
    match text {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(String::new()),
        MaybeUndefined::Value(text) => Some(text.0),
    }
}
