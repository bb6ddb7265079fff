//! Histograms as Prometheus writes them: cumulative counts under upper bounds.
//!
//! Invariant: a quantile lies in the bucket that holds its rank, and is what `PromQL`'s `histogram_quantile` says.

/// Buckets by rising upper bound; the last one is `+Inf` where the exposition was whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    buckets: Vec<(f64, f64)>,
}

impl Histogram {
    /// Counts more under `bound`. A value that is no bound or no count is left out.
    pub fn add(&mut self, bound: f64, count: f64) {
        let sound = bound > 0.0 && count >= 0.0 && count.is_finite();
        if !sound {
            return;
        }
        match self.buckets.binary_search_by(|b| b.0.total_cmp(&bound)) {
            Ok(at) => self.buckets[at].1 += count,
            Err(at) => self.buckets.insert(at, (bound, count)),
        }
    }

    /// What was counted since `before`; `None` if that is more than is counted now: the counters began anew.
    #[must_use]
    pub fn since(&self, before: &Self) -> Option<Self> {
        let mut left = self.clone();
        for (bound, count) in &before.buckets {
            let at = left.buckets.binary_search_by(|b| b.0.total_cmp(bound));
            match at {
                Ok(at) => left.buckets[at].1 -= count,
                Err(_) if *count > 0.0 => return None,
                Err(_) => {}
            }
        }
        left.buckets.iter().all(|b| b.1 >= 0.0).then_some(left)
    }

    /// How many were observed.
    #[must_use]
    pub fn count(&self) -> f64 {
        self.buckets
            .last()
            .filter(|b| b.0.is_infinite())
            .map_or(0.0, |b| b.1)
    }

    /// The `q`-quantile, 0 < `q` <= 1: on a straight line through the bucket that holds it, whose lower bound is the upper
    /// one before it, or 0. Above the last finite bound nothing is known: then it is that bound. `None` without observations.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let (_, finite) = self.buckets.split_last()?;
        let total = self.count();
        if finite.is_empty() || total <= 0.0 {
            return None;
        }
        let rank = q * total;
        let (mut low, mut below) = (0.0, 0.0_f64);
        for &(bound, cumulative) in finite {
            // Scraped while it was counted, a bucket may be behind a smaller one.
            let cumulative = cumulative.max(below);
            if cumulative >= rank && cumulative > below {
                return Some(low + (bound - low) * ((rank - below) / (cumulative - below)));
            }
            (low, below) = (bound, cumulative);
        }
        Some(low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: [f64; 5] = [0.001, 0.01, 0.1, 1.0, f64::INFINITY];

    /// From how many lie in each bucket.
    fn of(counts: &[u32]) -> Histogram {
        let mut histogram = Histogram::default();
        let mut sum = 0.0;
        for (bound, count) in BOUNDS.iter().zip(counts) {
            sum += f64::from(*count);
            histogram.add(*bound, sum);
        }
        histogram
    }

    #[test]
    fn quantiles_are_those_of_prometheus() {
        let close = |a: Option<f64>, b: f64| (a.unwrap() - b).abs() < 1e-12;
        // 10 in each: rank 25 of 50 is in the middle of the third.
        let even = of(&[10, 10, 10, 10, 10]);
        assert!(close(even.quantile(0.5), 0.01 + 0.09 * 0.5));
        assert!(close(even.quantile(0.2), 0.001));
        assert!(close(even.quantile(0.1), 0.0005));
        // Beyond the last finite bound.
        assert!(close(even.quantile(0.99), 1.0));
        assert!(close(
            of(&[0, 0, 100, 0, 0]).quantile(0.95),
            0.01 + 0.09 * 0.95
        ));
        assert_eq!(of(&[0; 5]).quantile(0.5), None);
        assert_eq!(Histogram::default().quantile(0.5), None);
        assert_eq!(of(&[1, 1]).quantile(0.5), None, "there is no +Inf");
    }

    #[test]
    fn a_difference_tells_a_restart() {
        let (before, after) = (of(&[1, 2, 3, 0, 0]), of(&[1, 5, 3, 0, 1]));
        assert_eq!(after.since(&before), Some(of(&[0, 3, 0, 0, 1])));
        assert_eq!(before.since(&after), None);
        assert_eq!(after.since(&Histogram::default()), Some(after.clone()));
        assert_eq!(Histogram::default().since(&after), None);
    }

    proptest! {
        #[test]
        fn a_quantile_lies_in_the_bucket_of_its_rank(
            counts in prop::collection::vec(0u32..1000, 5),
            q in 0.001f64..=1.0,
        ) {
            let total: u32 = counts.iter().sum();
            let histogram = of(&counts);
            let Some(value) = histogram.quantile(q) else {
                prop_assert_eq!(total, 0);
                return Ok(());
            };
            let rank = q * f64::from(total);
            let (mut low, mut sum) = (0.0, 0.0);
            let mut expected = (1.0, 1.0);
            for (bound, count) in BOUNDS.iter().take(4).zip(&counts) {
                sum += f64::from(*count);
                if sum >= rank && *count > 0 {
                    expected = (low, *bound);
                    break;
                }
                low = *bound;
            }
            prop_assert!(value >= expected.0 && value <= expected.1 + 1e-12, "{value} is not in {expected:?}");
        }

        #[test]
        fn quantiles_rise(
            counts in prop::collection::vec(0u32..1000, 5),
            a in 0.001f64..=1.0,
            b in 0.001f64..=1.0,
        ) {
            let histogram = of(&counts);
            let (low, high) = (histogram.quantile(a.min(b)), histogram.quantile(a.max(b)));
            prop_assert!(low.is_none() || low.unwrap() <= high.unwrap() + 1e-12);
        }

        #[test]
        fn whatever_is_added_the_bounds_rise(
            added in prop::collection::vec((any::<f64>(), any::<f64>()), 0..20),
            q in 0.001f64..=1.0,
        ) {
            let mut histogram = Histogram::default();
            for (bound, count) in added {
                histogram.add(bound, count);
            }
            prop_assert!(histogram.buckets.is_sorted_by(|a, b| a.0 < b.0));
            let _ = histogram.quantile(q);
        }
    }
}
