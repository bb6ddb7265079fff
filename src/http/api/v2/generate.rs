//! `POST /api/v2/qr/generate`.

use std::sync::Arc;

use base64ct::{Base64, Encoding as _};
use poem::{Result, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};
use serde::Deserialize;

use super::{
    counts::Counts,
    graded::{Scannability, drawn},
    options::{Options, asked, name},
};
use crate::{
    app::App,
    http::{api::Group, extract::Input, grade::GradeHeader, may::Public},
    identity::act,
    kernel::{Ctx, Error},
    render::{Format, Rendered},
};

pub struct Generate {
    counts: Counts,
}

impl Generate {
    pub fn new() -> Self {
        Self {
            counts: Counts::new(),
        }
    }
}

/// What to draw, and how.
#[derive(Deserialize, Object)]
#[oai(rename = "StyledSymbol")]
#[serde(deny_unknown_fields)]
struct Question {
    /// Content of the symbol
    data: String,
    #[serde(default)]
    options: Options,
}

/// A drawn symbol.
#[derive(Object)]
#[oai(rename = "StyledSymbolDrawn", skip_serializing_if_is_none)]
struct Answer {
    success: bool,
    /// The document, if an SVG was asked for
    svg: Option<String>,
    /// Any other file as a data URL (RFC 2397)
    image: Option<String>,
    metadata: Metadata,
    performance: Performance,
    scannability: Scannability,
}

#[derive(Object)]
#[oai(rename = "StyledSymbolMetadata", rename_all = "camelCase")]
struct Metadata {
    format: String,
    /// 1 to 40; 1 to 4 of a Micro QR symbol
    version: u8,
    /// It is a Micro QR symbol
    micro: bool,
    /// Along one side, without the quiet zone
    modules: u64,
    error_correction: String,
    /// In pixels
    width: u32,
    height: u32,
    /// Bytes of the file
    file_size: u64,
    /// Bytes of the content
    data_length: u64,
}

#[derive(Object)]
#[oai(rename = "StyledSymbolPerformance", rename_all = "camelCase")]
struct Performance {
    processing_time_ms: f64,
    engine_version: String,
    /// It was drawn before
    cached: bool,
}

#[derive(ApiResponse)]
enum Drawn {
    /// The file, and what is known about it.
    #[oai(status = 200)]
    Drawn(
        Json<Answer>,
        /// How well readers cope, A to F (after ISO/IEC 15415)
        #[oai(header = "X-QR-Grade")]
        GradeHeader,
        /// What a reader may stumble over beside the grade, such as a coarse JPEG (RFC 9651 list)
        #[oai(header = "X-QR-Concerns")]
        Option<String>,
    ),
}

#[OpenApi(tag = "Group::Symbols")]
impl Generate {
    /// Draw a symbol
    ///
    /// Nothing is stored. The grade says how well readers cope; `strict` or `minGrade` refuses what is worse.
    #[oai(path = "/api/v2/qr/generate", method = "post")]
    async fn generate(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        _may: Public<act::Render>,
        body: Input<Question>,
    ) -> Result<Drawn> {
        Ok(self.drawn(&app, &ctx, body.0).await?)
    }

    /// The same, by its path without a version
    #[oai(path = "/api/qr/generate", method = "post")]
    async fn generate_unversioned(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        _may: Public<act::Render>,
        body: Input<Question>,
    ) -> Result<Drawn> {
        Ok(self.drawn(&app, &ctx, body.0).await?)
    }
}

impl Generate {
    async fn drawn(&self, app: &App, ctx: &Ctx, question: Question) -> Result<Drawn, Error> {
        let started = app.clock.instant();
        let asked = asked(&app.materials, &question.data, &question.options).await?;
        let (request, image) = drawn(app, ctx, &asked).await?;
        let grade = image.facts.report.grade();
        self.counts.count(&asked.style, grade, grade < asked.least);
        let scannability = Scannability::of(&asked, &image.facts, || request.symbol()).await?;
        let concerns = request.concerns(&image);
        let concerns: Vec<_> = concerns.iter().map(|concern| concern.item(name)).collect();
        let concerns = (!concerns.is_empty()).then(|| concerns.join(", "));
        let took = app.clock.instant().duration_since(started);
        let Rendered {
            facts,
            file,
            cached,
        } = image;
        let bytes = file.bytes.len() as u64;
        let (svg, image) = if request.format == Format::Svg {
            // Our own documents are UTF-8.
            let document = String::from_utf8_lossy(&file.bytes).into_owned();
            (Some(document), None)
        } else {
            let data = Base64::encode_string(&file.bytes);
            (
                None,
                Some(format!("data:{};base64,{data}", file.media_type)),
            )
        };
        let answer = Answer {
            success: true,
            svg,
            image,
            metadata: Metadata {
                format: request.format.label().to_owned(),
                version: facts.version.number(),
                micro: facts.version.is_micro(),
                modules: facts.modules() as u64,
                error_correction: facts.level.label().to_ascii_uppercase(),
                width: facts.width_px,
                height: facts.height_px,
                file_size: bytes,
                data_length: request.content.len() as u64,
            },
            performance: Performance {
                processing_time_ms: (took.as_secs_f64() * 1e6).round() / 1e3,
                engine_version: env!("CARGO_PKG_VERSION").to_owned(),
                cached,
            },
            scannability,
        };
        Ok(Drawn::Drawn(
            Json(answer),
            GradeHeader::from(&facts.report),
            concerns,
        ))
    }
}
