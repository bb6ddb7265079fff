//! `GET` and `POST /chart`, `/gchart`: symbols of Google Image Charts.

use std::sync::Arc;

use poem::{Request, Response, Result, web::Data};
use poem_openapi::OpenApi;

use super::{
    answer::{Answered, Images, escaped, file, plain_status, shaped, told},
    charset::Charset,
    params::{InForm, InQuery, LEVELS, Params},
};
use crate::telemetry::labels::Dialect;
use crate::{
    app::App,
    http::{api::Group, may::Public},
    identity::act,
    kernel::{Ctx, Error, Level},
    render::{Field, Padding, Size, Spec},
};

const SIDE_PX: u32 = 1000;
const PIXELS: u32 = 300_000;
const MARGIN: u8 = 4;
const MOST_MARGIN: u8 = 100;

pub struct Google {
    images: Images,
}

impl Google {
    pub fn new() -> Self {
        Self {
            images: Images::new(Dialect::Google),
        }
    }
}

#[OpenApi(tag = "Group::Symbols")]
impl Google {
    /// Draw a symbol as Google Image Charts did
    #[oai(path = "/chart", method = "get", operation_id = "google_chart")]
    async fn chart(
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
        path = "/chart",
        method = "post",
        operation_id = "google_chart_by_form"
    )]
    async fn chart_form(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        request: &Request,
        _may: Public<act::Render>,
        asked: InForm,
    ) -> Result<Answered> {
        shaped(self.drawn((&app, &ctx), request, &asked.0).await, error)
    }

    /// The same, by the path that `QuickChart` has for it
    #[oai(path = "/gchart", method = "get", operation_id = "google_gchart")]
    async fn gchart(
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
        path = "/gchart",
        method = "post",
        operation_id = "google_gchart_by_form"
    )]
    async fn gchart_form(
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

impl Google {
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
    if asked.text("cht")?.as_deref() != Some("qr") {
        return Err(Error::invalid(
            "cht",
            "must be qr: no other chart is drawn here",
        ));
    }
    let size_px = size(asked)?;
    let charsets = [Charset::Utf8, Charset::ShiftJis, Charset::Latin1].map(Charset::word);
    let charset = asked.word("choe", &charsets)?.unwrap_or(Charset::Utf8);
    let text = asked
        .text("chl")?
        .ok_or_else(|| Error::invalid("chl", "must be given: the text of the symbol"))?;
    let content = charset.encode(&text).map_err(|c| {
        Error::invalid(
            "chl",
            format!("has the character {c}, which {} has not", charset.label()),
        )
    })?;
    let (level, border) = level_and_margin(asked.text("chld")?.as_deref())?;
    Ok(Spec {
        level,
        border,
        size: Size::Pixels(size_px[0].min(size_px[1])),
        padding: Padding::to(size_px),
        ..Spec::new(content)
    })
}

/// Width and height.
fn size(asked: &Params) -> Result<[u32; 2], Error> {
    let text = asked.text("chs")?.unwrap_or_default();
    let size = super::width_and_height(&text);
    let is_allowed = |&[width, height]: &[u32; 2]| {
        let is_side = |px: u32| (1..=SIDE_PX).contains(&px);
        is_side(width) && is_side(height) && width * height <= PIXELS
    };
    size.filter(is_allowed).ok_or_else(|| {
        let message = format!(
            "must be <width>x<height>, each at most {SIDE_PX}, and at most {PIXELS} pixels in all"
        );
        Error::invalid("chs", message)
    })
}

/// `L|4`; each part may be left out.
fn level_and_margin(text: Option<&str>) -> Result<(Level, u8), Error> {
    let wrong = || {
        let message =
            format!("must be <level>|<margin>: L, M, Q or H, and 0 to {MOST_MARGIN} rows");
        Error::invalid("chld", message)
    };
    let (level, margin) = text.map_or(("", ""), |text| text.split_once('|').unwrap_or((text, "")));
    let known = LEVELS
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(level));
    let level = match (level, known) {
        ("", _) => Level::L,
        (_, Some((_, level))) => *level,
        (_, None) => return Err(wrong()),
    };
    let margin = match margin {
        "" => Some(MARGIN),
        digits => digits.parse().ok().filter(|margin| *margin <= MOST_MARGIN),
    };
    Ok((level, margin.ok_or_else(wrong)?))
}

/// What this dialect calls the fields of a symbol.
const fn name(field: Field) -> &'static str {
    match field {
        Field::Content => "chl",
        Field::Level | Field::Border => "chld",
        _ => "chs",
    }
}

/// A page, as that service had one.
fn error(error: &Error) -> Response {
    let status = plain_status(error);
    let page = format!(
        "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Error {status}</title><p><b>{status}.</b> {}</p></html>\n",
        escaped(error.message())
    );
    told(status, "text/html; charset=utf-8", page)
}
