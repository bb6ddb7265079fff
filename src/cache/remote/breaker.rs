//! The breaker in front of Redis. Failed requests open it; only the prober closes it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use metrics::{Counter, Gauge};

use crate::telemetry::{
    catalogue::{CACHE_BREAKER_STATE, CACHE_BREAKER_TRANSITIONS},
    handles::{counter, gauge},
    labels::BreakerState,
};

/// Failures of requests in a row that open it.
const FAIL_MAX: u32 = 5;

pub(super) struct Breaker {
    open: AtomicBool,
    failures: AtomicU32,
    state: Gauge,
    opened: Counter,
    closed: Counter,
}

impl Breaker {
    /// Open, until Redis has answered.
    pub(super) fn new() -> Self {
        let to = |state: BreakerState| counter(&CACHE_BREAKER_TRANSITIONS, &[state.label()]);
        let breaker = Self {
            open: AtomicBool::new(true),
            failures: AtomicU32::new(0),
            state: gauge(&CACHE_BREAKER_STATE, &[]),
            opened: to(BreakerState::Open),
            closed: to(BreakerState::Closed),
        };
        breaker.state.set(1.0);
        breaker
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// A request was answered.
    pub(super) fn passed(&self) {
        // Read first: a write would take the line from the other processors each time.
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
    }

    /// A request failed. Returns whether that opened it.
    pub(super) fn failed(&self) -> bool {
        self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= FAIL_MAX && self.open()
    }

    /// Returns whether it was closed before.
    pub(super) fn open(&self) -> bool {
        let was_closed = !self.open.swap(true, Ordering::AcqRel);
        if was_closed {
            self.opened.increment(1);
            self.state.set(1.0);
        }
        was_closed
    }

    pub(super) fn close(&self) {
        self.failures.store(0, Ordering::Relaxed);
        if self.open.swap(false, Ordering::AcqRel) {
            self.closed.increment(1);
            self.state.set(0.0);
        }
    }
}

/// Spares look-ups in a Redis that takes no values: a value that is not there will not come.
#[derive(Default)]
pub(super) struct ReadOnlyBackoff(AtomicU32);

/// Look-ups in a row that find nothing before most are spared.
const FREE: u32 = 32;
/// One in so many is made even then.
const TRIED: u32 = 16;

impl ReadOnlyBackoff {
    /// Whether to make this look-up.
    pub(super) fn allows(&self) -> bool {
        let nth = self.0.fetch_add(1, Ordering::Relaxed);
        nth < FREE || nth.is_multiple_of(TRIED)
    }

    /// A value was found, or Redis takes values.
    pub(super) fn reset(&self) {
        if self.0.load(Ordering::Relaxed) != 0 {
            self.0.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_ups_are_spared_until_a_value_is_found() {
        let backoff = ReadOnlyBackoff::default();
        assert_eq!((0..32).filter(|_| backoff.allows()).count(), 32);
        assert_eq!((0..160).filter(|_| backoff.allows()).count(), 10);
        backoff.reset();
        assert_eq!((0..32).filter(|_| backoff.allows()).count(), 32);
    }

    #[test]
    fn a_few_failures_in_a_row_open_it_and_only_the_prober_closes_it() {
        let breaker = Breaker::new();
        assert!(breaker.is_open(), "until Redis answered once");
        breaker.close();
        for _ in 0..4 {
            assert!(!breaker.failed());
        }
        breaker.passed();
        for _ in 0..4 {
            assert!(!breaker.failed());
        }
        assert!(breaker.failed() && breaker.is_open());
        breaker.passed();
        assert!(breaker.is_open());
        breaker.close();
        assert!(!breaker.is_open() && !breaker.failed());
    }
}
