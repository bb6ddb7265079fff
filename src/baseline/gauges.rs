//! The stored baseline as metrics, so that Prometheus can compare with it.
//!
//! Invariant: the gauges are those of the file as it is, or of no baseline. A series cannot be taken back while the process
//! runs: what the file no longer has goes to 0 where that is true of it (a rate), and to NaN, which no comparison is true
//! of, where 0 would say something else.

use std::{
    collections::BTreeMap,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use metrics::Gauge;
use parking_lot::Mutex;

use super::{Baseline, Quantiles, Route, file};
use crate::telemetry::{
    catalogue::{self, Metric},
    handles,
    labels::{Experiment, Quantile},
};

/// As many routes as may ever become labels: those of a few releases.
const MAX_LABELS: usize = 600;

pub struct Gauges {
    dir: PathBuf,
    timestamp: Gauge,
    window: Gauge,
    shown: Mutex<Shown>,
}

#[derive(Default)]
struct Shown {
    /// The file that was read last. None is what a start begins with: all at 0.
    file: Option<Stamp>,
    routes: BTreeMap<String, RouteGauges>,
    arms: BTreeMap<&'static str, Vec<Gauge>>,
}

/// When it was written, how long it is, and which one it is: a rename puts another one there.
type Stamp = (SystemTime, u64, u64);

struct RouteGauges {
    rate: Gauge,
    errors: Gauge,
    durations: Vec<Gauge>,
}

impl Gauges {
    /// Of the baseline in this folder, as it is now.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        let gauges = Self {
            dir: dir.to_owned(),
            timestamp: handles::gauge(&catalogue::BASELINE_TIMESTAMP, &[]),
            window: handles::gauge(&catalogue::BASELINE_WINDOW, &[]),
            shown: Mutex::default(),
        };
        gauges.observe();
        gauges
    }

    /// Reads the file if it is another one than last time. Called before a scrape.
    pub fn observe(&self) {
        let mut shown = self.shown.lock();
        let stamp = stamp(&file::path(&self.dir));
        if shown.file == stamp {
            return;
        }
        shown.file = stamp;
        let stored = file::read(&self.dir).unwrap_or_else(|e| {
            // Once: it is not read again before it changes.
            tracing::warn!("{}; going on without one: {}", e.message(), e.chain());
            None
        });
        self.show(&mut shown, stored.as_ref());
    }

    #[allow(clippy::cast_precision_loss)] // a gauge
    fn show(&self, shown: &mut Shown, stored: Option<&Baseline>) {
        self.timestamp
            .set(stored.map_or(0.0, |b| b.captured_at_seconds as f64));
        self.window.set(stored.map_or(0.0, |b| b.window_seconds));
        shown.clear();
        let Some(stored) = stored else {
            return;
        };
        for (name, route) in &stored.routes {
            shown.route(name, route);
        }
        for experiment in Experiment::ALL {
            if let Some(runs) = stored.arms.get(experiment.label()) {
                shown.arm(experiment.label(), &runs.duration_seconds);
            }
        }
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.modified().ok()?, file.len(), file.ino()))
}

impl Shown {
    fn clear(&self) {
        for route in self.routes.values() {
            route.rate.set(0.0);
            route.errors.set(f64::NAN);
            route.durations.iter().for_each(|g| g.set(f64::NAN));
        }
        for gauge in self.arms.values().flatten() {
            gauge.set(f64::NAN);
        }
    }

    fn route(&mut self, name: &str, route: &Route) {
        if !self.routes.contains_key(name) {
            if self.routes.len() >= MAX_LABELS {
                return;
            }
            self.routes.insert(name.to_owned(), RouteGauges::new(name));
        }
        if let Some(gauges) = self.routes.get(name) {
            gauges.rate.set(route.request_rate);
            gauges.errors.set(route.error_ratio);
            set(&gauges.durations, &route.duration_seconds);
        }
    }

    fn arm(&mut self, experiment: &'static str, duration: &Quantiles) {
        let gauges = self
            .arms
            .entry(experiment)
            .or_insert_with(|| quantiles(&catalogue::BASELINE_ARM_DURATION, experiment));
        set(gauges, duration);
    }
}

impl RouteGauges {
    fn new(name: &str) -> Self {
        // A label lives as long as the process; there are at most so many.
        let label: &'static str = Box::leak(name.to_owned().into_boxed_str());
        Self {
            rate: handles::gauge(&catalogue::BASELINE_RATE, &[label]),
            errors: handles::gauge(&catalogue::BASELINE_ERRORS, &[label]),
            durations: quantiles(&catalogue::BASELINE_DURATION, label),
        }
    }
}

fn quantiles(metric: &'static Metric, label: &'static str) -> Vec<Gauge> {
    let gauge = |q: &Quantile| handles::gauge(metric, &[label, q.label()]);
    Quantile::ALL.iter().map(gauge).collect()
}

fn set(gauges: &[Gauge], values: &Quantiles) {
    for (gauge, value) in gauges.iter().zip(values.all()) {
        gauge.set(value);
    }
}
