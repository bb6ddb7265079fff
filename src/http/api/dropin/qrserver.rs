//! `GET` and `POST /v1/create-qr-code`: symbols of qrserver.com.

use std::sync::Arc;

use poem::{Request, Response, Result, web::Data};
use poem_openapi::OpenApi;
use symbol::file::Ink;

use super::{
    answer::{Answered, Images, file, plain_status, shaped, told},
    charset::Charset,
    colour,
    params::{InForm, InQuery, LEVELS, Params},
};
use crate::telemetry::labels::Dialect;
use crate::{
    app::App,
    http::{api::Group, may::Public},
    identity::act,
    kernel::{Ctx, Error, Level},
    render::{Field, Format, Padding, Size, Spec},
};

const SIZE_PX: u32 = 200;
const LEAST_PX: u32 = 10;
const RASTER_PX: u32 = 1000;
const VECTOR_UNITS: u32 = 1_000_000;
/// A vector scales: a larger one is drawn as this one.
const DRAWN_UNITS: u32 = 10_000;
const MARGIN_PX: u32 = 1;
const MOST_MARGIN_PX: u32 = 50;
const MOST_ZONE: u32 = 100;
const CHARSETS: [(&str, Charset); 2] = [Charset::Utf8.word(), Charset::Latin1.word()];
const FORMATS: [(&str, Format); 6] = [
    ("png", Format::Png),
    ("gif", Format::Gif),
    ("jpeg", Format::Jpeg),
    ("jpg", Format::Jpeg),
    ("svg", Format::Svg),
    ("eps", Format::Eps),
];

pub struct QrServer {
    images: Images,
}

impl QrServer {
    pub fn new() -> Self {
        Self {
            images: Images::new(Dialect::QrServer),
        }
    }
}

#[OpenApi(tag = "Group::Symbols")]
impl QrServer {
    /// Draw a symbol as qrserver.com does
    #[oai(
        path = "/v1/create-qr-code",
        method = "get",
        operation_id = "qrserver_create"
    )]
    async fn query(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        request: &Request,
        _may: Public<act::Render>,
        asked: InQuery,
    ) -> Result<Answered> {
        shaped(self.drawn((&app, &ctx), request, &asked.0).await, error)
    }

    /// The same, with a form
    #[oai(
        path = "/v1/create-qr-code",
        method = "post",
        operation_id = "qrserver_create_by_form"
    )]
    async fn form(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        request: &Request,
        _may: Public<act::Render>,
        asked: InForm,
    ) -> Result<Answered> {
        shaped(self.drawn((&app, &ctx), request, &asked.0).await, error)
    }
}

impl QrServer {
    async fn drawn(
        &self,
        (app, ctx): (&App, &Ctx),
        request: &Request,
        asked: &Params,
    ) -> Result<Response, Error> {
        let spec = spec(asked)?;
        let drawn = self.images.drawn((app, ctx), spec, name).await?;
        Ok(file(request, app, &drawn, name))
    }
}

fn spec(asked: &Params) -> Result<Spec, Error> {
    let format = asked.word("format", &FORMATS)?.unwrap_or(Format::Png);
    let size = size(asked, format)?;
    let margin_px = asked
        .number("margin", &(0..=MOST_MARGIN_PX))?
        .unwrap_or(MARGIN_PX);
    let side_px = size[0].min(size[1]);
    // The margin is part of the size; a vector has none.
    let margin_px = if format.is_vector() { 0 } else { margin_px };
    if 3 * margin_px >= side_px && margin_px > MARGIN_PX {
        return Err(Error::invalid(
            "margin",
            "must be less than a third of size",
        ));
    }
    let shape = if format.is_vector() {
        Padding::default()
    } else {
        Padding::to(size)
    };
    let zone = asked.number("qzone", &(0..=MOST_ZONE))?.unwrap_or(0);
    let (dark, light) = (
        ink(asked, "color", Ink::BLACK)?,
        ink(asked, "bgcolor", Ink::WHITE)?,
    );
    Ok(Spec {
        level: asked.word("ecc", &LEVELS)?.unwrap_or(Level::L),
        format,
        size: Size::Pixels(side_px.saturating_sub(2 * margin_px).max(1)),
        padding: shape.plus(Padding::around(margin_px)),
        border: u8::try_from(zone).unwrap_or(u8::MAX),
        style: Some(colour::of_two(dark, light)),
        ..Spec::new(content(asked)?)
    })
}

fn content(asked: &Params) -> Result<bytes::Bytes, Error> {
    let source = asked
        .word("charset-source", &CHARSETS)?
        .unwrap_or(Charset::Utf8);
    let target = asked
        .word("charset-target", &CHARSETS)?
        .unwrap_or(Charset::Utf8);
    let text = asked.text_in("data", source)?;
    let text =
        text.ok_or_else(|| Error::invalid("data", "must be given: the text of the symbol"))?;
    target.encode(&text).map_err(|c| {
        Error::invalid(
            "charset-target",
            format!("{} has no character {c}", target.label()),
        )
    })
}

/// Width and height.
fn size(asked: &Params, format: Format) -> Result<[u32; 2], Error> {
    let most = if format.is_vector() {
        VECTOR_UNITS
    } else {
        RASTER_PX
    };
    let Some(text) = asked.text("size")? else {
        return Ok([SIZE_PX; 2]);
    };
    let size = super::width_and_height(&text)
        .filter(|sides| sides.iter().all(|px| (LEAST_PX..=most).contains(px)));
    let size = size.ok_or_else(|| {
        let message =
            format!("must be <width>x<height>, from {LEAST_PX}x{LEAST_PX} to {most}x{most}");
        Error::invalid("size", message)
    })?;
    Ok(size.map(|px| px.min(DRAWN_UNITS)))
}

fn ink(asked: &Params, name: &'static str, default: Ink) -> Result<Ink, Error> {
    let Some(text) = asked.text(name)? else {
        return Ok(default);
    };
    let is_short = |text: &&str| matches!(text.len(), 3 | 6) && !text.starts_with('#');
    let hex = Some(text.trim()).filter(is_short).and_then(colour::hex);
    let ink = hex.or_else(|| colour::decimal(text.trim()));
    ink.ok_or_else(|| Error::invalid(name, "must be a colour such as 255-0-0, f00 or ff0000"))
}

/// What this dialect calls the fields of a symbol.
const fn name(field: Field) -> &'static str {
    match field {
        Field::Content => "data",
        Field::Level => "ecc",
        Field::Border => "qzone",
        Field::Format => "format",
        Field::Dark | Field::DataDark => "color",
        Field::Light | Field::DataLight => "bgcolor",
        _ => "size",
    }
}

/// One line of text.
fn error(error: &Error) -> Response {
    let text = format!("{}\n", error.message());
    told(plain_status(error), "text/plain; charset=utf-8", text)
}
