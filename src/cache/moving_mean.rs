//! The moving mean of an operation's time, for the statistics page. Histograms are for scrapers.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// A new measurement moves the mean by this part of its difference.
const PART: i64 = 16;

/// Has no lock: two measurements at once may count as one.
#[derive(Default)]
pub(super) struct MovingMean {
    /// Nanoseconds; 0 before the first.
    mean: AtomicU64,
}

impl MovingMean {
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
        let mean = MovingMean::default();
        assert_eq!(mean.mean(), None);
        mean.add(Duration::from_micros(100));
        assert_eq!(mean.mean(), Some(Duration::from_micros(100)));
        for _ in 0..200 {
            mean.add(Duration::from_micros(500));
        }
        let mean = mean.mean().unwrap();
        assert!(mean > Duration::from_micros(490) && mean <= Duration::from_micros(500));
    }
}
