//! `GET /qr` with `url`: symbols of Dub.

use ::style::Style;
use poem::{Request, Response, http::HeaderValue};
use serde_json::json;
use symbol::file::Ink;
use url::Url;

use super::{
    answer::{Images, file, told},
    colour,
    params::{LEVELS, Params},
};
use crate::{
    app::App,
    kernel::{Ctx, Error, Kind, Level},
    render::{Field, Size, Spec},
};

const SIZE_PX: u32 = 600;
const MOST_PX: u32 = 3000;
const MARGIN: u32 = 2;
const MOST_MARGIN: u32 = 100;
const URL_CHARS: usize = 32_000;

/// # Errors
/// `Invalid`, naming the parameter.
pub async fn drawn(
    images: &Images,
    (app, ctx): (&App, &Ctx),
    request: &Request,
    asked: &Params,
) -> Result<Response, Error> {
    let drawn = images.drawn((app, ctx), spec(asked)?, name).await?;
    let mut response = file(request, app, &drawn, name);
    // Pages of other sites read it, as they do there.
    let anybody = HeaderValue::from_static("*");
    response
        .headers_mut()
        .insert("access-control-allow-origin", anybody);
    Ok(response)
}

fn spec(asked: &Params) -> Result<Spec, Error> {
    let url = asked.text("url")?.as_deref().and_then(address);
    let url =
        url.ok_or_else(|| Error::invalid("url", "must be a URL of at most 32000 characters"))?;
    let plain = Style::default();
    let dark = ink(asked, "fgColor")?.unwrap_or(plain.ink);
    let light = ink(asked, "bgColor")?.unwrap_or(plain.ground);
    let size_px = asked.number("size", &(1..=MOST_PX))?.unwrap_or(SIZE_PX);
    let is_bare = asked.text("includeMargin")?.as_deref() == Some("false");
    let margin = asked.number("margin", &(0..=MOST_MARGIN))?;
    let margin = margin.unwrap_or(if is_bare { 0 } else { MARGIN });
    Ok(Spec {
        level: asked.word("level", &LEVELS)?.unwrap_or(Level::L),
        size: Size::Pixels(size_px),
        border: u8::try_from(margin).unwrap_or(u8::MAX),
        style: Some(colour::of_two(dark, light)),
        ..Spec::new(url)
    })
}

fn ink(asked: &Params, name: &'static str) -> Result<Option<Ink>, Error> {
    let Some(text) = asked.text(name)? else {
        return Ok(None);
    };
    let ink = colour::css(&text).or_else(|| colour::hex(&text));
    ink.map(Some)
        .ok_or_else(|| Error::invalid(name, "must be a colour such as #000000"))
}

/// A URL as it is, or what becomes one with a scheme before it.
fn address(text: &str) -> Option<String> {
    if text.chars().count() > URL_CHARS {
        return None;
    }
    if Url::parse(text).is_ok() {
        return Some(text.to_owned());
    }
    let is_host = text.contains('.') && !text.contains(' ');
    let with_scheme = is_host.then(|| format!("https://{text}"))?;
    Url::parse(&with_scheme).ok().map(String::from)
}

/// What this dialect calls the fields of a symbol.
const fn name(field: Field) -> &'static str {
    match field {
        Field::Content => "url",
        Field::Level => "level",
        Field::Border => "margin",
        Field::Dark | Field::DataDark => "fgColor",
        Field::Light | Field::DataLight => "bgColor",
        _ => "size",
    }
}

/// An object with a code, a message and where to read about it.
pub fn error(error: &Error) -> Response {
    let code = match error.kind() {
        Kind::NotFound => "not_found",
        Kind::RateLimited => "rate_limit_exceeded",
        Kind::Invalid => "unprocessable_entity",
        kind if kind.is_fault() => "internal_server_error",
        _ => "bad_request",
    };
    let page = code.replace('_', "-");
    let body = json!({ "error": {
        "code": code,
        "message": error.message(),
        "doc_url": format!("https://dub.co/docs/api-reference/errors#{page}"),
    } });
    told(error.kind().status(), "application/json", body.to_string())
}
