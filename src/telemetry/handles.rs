//! Handles to declared metrics. Registering costs a hash and a lock, using one costs an atomic: so register
//! once, when a component is built.

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, SharedString, Unit,
};

use super::{
    OBSERVED,
    catalogue::{Kind, Metric},
};

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
