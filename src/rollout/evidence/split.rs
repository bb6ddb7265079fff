//! A failing test: the dial is not honoured. Each new unit of a stage must be in the candidate with the percentage's chance.
//!
//! Invariant: a stage is judged by its own units; the n-th stage has a part of the budget of its own.

use serde::{Deserialize, Serialize};

use super::mixture::{EITHER, Mixture, float};
use super::units::Sample;

/// Tolerated at 0 and 100 %: another node follows a change a little later.
const STRAY: f64 = 0.001;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    mixture: Mixture,
    sample: Sample,
    /// From 1.
    stage: u32,
    pub units: u64,
    pub candidate: u64,
    pub expected: f64,
    pub fired_ms: Option<u64>,
}

impl Split {
    pub const fn new() -> Self {
        Self {
            mixture: Mixture::new(),
            sample: Sample::new(),
            stage: 1,
            units: 0,
            candidate: 0,
            expected: 0.0,
            fired_ms: None,
        }
    }

    /// The next stage, with another percentage. A stage without units cost nothing.
    pub fn restart(&mut self) {
        if self.fired_ms.is_none() {
            let stage = self.stage.saturating_add(u32::from(self.units > 0));
            *self = Self {
                stage,
                ..Self::new()
            };
        }
    }

    pub fn place(&mut self, now_ms: u64, unit: u64, candidate: bool, share: f64, alpha: f64) {
        if self.fired_ms.is_some() || !self.sample.is_new(unit) {
            return;
        }
        let share = share.clamp(STRAY, 1.0 - STRAY);
        self.units += 1;
        self.candidate += u64::from(candidate);
        self.expected += share;
        self.mixture.step(candidate, share, 1.0, &EITHER);
        if self.ln_e() >= self.ln_threshold(alpha) {
            self.fired_ms = Some(now_ms);
        }
    }

    pub fn ln_e(&self) -> f64 {
        self.mixture.ln_e()
    }

    /// The parts `1 / (n * (n + 1))` of all stages add up to 1.
    pub fn ln_threshold(&self, alpha: f64) -> f64 {
        let nth = f64::from(self.stage);
        (nth * (nth + 1.0) / alpha).ln()
    }

    pub fn sound(&self) -> bool {
        self.mixture.sound()
            && self.sample.sound()
            && self.stage >= 1
            && self.units < 1 << 52
            && self.candidate <= self.units
            && (0.0..=float(self.units)).contains(&self.expected)
    }
}
