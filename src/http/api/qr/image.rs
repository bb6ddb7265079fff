//! `GET /api/v1/qr/{id}/image`.

use std::sync::Arc;

use metrics::Counter;
use poem::{
    Body, Request, Result,
    http::{HeaderMap, header},
    web::Data,
};
use poem_openapi::{
    ApiResponse, Enum, OpenApi,
    param::{Path, Query},
    payload::Binary,
};

use super::parse_id;
use crate::{
    app::App,
    codes::Wishes,
    http::{api::Group, extract::Signed},
    kernel::{Ctx, Error, Level, error::Detail},
    render::{self, Format, Physical},
    telemetry::{catalogue, handles, labels::Status},
};

/// Kept by the caller, and asked for anew each time: a code may be drawn differently tomorrow.
const CACHE_CONTROL: &str = "private, max-age=0, must-revalidate";

pub struct Image {
    served: Vec<(Format, Counter, Counter)>,
}

/// What a file is.
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

/// The file, or word that the caller has it already (RFC 9110 §13.1.2).
#[derive(ApiResponse)]
enum ImageAnswer {
    #[oai(status = 200, content_type = "image/png")]
    Png(
        Binary<Body>,
        #[oai(header = "ETag")] String,
        #[oai(header = "Cache-Control")] String,
        /// What a reader may stumble over, and what the format has no place for (RFC 9651 list): `quiet-zone;modules=…`, `contrast;percent=…`, `inverted`, `enlarged;width=…`, `small-modules;pixels=…`, `compression;quality=…;pixels=…`, `no-density`, `ignored;field=…`
        #[oai(header = "X-QR-Concerns")]
        Option<String>,
    ),
    #[oai(status = 200, content_type = "image/svg+xml")]
    Svg(
        Binary<Body>,
        #[oai(header = "ETag")] String,
        #[oai(header = "Cache-Control")] String,
        /// What a reader may stumble over, and what the format has no place for (RFC 9651 list): `quiet-zone;modules=…`, `contrast;percent=…`, `inverted`, `enlarged;width=…`, `small-modules;pixels=…`, `compression;quality=…;pixels=…`, `no-density`, `ignored;field=…`
        #[oai(header = "X-QR-Concerns")]
        Option<String>,
    ),
    #[oai(status = 200, content_type = "image/jpeg")]
    Jpeg(
        Binary<Body>,
        #[oai(header = "ETag")] String,
        #[oai(header = "Cache-Control")] String,
        /// What a reader may stumble over, and what the format has no place for (RFC 9651 list): `quiet-zone;modules=…`, `contrast;percent=…`, `inverted`, `enlarged;width=…`, `small-modules;pixels=…`, `compression;quality=…;pixels=…`, `no-density`, `ignored;field=…`
        #[oai(header = "X-QR-Concerns")]
        Option<String>,
    ),
    #[oai(status = 200, content_type = "image/webp")]
    Webp(
        Binary<Body>,
        #[oai(header = "ETag")] String,
        #[oai(header = "Cache-Control")] String,
        /// What a reader may stumble over, and what the format has no place for (RFC 9651 list): `quiet-zone;modules=…`, `contrast;percent=…`, `inverted`, `enlarged;width=…`, `small-modules;pixels=…`, `compression;quality=…;pixels=…`, `no-density`, `ignored;field=…`
        #[oai(header = "X-QR-Concerns")]
        Option<String>,
    ),
    /// Not changed.
    #[oai(status = 304)]
    NotModified(
        #[oai(header = "ETag")] String,
        #[oai(header = "Cache-Control")] String,
    ),
}

impl Image {
    pub fn new() -> Self {
        let count =
            |f: Format, s: Status| handles::counter(&catalogue::IMAGES, &[f.label(), s.label()]);
        let served = Format::ALL
            .into_iter()
            .map(|f| (f, count(f, Status::Success), count(f, Status::Failure)))
            .collect();
        Self { served }
    }

    fn count(&self, format: Format, success: bool) {
        if let Some((_, good, bad)) = self.served.iter().find(|(f, ..)| *f == format) {
            if success { good } else { bad }.increment(1);
        }
    }
}

#[OpenApi(tag = "Group::Codes")]
impl Image {
    /// A code's symbol as a file
    ///
    /// What is not asked for is drawn as the code is stored.
    #[oai(path = "/api/v1/qr/:id/image", method = "get")]
    #[allow(clippy::too_many_arguments)] // the dialect's parameters
    async fn image(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        request: &Request,
        signed: Signed,
        /// The code's UUID
        id: Path<String>,
        #[oai(default)] image_format: Query<ImageFormat>,
        /// For JPEG
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        image_quality: Query<Option<u8>>,
        /// In steps of 25 pixels
        #[oai(validator(minimum(value = "1"), maximum(value = "50")))]
        size: Query<Option<i64>>,
        /// Modules of quiet zone
        #[oai(validator(minimum(value = "0"), maximum(value = "20")))]
        border: Query<Option<u8>>,
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
        #[oai(validator(max_length = 100))] svg_title: Query<Option<String>>,
        #[oai(validator(max_length = 500))] svg_description: Query<Option<String>>,
        /// Width; with `physical_unit` and `dpi` or not at all
        #[oai(validator(minimum(value = "0.1"), maximum(value = "100")))]
        physical_size: Query<Option<f64>>,
        physical_unit: Query<Option<PhysicalUnit>>,
        #[oai(validator(minimum(value = "72"), maximum(value = "1200")))] dpi: Query<Option<u16>>,
    ) -> Result<ImageAnswer> {
        let id = parse_id(&id)?;
        let wishes = Wishes {
            format: image_format.0.into(),
            quality: image_quality.0,
            size: size.0,
            border: border.0,
            fill_color: fill_color.0,
            back_color: back_color.0,
            data_dark_color: data_dark_color.0,
            data_light_color: data_light_color.0,
            logo: include_logo.0,
            level: error_level.0.map(Into::into),
            title: svg_title.0,
            description: svg_description.0,
            physical: physical(physical_size.0, physical_unit.0, dpi.0)?,
        };
        let format = wishes.format;
        let drawn = draw(&app, &ctx, (signed.0.org_id, id), wishes).await;
        if !ctx.exercise {
            self.count(format, drawn.is_ok());
        }
        let (image, concerns) = drawn?;
        Ok(answer(image, concerns, format, request.headers()))
    }
}

async fn draw(
    app: &App,
    ctx: &Ctx,
    (org_id, id): (uuid::Uuid, uuid::Uuid),
    wishes: Wishes,
) -> Result<(render::Image, Option<String>), Error> {
    let code = app.codes.appearance(ctx, org_id, id).await?;
    let request = app.codes.drawing(&code, wishes)?;
    let image = app.render(ctx, &request).await?;
    let concerns = request.concerns(&image);
    let concerns: Vec<_> = concerns.iter().map(ToString::to_string).collect();
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

fn answer(
    image: render::Image,
    concerns: Option<String>,
    format: Format,
    headers: &HeaderMap,
) -> ImageAnswer {
    let etag = image.etag.to_string();
    let cache = CACHE_CONTROL.to_owned();
    if has(headers, &etag) {
        return ImageAnswer::NotModified(etag, cache);
    }
    let body = Binary(Body::from_bytes(image.bytes));
    match format {
        Format::Png => ImageAnswer::Png(body, etag, cache, concerns),
        Format::Svg => ImageAnswer::Svg(body, etag, cache, concerns),
        Format::Jpeg => ImageAnswer::Jpeg(body, etag, cache, concerns),
        Format::Webp => ImageAnswer::Webp(body, etag, cache, concerns),
    }
}

/// Whether `If-None-Match` names this entity tag; compared weakly, as RFC 9110 §13.1.2 says.
fn has(headers: &HeaderMap, etag: &str) -> bool {
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
