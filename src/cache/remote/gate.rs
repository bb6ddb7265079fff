//! The breaker in front of Redis. Requests open it; only the prober, which nobody waits for, closes it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use metrics::{Counter, Gauge};

use crate::telemetry::{
    catalogue::{CACHE_BREAKER_STATE, CACHE_BREAKER_TRANSITIONS},
    handles::{counter, gauge},
    labels::BreakerState,
};

/// Failures of requests, one after the other, that open it.
const FAIL_MAX: u32 = 5;

pub(super) struct Gate {
    open: AtomicBool,
    failures: AtomicU32,
    state: Gauge,
    opened: Counter,
    closed: Counter,
}

impl Gate {
    /// Open: nothing is known about Redis yet.
    pub(super) fn new() -> Self {
        let to = |state: BreakerState| counter(&CACHE_BREAKER_TRANSITIONS, &[state.label()]);
        let gate = Self {
            open: AtomicBool::new(true),
            failures: AtomicU32::new(0),
            state: gauge(&CACHE_BREAKER_STATE, &[]),
            opened: to(BreakerState::Open),
            closed: to(BreakerState::Closed),
        };
        gate.state.set(1.0);
        gate
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

    /// A request was not. Whether that opened it.
    pub(super) fn failed(&self) -> bool {
        self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= FAIL_MAX && self.open()
    }

    /// Whether it was closed.
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

/// Questions to a Redis that takes no values: what is not there will not come, so those that find nothing are soon
/// spared.
#[derive(Default)]
pub(super) struct Vain(AtomicU32);

/// Questions without an answer before some are spared, and which are asked even then.
const VAIN: u32 = 32;
const TRIED: u32 = 16;

impl Vain {
    pub(super) fn asks(&self) -> bool {
        let nth = self.0.fetch_add(1, Ordering::Relaxed);
        nth < VAIN || nth.is_multiple_of(TRIED)
    }

    /// One was answered, or it takes values.
    pub(super) fn is_over(&self) {
        if self.0.load(Ordering::Relaxed) != 0 {
            self.0.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_nothing_is_spared_until_something_is_found() {
        let vain = Vain::default();
        assert_eq!((0..32).filter(|_| vain.asks()).count(), 32);
        assert_eq!((0..160).filter(|_| vain.asks()).count(), 10);
        vain.is_over();
        assert_eq!((0..32).filter(|_| vain.asks()).count(), 32);
    }

    #[test]
    fn a_few_failures_in_a_row_open_it_and_only_the_prober_closes_it() {
        let gate = Gate::new();
        assert!(gate.is_open(), "until Redis answered once");
        gate.close();
        for _ in 0..4 {
            assert!(!gate.failed());
        }
        gate.passed();
        for _ in 0..4 {
            assert!(!gate.failed());
        }
        assert!(gate.failed() && gate.is_open());
        gate.passed();
        assert!(gate.is_open());
        gate.close();
        assert!(!gate.is_open() && !gate.failed());
    }
}
