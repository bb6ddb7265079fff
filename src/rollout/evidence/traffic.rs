//! Shares of the traffic: the dial's percentage, the runs of the stage, and the candidate's measured share.
//!
//! Among units that fail for the first time the dial's percentage is the candidate's share, however unequal the units
//! are. The measured share matters where it is higher, as after a change, when the candidate's cache is cold.
//!
//! Invariant: the share is never below the percentage, so that a healthy candidate is not accused.

use serde::{Deserialize, Serialize};

use super::mixture::float;

/// A bucket is full after this many requests, so that a busy service reacts sooner than its window.
const BUCKET_RUNS: u64 = 2_000;
/// A bucket is not full before it holds this many, however long that takes: fewer do not show a share.
const BUCKET_RUNS_MIN: u64 = 100;

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runs {
    pub control: u64,
    pub candidate: u64,
}

impl Runs {
    fn total(self) -> u64 {
        self.control.saturating_add(self.candidate)
    }

    fn count(&mut self, candidate: bool) {
        let arm = if candidate {
            &mut self.candidate
        } else {
            &mut self.control
        };
        *arm = arm.saturating_add(1);
    }

    fn sound(self) -> bool {
        self.control < 1 << 52 && self.candidate < 1 << 52
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    pub percent: u8,
    /// The percentage before; requests that began under it may still end while the change settles.
    percent_before: u8,
    pub since_ms: u64,
    /// Fresh runs of this stage.
    pub stage: Runs,
    /// Requests of this stage that an arm refused.
    #[serde(default)]
    pub refused: u64,
    recent: Runs,
    recent_since_ms: u64,
    before: Runs,
}

impl Traffic {
    pub fn new(now_ms: u64) -> Self {
        Self {
            percent: 0,
            percent_before: 0,
            since_ms: now_ms,
            stage: Runs::default(),
            refused: 0,
            recent: Runs::default(),
            recent_since_ms: now_ms,
            before: Runs::default(),
        }
    }

    /// The dial moves: drops the measurements under the old percentage.
    pub fn dial(&mut self, now_ms: u64, percent: u8, settle_ms: u64) {
        let before = if self.is_settling(now_ms, settle_ms) {
            self.percent.max(self.percent_before)
        } else {
            self.percent
        };
        *self = Self {
            percent,
            percent_before: before,
            ..Self::new(now_ms)
        };
    }

    pub fn is_settling(&self, now_ms: u64, settle_ms: u64) -> bool {
        now_ms.saturating_sub(self.since_ms) < settle_ms
    }

    pub fn count(&mut self, now_ms: u64, candidate: bool, window_ms: u64) {
        let runs = self.recent.total();
        let is_old = now_ms.saturating_sub(self.recent_since_ms) >= window_ms;
        if runs >= BUCKET_RUNS || (is_old && runs >= BUCKET_RUNS_MIN) {
            self.before = self.recent;
            self.recent = Runs::default();
            self.recent_since_ms = now_ms;
        }
        self.recent.count(candidate);
        self.stage.count(candidate);
    }

    /// The candidate's share of faults by chance alone, 0..=1, from what was counted so far. 0 or 1: nothing to compare.
    pub fn share(&self, now_ms: u64, settle_ms: u64) -> f64 {
        let dialled = f64::from(self.percent) / 100.0;
        let floor = if self.is_settling(now_ms, settle_ms) {
            dialled.max(f64::from(self.percent_before) / 100.0)
        } else {
            dialled
        };
        if floor <= 0.0 {
            return 0.0;
        }
        // One more for the candidate, so that the share is 1 without any run, or without the control's.
        let total = float(self.recent.total() + self.before.total() + 1);
        let measured = float(self.recent.candidate + self.before.candidate + 1) / total;
        // Less one standard error: else the greater of the two would be too high on average.
        let error = (measured * (1.0 - measured) / total).sqrt();
        (measured - error).max(floor)
    }

    pub fn sound(&self, latest_ms: u64) -> bool {
        self.since_ms <= latest_ms
            && self.recent_since_ms <= latest_ms
            && self.percent <= 100
            && self.percent_before <= 100
            && self.stage.sound()
            && self.refused < 1 << 52
            && self.recent.sound()
            && self.before.sound()
    }
}
