//! How the product does on a usual day: rates, failures and durations per route, and what the control's runs take. Alerts
//! and the go/no-go board compare with it.
//!
//! Invariant: a baseline is of one process: of what it counted between two looks at it, with no restart in between.

mod calibrate;
mod file;
mod gauges;
mod histogram;
mod observe;
mod scrape;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::kernel::{Error, Kind, Result};

pub use calibrate::{Calibration, Row, calibrate};
pub use file::{path, read};
pub use gauges::Gauges;
pub use histogram::Histogram;
pub use observe::{Progress, Source, capture, observe};
pub use scrape::{Counted, Scrape};

/// Of a route with fewer requests the slowest hundredth is a guess.
pub const ENOUGH: u64 = 100;
/// What the file says that it is. A file that says something else is not ours, or of another release.
const FORMAT: &str = "qr-observatory baseline 1";
/// Tolerance between two start times, which are whole seconds of a clock that may be set. A restart within it shows as a
/// counter that fell.
const SAME_START_SECONDS: f64 = 2.0;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    format: String,
    /// Unix time of the end of the window.
    pub captured_at_seconds: i64,
    pub window_seconds: f64,
    /// Whose: the address without credentials, and the release.
    pub url: String,
    pub version: String,
    /// By route template.
    pub routes: BTreeMap<String, Route>,
    /// The control's runs, by experiment.
    pub arms: BTreeMap<String, Runs>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// In the window.
    pub requests: u64,
    /// Per second.
    pub request_rate: f64,
    /// 5xx among all, 0 to 1.
    pub error_ratio: f64,
    pub duration_seconds: Quantiles,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Runs {
    /// In the window.
    pub runs: u64,
    pub duration_seconds: Quantiles,
}

/// In seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
}

impl Quantiles {
    fn of(histogram: &Histogram) -> Option<Self> {
        Some(Self {
            p50: short(histogram.quantile(0.5)?),
            p95: short(histogram.quantile(0.95)?),
            p99: short(histogram.quantile(0.99)?),
        })
    }

    /// In the order of `labels::Quantile`.
    const fn all(&self) -> [f64; 3] {
        [self.p50, self.p95, self.p99]
    }
}

/// What the alerts call traffic (`prometheus/rules/traffic.yml`): not health checks, metrics and paths that do not exist.
#[must_use]
pub fn is_traffic(route: &str) -> bool {
    ["/r/", "/api/", "/v1/"]
        .iter()
        .any(|below| route.starts_with(below))
        || matches!(route, "/qr" | "/chart")
}

/// When, how long, and whose.
#[derive(Clone, Debug)]
pub struct Window {
    pub captured_at_seconds: i64,
    pub seconds: f64,
    pub url: String,
}

impl Baseline {
    /// From two looks at one process.
    ///
    /// # Errors
    /// `Conflict` when it was restarted in between, or had no traffic.
    pub fn between(before: &Scrape, after: &Scrape, window: Window) -> Result<Self> {
        same_process(before, after)?;
        let none = Counted::default();
        let mut routes = BTreeMap::new();
        for (name, now) in &after.routes {
            // What asks for metrics, this too, is no usage.
            if name == "/metrics" {
                continue;
            }
            let then = before.routes.get(name).unwrap_or(&none);
            if let Some(route) = Route::between(then, now, window.seconds)? {
                routes.insert(name.clone(), route);
            }
        }
        if !routes.keys().any(|name| is_traffic(name)) {
            return Err(Error::new(
                Kind::Conflict,
                format!(
                    "there was no traffic within {:.0} s: observe in a usual hour, or under scripts/load_test.py",
                    window.seconds
                ),
            ));
        }
        let mut arms = BTreeMap::new();
        for (name, now) in &after.arms {
            let then = before.arms.get(name).cloned().unwrap_or_default();
            let runs = now.since(&then).ok_or_else(restarted)?;
            if let Some(duration_seconds) = Quantiles::of(&runs) {
                let runs = whole(runs.count());
                arms.insert(
                    name.clone(),
                    Runs {
                        runs,
                        duration_seconds,
                    },
                );
            }
        }
        Ok(Self {
            format: FORMAT.to_owned(),
            captured_at_seconds: window.captured_at_seconds,
            window_seconds: short(window.seconds),
            url: window.url,
            version: after.version.clone(),
            routes,
            arms,
        })
    }

    /// Requests per second that the alerts call traffic.
    #[must_use]
    pub fn traffic_rate(&self) -> f64 {
        let traffic = self.routes.iter().filter(|(name, _)| is_traffic(name));
        traffic.map(|(_, route)| route.request_rate).sum()
    }

    /// Routes with too few requests to know how slow the slowest are.
    pub fn guessed(&self) -> impl Iterator<Item = &str> {
        let few = self.routes.iter().filter(|(_, r)| r.requests < ENOUGH);
        few.map(|(name, _)| name.as_str())
    }
}

impl Route {
    /// `None` for a route without traffic.
    fn between(before: &Counted, after: &Counted, seconds: f64) -> Result<Option<Self>> {
        let (requests, failures) = (
            after.requests - before.requests,
            after.failures - before.failures,
        );
        if requests < 0.0 || failures < 0.0 {
            return Err(restarted());
        }
        let duration = after.duration.since(&before.duration);
        let duration = duration.ok_or_else(restarted)?;
        let quantiles = Quantiles::of(&duration).filter(|_| requests > 0.0);
        Ok(quantiles.map(|duration_seconds| Self {
            requests: whole(requests),
            request_rate: short(requests / seconds.max(f64::MIN_POSITIVE)),
            error_ratio: short(failures / requests),
            duration_seconds,
        }))
    }
}

/// # Errors
/// `Conflict` when the two are not of one process.
fn same_process(before: &Scrape, after: &Scrape) -> Result<()> {
    match (before.started, after.started) {
        (Some(a), Some(b)) if (a - b).abs() < SAME_START_SECONDS => Ok(()),
        _ => Err(restarted()),
    }
}

fn restarted() -> Error {
    let message =
        "the server was restarted while it was observed (or several answer there): observe again";
    Error::new(Kind::Conflict, message)
}

/// Nine decimals: a nanosecond. So few digits that the number comes back from a file as it was.
fn short(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts
fn whole(count: f64) -> u64 {
    count as u64
}

#[cfg(test)]
mod tests;
