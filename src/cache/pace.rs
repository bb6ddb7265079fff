//! How long something takes these days: for people who look, beside the histograms that only a scraper can read.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// A new measurement moves the mean by this part of what it differs.
const PART: i64 = 16;

/// A moving mean. Two measurements at once may count as one: it costs no lock.
#[derive(Default)]
pub(super) struct Pace {
    /// Nanoseconds; 0 before the first.
    mean: AtomicU64,
}

impl Pace {
    pub(super) fn add(&self, took: Duration) {
        let took = i64::try_from(took.as_nanos()).unwrap_or(i64::MAX).max(1);
        let mean = self.mean.load(Ordering::Relaxed).cast_signed();
        let mean = if mean == 0 {
            took
        } else {
            mean + (took - mean) / PART
        };
        self.mean.store(mean.unsigned_abs(), Ordering::Relaxed);
    }

    /// `None` before the first.
    pub(super) fn mean(&self) -> Option<Duration> {
        let mean = self.mean.load(Ordering::Relaxed);
        (mean > 0).then(|| Duration::from_nanos(mean))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_what_is_measured() {
        let pace = Pace::default();
        assert_eq!(pace.mean(), None);
        pace.add(Duration::from_micros(100));
        assert_eq!(pace.mean(), Some(Duration::from_micros(100)));
        for _ in 0..200 {
            pace.add(Duration::from_micros(500));
        }
        let mean = pace.mean().unwrap();
        assert!(mean > Duration::from_micros(490) && mean <= Duration::from_micros(500));
    }
}
