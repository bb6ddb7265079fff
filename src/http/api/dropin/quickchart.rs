//! `GET` and `POST /qr` with `text`: symbols of `QuickChart`.

use std::sync::Arc;

use ::style::{
    Frame, FrameKind, Framed, Grade, Logo, LogoShape, Scene, Side, Style, Text, geometry::MODULE,
    raster,
};
use base64ct::{Base64, Encoding as _};
use poem::{
    Request, Response,
    http::{HeaderValue, header},
};
use symbol::file::Ink;

use super::{
    answer::{Images, escaped, file, plain_status, told},
    colour,
    params::{LEVELS, Params},
};
use crate::{
    app::App,
    kernel::{Ctx, Error, Level},
    render::{self, Field, Format, Rendered, Size, Spec},
};

const SIZE_PX: u32 = 150;
const MOST_PX: u32 = 3000;
const MARGIN: u8 = 4;
const MOST_MARGIN: i64 = 100;
/// Of the symbol's width.
const IMAGE_SHARE: f32 = 0.3;
const LEAST_SHARE: f32 = 0.05;
/// Modules that the picture of an error is wide, and pixels of each.
const ERROR_MODULES: i32 = 60;
const ERROR_PX: u32 = 6;
const MOST_ERROR_CHARS: usize = 180;

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Png,
    Svg,
    /// A PNG as text.
    Base64,
}

impl Answer {
    /// Any other word is a PNG, as it is there.
    pub fn of(asked: &Params) -> Self {
        match asked.bytes("format") {
            Some(b"svg") => Self::Svg,
            Some(b"base64") => Self::Base64,
            _ => Self::Png,
        }
    }
}

/// # Errors
/// `Invalid`, naming the parameter.
pub async fn drawn(
    images: &Images,
    (app, ctx): (&App, &Ctx),
    request: &Request,
    asked: &Params,
) -> Result<Response, Error> {
    let answer = Answer::of(asked);
    let (spec, mut style) = spec(asked, answer)?;
    style.frame = caption(asked, &style, app)?;
    style.logo = image(asked, &spec, app).await?;
    let drawn = readable(images, (app, ctx), &spec, style).await?;
    let mut response = file(request, app, &drawn, name);
    if answer == Answer::Base64 {
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, text);
        response.set_body(Base64::encode_string(&drawn.1.file.bytes));
    }
    Ok(response)
}

fn spec(asked: &Params, answer: Answer) -> Result<(Spec, Style), Error> {
    let text = asked.text("text")?;
    let text = text.ok_or_else(|| Error::invalid("text", "You are missing variable `text`"))?;
    let ink = |name, default| -> Result<Ink, Error> {
        let Some(text) = asked.text(name)? else {
            return Ok(default);
        };
        let ink = colour::hex(&text);
        ink.ok_or_else(|| Error::invalid(name, format!("Invalid hex color: {}", shortened(&text))))
    };
    let style = colour::two(ink("dark", Ink::BLACK)?, ink("light", Ink::WHITE)?);
    // Another word is no fault there.
    let level = asked.word("ecLevel", &LEVELS).ok().flatten();
    let margin = asked.leading_number("margin").filter(|margin| *margin >= 0);
    let margin = margin.and_then(|margin| u8::try_from(margin.min(MOST_MARGIN)).ok());
    let size_px = asked.leading_number("size").filter(|px| *px > 0);
    let size_px = size_px.map(|px| u32::try_from(px).unwrap_or(MOST_PX).min(MOST_PX));
    let has_image = asked.bytes("centerImageUrl").is_some();
    let default_level = if has_image { Level::H } else { Level::M };
    let spec = Spec {
        level: level.unwrap_or(default_level),
        format: if answer == Answer::Svg {
            Format::Svg
        } else {
            Format::Png
        },
        size: Size::Pixels(size_px.unwrap_or(SIZE_PX)),
        border: margin.unwrap_or(MARGIN),
        ..Spec::new(text)
    };
    Ok((spec, style))
}

/// A text beneath the symbol.
fn caption(asked: &Params, style: &Style, app: &App) -> Result<Option<Frame>, Error> {
    let Some(text) = asked.text("caption")? else {
        return Ok(None);
    };
    let text = Text::new(&text, app.materials.fonts());
    let text = text.map_err(|e| Error::invalid("caption", e.to_string()))?;
    let ink = match asked.text("captionFontColor")? {
        None => Ink::BLACK,
        Some(name) => colour::css(&name)
            .or_else(|| colour::hex(&name))
            .ok_or_else(|| {
                Error::invalid(
                    "captionFontColor",
                    "must be a colour such as black or #000000",
                )
            })?,
    };
    if ink == style.ground {
        return Err(Error::invalid(
            "captionFontColor",
            "must differ from light: the caption would be invisible",
        ));
    }
    Ok(Some(Frame {
        kind: FrameKind::Simple,
        ink,
        width: 0.0,
        text: Some(text),
        position: Side::Bottom,
    }))
}

/// A picture that comes with the request. Nothing is fetched.
async fn image(asked: &Params, spec: &Spec, app: &App) -> Result<Option<Logo>, Error> {
    let Some(url) = asked.text("centerImageUrl")? else {
        return Ok(None);
    };
    if !url.starts_with("data:") {
        let message = "must be a data: URL: no picture is fetched from another address";
        return Err(Error::invalid("centerImageUrl", message));
    }
    // A plus sign of base 64 that was not encoded is a space in a form.
    let url = url.replace(' ', "+");
    let logo = app.materials.logo(&url, LogoShape::Square).await?;
    let logo = logo.map_err(|refused| Error::invalid("centerImageUrl", refused.to_string()))?;
    let mut logo = Arc::unwrap_or_clone(logo);
    logo.share = share(asked, spec)?.clamp(LEAST_SHARE, IMAGE_SHARE);
    logo.padding = 0.0;
    Ok(Some(logo))
}

type Drawn = (render::In, Rendered);

/// The caption lies below a picture at most as wide as was asked for: as wide as its whole modules are.
async fn fitted(
    images: &Images,
    app: (&App, &Ctx),
    spec: &Spec,
    style: Style,
) -> Result<Drawn, Error> {
    let has_caption = style.frame.is_some();
    let mut spec = Spec {
        style: Some(Arc::new(style)),
        ..spec.clone()
    };
    let drawn = images.drawn(app, spec.clone(), name).await?;
    let facts = &drawn.1.facts;
    let (Size::Pixels(asked_px), true) = (spec.size, has_caption && facts.width_px > 0) else {
        return Ok(drawn);
    };
    let modules = u32::try_from(facts.modules()).unwrap_or(u32::MAX);
    let across = modules.saturating_add(2 * u32::from(spec.border));
    let drawn_px = (facts.width_px / across).max(1);
    let longer_px = (asked_px / across).max(1) * facts.height_px.div_ceil(drawn_px);
    spec.size = Size::Pixels(longer_px.min(2 * MOST_PX));
    images.drawn(app, spec, name).await
}

/// With a picture as large as was asked for, or as large as readers cope with.
async fn readable(
    images: &Images,
    app: (&App, &Ctx),
    spec: &Spec,
    mut style: Style,
) -> Result<Drawn, Error> {
    loop {
        let drawn = fitted(images, app, spec, style.clone()).await?;
        let is_read = drawn.1.facts.report.grade() > Grade::F;
        let smaller = style
            .logo
            .as_mut()
            .filter(|logo| !is_read && logo.share > LEAST_SHARE);
        let Some(logo) = smaller else {
            return Ok(drawn);
        };
        logo.share = (logo.share - LEAST_SHARE).max(LEAST_SHARE);
    }
}

/// Of the symbol's width: its longer side in pixels, or a ratio.
fn share(asked: &Params, spec: &Spec) -> Result<f32, Error> {
    let px = ["centerImageWidth", "centerImageHeight"].map(|name| asked.leading_number(name));
    if let (Some(px), Size::Pixels(width_px)) = (px.into_iter().flatten().max(), spec.size) {
        let request = render::Request::new(spec.clone()).map_err(render::Faults::into_error);
        let symbol = request.and_then(|request| request.symbol());
        let symbol = symbol.map_err(|error| render::Faults::spelled(error, name))?;
        let modules = u32::try_from(symbol.version().modules()).unwrap_or(u32::MAX);
        let across = modules.saturating_add(2 * u32::from(spec.border));
        // Both are far below the precision of a float.
        #[allow(clippy::cast_precision_loss)]
        return Ok(px as f32 * across as f32 / (width_px as f32 * modules as f32));
    }
    let Some(text) = asked.text("centerImageSizeRatio")? else {
        return Ok(IMAGE_SHARE);
    };
    let ratio = text
        .trim()
        .parse()
        .ok()
        .filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| Error::invalid("centerImageSizeRatio", "must be between 0.0 and 1.0"))
}

/// What this dialect calls the fields of a symbol.
const fn name(field: Field) -> &'static str {
    match field {
        Field::Content => "text",
        Field::Level => "ecLevel",
        Field::Border => "margin",
        Field::Dark | Field::DataDark => "dark",
        Field::Light | Field::DataLight => "light",
        Field::Logo => "centerImageUrl",
        Field::Format => "format",
        _ => "size",
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// The message as a picture, so that a page shows it, and in a header.
pub fn error(error: &Error, answer: Answer, app: &App) -> Response {
    let (status, message) = (plain_status(error), error.message());
    let mut response = if answer == Answer::Svg {
        let text = escaped(message);
        let svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 80"><text x="4" y="16" font-size="8">{text}</text></svg>"#
        );
        told(status, Format::Svg.media_type(), svg)
    } else if let Some(png) = picture(message, app) {
        told(status, Format::Png.media_type(), png)
    } else {
        told(status, "text/plain; charset=utf-8", message.to_owned())
    };
    let visible: String = message.chars().filter(|c| !c.is_control()).collect();
    if let Ok(header) = HeaderValue::from_str(&visible) {
        response.headers_mut().insert("x-quickchart-error", header);
    }
    response
}

/// `None` for a message with a character that no font has.
fn picture(message: &str, app: &App) -> Option<Vec<u8>> {
    let text: String = format!("Chart Error: {message}")
        .chars()
        .take(MOST_ERROR_CHARS)
        .collect();
    let frame = Frame {
        kind: FrameKind::Simple,
        ink: Ink::BLACK,
        width: 0.0,
        text: Some(Text::new(&text, app.materials.fonts()).ok()?),
        position: Side::Bottom,
    };
    let around = Framed::around(&frame, ERROR_MODULES * MODULE, Ink::WHITE);
    let scene = Scene {
        width: around.width,
        height: around.height,
        layers: around.layers,
        ..Scene::empty(0, 0, Ink::WHITE)
    };
    let painted = raster::paint(&scene, raster::Canvas::tight(&scene, ERROR_PX));
    let mut png = Vec::new();
    raster::png(&painted, None, &mut png).ok()?;
    Some(png)
}
