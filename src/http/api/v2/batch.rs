//! `POST /api/v2/qr/batch`: many symbols for one request.
//!
//! Invariant: answers are in the order of the questions, and one that fails keeps no other from being drawn unless the caller wants
//! that.

mod stream;

use std::sync::Arc;

use futures_util::{StreamExt as _, stream::BoxStream};
use poem::{Body, Request, Result, web::Data};
use poem_openapi::{
    ApiResponse, Object, OpenApi, ResponseContent,
    payload::{Binary, Json},
};
use serde::Deserialize;

use super::{
    counts::Counts,
    graded::Scannability,
    made::{Made, Metadata, Question, Told},
};
use crate::{
    app::App,
    http::{
        api::{
            Group,
            many::{self, Failure, Tally},
        },
        extract::Input,
        may::Public,
    },
    identity::act,
    kernel::{
        Ctx, Error, Kind,
        limits::{BATCH_BYTES, BATCH_SYMBOLS},
    },
};

pub struct Batch {
    counts: Arc<Counts>,
}

/// Symbols to draw.
#[derive(Deserialize, Object)]
#[oai(rename = "StyledBatch")]
#[serde(deny_unknown_fields)]
struct Questions {
    /// 1 to 1000
    #[oai(validator(min_items = 1, max_items = 1000))]
    codes: Vec<Question>,
    #[serde(default)]
    #[oai(default)]
    options: BatchOptions,
}

#[derive(Deserialize, Object)]
#[oai(rename = "StyledBatchOptions", rename_all = "camelCase")]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct BatchOptions {
    /// So many are drawn at the same time: 1 to 100 (10)
    #[oai(default = "at_once")]
    max_concurrent: usize,
    /// Tell version, size and so on of each (true)
    #[oai(default = "yes")]
    include_metadata: bool,
    /// Draw nothing if one of them is not acceptable, and nothing more after one that fails (false)
    #[oai(default)]
    stop_on_error: bool,
}

fn at_once() -> usize {
    many::AT_ONCE
}

fn yes() -> bool {
    true
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self {
            max_concurrent: many::AT_ONCE,
            include_metadata: true,
            stop_on_error: false,
        }
    }
}

/// One of the symbols.
#[derive(Object)]
#[oai(rename = "StyledBatchItem", skip_serializing_if_is_none)]
struct Item {
    /// Of the question, from 0
    index: usize,
    success: bool,
    /// The document, if an SVG was asked for
    svg: Option<String>,
    /// Lines of characters, if text was asked for
    text: Option<String>,
    /// Any other file as a data URL (RFC 2397)
    image: Option<String>,
    /// Its name in a ZIP file
    file: Option<String>,
    metadata: Option<Metadata>,
    scannability: Option<Scannability>,
    error: Option<Failure>,
}

impl Item {
    fn tell(&mut self, made: &Made) {
        let Told { svg, text, image } = made.told();
        (self.svg, self.text, self.image) = (svg, text, image);
    }
}

/// How many there were.
#[derive(Object)]
#[oai(rename = "StyledBatchSummary", rename_all = "camelCase")]
struct Summary {
    total: usize,
    successful: usize,
    failed: usize,
    /// Not tried, with `stopOnError`
    skipped: usize,
    processing_time_ms: f64,
}

/// All of them.
#[derive(Object)]
#[oai(rename = "StyledBatchDrawn")]
pub(super) struct Answer {
    /// All were drawn
    success: bool,
    results: Vec<Item>,
    summary: Summary,
}

#[derive(ResponseContent)]
pub(super) enum Content {
    Json(Json<Answer>),
    /// A line of JSON for each, as it is made, and one with the summary.
    #[oai(content_type = "application/x-ndjson")]
    Lines(Binary<Body>),
    /// The files `0000.svg`, …, and `results.json`.
    #[oai(content_type = "application/zip")]
    Zip(Binary<Body>),
}

#[derive(ApiResponse)]
pub(super) enum Drawn {
    /// What was drawn, and what was not.
    #[oai(status = 200)]
    Drawn(Content),
}

#[OpenApi(tag = "Group::Symbols")]
impl Batch {
    /// Draw many symbols
    ///
    /// `Accept: application/x-ndjson` has each as soon as it is made, `application/zip` as files.
    #[oai(
        path = "/api/v2/qr/batch",
        method = "post",
        operation_id = "generate_symbols"
    )]
    async fn batch(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        request: &Request,
        may: Public<act::Render>,
        body: Input<Questions>,
    ) -> Result<Drawn> {
        let Questions { mut codes, options } = body.0;
        let at_once = options.max_concurrent;
        many::checked(
            codes.len(),
            &BATCH_SYMBOLS,
            ("options.maxConcurrent", at_once),
        )?;
        let total = codes.len();
        let counted = u32::try_from(total).unwrap_or(u32::MAX);
        may.count(&app, &ctx, ("codes", counted))?;
        Question::look_up(&mut codes, &app, &may).await?;
        let tally = Tally::new(&app, total);
        if options.stop_on_error {
            check_all(&app, &codes).await?;
        }
        let run = Run {
            symbols: self.symbols(&app, &ctx, codes, &options),
            include_metadata: options.include_metadata,
            tally,
        };
        Ok(Drawn::Drawn(content(run, request).await))
    }
}

/// The kind of answer that the caller wants.
pub(super) async fn content(run: Run, request: &Request) -> Content {
    match stream::wanted(request) {
        stream::Wanted::Json => Content::Json(Json(run.answer().await)),
        stream::Wanted::Lines => Content::Lines(Binary(stream::lines(run))),
        stream::Wanted::Zip => Content::Zip(Binary(stream::zip(run))),
    }
}

/// What becomes of one question.
pub(super) type Outcome = (usize, Result<(Made, Scannability), Error>);

impl Batch {
    pub fn new(counts: &Arc<Counts>) -> Self {
        Self {
            counts: Arc::clone(counts),
        }
    }

    fn symbols(
        &self,
        app: &Arc<App>,
        ctx: &Ctx,
        codes: Vec<Question>,
        options: &BatchOptions,
    ) -> BoxStream<'static, Outcome> {
        let (app, ctx, counts) = (Arc::clone(app), ctx.clone(), Arc::clone(&self.counts));
        // Each is read when its turn comes: a thousand logos at once would be a gigabyte.
        let make = move |code: Question| {
            let (app, ctx, counts) = (Arc::clone(&app), ctx.clone(), Arc::clone(&counts));
            async move { Made::answering(&app, &ctx, &counts, &code).await }
        };
        many::outcomes(codes, options.max_concurrent, options.stop_on_error, make)
    }
}

/// Whether all questions are acceptable, before anything is drawn.
///
/// # Errors
/// `Invalid`, naming what is wrong in each.
pub async fn check_all(app: &App, codes: &[Question]) -> Result<(), Error> {
    let mut details = Vec::new();
    for (n, code) in codes.iter().enumerate() {
        let Err(error) = code.asked(&app.materials).await else {
            continue;
        };
        if error.details().is_empty() {
            return Err(error);
        }
        let own = error.details().iter();
        details.extend(own.map(|detail| many::of_code(n, detail)));
    }
    if details.is_empty() {
        Ok(())
    } else {
        Err(Error::invalid_fields(details))
    }
}

/// Symbols on their way, and what became of those before.
pub(super) struct Run {
    pub symbols: BoxStream<'static, Outcome>,
    pub include_metadata: bool,
    pub tally: Tally,
}

impl Run {
    /// The next one, and what was drawn.
    async fn next(&mut self) -> Option<(Item, Option<Made>)> {
        let (index, made) = self.symbols.next().await?;
        self.tally.add(&made);
        let mut item = Item {
            index,
            success: made.is_ok(),
            svg: None,
            text: None,
            image: None,
            file: None,
            metadata: None,
            scannability: None,
            error: None,
        };
        match made {
            Ok((made, scannability)) => {
                item.metadata = self.include_metadata.then(|| made.metadata());
                item.scannability = Some(scannability);
                Some((item, Some(made)))
            }
            Err(e) => {
                item.error = Some(Failure::from(&e));
                Some((item, None))
            }
        }
    }

    fn summary(&self) -> Summary {
        Summary {
            total: self.tally.total,
            successful: self.tally.successful,
            failed: self.tally.failed,
            skipped: self.tally.skipped(),
            processing_time_ms: self.tally.millis(),
        }
    }

    async fn answer(mut self) -> Answer {
        let (mut results, mut bytes) = (Vec::with_capacity(self.tally.total), 0);
        while let Some((mut item, made)) = self.next().await {
            if let Some(made) = made {
                bytes += made.bytes().len();
                if bytes > BATCH_BYTES {
                    self.tally.successful -= 1;
                    self.tally.failed += 1;
                    item = Item {
                        success: false,
                        metadata: None,
                        scannability: None,
                        error: Some(Failure::from(&too_large())),
                        ..item
                    };
                } else {
                    item.tell(&made);
                }
            }
            results.push(item);
        }
        let summary = self.summary();
        Answer {
            success: summary.successful == summary.total,
            results,
            summary,
        }
    }
}

fn too_large() -> Error {
    let message = "the files before this one fill the answer: ask for fewer, or with Accept: application/zip or application/x-ndjson";
    Error::new(Kind::TooLarge, message)
}
