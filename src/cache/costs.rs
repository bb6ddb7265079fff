//! Admission to Redis: kinds of values that take longer to make than to fetch, by measurement.
//!
//! Invariant: both times are measured. A kind with few measurements is fetched, because another node may have made the value, and
//! a fetched value carries its cost. A kind that is not admitted is fetched now and then, because a busy Redis may be fast later.

use std::{collections::BTreeMap, time::Duration};

use metrics::Gauge;
use parking_lot::Mutex;

use crate::{
    config::redis::Admission,
    telemetry::{
        catalogue::{CACHE_ADMITTED, CACHE_FETCH, CACHE_MAKE},
        handles::gauge,
        labels::{CacheKind, Space},
    },
};

/// Least weight of a new measurement; the first ones are a plain mean.
const WEIGHT: f64 = 0.05;
/// Measurements before an average is used.
const ENOUGH: u32 = 8;
/// A measurement counts as so many times the average at most.
const HICCUP: f64 = 4.0;
/// One in so many of a kind that is not admitted is fetched.
const TRIED: u32 = 64;
/// A kind is admitted when making takes this many times as long as fetching, and stays so until making is faster.
const MARGIN: f64 = 1.25;

/// The rule and its figures.
pub(super) struct Costs {
    rule: Admission,
    kinds: Mutex<BTreeMap<(&'static str, &'static str), Figures>>,
    /// Of any kind: for kinds that were never fetched.
    round_trip: Mutex<Average>,
}

struct Figures {
    make: Average,
    fetch: Average,
    admitted: bool,
    /// Look-ups that were spared since the last one.
    passed_over: u32,
    shown: [Gauge; 3],
}

/// A moving mean, in microseconds.
#[derive(Clone, Copy, Default)]
struct Average {
    us: f64,
    count: u32,
}

impl Average {
    fn add(&mut self, took: Duration) {
        self.count = self.count.saturating_add(1);
        let mut us = took.as_secs_f64() * 1e6;
        if self.count > ENOUGH {
            us = us.min(self.us * HICCUP);
        }
        self.us += (us - self.us) * WEIGHT.max(1.0 / f64::from(self.count));
    }

    /// Microseconds; `None` before the first measurement.
    fn shown(self) -> Option<f64> {
        (self.count > 0).then_some(self.us)
    }

    /// Microseconds; `None` before there are [`ENOUGH`] measurements.
    fn believed(self) -> Option<f64> {
        (self.count >= ENOUGH).then_some(self.us)
    }
}

/// Figures of one kind of value.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    pub space: &'static str,
    pub kind: &'static str,
    /// Microseconds; `None` before the first.
    pub make_us: Option<f64>,
    /// Microseconds; the mean of all kinds before the first of this kind.
    pub fetch_us: Option<f64>,
    pub admitted: bool,
}

impl Costs {
    pub(super) fn new(rule: Admission) -> Self {
        Self {
            rule,
            kinds: Mutex::default(),
            round_trip: Mutex::default(),
        }
    }

    /// Whether to look such a value up in Redis, and to put it there.
    pub(super) fn admits(&self, space: Space, kind: CacheKind) -> bool {
        match self.rule {
            Admission::Always => true,
            Admission::Never => false,
            Admission::Auto => self
                .kinds
                .lock()
                .get_mut(&(space.label(), kind.label()))
                .is_none_or(Figures::asks),
        }
    }

    /// A value was made here.
    pub(super) fn made(&self, space: Space, kind: CacheKind, took: Duration) {
        self.learn(space, kind, |figures| figures.make.add(took));
    }

    /// A value was fetched. `cost`: the time that making it had taken.
    pub(super) fn fetched(&self, space: Space, kind: CacheKind, took: Duration, cost: Duration) {
        self.learn(space, kind, |figures| {
            figures.fetch.add(took);
            figures.make.add(cost);
        });
    }

    /// Redis answered a request of any kind.
    pub(super) fn answered(&self, took: Duration) {
        self.round_trip.lock().add(took);
    }

    pub(super) fn shown(&self) -> Vec<Cost> {
        let round_trip = self.round_trip.lock().shown();
        let kinds = self.kinds.lock();
        let shown = kinds.iter().map(|((space, kind), figures)| Cost {
            space,
            kind,
            make_us: figures.make.shown(),
            fetch_us: figures.fetch.shown().or(round_trip),
            admitted: match self.rule {
                Admission::Auto => figures.admitted,
                forced => forced == Admission::Always,
            },
        });
        shown.collect()
    }

    fn learn(&self, space: Space, kind: CacheKind, add: impl FnOnce(&mut Figures)) {
        let round_trip = *self.round_trip.lock();
        let mut kinds = self.kinds.lock();
        let figures = kinds
            .entry((space.label(), kind.label()))
            .or_insert_with(|| Figures::new(space, kind));
        add(figures);
        figures.decide(round_trip, self.rule);
    }
}

impl Figures {
    fn new(space: Space, kind: CacheKind) -> Self {
        let labels = [space.label(), kind.label()];
        Self {
            make: Average::default(),
            fetch: Average::default(),
            admitted: true,
            passed_over: 0,
            shown: [&CACHE_MAKE, &CACHE_FETCH, &CACHE_ADMITTED].map(|m| gauge(m, &labels)),
        }
    }

    fn asks(&mut self) -> bool {
        self.passed_over += 1;
        let asks = self.admitted || self.passed_over >= TRIED;
        if asks {
            self.passed_over = 0;
        }
        asks
    }

    fn decide(&mut self, round_trip: Average, rule: Admission) {
        let fetch = self.fetch.believed().or(round_trip.believed());
        if let (Some(make), Some(fetch)) = (self.make.believed(), fetch) {
            let margin = if self.admitted { 1.0 } else { MARGIN };
            self.admitted = make >= fetch * margin;
        }
        let admitted = match rule {
            Admission::Auto => self.admitted,
            forced => forced == Admission::Always,
        };
        let [make_gauge, fetch_gauge, admitted_gauge] = &self.shown;
        make_gauge.set(self.make.us / 1e6);
        let fetch = self.fetch.shown().or(round_trip.shown());
        fetch_gauge.set(fetch.unwrap_or_default() / 1e6);
        admitted_gauge.set(f64::from(u8::from(admitted)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: (Space, CacheKind) = (Space::RenderEngine, CacheKind::Png);

    fn us(us: u64) -> Duration {
        Duration::from_micros(us)
    }

    #[test]
    fn a_kind_that_is_faster_to_make_is_not_fetched() {
        let costs = Costs::new(Admission::Auto);
        assert!(costs.admits(PNG.0, PNG.1), "another node may have it");
        costs.answered(us(5_000));
        costs.made(PNG.0, PNG.1, us(20));
        assert!(costs.admits(PNG.0, PNG.1), "one hiccup is no figure");
        for _ in 0..200 {
            costs.answered(us(100));
            costs.made(PNG.0, PNG.1, us(20));
        }
        let asked = (0..6_400).filter(|_| costs.admits(PNG.0, PNG.1)).count();
        assert_eq!(asked, 100, "now and then");
        assert!(costs.admits(PNG.0, CacheKind::Jpeg), "each kind for itself");
        for _ in 0..200 {
            costs.made(PNG.0, PNG.1, us(120));
        }
        assert!(!costs.admits(PNG.0, PNG.1), "dearer, but not by the margin");
        for _ in 0..200 {
            costs.made(PNG.0, PNG.1, us(200));
        }
        assert!(costs.admits(PNG.0, PNG.1));
        for _ in 0..200 {
            costs.made(PNG.0, PNG.1, us(110));
        }
        assert!(costs.admits(PNG.0, PNG.1), "it keeps its place");
    }

    #[test]
    fn a_fetched_value_carries_its_cost() {
        let costs = Costs::new(Admission::Auto);
        for _ in 0..ENOUGH {
            costs.fetched(PNG.0, PNG.1, us(100), us(900));
            costs.fetched(PNG.0, CacheKind::Svg, us(100), us(10));
        }
        assert!(costs.admits(PNG.0, PNG.1));
        assert!(!costs.admits(PNG.0, CacheKind::Svg));
        let shown = costs.shown();
        assert_eq!(shown[0].make_us, Some(900.0));
        assert_eq!(shown[0].fetch_us, Some(100.0));
    }

    #[test]
    fn the_setting_overrules_the_measurement() {
        let costs = Costs::new(Admission::Always);
        costs.answered(us(100));
        costs.made(PNG.0, PNG.1, us(1));
        assert!(costs.admits(PNG.0, PNG.1) && costs.shown()[0].admitted);
        let costs = Costs::new(Admission::Never);
        costs.made(PNG.0, PNG.1, us(1_000_000));
        assert!(!costs.admits(PNG.0, PNG.1) && !costs.shown()[0].admitted);
    }
}
