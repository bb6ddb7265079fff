//! Many symbols for one request: what all batches share.
//!
//! Invariant: answers are in the order of the questions, and one that fails keeps no other from being drawn unless the caller wants
//! that.

use std::{ops::RangeInclusive, sync::Arc};

use futures_util::{
    StreamExt as _,
    future::ready,
    stream::{self as streams, BoxStream},
};
use poem_openapi::Object;

use super::faults::Faults;
use crate::{
    app::App,
    kernel::{Error, clock::Instant, error::Detail, limits::BATCH_AT_ONCE},
};

/// Drawn at the same time, if nothing else is asked for.
pub const AT_ONCE: usize = 10;

/// Why one was not drawn.
#[derive(Object)]
#[oai(rename = "StyledBatchFailure")]
pub struct Failure {
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

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let fields = error.details().iter().map(|detail| FieldFailure {
            field: detail.field.clone().into_owned(),
            message: detail.message.clone().into_owned(),
        });
        Self {
            status: error.kind().status(),
            detail: error.message().to_owned(),
            errors: fields.collect(),
        }
    }
}

/// What a caller may ask of a batch. `at_once`: with the name of its field.
///
/// # Errors
/// `Invalid`.
pub fn checked(
    codes: usize,
    most: &RangeInclusive<usize>,
    (field, at_once): (&'static str, usize),
) -> Result<(), Error> {
    let mut faults = Faults::default();
    if !most.contains(&codes) {
        let (least, most) = (most.start(), most.end());
        faults.add("codes", format!("must have {least} to {most} items"));
    }
    if !BATCH_AT_ONCE.contains(&at_once) {
        let most = BATCH_AT_ONCE.end();
        faults.add(field, format!("must be between 1 and {most}"));
    }
    faults.finish()
}

/// A fault of the `n`th question as one of the batch.
pub fn of_code(n: usize, detail: &Detail) -> Detail {
    let is_content = |field: &str| matches!(field, "data" | "payload" | "style_name");
    let below = if is_content(&detail.field) || detail.field.starts_with("payload.") {
        ""
    } else {
        "options."
    };
    Detail {
        field: format!("codes[{n}].{below}{}", detail.field).into(),
        message: detail.message.clone(),
    }
}

/// What becomes of each question, in order. `stop`: nothing more after one that fails.
pub fn outcomes<Q, T, F>(
    questions: Vec<Q>,
    at_once: usize,
    stop: bool,
    make: impl Fn(Q) -> F + Send + 'static,
) -> BoxStream<'static, (usize, Result<T, Error>)>
where
    Q: Send + 'static,
    T: Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    let numbered = move |(n, question): (usize, Q)| {
        let outcome = make(question);
        async move { (n, outcome.await) }
    };
    let outcomes = streams::iter(questions.into_iter().enumerate())
        .map(numbered)
        .buffered(at_once);
    if !stop {
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

/// How many there were.
pub struct Tally {
    pub total: usize,
    pub successful: usize,
    pub failed: usize,
    app: Arc<App>,
    started: Instant,
}

impl Tally {
    pub fn new(app: &Arc<App>, total: usize) -> Self {
        Self {
            total,
            successful: 0,
            failed: 0,
            started: app.clock.instant(),
            app: Arc::clone(app),
        }
    }

    pub fn add<T>(&mut self, outcome: &Result<T, Error>) {
        match outcome {
            Ok(_) => self.successful += 1,
            Err(_) => self.failed += 1,
        }
    }

    pub const fn skipped(&self) -> usize {
        self.total - self.successful - self.failed
    }

    /// Since it began.
    pub fn millis(&self) -> f64 {
        super::v2::made::millis(self.app.clock.instant().duration_since(self.started))
    }
}
