//! How strict the verdict is: error budgets, tolerances, windows. Numbers only.
//!
//! Invariant: a policy that passes [`Policy::check`] leads to no division by zero and no logarithm of it.

use serde::{Deserialize, Serialize};

/// The numbers behind a verdict. [`Policy::default`] holds the documented values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The chance that a healthy candidate is ever called a no-go, however often one looks: 0.01.
    pub alpha: f64,
    /// How that chance is divided among the failing tests.
    pub budget: Budget,
    /// Fault (and slow) rates of the candidate up to this many times the control's are tolerated: 1.0.
    pub tolerated_ratio: f64,
    /// The highest fault rate that is good enough for a stage below 100 %: 0.01.
    pub fault_rate_max: f64,
    /// The same when the next stage is 100 %: 0.001.
    pub fault_rate_last_max: f64,
    /// How far the mismatch rate may lie above the control's own noise: 0.001.
    pub mismatch_rate_tolerated: f64,
    /// Shadow pairs without which agreement is unknown: 1 000. 0 = agreement is not asked for.
    pub pairs_min: u64,
    /// Fresh runs of either arm in a stage, without which nothing is known of it: 100.
    pub runs_min: u64,
    /// How long a stage lasts at least, with the breaker closed throughout: 10 minutes.
    pub dwell_ms: u64,
    /// How much longer a candidate may take without being called slower, in microseconds: 100. A thread may lose that to
    /// another.
    pub latency_margin_us: u64,
    /// The faults of one unit count once in this time: 24 hours.
    pub epoch_ms: u64,
    /// The candidate's share is measured over one to two of these: 5 minutes, but 100 to 2 000 requests.
    pub share_window_ms: u64,
    /// How long a request begun under the old percentage may still be on its way: 30 seconds.
    pub settle_ms: u64,
    /// Percentages that a rollout goes through, rising, the last one 100.
    pub stages: Vec<u8>,
}

/// Parts of `alpha`, one per failing test; their sum is at most 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// 0.70: the largest part, because its detection times are promised.
    pub errors: f64,
    pub repeats: f64,
    pub latency: f64,
    pub slow: f64,
    pub agreement: f64,
    pub split: f64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            alpha: 0.01,
            budget: Budget::default(),
            tolerated_ratio: 1.0,
            fault_rate_max: 0.01,
            fault_rate_last_max: 0.001,
            mismatch_rate_tolerated: 0.001,
            pairs_min: 1_000,
            runs_min: 100,
            dwell_ms: 10 * 60_000,
            latency_margin_us: 100,
            epoch_ms: 24 * 3_600_000,
            share_window_ms: 5 * 60_000,
            settle_ms: 30_000,
            stages: vec![1, 5, 25, 50, 100],
        }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            errors: 0.70,
            repeats: 0.05,
            latency: 0.07,
            slow: 0.08,
            agreement: 0.05,
            split: 0.05,
        }
    }
}

impl Budget {
    fn sound(&self) -> bool {
        let parts = [
            self.errors,
            self.repeats,
            self.latency,
            self.slow,
            self.agreement,
            self.split,
        ];
        // Parts that add up to one do so but for rounding.
        parts.iter().all(|part| *part > 0.0) && parts.iter().sum::<f64>() <= 1.0 + 1e-9
    }
}

impl Policy {
    /// # Errors
    /// What is out of range.
    pub fn check(&self) -> Result<(), &'static str> {
        let rate = |rate: f64| (1e-9..=0.5).contains(&rate);
        if !(1e-9..=0.1).contains(&self.alpha) || !self.budget.sound() {
            return Err("alpha is not within 1e-9..=0.1, or its parts add up to more than it");
        }
        if !(1.0..=1_000.0).contains(&self.tolerated_ratio) {
            return Err("the tolerated ratio is not within 1..=1000");
        }
        if !rate(self.fault_rate_max)
            || !rate(self.fault_rate_last_max)
            || !rate(self.mismatch_rate_tolerated)
        {
            return Err("a tolerated rate is not within 1e-9..=0.5");
        }
        if self.epoch_ms == 0 || self.share_window_ms == 0 {
            return Err("a window has no length");
        }
        if !self.stages.is_sorted_by(|a, b| a < b) || self.stages.last() != Some(&100) {
            return Err("the stages do not rise to 100");
        }
        Ok(())
    }

    /// The stage after `percent`; none after the last.
    #[must_use]
    pub fn next_stage(&self, percent: u8) -> Option<u8> {
        self.stages.iter().copied().find(|stage| *stage > percent)
    }
}
