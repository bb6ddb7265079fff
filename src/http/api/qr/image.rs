//! `GET /api/v1/qr/{id}/image`.

use std::sync::Arc;

use poem::{
    Body, IntoResponse, Request, Response, Result,
    http::{HeaderMap, Method, header},
    web::Data,
};
use poem_openapi::{
    ApiResponse, Enum, OpenApi, ResponseContent,
    param::{Path, Query},
    payload::{Binary, Payload},
    registry::MetaMediaType,
};
use uuid::{Uuid, fmt::Hyphenated};

use super::{name, parse_id, spelled};
use crate::{
    app::App,
    codes::{Appearance, Wishes},
    http::{
        api::Group,
        bounds::{self, Within},
        grade::GradeHeader,
        images::Images,
        may::{May, credentials, permit},
        middleware::limits::in_time,
    },
    identity::{Action, act},
    kernel::{Color, Ctx, Error, Level, error::Detail},
    render::{self, Faults, Format, Physical, Rendered},
    telemetry::labels::Dialect,
};

/// Callers may store an image, and ask each time whether it is current: the code's look may change.
const CACHE_CONTROL: &str = "private, max-age=0, must-revalidate";

pub struct Image {
    images: Images,
}

/// Media types of files.
#[derive(Clone, Copy, Default, Enum)]
#[oai(rename_all = "lowercase")]
enum ImageFormat {
    #[default]
    Png,
    Svg,
    Jpeg,
    Jpg,
    Webp,
}

#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "lowercase")]
enum PhysicalUnit {
    In,
    Cm,
    Mm,
}

#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "lowercase")]
enum ErrorLevel {
    L,
    M,
    Q,
    H,
}

/// A file of one of the formats.
pub struct ImageFile(render::File);

impl ResponseContent for ImageFile {
    fn media_types() -> Vec<MetaMediaType> {
        let described = |format: Format| MetaMediaType {
            content_type: format.media_type(),
            schema: <Binary<Body> as Payload>::schema_ref(),
        };
        Format::ON_SCREENS.map(described).into()
    }
}

impl IntoResponse for ImageFile {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(self.0.media_type)
            .body(self.0.bytes)
    }
}

#[derive(ApiResponse)]
pub enum ImageAnswer {
    /// The file.
    #[oai(status = 200)]
    File(
        ImageFile,
        #[oai(header = "ETag")] String,
        #[oai(header = "Cache-Control")] String,
        /// What a reader may stumble over, and what the format has no place for (RFC 9651 list): `quiet-zone;modules=…`, `contrast;percent=…`, `inverted`, `enlarged;width=…`, `small-modules;pixels=…`, `compression;quality=…;pixels=…`, `no-density`, `ignored;field=…`
        #[oai(header = "X-QR-Concerns")]
        Option<String>,
        /// How well readers cope, A to F (after ISO/IEC 15415)
        #[oai(header = "X-QR-Grade")]
        GradeHeader,
    ),
    /// Not changed: the caller's copy is current (RFC 9110 §13.1.2).
    #[oai(status = 304)]
    NotModified(
        #[oai(header = "ETag")] String,
        #[oai(header = "Cache-Control")] String,
        #[oai(header = "X-QR-Grade")] GradeHeader,
    ),
}

impl Image {
    pub fn new(dialect: Dialect) -> Self {
        Self {
            images: Images::new(dialect),
        }
    }
}

#[OpenApi(tag = "Group::Codes")]
impl Image {
    /// A code's symbol as a file
    ///
    /// Parameters that are absent are taken from the stored code.
    #[oai(
        path = "/api/v1/qr/:id/image",
        method = "get",
        operation_id = "get_code_image"
    )]
    #[allow(clippy::too_many_arguments)] // the dialect's parameters
    async fn image(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        request: &Request,
        may: May<act::ViewCodes>,
        /// The code's UUID
        id: Path<String>,
        #[oai(default)] image_format: Query<ImageFormat>,
        /// For JPEG
        image_quality: Query<Option<Within<bounds::Quality>>>,
        /// In steps of 25 pixels
        size: Query<Option<Within<bounds::Steps>>>,
        /// Modules of quiet zone
        border: Query<Option<Within<bounds::Border>>>,
        /// `#RGB` or `#RRGGBB`
        fill_color: Query<Option<String>>,
        /// `#RGB` or `#RRGGBB`
        back_color: Query<Option<String>>,
        /// Of dark modules outside of the finder patterns
        data_dark_color: Query<Option<String>>,
        /// Of light modules outside of the finder patterns
        data_light_color: Query<Option<String>>,
        /// A logo in the middle; raises the level to h
        #[oai(default)]
        include_logo: Query<bool>,
        error_level: Query<Option<ErrorLevel>>,
        svg_title: Query<Option<Within<bounds::Title>>>,
        svg_description: Query<Option<Within<bounds::Description>>>,
        /// Width; with `physical_unit` and `dpi` or not at all
        physical_size: Query<Option<Within<bounds::PhysicalSize>>>,
        physical_unit: Query<Option<PhysicalUnit>>,
        dpi: Query<Option<Within<bounds::Dpi>>>,
    ) -> Result<ImageAnswer> {
        let id = parse_id(&id)?;
        let physical = physical(
            physical_size.0.map(|size| size.0),
            physical_unit.0,
            dpi.0.map(|dpi| dpi.0),
        )?;
        let format = image_format.0.into();
        let wishes = || {
            Ok(Wishes {
                format,
                quality: image_quality.0.map(|quality| quality.0),
                size: size.0.and_then(|size| u8::try_from(size.0).ok()),
                border: border.0.map(|border| border.0),
                fill_color: color(fill_color.as_deref(), "fill_color")?,
                back_color: color(back_color.as_deref(), "back_color")?,
                data_dark_color: color(data_dark_color.as_deref(), "data_dark_color")?,
                data_light_color: color(data_light_color.as_deref(), "data_light_color")?,
                logo: include_logo.0,
                level: error_level.0.map(Into::into),
                title: svg_title.0.map(|title| title.0),
                description: svg_description.0.map(|description| description.0),
                physical,
                pixels: None,
            })
        };
        let query = request.uri().query().unwrap_or_default();
        let code = app.codes.appearance(may.organization(), id);
        // Boxed: it is large, and this future is moved about until it first runs.
        let drawn = Box::pin(draw(&app, &ctx, code, query, wishes)).await;
        self.answer(&ctx, format, drawn, request.headers())
    }
}

impl Image {
    pub fn answer(
        &self,
        ctx: &Ctx,
        format: Format,
        drawn: Result<Drawn, Error>,
        headers: &HeaderMap,
    ) -> Result<ImageAnswer> {
        self.images.count(ctx, format, drawn.is_ok());
        let (image, concerns) = drawn.map_err(spelled)?;
        Ok(answer(image, concerns, headers))
    }
}

/// Answers requests for images whose query was checked before, for the same organization and since the code last changed,
/// ahead of the router: parsing takes longer than all the rest.
///
/// Invariant: its answers are those of [`Image`]; whatever it does not know for certain it leaves to that.
pub struct KnownImages {
    app: Arc<App>,
    image: Image,
}

impl KnownImages {
    pub fn new(app: &Arc<App>) -> Self {
        Self {
            app: Arc::clone(app),
            image: Image::new(Dialect::V1),
        }
    }

    /// `None` for what the router has to answer.
    pub async fn answer(&self, ctx: &Ctx, request: &Request) -> Option<Result<Response>> {
        let id = Self::id(request)?;
        let headers = request.headers();
        let has_body = |name| headers.contains_key(name);
        if ctx.exercise || has_body(header::CONTENT_LENGTH) || has_body(header::TRANSFER_ENCODING) {
            return None;
        }
        let who = {
            let credentials = credentials(request, &self.app)?;
            self.app.auth.remembered(&credentials, None)
        };
        let who = who.await?;
        let query = request.uri().query().unwrap_or_default();
        let asked = self.app.codes.checked(who.organization(), id, query);
        let asked = asked.await?;
        if let Err(refused) = permit(&self.app, ctx, &who, Action::ViewCodes) {
            return Some(Err(refused.into()));
        }
        let drawn = in_time(ctx.deadline, async {
            let drawn = Box::pin(render(&self.app, ctx, &asked)).await;
            self.image.answer(ctx, asked.format, drawn, headers)
        });
        Some(drawn.await.map(IntoResponse::into_response))
    }

    /// Of the code, if the request is for an image and spells it as we do.
    fn id(request: &Request) -> Option<Uuid> {
        let path = request.uri().path().strip_prefix("/api/v1/qr/")?;
        let id = path.strip_suffix("/image")?;
        let is_asked_for = request.method() == Method::GET && id.len() == Hyphenated::LENGTH;
        is_asked_for.then(|| Uuid::try_parse(id).ok()).flatten()
    }
}

fn color(text: Option<&str>, field: &'static str) -> Result<Option<Color>, Error> {
    let parsed = text.map(str::parse::<Color>).transpose();
    parsed.map_err(|e| e.in_field(field))
}

/// The image, and what a reader may stumble over.
pub type Drawn = (Rendered, Option<String>);

/// `wishes`: read only when the code is known, because an unknown one is a 404 whatever is asked.
async fn draw(
    app: &App,
    ctx: &Ctx,
    code: impl Future<Output = Result<Arc<Appearance>, Error>>,
    query: &str,
    wishes: impl FnOnce() -> Result<Wishes, Error>,
) -> Result<Drawn, Error> {
    let code = code.await?;
    let request = app
        .codes
        .drawing(&code, wishes()?)
        .map_err(Faults::into_error)?;
    code.remember(query, &request);
    render(app, ctx, &request).await
}

async fn render(app: &App, ctx: &Ctx, request: &render::In) -> Result<Drawn, Error> {
    let image = app.render(ctx, request).await?;
    let concerns = request.concerns(&image);
    let concerns: Vec<_> = concerns.iter().map(|concern| concern.item(name)).collect();
    Ok((image, (!concerns.is_empty()).then(|| concerns.join(", "))))
}

/// All three or none.
fn physical(
    width: Option<f64>,
    unit: Option<PhysicalUnit>,
    dpi: Option<u16>,
) -> Result<Option<Physical>, Error> {
    match (width, unit, dpi) {
        (None, None, None) => Ok(None),
        (Some(width), Some(unit), Some(dpi)) => {
            let unit = match unit {
                PhysicalUnit::In => render::Unit::In,
                PhysicalUnit::Cm => render::Unit::Cm,
                PhysicalUnit::Mm => render::Unit::Mm,
            };
            Ok(Some(Physical { width, unit, dpi }))
        }
        _ => {
            let missing = |field: &'static str, present: bool| {
                (!present).then(|| Detail {
                    field: field.into(),
                    message:
                        "goes together with the other two of physical_size, physical_unit and dpi"
                            .into(),
                })
            };
            let details = [
                missing("physical_size", width.is_some()),
                missing("physical_unit", unit.is_some()),
                missing("dpi", dpi.is_some()),
            ];
            Err(Error::invalid_fields(
                details.into_iter().flatten().collect(),
            ))
        }
    }
}

fn answer(image: Rendered, concerns: Option<String>, headers: &HeaderMap) -> ImageAnswer {
    let etag = image.file.etag.to_string();
    let cache = CACHE_CONTROL.to_owned();
    let grade = GradeHeader::from(&image.facts.report);
    if has(headers, &etag) {
        ImageAnswer::NotModified(etag, cache, grade)
    } else {
        ImageAnswer::File(ImageFile(image.file), etag, cache, concerns, grade)
    }
}

/// Whether `If-None-Match` names this entity tag; compared weakly, as RFC 9110 §13.1.2 says.
pub fn has(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .flat_map(|v| v.as_bytes().split(|b| *b == b','))
        .map(<[u8]>::trim_ascii)
        .any(|sent| sent == b"*" || sent.strip_prefix(b"W/").unwrap_or(sent) == etag.as_bytes())
}

impl From<ImageFormat> for Format {
    fn from(format: ImageFormat) -> Self {
        match format {
            ImageFormat::Png => Self::Png,
            ImageFormat::Svg => Self::Svg,
            ImageFormat::Jpeg | ImageFormat::Jpg => Self::Jpeg,
            ImageFormat::Webp => Self::Webp,
        }
    }
}

impl From<ErrorLevel> for Level {
    fn from(level: ErrorLevel) -> Self {
        match level {
            ErrorLevel::L => Self::L,
            ErrorLevel::M => Self::M,
            ErrorLevel::Q => Self::Q,
            ErrorLevel::H => Self::H,
        }
    }
}
