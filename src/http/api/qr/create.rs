//! `POST /api/v1/qr/static` and `POST /api/v1/qr/dynamic`.

use std::sync::Arc;

use metrics::Counter;
use poem::{Result, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};
use serde::Deserialize;

use super::{Code, shown};
use crate::{
    app::App,
    codes::{self, Draft, Look, Meaning, Plan},
    http::{
        api::Group,
        bounds::{self, Within},
        extract::Input,
        may::May,
    },
    identity::{Author, Caller, act},
    kernel::{Color, Ctx, Error, Level, Malformed},
    telemetry::{
        catalogue, handles,
        labels::{QrKind, Status},
    },
    validate::{Purpose, Style, Submission},
};

pub struct Create {
    made: [Counter; 2],
    failed: [Counter; 2],
}

/// The two bodies differ in what the symbol says; how it looks is spelled once.
macro_rules! body {
    ($(#[$meta:meta])* $name:ident as $purpose:ident { $($(#[$fmeta:meta])* $field:ident: $type:ty = $read:expr,)+ }) => {
        $(#[$meta])*
        #[derive(Deserialize, Object)]
        struct $name {
            $($(#[$fmeta])* $field: $type,)+
            title: Option<Within<bounds::Title>>,
            description: Option<Within<bounds::Description>>,
            /// `#RGB` or `#RRGGBB`; default `#000000`.
            fill_color: Option<String>,
            /// `#RGB` or `#RRGGBB`; default `#FFFFFF`.
            back_color: Option<String>,
            /// In steps of 25 pixels; default 10.
            size: Option<Within<bounds::Steps>>,
            /// Modules of quiet zone; default 4.
            border: Option<Within<bounds::WideBorder>>,
            /// `l`, `m`, `q` or `h`; default `m`.
            #[oai(validator(pattern = "^[lmqhLMQH]$"))]
            error_level: Option<String>,
        }

        impl From<$name> for Submission {
            #[allow(clippy::needless_update)] // one of the two has every field
            fn from(new: $name) -> Self {
                Self {
                    purpose: Purpose::$purpose,
                    $($field: ($read)(new.$field),)+
                    title: new.title.map(|title| title.0),
                    description: new.description.map(|description| description.0),
                    style: Style {
                        fill_color: new.fill_color,
                        back_color: new.back_color,
                        size: new.size.map(|size| size.0),
                        border: new.border.map(|border| border.0),
                        error_level: new.error_level,
                    },
                    ..Self::default()
                }
            }
        }
    };
}

body! {
    /// A code whose symbol encodes its own text.
    NewStatic as CreateStatic {
        /// The symbol's content.
        content: Within<bounds::Content> = |content: Within<_>| Some(content.0),
        /// Not for static codes: refused.
        redirect_url: Option<String> = |url| url,
    }
}

body! {
    /// A code whose symbol encodes the address `/r/{short_id}`, which redirects to a target that can be changed.
    NewDynamic as CreateDynamic {
        /// Target: an http or https URL.
        redirect_url: Within<bounds::Target> = |url: Within<_>| Some(url.0),
    }
}

#[derive(ApiResponse)]
enum Created {
    /// The code as it is now.
    #[oai(status = 201)]
    Code(Json<Code>),
}

#[OpenApi(tag = "Group::Codes")]
impl Create {
    /// Make a code that encodes its own text
    #[oai(
        path = "/api/v1/qr/static",
        method = "post",
        operation_id = "create_static_code"
    )]
    async fn create_static(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: May<act::EditCodes>,
        body: Input<NewStatic>,
    ) -> Result<Created> {
        self.create(&app, &ctx, may.caller(), body.0.into()).await
    }

    /// Make a code that redirects to a target
    #[oai(
        path = "/api/v1/qr/dynamic",
        method = "post",
        operation_id = "create_dynamic_code"
    )]
    async fn create_dynamic(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: May<act::EditCodes>,
        body: Input<NewDynamic>,
    ) -> Result<Created> {
        self.create(&app, &ctx, may.caller(), body.0.into()).await
    }
}

impl Create {
    pub fn new() -> Self {
        let count = |s: Status| {
            [QrKind::Static, QrKind::Dynamic]
                .map(|k| handles::counter(&catalogue::CREATIONS, &[k.label(), s.label()]))
        };
        Self {
            made: count(Status::Success),
            failed: count(Status::Failure),
        }
    }

    async fn create(
        &self,
        app: &App,
        ctx: &Ctx,
        caller: &Caller,
        submission: Submission,
    ) -> Result<Created> {
        let kind = usize::from(submission.purpose == Purpose::CreateDynamic);
        let made = make(app, ctx, caller, submission).await;
        let counters = if made.is_ok() {
            &self.made
        } else {
            &self.failed
        };
        counters[kind].increment(1);
        Ok(Created::Code(Json(shown(app, made?))))
    }
}

async fn make(
    app: &App,
    ctx: &Ctx,
    caller: &Caller,
    submission: Submission,
) -> Result<codes::Code, Error> {
    let submission = Arc::new(submission);
    let target = app.validate(ctx, &submission).await?.into_result()?;
    let Submission {
        purpose,
        content,
        title,
        description,
        style,
        ..
    } = &*submission;
    let meaning = match (purpose, content, target) {
        (Purpose::CreateDynamic, _, Some(target)) => Meaning::Dynamic { target },
        (Purpose::CreateStatic, Some(content), _) => Meaning::Static {
            content: content.clone(),
        },
        _ => {
            return Err(Error::internal(
                "a validation arm accepted a code that leads nowhere",
            ));
        }
    };
    let draft = Draft {
        meaning,
        title: some(title.as_ref()),
        description: some(description.as_ref()),
        enabled: true,
        look: look(style)?,
        style: None,
        payload: None,
        tags: Vec::new(),
        plan: Plan::default(),
        placements: Vec::new(),
    };
    let author = Author::from(caller);
    app.codes
        .create(caller.organization(), draft, &author)
        .await
}

fn some(text: Option<&String>) -> Option<String> {
    text.filter(|t| !t.is_empty()).cloned()
}

/// The look of an accepted submission.
fn look(style: &Style) -> Result<Look, Error> {
    let default = Look::default();
    let color = |text: &Option<String>, default: Color, field| {
        let parsed = text.as_deref().map(str::parse);
        parsed
            .unwrap_or(Ok(default))
            .map_err(|e: Malformed| e.in_field(field))
    };
    let level = style.error_level.as_deref().map(str::parse::<Level>);
    let number = |n: Option<i64>, default| n.and_then(|n| n.try_into().ok()).unwrap_or(default);
    Ok(Look {
        fill_color: color(&style.fill_color, default.fill_color, "fill_color")?,
        back_color: color(&style.back_color, default.back_color, "back_color")?,
        size: number(style.size, default.size),
        border: number(style.border, default.border),
        error_level: level
            .unwrap_or(Ok(default.error_level))
            .map_err(|e| Error::invalid("error_level", e.to_string()))?,
    })
}
