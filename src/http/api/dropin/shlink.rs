//! `GET /r/{slug}/qr-code`: the symbol of a short URL as Shlink draws it.

use poem::{
    Request, Response, Result,
    http::{HeaderValue, header},
};
use poem_openapi::{OpenApi, param::Path};
use symbol::file::Ink;

use super::{
    answer::{Answered, Images, escaped, file, shaped, told},
    colour,
    params::{InQuery, LEVELS, Params},
};
use crate::telemetry::labels::Dialect;
use crate::{
    app::App,
    http::{
        api::Group,
        may::{Public, client, context},
    },
    identity::act,
    kernel::{Error, Level, Slug},
    redirect::Destination,
    render::{Field, Format, Padding, Size, Spec},
};

const SIZE_PX: i64 = 300;
const LEAST_PX: i64 = 50;
const MOST_PX: i64 = 1000;
const MOST_MARGIN_PX: i64 = 1000;
/// A code may be disabled, and then has no symbol.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("private, max-age=300");

pub struct Shlink {
    images: Images,
}

impl Shlink {
    pub fn new() -> Self {
        Self {
            images: Images::new(Dialect::Shlink),
        }
    }
}

#[OpenApi(tag = "Group::Symbols")]
impl Shlink {
    /// The symbol of a short URL, as Shlink draws it
    ///
    /// It is no scan.
    #[oai(
        path = "/r/:slug/qr-code",
        method = "get",
        operation_id = "shlink_qr_code"
    )]
    async fn symbol(
        &self,
        request: &Request,
        _may: Public<act::Render>,
        /// The last part of the short URL
        slug: Path<String>,
        asked: InQuery,
    ) -> Result<Answered> {
        let drawn = self.drawn(request, &slug, &asked.0).await;
        shaped(drawn, error)
    }
}

impl Shlink {
    async fn drawn(
        &self,
        request: &Request,
        slug: &str,
        asked: &Params,
    ) -> Result<Response, Error> {
        let (app, ctx) = context(request)?;
        let address = address(app, request, slug).await?;
        let drawn = self
            .images
            .drawn((app, ctx), spec(asked, address), name)
            .await?;
        let mut response = file(request, app, &drawn, name);
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, CACHE_CONTROL);
        Ok(response)
    }
}

/// What the symbol of a code says, if the code leads somewhere.
async fn address(app: &App, request: &Request, slug: &str) -> Result<String, Error> {
    let unknown = || Error::not_found("no code has this address");
    let slug = Slug::parse(slug).ok_or_else(unknown)?;
    let found = app.redirect.resolve(slug.clone()).await?;
    if let Destination::Target { .. } | Destination::Planned(_) = found {
        return Ok(app.codes.address(slug.as_str()));
    }
    app.auth.limits.miss(client(request, app))?;
    Err(unknown())
}

/// Values that are not understood are those that are left out, as it is there.
fn spec(asked: &Params, address: String) -> Spec {
    let ink = |name, default| {
        let text = asked.text(name).ok().flatten();
        let ink = text.and_then(|text| colour::hex(&text));
        ink.filter(|ink| ink.alpha == 255).unwrap_or(default)
    };
    let (mut dark, mut light) = (ink("color", Ink::BLACK), ink("bgColor", Ink::WHITE));
    if dark == light {
        (dark, light) = (Ink::BLACK, Ink::WHITE);
    }
    let size_px = match asked.bytes("size") {
        None => SIZE_PX,
        Some(_) => asked.leading_number("size").unwrap_or(0),
    };
    let size_px = size_px.clamp(LEAST_PX, MOST_PX);
    let margin_px = asked.text("margin").ok().flatten();
    let margin_px = margin_px
        .and_then(|text| text.parse::<i64>().ok())
        .unwrap_or(0);
    let px = |px: i64| u32::try_from(px).unwrap_or(0);
    let is_svg = asked
        .bytes("format")
        .is_some_and(|word| word.trim_ascii().eq_ignore_ascii_case(b"svg"));
    Spec {
        level: asked
            .word("errorCorrection", &LEVELS)
            .ok()
            .flatten()
            .unwrap_or(Level::L),
        format: if is_svg { Format::Svg } else { Format::Png },
        size: Size::Pixels(px(size_px)),
        // Beside the size.
        padding: Padding::around(px(margin_px.clamp(0, MOST_MARGIN_PX))),
        border: 0,
        style: Some(colour::of_two(dark, light)),
        ..Spec::new(address)
    }
}

/// What this dialect calls the fields of a symbol.
const fn name(field: Field) -> &'static str {
    match field {
        Field::Content => "slug",
        Field::Level => "errorCorrection",
        Field::Border => "margin",
        Field::Dark | Field::DataDark => "color",
        Field::Light | Field::DataLight => "bgColor",
        _ => "size",
    }
}

/// A page, as that service has one for what is not there.
fn error(error: &Error) -> Response {
    let page = format!(
        "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Not found</title><p>{}</p></html>\n",
        escaped(error.message())
    );
    told(error.kind().status(), "text/html; charset=utf-8", page)
}
