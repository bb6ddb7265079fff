//! `GET /api/v2/qr/preview`.

use std::sync::Arc;

use ::style::{EyeShape, Pattern};
use poem::{Body, IntoResponse, Response, Result, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi, ResponseContent,
    param::Query,
    payload::{Binary, Payload},
    registry::MetaMediaType,
};

use super::{
    counts::Counts,
    graded::drawn,
    options::{Options, asked},
};
use crate::{
    app::App,
    http::{
        api::{
            Group,
            payloads::Content,
            spelling::{Name, spelled},
            word::Word,
        },
        bounds::{self, Within},
        grade::GradeHeader,
        may::Public,
    },
    identity::act,
    kernel::{Ctx, Error},
    render::{File, Format},
};

/// The same question has the same answer until a release draws otherwise.
const CACHE_CONTROL: &str = "private, max-age=3600";

/// Width, if nothing else is asked for.
pub const PREVIEW_PX: i64 = 200;

pub struct Preview {
    counts: Arc<Counts>,
}

impl Preview {
    pub fn new(counts: &Arc<Counts>) -> Self {
        Self {
            counts: Arc::clone(counts),
        }
    }
}

pub struct Svg(File);

impl ResponseContent for Svg {
    fn media_types() -> Vec<MetaMediaType> {
        vec![MetaMediaType {
            content_type: Format::Svg.media_type(),
            schema: <Binary<Body> as Payload>::schema_ref(),
        }]
    }
}

impl IntoResponse for Svg {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(self.0.media_type)
            .body(self.0.bytes)
    }
}

#[derive(ApiResponse)]
pub enum Previewed {
    /// The document.
    #[oai(status = 200)]
    Svg(
        Svg,
        #[oai(header = "Cache-Control")] String,
        /// How well readers cope, A to F (after ISO/IEC 15415)
        #[oai(header = "X-QR-Grade")]
        GradeHeader,
    ),
}

#[OpenApi(tag = "Group::Symbols")]
impl Preview {
    /// Look at a style
    #[oai(
        path = "/api/v2/qr/preview",
        method = "get",
        operation_id = "preview_style"
    )]
    #[allow(clippy::too_many_arguments)] // the dialect's parameters
    async fn preview(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        _may: Public<act::Render>,
        /// Content of the symbol
        data: Query<String>,
        #[oai(name = "eyeShape")] eye_shape: Query<Option<Word<EyeShape>>>,
        #[oai(name = "dataPattern")] data_pattern: Query<Option<Word<Pattern>>>,
        /// `#RGB` or `#RRGGBB`
        #[oai(name = "fgColor")]
        foreground: Query<Option<String>>,
        /// `#RGB`, `#RRGGBB` or `transparent`
        #[oai(name = "bgColor")]
        background: Query<Option<String>>,
        /// Width and height in pixels (200)
        size: Query<Option<Within<bounds::PreviewPx>>>,
    ) -> Result<Previewed> {
        let options = Options {
            size: Some(Within::new(size.0.map_or(PREVIEW_PX, |size| size.0))),
            eye_shape: eye_shape.0.map(Word::known),
            data_pattern: data_pattern.0,
            foreground_color: foreground.0,
            background_color: background.0,
            ..Options::default()
        };
        let shown = previewed((&app, &ctx), &data.0, &options, named).await;
        (self.counts.images).count(&ctx, Format::Svg, shown.is_ok());
        Ok(shown?)
    }
}

/// `name`: what the dialect calls its parameters.
///
/// # Errors
/// `Invalid`, in the dialect's words.
pub async fn previewed(
    (app, ctx): (&App, &Ctx),
    data: &str,
    options: &Options,
    name: Name,
) -> Result<Previewed, Error> {
    let content = Content {
        data: Some(data),
        payload: None,
    };
    let image = async {
        let asked = asked(&app.materials, content, options).await?;
        drawn(app, ctx, &asked).await
    };
    let (_, image) = image.await.map_err(|e| spelled(e, name))?;
    let grade = GradeHeader::from(&image.facts.report);
    Ok(Previewed::Svg(
        Svg(image.file),
        CACHE_CONTROL.to_owned(),
        grade,
    ))
}

/// Colours have shorter names here.
fn named(option: &str) -> String {
    match option {
        "foregroundColor" => "fgColor",
        "backgroundColor" => "bgColor",
        other => other,
    }
    .to_owned()
}
