//! What thresholds the observed numbers suggest, beside those that the shipped alerts have.
//!
//! Invariant: proposes, and changes nothing. The thresholds in force are those of `alerts/*.yml`; a test holds the two
//! together.

use super::{Baseline, ENOUGH};
use crate::telemetry::catalogue;

/// `LatencyP95High`, `LatencyHigh`: seconds.
const P95: f64 = 0.5;
const P99: f64 = 1.0;
/// `LatencyAboveBaseline`, `CandidateAboveBaseline`: a multiple of the baseline, and the least threshold in seconds.
const ABOVE: f64 = 1.5;
const UNNOTICED: f64 = 0.005;
const ARM_UNNOTICED: f64 = 0.000_1;
/// `TrafficSurge`, `TrafficDrop`: times the baseline, and the traffic below which they keep still (per second).
const SURGE: f64 = 3.0;
const SURGE_FLOOR: f64 = 10.0;
const DROP: f64 = 0.25;
const DROP_FLOOR: f64 = 1.0;

/// One alert's threshold for one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub alert: &'static str,
    /// A route, an experiment, or `all traffic`.
    pub of: String,
    /// `s` or `requests/s`.
    pub unit: &'static str,
    pub observed: f64,
    pub baseline: Option<f64>,
    /// In force; `None` where it needs a baseline and there is none, or too little traffic in it.
    pub threshold: Option<f64>,
    /// From what was observed; `None` where there was too little of it.
    pub proposed: Option<f64>,
    /// Whether what was observed is beyond the threshold in force.
    pub beyond: bool,
}

impl Row {
    /// Of the proposal from the threshold in force, 0.5 for half as much again.
    #[must_use]
    pub fn change(&self) -> Option<f64> {
        let (proposed, threshold) = (self.proposed?, self.threshold?);
        (threshold > 0.0).then(|| proposed / threshold - 1.0)
    }
}

/// The observation, the stored baseline, and the proposal.
#[derive(Clone, Debug)]
pub struct Calibration {
    pub observed: Baseline,
    pub stored: Option<Baseline>,
    pub rows: Vec<Row>,
    /// Routes that were asked for too rarely to propose anything.
    pub skipped: Vec<String>,
}

/// Compares.
#[must_use]
pub fn calibrate(observed: Baseline, stored: Option<Baseline>) -> Calibration {
    let mut rows = traffic(&observed, stored.as_ref());
    for (name, now) in &observed.routes {
        if now.requests >= ENOUGH {
            let then = stored.as_ref().and_then(|s| s.routes.get(name));
            let then = then.map(|r| r.duration_seconds);
            rows.extend(latency(name, now.duration_seconds, then));
        }
    }
    for (name, now) in &observed.arms {
        if now.runs >= ENOUGH {
            let then = stored.as_ref().and_then(|s| s.arms.get(name));
            let then = then.map(|r| r.duration_seconds.p95);
            rows.push(candidate(name, now.duration_seconds.p95, then));
        }
    }
    Calibration {
        skipped: observed.guessed().map(ToOwned::to_owned).collect(),
        observed,
        stored,
        rows,
    }
}

fn traffic(observed: &Baseline, stored: Option<&Baseline>) -> Vec<Row> {
    let now = observed.traffic_rate();
    let then = stored.map(Baseline::traffic_rate);
    let row = |alert, threshold: Option<f64>, proposed| Row {
        alert,
        of: "all traffic".to_owned(),
        unit: "requests/s",
        observed: now,
        baseline: then,
        threshold,
        proposed,
        beyond: false,
    };
    let surge = |rate: f64| (rate * SURGE).max(SURGE_FLOOR);
    let drop = |rate: &f64| *rate > DROP_FLOOR;
    let mut more = row("TrafficSurge", then.map(surge), Some(surge(now)));
    more.beyond = more.threshold.is_some_and(|t| now > t);
    let quarter = |rate: f64| rate * DROP;
    let mut less = row(
        "TrafficDrop",
        then.filter(drop).map(quarter),
        Some(now).filter(drop).map(quarter),
    );
    less.beyond = less.threshold.is_some_and(|t| now < t);
    vec![more, less]
}

fn latency(route: &str, now: super::Quantiles, then: Option<super::Quantiles>) -> Vec<Row> {
    let row = |alert, observed, baseline, threshold: Option<f64>, proposed| Row {
        alert,
        of: route.to_owned(),
        unit: "s",
        observed,
        baseline,
        threshold,
        proposed: Some(proposed),
        beyond: threshold.is_some_and(|t| observed > t),
    };
    let (p95, p99) = (then.map(|q| q.p95), then.map(|q| q.p99));
    let above = |p95: f64| (p95 * ABOVE).max(UNNOTICED);
    let mut rows = Vec::new();
    // Batches, and what fills or empties a cache, may take long.
    if !is_long(route) {
        let (a, b) = (rounded(now.p95 * ABOVE), rounded(now.p99 * ABOVE));
        rows.push(row("LatencyP95High", now.p95, p95, Some(P95), a));
        rows.push(row("LatencyHigh", now.p99, p99, Some(P99), b));
    }
    let (threshold, proposed) = (p95.map(above), above(now.p95));
    rows.push(row(
        "LatencyAboveBaseline",
        now.p95,
        p95,
        threshold,
        proposed,
    ));
    rows
}

/// As the alerts have it: `.+/(batch|cache/.+)`.
fn is_long(route: &str) -> bool {
    route.ends_with("/batch") || route.contains("/cache/")
}

/// `now` is the control's: what a candidate is compared with where no control runs any more.
fn candidate(experiment: &str, now: f64, then: Option<f64>) -> Row {
    let above = |p95: f64| (p95 * ABOVE).max(p95 + ARM_UNNOTICED);
    let threshold = then.map(above);
    Row {
        alert: "CandidateAboveBaseline",
        of: experiment.to_owned(),
        unit: "s",
        observed: now,
        baseline: then,
        threshold,
        proposed: Some(above(now)),
        beyond: threshold.is_some_and(|t| now > t),
    }
}

/// Up to the next bound of the histogram: between two of them a quantile is a guess. Not below the least threshold.
fn rounded(seconds: f64) -> f64 {
    let bounds = catalogue::HTTP_DURATION.buckets;
    let wanted = seconds.max(UNNOTICED);
    let next = bounds.iter().find(|bound| **bound >= wanted);
    next.or(bounds.last()).copied().unwrap_or(wanted)
}

#[cfg(test)]
mod tests {
    use super::super::tests::baseline;
    use super::*;

    #[test]
    fn the_thresholds_are_those_of_the_alerts() {
        for (text, parts) in [
            (
                include_str!("../../alerts/latency.yml"),
                &[
                    "q=\"0.99\",http_route!~\".+/(batch|cache/.+)\"} > 1\n",
                    "q=\"0.95\",http_route!~\".+/(batch|cache/.+)\"} > 0.5\n",
                    "(qr_baseline_duration_seconds{q=\"0.95\"} > 0) > 1.5\n",
                    "quantile_rate5m{q=\"0.95\"} > 0.005\n",
                ][..],
            ),
            (
                include_str!("../../alerts/rollout.yml"),
                &[
                    "(qr_baseline_arm_duration_seconds{q=\"0.95\"}) > 0.0001\n",
                    "(qr_baseline_arm_duration_seconds{q=\"0.95\"}) > 0) > 1.5\n",
                ],
            ),
            (
                include_str!("../../alerts/traffic.yml"),
                &[
                    "max_rate5m) > 0) > 3\n",
                    "job:http_server_requests:rate5m > 10\n",
                    "min_rate5m > 1) < 0.25\n",
                ],
            ),
        ] {
            for part in parts {
                assert!(text.contains(part), "the alerts do not say {part:?}");
            }
        }
    }

    fn row<'a>(rows: &'a [Row], alert: &str) -> &'a Row {
        rows.iter().find(|r| r.alert == alert).unwrap()
    }

    fn close(a: Option<f64>, b: f64) -> bool {
        a.is_some_and(|a| (a - b).abs() < 1e-9)
    }

    #[test]
    fn a_slow_route_is_beyond_and_gets_a_bucket_bound() {
        let (now, then) = (baseline(1000, 0.6), baseline(1000, 0.2));
        let c = calibrate(now, Some(then));
        let p95 = row(&c.rows, "LatencyP95High");
        assert!(
            p95.beyond && close(p95.threshold, 0.5) && close(p95.proposed, 1.0),
            "{p95:?}"
        );
        assert!(close(p95.change(), 1.0));
        let above = row(&c.rows, "LatencyAboveBaseline");
        assert!(
            above.beyond && close(above.threshold, 0.3) && close(above.proposed, 0.9),
            "{above:?}"
        );
        let arm = row(&c.rows, "CandidateAboveBaseline");
        assert!(arm.beyond && close(arm.threshold, 0.3), "{arm:?}");
    }

    #[test]
    fn what_nobody_notices_is_never_proposed() {
        let c = calibrate(baseline(1000, 0.000_1), None);
        assert!(close(row(&c.rows, "LatencyP95High").proposed, 0.005));
        let above = row(&c.rows, "LatencyAboveBaseline");
        assert!(above.threshold.is_none() && above.change().is_none() && !above.beyond);
        assert!(close(above.proposed, 0.005));
    }

    #[test]
    fn traffic_is_compared_with_floors() {
        // 60 s: 100/s against 1000/s.
        let c = calibrate(baseline(6000, 0.1), Some(baseline(60_000, 0.1)));
        let drop = row(&c.rows, "TrafficDrop");
        assert!(
            drop.beyond && close(drop.threshold, 250.0) && close(drop.proposed, 25.0),
            "{drop:?}"
        );
        let surge = row(&c.rows, "TrafficSurge");
        assert!(!surge.beyond && close(surge.threshold, 3000.0), "{surge:?}");
        // Too little for either.
        let c = calibrate(baseline(30, 0.1), Some(baseline(30, 0.1)));
        assert_eq!(row(&c.rows, "TrafficDrop").threshold, None);
        assert!(close(row(&c.rows, "TrafficSurge").threshold, 10.0));
        assert_eq!(c.skipped, ["/r/{slug}"]);
        assert!(c.rows.iter().all(|r| r.of != "/r/{slug}"));
    }
}
