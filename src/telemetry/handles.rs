//! Handles to declared metrics. Registering costs a hash and a lock, using one costs an atomic: so register
//! once, when a component is built.

use std::sync::Arc;

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, SharedString, Unit,
};

use super::{
    OBSERVED,
    catalogue::{self, Kind, Metric},
    trace,
};
use crate::kernel::{SharedClock, clock::Instant};

static METADATA: Metadata<'static> = Metadata::new("qr-observatory", Level::INFO, None);

/// A label's value: static, so that cardinality is bounded by the source code (route templates are interned).
pub type LabelValue = &'static str;

/// A counter that exists, at 0, from now on.
pub fn counter(metric: &'static Metric, labels: &[LabelValue]) -> Counter {
    if !OBSERVED {
        return Counter::noop();
    }
    metrics::with_recorder(|r| r.register_counter(&key(metric, Kind::Counter, labels), &METADATA))
}

pub fn gauge(metric: &'static Metric, labels: &[LabelValue]) -> Gauge {
    if !OBSERVED {
        return Gauge::noop();
    }
    metrics::with_recorder(|r| r.register_gauge(&key(metric, Kind::Gauge, labels), &METADATA))
}

pub fn histogram(metric: &'static Metric, labels: &[LabelValue]) -> Histogram {
    if !OBSERVED {
        return Histogram::noop();
    }
    metrics::with_recorder(|r| {
        r.register_histogram(&key(metric, Kind::Histogram, labels), &METADATA)
    })
}

/// Label values come in the order in which the catalogue declares the labels.
fn key(metric: &'static Metric, kind: Kind, values: &[LabelValue]) -> Key {
    debug_assert_eq!(
        metric.kind, kind,
        "{} is declared as another kind",
        metric.name
    );
    debug_assert_eq!(
        metric.labels.len(),
        values.len(),
        "{} has other labels",
        metric.name
    );
    let labels: Vec<Label> = metric
        .labels
        .iter()
        .zip(values)
        .map(|(name, value)| Label::from_static_parts(name, value))
        .collect();
    Key::from_parts(metric.name, labels)
}

pub(super) fn describe(metric: &'static Metric) {
    let name = KeyName::from_const_str(metric.name);
    let unit = match metric.unit {
        "seconds" => Some(Unit::Seconds),
        "bytes" => Some(Unit::Bytes),
        _ => None,
    };
    let help = SharedString::const_str(metric.help);
    metrics::with_recorder(|r| match metric.kind {
        Kind::Counter => r.describe_counter(name, unit, help),
        Kind::Gauge => r.describe_gauge(name, unit, help),
        Kind::Histogram => r.describe_histogram(name, unit, help),
    });
}

/// How a measured operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    Error,
}

impl Outcome {
    #[must_use]
    pub const fn of<T, E>(result: &Result<T, E>) -> Self {
        match result {
            Ok(_) => Self::Ok,
            Err(_) => Self::Error,
        }
    }

    #[must_use]
    pub const fn label(self) -> LabelValue {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }
}

/// Measures one named database operation (`qr_store_operation_duration_seconds`). Make it once, clone freely.
#[derive(Clone)]
pub struct StoreTimer(Arc<StoreTimerInner>);

struct StoreTimerInner {
    operation: LabelValue,
    clock: SharedClock,
    ok: Histogram,
    error: Histogram,
}

impl StoreTimer {
    /// `operation` is `<aggregate>.<verb>`, e.g. `codes.get`.
    #[must_use]
    pub fn new(clock: SharedClock, operation: LabelValue) -> Self {
        Self(Arc::new(StoreTimerInner {
            operation,
            clock,
            ok: histogram(
                &catalogue::STORE_DURATION,
                &[operation, Outcome::Ok.label()],
            ),
            error: histogram(
                &catalogue::STORE_DURATION,
                &[operation, Outcome::Error.label()],
            ),
        }))
    }

    /// Runs `work` and records how long it took and how it ended.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn time<T, E>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        if !OBSERVED {
            return work.await;
        }
        let start: Instant = self.0.clock.instant();
        let result = trace::of_store(("sql", self.0.operation), work).await;
        let took = self.0.clock.instant().saturating_duration_since(start);
        match Outcome::of(&result) {
            Outcome::Ok => self.0.ok.record(took),
            Outcome::Error => self.0.error.record(took),
        }
        result
    }
}
