//! `POST /api/v1/barcode` and `POST /api/generate`: the oldest way to ask for a symbol.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};
use serde::Deserialize;

use crate::{
    app::App,
    http::{
        api::Group,
        bounds::{Bound as _, Scale, WideBorder, Within},
        extract::Input,
        grade::GradeHeader,
        images::Images,
        may::Public,
    },
    identity::act,
    kernel::{Color, Ctx, Error, Level, error::Detail},
    render::{Colors, Faults, Field, Format, Request, Size, Spec},
    telemetry::labels::Dialect,
};

/// 2026-11-30, when the second dialect had all that this one has (RFC 9745).
const DEPRECATION: &str = "@1795996800";
/// Where to go instead, and why (RFC 5829, RFC 9745).
const LINK: &str = "</api/v2/qr/generate>; rel=\"successor-version\", </docs>; rel=\"deprecation\"; type=\"text/html\"";
const SCALE: i64 = 4;
const MARGIN: i64 = 4;

pub struct Barcode {
    images: Images,
}

/// What to draw.
#[derive(Deserialize, Object)]
#[oai(rename = "Barcode")]
struct Question {
    /// `qrcode`, the only one that there is
    #[serde(default = "qrcode")]
    #[oai(default = "qrcode")]
    barcode_type: String,
    /// Content of the symbol
    data: String,
    #[serde(default)]
    #[oai(default)]
    options: Options,
}

fn qrcode() -> String {
    "qrcode".to_owned()
}

#[derive(Default, Deserialize, Object)]
#[oai(rename = "BarcodeOptions")]
#[serde(default)]
struct Options {
    /// Pixels of a module (4)
    scale: Option<Within<Scale>>,
    /// Modules of quiet zone (4)
    margin: Option<Within<WideBorder>>,
    /// `#RGB` or `#RRGGBB` (#000000)
    fgcolor: Option<String>,
    /// `#RGB` or `#RRGGBB` (#FFFFFF)
    bgcolor: Option<String>,
    /// `L`, `M`, `Q` or `H` (M)
    ecc_level: Option<String>,
}

/// A drawn symbol.
#[derive(Object)]
#[oai(rename = "BarcodeDrawn")]
struct Answer {
    success: bool,
    /// The SVG document
    barcode: String,
    /// The same
    #[oai(rename = "svgString")]
    svg_string: String,
    metadata: Metadata,
    /// It was drawn before
    cached: bool,
}

#[derive(Object)]
#[oai(rename = "BarcodeMetadata", rename_all = "camelCase")]
struct Metadata {
    /// 1 to 40
    version: u8,
    /// Along one side, without the quiet zone
    modules: u64,
    error_correction: String,
    /// Bytes that a symbol of this version and level holds
    data_capacity: u64,
    processing_time_ms: f64,
}

#[derive(ApiResponse)]
enum Drawn {
    /// The document, and what is known about it.
    #[oai(status = 200)]
    Drawn(
        Json<Answer>,
        /// Since when there is a better way (RFC 9745)
        #[oai(header = "Deprecation")]
        String,
        /// To that way (RFC 8288)
        #[oai(header = "Link")]
        String,
        /// How well readers cope, A to F (after ISO/IEC 15415)
        #[oai(header = "X-QR-Grade")]
        GradeHeader,
    ),
}

#[OpenApi(tag = "Group::Symbols")]
impl Barcode {
    /// Draw a plain symbol
    ///
    /// For callers of before: `POST /api/v2/qr/generate` has all of it and more.
    #[oai(
        path = "/api/v1/barcode",
        method = "post",
        operation_id = "generate_barcode",
        deprecated
    )]
    async fn barcode(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        _may: Public<act::Render>,
        body: Input<Question>,
    ) -> Result<Drawn> {
        Ok(self.drawn(&app, &ctx, body.0).await?)
    }

    /// The same, by its path without a version
    #[oai(
        path = "/api/generate",
        method = "post",
        operation_id = "generate_barcode_unversioned",
        deprecated
    )]
    async fn barcode_unversioned(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        _may: Public<act::Render>,
        body: Input<Question>,
    ) -> Result<Drawn> {
        Ok(self.drawn(&app, &ctx, body.0).await?)
    }
}

impl Barcode {
    pub fn new() -> Self {
        Self {
            images: Images::new(Dialect::Barcode),
        }
    }

    async fn drawn(&self, app: &App, ctx: &Ctx, question: Question) -> Result<Drawn, Error> {
        let drawn = drawn(app, ctx, question).await;
        self.images.count(ctx, Format::Svg, drawn.is_ok());
        drawn
    }
}

async fn drawn(app: &App, ctx: &Ctx, question: Question) -> Result<Drawn, Error> {
    let started = app.clock.instant();
    let request = request(question)?;
    let image = app.render(ctx, &request).await.map_err(spelled)?;
    let took = app.clock.instant().duration_since(started);
    let (facts, grade) = (&image.facts, GradeHeader::from(&image.facts.report));
    // Our own documents are UTF-8.
    let svg = String::from_utf8_lossy(&image.file.bytes).into_owned();
    let capacity = facts.version.bytes(facts.level).unwrap_or_default();
    let answer = Answer {
        success: true,
        barcode: svg.clone(),
        svg_string: svg,
        metadata: Metadata {
            version: facts.version.number(),
            modules: facts.modules() as u64,
            error_correction: facts.level.label().to_ascii_uppercase(),
            data_capacity: capacity as u64,
            processing_time_ms: (took.as_secs_f64() * 1e6).round() / 1e3,
        },
        cached: image.cached,
    };
    Ok(Drawn::Drawn(
        Json(answer),
        DEPRECATION.to_owned(),
        LINK.to_owned(),
        grade,
    ))
}

/// # Errors
/// `Invalid`, naming each value that is wrong.
fn request(question: Question) -> Result<Arc<Request>, Error> {
    let Question {
        barcode_type,
        data,
        options,
    } = question;
    let mut wrong = Vec::new();
    let mut add = |field: &'static str, message: String| {
        wrong.push(Detail {
            field: field.into(),
            message: message.into(),
        });
    };
    if !matches!(barcode_type.as_str(), "qrcode" | "qr") {
        add("barcode_type", "must be qrcode".to_owned());
    }
    let scale = options.scale.map_or(SCALE, |scale| scale.0);
    if !Scale::holds(&scale) {
        add("options.scale", Scale::expected());
    }
    let margin = options.margin.map_or(MARGIN, |margin| margin.0);
    if !WideBorder::holds(&margin) {
        add("options.margin", WideBorder::expected());
    }
    let mut color = |field: &'static str, text: Option<String>, default| {
        let parsed = text.map_or(Ok(default), |text| text.parse::<Color>());
        parsed.map_err(|e| add(field, e.to_string())).ok()
    };
    let dark = color("options.fgcolor", options.fgcolor, Color::BLACK);
    let light = color("options.bgcolor", options.bgcolor, Color::WHITE);
    let level = options.ecc_level.map_or(Ok(Level::M), |text| {
        text.parse::<Level>()
            .map_err(|_| add("options.ecc_level", "must be L, M, Q or H".to_owned()))
    });
    let (Some(dark), Some(light), Ok(level), true) = (dark, light, level, wrong.is_empty()) else {
        return Err(Error::invalid_fields(wrong));
    };
    let spec = Spec {
        level,
        format: Format::Svg,
        border: u8::try_from(margin).unwrap_or(u8::MAX),
        colors: Colors {
            dark,
            light,
            ..Colors::default()
        },
        ..Spec::new(data)
    };
    let checked = |spec| Request::new(spec).map_err(|faults| spelled(Faults::into_error(faults)));
    // How wide it is follows from how many modules it has.
    let symbol = checked(spec.clone())?.symbol().map_err(spelled)?;
    let modules = symbol.version().modules() as u64 + 2 * u64::from(spec.border);
    let pixels = modules.saturating_mul(scale.unsigned_abs());
    let spec = Spec {
        size: Size::Pixels(u32::try_from(pixels).unwrap_or(u32::MAX)),
        ..spec
    };
    Ok(Arc::new(checked(spec)?))
}

/// What this dialect calls the fields of a symbol.
const fn name(field: Field) -> &'static str {
    match field {
        Field::Content => "data",
        Field::Level => "options.ecc_level",
        Field::Border => "options.margin",
        Field::Dark | Field::DataDark => "options.fgcolor",
        Field::Light | Field::DataLight => "options.bgcolor",
        _ => "options.scale",
    }
}

fn spelled(error: Error) -> Error {
    Faults::spelled(error, name)
}
