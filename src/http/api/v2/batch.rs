//! `POST /api/v2/qr/batch`: many symbols for one request.
//!
//! Invariant: answers are in the order of the questions, and one that fails keeps no other from being drawn unless the caller wants
//! that.

mod stream;

use std::sync::Arc;

use futures_util::{
    StreamExt as _,
    future::ready,
    stream::{self as streams, BoxStream},
};
use poem::{Body, Request, Result, web::Data};
use poem_openapi::{
    ApiResponse, Object, OpenApi, ResponseContent,
    payload::{Binary, Json},
};
use serde::Deserialize;

use super::{
    counts::Counts,
    graded::Scannability,
    made::{Made, Metadata, Question, millis},
    options::asked,
};
use crate::{
    app::App,
    http::{api::Group, extract::Input, may::Public},
    identity::act,
    kernel::{
        Ctx, Error, Kind,
        clock::Instant,
        error::Detail,
        limits::{BATCH_AT_ONCE, BATCH_BYTES, BATCH_SYMBOLS},
    },
};

/// Drawn at the same time, if nothing else is asked for.
const AT_ONCE: usize = 10;

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
    AT_ONCE
}

fn yes() -> bool {
    true
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self {
            max_concurrent: AT_ONCE,
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
    /// Any other file as a data URL (RFC 2397)
    image: Option<String>,
    /// Its name in a ZIP file
    file: Option<String>,
    metadata: Option<Metadata>,
    scannability: Option<Scannability>,
    error: Option<Failure>,
}

/// Why it was not drawn.
#[derive(Object)]
#[oai(rename = "StyledBatchFailure")]
struct Failure {
    /// That a request for this symbol alone would have
    status: u16,
    detail: String,
    errors: Vec<FieldFailure>,
}

#[derive(Object)]
#[oai(rename = "StyledBatchField")]
struct FieldFailure {
    field: String,
    message: String,
}

/// How many there were.
#[derive(Clone, Copy, Default, Object)]
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
struct Answer {
    /// All were drawn
    success: bool,
    results: Vec<Item>,
    summary: Summary,
}

#[derive(ResponseContent)]
enum Content {
    Json(Json<Answer>),
    /// A line of JSON for each, as it is made, and one with the summary.
    #[oai(content_type = "application/x-ndjson")]
    Lines(Binary<Body>),
    /// The files `0000.svg`, …, and `results.json`.
    #[oai(content_type = "application/zip")]
    Zip(Binary<Body>),
}

#[derive(ApiResponse)]
enum Drawn {
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
        let Questions { codes, options } = body.0;
        checked(codes.len(), options.max_concurrent)?;
        let total = codes.len();
        let counted = u32::try_from(total).unwrap_or(u32::MAX);
        may.count(&app, &ctx, ("codes", counted))?;
        let started = app.clock.instant();
        if options.stop_on_error {
            check_all(&app, &codes).await?;
        }
        let run = Run {
            summary: Summary {
                total,
                ..Summary::default()
            },
            symbols: self.symbols(&app, &ctx, codes, &options),
            include_metadata: options.include_metadata,
            app: Arc::clone(&app),
            started,
        };
        let content = match stream::wanted(request) {
            stream::Wanted::Json => Content::Json(Json(run.answer().await)),
            stream::Wanted::Lines => Content::Lines(Binary(stream::lines(run))),
            stream::Wanted::Zip => Content::Zip(Binary(stream::zip(run))),
        };
        Ok(Drawn::Drawn(content))
    }
}

/// What becomes of one question.
type Outcome = (usize, Result<(Made, Scannability), Error>);

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
        let make = move |(n, code): (usize, Question)| {
            let (app, ctx, counts) = (Arc::clone(&app), ctx.clone(), Arc::clone(&counts));
            async move { (n, Made::answering(&app, &ctx, &counts, &code).await) }
        };
        let outcomes = streams::iter(codes.into_iter().enumerate())
            .map(make)
            .buffered(options.max_concurrent);
        if !options.stop_on_error {
            return outcomes.boxed();
        }
        let mut has_failed = false;
        outcomes
            .take_while(move |(_, made)| {
                let goes_on = !has_failed;
                has_failed |= made.is_err();
                ready(goes_on)
            })
            .boxed()
    }
}

/// # Errors
/// `Invalid`.
fn checked(codes: usize, at_once: usize) -> Result<(), Error> {
    let mut details = Vec::new();
    let mut check = |field: &'static str, fits: bool, message: String| {
        if !fits {
            details.push(Detail {
                field: field.into(),
                message: message.into(),
            });
        }
    };
    let most = *BATCH_SYMBOLS.end();
    check(
        "codes",
        BATCH_SYMBOLS.contains(&codes),
        format!("must have 1 to {most} items"),
    );
    let most = *BATCH_AT_ONCE.end();
    check(
        "options.maxConcurrent",
        BATCH_AT_ONCE.contains(&at_once),
        format!("must be between 1 and {most}"),
    );
    if details.is_empty() {
        Ok(())
    } else {
        Err(Error::invalid_fields(details))
    }
}

/// Whether all questions are acceptable, before anything is drawn.
///
/// # Errors
/// `Invalid`, naming what is wrong in each.
async fn check_all(app: &App, codes: &[Question]) -> Result<(), Error> {
    let mut details = Vec::new();
    for (n, code) in codes.iter().enumerate() {
        let Err(error) = asked(&app.materials, &code.data, &code.options).await else {
            continue;
        };
        if error.details().is_empty() {
            return Err(error);
        }
        details.extend(error.details().iter().map(|detail| {
            Detail {
                field: match detail.field.as_ref() {
                    "data" => format!("codes[{n}].data"),
                    option => format!("codes[{n}].options.{option}"),
                }
                .into(),
                message: detail.message.clone(),
            }
        }));
    }
    if details.is_empty() {
        Ok(())
    } else {
        Err(Error::invalid_fields(details))
    }
}

/// Symbols on their way, and what became of those before.
struct Run {
    symbols: BoxStream<'static, Outcome>,
    summary: Summary,
    include_metadata: bool,
    app: Arc<App>,
    started: Instant,
}

impl Run {
    /// The next one, and what was drawn.
    async fn next(&mut self) -> Option<(Item, Option<Made>)> {
        let (index, made) = self.symbols.next().await?;
        let mut item = Item {
            index,
            success: made.is_ok(),
            svg: None,
            image: None,
            file: None,
            metadata: None,
            scannability: None,
            error: None,
        };
        match made {
            Ok((made, scannability)) => {
                self.summary.successful += 1;
                item.metadata = self.include_metadata.then(|| made.metadata());
                item.scannability = Some(scannability);
                Some((item, Some(made)))
            }
            Err(e) => {
                self.summary.failed += 1;
                item.error = Some(failure(&e));
                Some((item, None))
            }
        }
    }

    fn summary(&self) -> Summary {
        let Summary {
            total,
            successful,
            failed,
            ..
        } = self.summary;
        Summary {
            skipped: total - successful - failed,
            processing_time_ms: millis(self.app.clock.instant().duration_since(self.started)),
            ..self.summary
        }
    }

    async fn answer(mut self) -> Answer {
        let (mut results, mut bytes) = (Vec::with_capacity(self.summary.total), 0);
        while let Some((mut item, made)) = self.next().await {
            if let Some(made) = made {
                bytes += made.bytes().len();
                if bytes > BATCH_BYTES {
                    self.summary.successful -= 1;
                    self.summary.failed += 1;
                    item = Item {
                        success: false,
                        metadata: None,
                        scannability: None,
                        error: Some(failure(&too_large())),
                        ..item
                    };
                } else {
                    (item.svg, item.image) = made.text();
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

fn failure(error: &Error) -> Failure {
    let fields = error.details().iter().map(|detail| FieldFailure {
        field: detail.field.clone().into_owned(),
        message: detail.message.clone().into_owned(),
    });
    Failure {
        status: error.kind().status(),
        detail: error.message().to_owned(),
        errors: fields.collect(),
    }
}
