//! `POST /api/v3/qr/batch`: up to 50 symbols in parts.

use std::sync::Arc;

use futures_util::StreamExt as _;
use poem::{Result, web::Data};
use poem_openapi::{Object, OpenApi, payload::Json};
use serde::Deserialize;

use super::{
    answer::{self, drawn},
    options::{Question, name},
};
use crate::{
    app::App,
    http::{
        api::{
            Group,
            many::{self, Failure, Tally},
            spelling::spelled,
            v2::{batch::check_all, counts::Counts, made},
        },
        extract::Input,
        may::Public,
    },
    identity::act,
    kernel::{
        Ctx, Error, Kind,
        limits::{BATCH_BYTES, BATCH_STRUCTURED},
    },
};

pub struct Batch {
    counts: Arc<Counts>,
}

/// Symbols to draw.
#[derive(Deserialize, Object)]
#[oai(rename = "StructuredBatch")]
#[serde(deny_unknown_fields)]
struct Questions {
    /// 1 to 50
    #[oai(validator(min_items = 1, max_items = 50))]
    codes: Vec<Question>,
    #[oai(default)]
    #[serde(default)]
    options: BatchOptions,
}

#[derive(Deserialize, Object)]
#[oai(rename = "StructuredBatchOptions")]
#[serde(deny_unknown_fields, default)]
struct BatchOptions {
    /// So many are drawn at the same time: 1 to 100 (10)
    max_concurrent: usize,
    /// Tell `metadata` of each (true)
    include_metadata: bool,
    /// Draw nothing if one of them is not acceptable, and nothing more after one that fails (false)
    stop_on_error: bool,
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
#[oai(rename = "StructuredBatchItem", skip_serializing_if_is_none)]
struct Item {
    /// Of the question, from 0
    index: usize,
    success: bool,
    data: Option<answer::Data>,
    error: Option<Failure>,
}

/// How many there were.
#[derive(Object)]
#[oai(rename = "StructuredBatchSummary")]
struct Summary {
    total: usize,
    successful: usize,
    failed: usize,
    /// Not tried, with `stop_on_error`
    skipped: usize,
    processing_time_ms: f64,
}

/// All of them.
#[derive(Object)]
#[oai(rename = "StructuredBatchDrawn")]
struct Answer {
    /// All were drawn
    success: bool,
    results: Vec<Item>,
    summary: Summary,
}

#[OpenApi(tag = "Group::Symbols")]
impl Batch {
    /// Draw many symbols in parts
    #[oai(
        path = "/api/v3/qr/batch",
        method = "post",
        operation_id = "generate_symbol_parts_batch"
    )]
    async fn batch(
        &self,
        app: Data<&Arc<App>>,
        ctx: Data<&Ctx>,
        may: Public<act::Render>,
        body: Input<Questions>,
    ) -> Result<Json<Answer>> {
        let Questions { codes, options } = body.0;
        let at_once = ("options.max_concurrent", options.max_concurrent);
        many::checked(codes.len(), &BATCH_STRUCTURED, at_once)?;
        let counted = u32::try_from(codes.len()).unwrap_or(u32::MAX);
        may.count(&app, &ctx, ("codes", counted))?;
        let mut codes: Vec<_> = codes.into_iter().map(made::Question::from).collect();
        made::Question::look_up(&mut codes, &app, &may).await?;
        Ok(Json(self.drawn(&app, &ctx, codes, &options).await?))
    }
}

impl Batch {
    pub fn new(counts: &Arc<Counts>) -> Self {
        Self {
            counts: Arc::clone(counts),
        }
    }

    async fn drawn(
        &self,
        app: &Arc<App>,
        ctx: &Ctx,
        codes: Vec<made::Question>,
        options: &BatchOptions,
    ) -> Result<Answer, Error> {
        let mut tally = Tally::new(app, codes.len());
        if options.stop_on_error {
            let checked = check_all(app, &codes).await;
            checked.map_err(|e| spelled(e, name))?;
        }
        let (app, ctx, counts) = (Arc::clone(app), ctx.clone(), Arc::clone(&self.counts));
        let make = move |code: made::Question| {
            let (app, ctx, counts) = (Arc::clone(&app), ctx.clone(), Arc::clone(&counts));
            async move { drawn(&app, &ctx, &counts, &code, true).await }
        };
        let mut outcomes =
            many::outcomes(codes, options.max_concurrent, options.stop_on_error, make);
        let (mut results, mut bytes) = (Vec::with_capacity(tally.total), 0);
        while let Some((index, outcome)) = outcomes.next().await {
            let outcome = outcome.and_then(|drawn| {
                bytes += drawn.data.weight();
                if bytes > BATCH_BYTES {
                    return Err(too_large());
                }
                Ok(drawn.data)
            });
            tally.add(&outcome);
            results.push(item(index, outcome, options.include_metadata));
        }
        Ok(Answer {
            success: tally.successful == tally.total,
            results,
            summary: Summary {
                total: tally.total,
                successful: tally.successful,
                failed: tally.failed,
                skipped: tally.skipped(),
                processing_time_ms: tally.millis(),
            },
        })
    }
}

fn item(index: usize, outcome: Result<answer::Data, Error>, include_metadata: bool) -> Item {
    let (data, error) = match outcome {
        Ok(data) if include_metadata => (Some(data), None),
        Ok(data) => (Some(data.without_metadata()), None),
        Err(e) => (None, Some(Failure::from(&e))),
    };
    Item {
        index,
        success: data.is_some(),
        data,
        error,
    }
}

fn too_large() -> Error {
    let message = "the symbols before this one fill the answer: ask for fewer";
    Error::new(Kind::TooLarge, message)
}
