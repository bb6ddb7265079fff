//! A symbol in parts, and what is known about it.

use std::sync::Arc;

use ::style::{Report, compose_apart, grade, svg::parts::Parts};
use poem_openapi::Object;
use symbol::Symbol;

use super::{
    options::name,
    parts::{Definition, Eye, Overlays, Path, Styles, definitions, overlays, styles},
};
use crate::{
    app::App,
    http::{
        api::{
            spelling,
            v2::{
                counts::Counts,
                graded::{self, Graded, Scannability},
                made::{self, Made, millis},
                options::Asked,
            },
        },
        grade::GradeHeader,
    },
    kernel::{Ctx, Error, Kind, Result, id::hex},
    render::Request,
};

/// A symbol in parts. Lengths are in modules; (0, 0) is the upper left corner of the picture, quiet zone and frame included. Drawn in
/// this order they are the picture: `styles.background`, `strokes`, `path_data` (or `data_paths`), `eyes`, `overlays.logo`,
/// `overlays.frame`, `overlays.images`. No part is clipped.
#[derive(Object)]
#[oai(rename = "StructuredSymbolDrawn", skip_serializing_if_is_none)]
#[allow(clippy::struct_field_names)] // the dialect's names
pub struct Data {
    /// All dark modules but those of finder patterns, to be filled with `styles.data`
    path_data: String,
    /// In the place of `path_data` where a gradient has a colour for each module: flat colours. `path_data` is then painted with
    /// their mean
    data_paths: Option<Vec<Path>>,
    /// Lines around data modules
    strokes: Option<Vec<Path>>,
    /// Of the symbol, dark and light, without the quiet zone
    total_modules: u64,
    /// Of these, those that hold codewords or version information
    data_modules: u64,
    /// 1 to 40; 1 to 4 of a Micro QR symbol
    version: u8,
    /// It is a Micro QR symbol
    micro: bool,
    /// L, M, Q or H
    error_correction: String,
    /// Modules around the symbol
    quiet_zone: u8,
    /// Of an `svg` element
    view_box: String,
    /// One for a Micro QR symbol, else three
    eyes: Vec<Eye>,
    definitions: Vec<Definition>,
    overlays: Overlays,
    styles: Styles,
    metadata: Option<Metadata>,
    /// How well readers cope, after ISO/IEC 15415; of `enhanced`
    scannability: Option<Scannability>,
    /// If `format` asks for one
    file: Option<File>,
}

#[derive(Object)]
#[oai(rename = "StructuredMetadata", skip_serializing_if_is_none)]
pub struct Metadata {
    generation_time_ms: f64,
    engine_version: String,
    /// Modules around the symbol
    quiet_zone: u8,
    /// SHA-256 of content and options: equal hashes, equal pictures
    content_hash: String,
    /// Of the symbol, without the quiet zone
    total_modules: u64,
    /// Of `enhanced`, as the following: modules along one side
    modules_per_side: Option<u64>,
    /// Data mask pattern
    mask: Option<u8>,
    /// Bytes of the content
    data_length: Option<u64>,
    /// Share of codewords that error correction restores, 0 to 1
    error_correction_capacity: Option<f64>,
    /// Share of modules that are dark, 0 to 1
    dark_share: Option<f64>,
}

/// A file beside the parts. One of the last three is there.
#[derive(Object)]
#[oai(rename = "StructuredFile", skip_serializing_if_is_none)]
struct File {
    format: String,
    /// In pixels; of text in characters, and lines
    width: u32,
    height: u32,
    svg: Option<String>,
    text: Option<String>,
    /// Any other file as a `data:` URL
    image: Option<String>,
}

/// What a symbol is drawn from, and its grade.
struct Composed {
    symbol: Symbol,
    report: Report,
    parts: Parts,
    request: Request,
}

/// An answer, and its headers.
pub struct Drawn {
    pub data: Data,
    pub grade: GradeHeader,
    /// Of the file (RFC 9651 list).
    pub concerns: Option<String>,
}

/// `enhanced`: with all that is known.
///
/// # Errors
/// What is wrong with the question, in this dialect's words.
pub async fn drawn(
    app: &App,
    ctx: &Ctx,
    counts: &Counts,
    question: &made::Question,
    enhanced: bool,
) -> Result<Drawn> {
    let drawn = of_question(app, ctx, counts, question, enhanced).await;
    (counts.parts).count(ctx, made::format(&question.options), drawn.is_ok());
    drawn.map_err(|e| spelling::spelled(e, name))
}

async fn of_question(
    app: &App,
    ctx: &Ctx,
    counts: &Counts,
    question: &made::Question,
    enhanced: bool,
) -> Result<Drawn> {
    let started = app.clock.instant();
    let asked = question.asked(&app.materials).await?;
    let made = match &question.options.format {
        Some(_) => Some(Made::new(app, ctx, counts, &asked).await?),
        None => None,
    };
    let composed = composed(&asked).await?;
    let report = &composed.report;
    if made.is_none() {
        counts.count(&asked.style, report.grade(), report.grade() < asked.least);
    }
    let graded = Graded {
        asked: &asked,
        report,
        request: &composed.request,
    };
    graded.required(app).await?;
    let scannability = if enhanced {
        Some(graded.explained(app).await?.renamed(name))
    } else {
        None
    };
    let grade = GradeHeader::from(report);
    let took = millis(app.clock.instant().duration_since(started));
    let mut data = data(&asked, composed, took, enhanced);
    data.scannability = scannability;
    let concerns = made.as_ref().and_then(Made::concerns);
    data.file = made.map(|made| File::from(&made));
    Ok(Drawn {
        data,
        grade,
        concerns: concerns.map(|list| spelling::message(&list, name)),
    })
}

/// Outlines and pictures take their time, which no other request shall wait for.
async fn composed(asked: &Asked) -> Result<Composed> {
    let (spec, style) = (asked.spec.clone(), Arc::new(asked.style.clone()));
    let compose = move || {
        let request = Request::new(spec).map_err(|faults| graded::spelled(faults.into_error()))?;
        let symbol = request.symbol().map_err(graded::spelled)?;
        let scene = compose_apart(&symbol, &style, request.border);
        Ok(Composed {
            report: grade(&scene, &symbol),
            parts: Parts::of(&scene),
            request,
            symbol,
        })
    };
    let composed = tokio::task::spawn_blocking(compose).await;
    composed.map_err(|e| Error::caused(Kind::Internal, "composing was cut off", e))?
}

fn data(asked: &Asked, composed: Composed, took_ms: f64, enhanced: bool) -> Data {
    let Composed {
        symbol,
        mut parts,
        request,
        ..
    } = composed;
    let side = symbol.matrix().modules();
    let count = |matrix: &symbol::Matrix| {
        let rows = (0..side).map(|y| matrix.runs(y).map(|run| run.len()).sum::<usize>());
        rows.sum::<usize>() as u64
    };
    let total = (side * side) as u64;
    let level = symbol.level();
    #[allow(clippy::cast_precision_loss)] // At most 177 x 177.
    let dark_share = (count(symbol.matrix()) as f64 / total as f64 * 1e4).round() / 1e4;
    let metadata = Metadata {
        generation_time_ms: took_ms,
        engine_version: env!("CARGO_PKG_VERSION").to_owned(),
        quiet_zone: asked.spec.border,
        total_modules: total,
        modules_per_side: enhanced.then_some(side as u64),
        mask: enhanced.then(|| symbol.mask().reference()),
        data_length: enhanced.then_some(asked.spec.content.len() as u64),
        error_correction_capacity: enhanced.then(|| level.restores()),
        dark_share: enhanced.then_some(dark_share),
        content_hash: hex(&request.digest()),
    };
    let some = |pieces: Vec<_>| {
        let pieces: Vec<_> = pieces.into_iter().map(Path::from).collect();
        (!pieces.is_empty()).then_some(pieces)
    };
    Data {
        data_paths: some(std::mem::take(&mut parts.shades)),
        strokes: some(std::mem::take(&mut parts.strokes)),
        total_modules: total,
        data_modules: count(symbol.data_area()),
        version: symbol.version().number(),
        micro: symbol.version().is_micro(),
        error_correction: level.label().to_ascii_uppercase(),
        quiet_zone: asked.spec.border,
        view_box: format!("0 0 {} {}", parts.width, parts.height),
        eyes: (std::mem::take(&mut parts.eyes).into_iter())
            .map(Eye::from)
            .collect(),
        definitions: definitions(&mut parts, &format!("q{}", &metadata.content_hash[..8])),
        overlays: overlays(&mut parts),
        styles: styles(&parts),
        path_data: parts.data.path,
        metadata: Some(metadata),
        scannability: None,
        file: None,
    }
}

impl Data {
    /// Bytes of its long texts, about.
    pub fn weight(&self) -> usize {
        let images = &self.overlays.images;
        let logo = self.overlays.logo.iter().map(|logo| &logo.image);
        let paths = self.data_paths.iter().chain(&self.strokes).flatten();
        let file = self.file.iter();
        self.path_data.len()
            + paths.map(|path| path.path.len()).sum::<usize>()
            + logo
                .chain(images)
                .map(|image| image.href.len())
                .sum::<usize>()
            + file.map(File::weight).sum::<usize>()
    }

    pub fn without_metadata(self) -> Self {
        Self {
            metadata: None,
            ..self
        }
    }
}

impl File {
    fn weight(&self) -> usize {
        let texts = [&self.svg, &self.text, &self.image];
        texts.into_iter().flatten().map(String::len).sum()
    }
}

impl From<&Made> for File {
    fn from(made: &Made) -> Self {
        let told = made.told();
        let [width, height] = made.size();
        Self {
            format: made.format().label().to_owned(),
            width,
            height,
            svg: told.svg,
            text: told.text,
            image: told.image,
        }
    }
}
