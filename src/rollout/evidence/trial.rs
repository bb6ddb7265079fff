//! A failing test over events that belong to one side or the other: faults, slow runs, slower answers.
//!
//! A unit's events count once per epoch, for both sides together. Which side a unit is on was decided by its hash,
//! so among units that are new to this epoch a healthy candidate's share is the dial's, however the requests cluster.
//! The next epoch meets the same units with the same luck; it therefore starts at `E = 1`, has a part of the budget
//! of its own, and never multiplies with the one before.
//!
//! Invariant: a fired test stays as it was when it fired.

use serde::{Deserialize, Serialize};

use super::mixture::{MORE, Mixture, float};
use super::units::Seen;

/// The first epoch's part of the budget. The n-th has `(1 - FIRST) / (n * (n - 1))`: all of them add up to 1.
const FIRST: f64 = 0.9;

/// The strictness of a trial.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The chance that it ever fires for a healthy candidate.
    pub alpha: f64,
    /// See `Policy::tolerated_ratio`.
    pub tolerated: f64,
    pub epoch_ms: u64,
}

/// A fault, slow run or slower answer on one side.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// None when both sides ran the same request: then no unit's luck is involved.
    pub unit: Option<u64>,
    pub candidate: bool,
    /// The candidate's share of such events by chance alone, 0..=1.
    pub share: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    mixture: Mixture,
    seen: Seen,
    /// From 1.
    epoch: u32,
    epoch_since_ms: u64,
    pub events: u64,
    pub candidate: u64,
    /// How many of them a healthy candidate would have had.
    pub expected: f64,
    pub fired_ms: Option<u64>,
}

impl Trial {
    pub const fn new() -> Self {
        Self {
            mixture: Mixture::new(),
            seen: Seen::new(),
            epoch: 1,
            epoch_since_ms: 0,
            events: 0,
            candidate: 0,
            expected: 0.0,
            fired_ms: None,
        }
    }

    pub fn event(&mut self, now_ms: u64, event: &Event, terms: &Terms) {
        // A share of 0 or 1 leaves nothing to compare with.
        if self.fired_ms.is_some() || event.share <= 0.0 || event.share >= 1.0 {
            return;
        }
        self.turn(now_ms, terms.epoch_ms);
        if event.unit.is_some_and(|unit| !self.seen.insert(unit)) {
            return;
        }
        if self.events == 0 {
            self.epoch_since_ms = now_ms;
        }
        self.events += 1;
        self.candidate += u64::from(event.candidate);
        self.expected += event.share;
        self.mixture
            .step(event.candidate, event.share, terms.tolerated, &MORE);
        if self.ln_e() >= self.ln_threshold(terms) {
            self.fired_ms = Some(now_ms);
        }
    }

    /// Begins the next epoch when this one is over. One without events cost nothing and is not counted.
    fn turn(&mut self, now_ms: u64, epoch_ms: u64) {
        let over = now_ms.saturating_sub(self.epoch_since_ms) >= epoch_ms;
        if self.events > 0 && (over || self.seen.is_full()) {
            let epoch = self.epoch.saturating_add(1);
            *self = Self {
                epoch,
                ..Self::new()
            };
        }
    }

    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    pub fn ln_e(&self) -> f64 {
        self.mixture.ln_e()
    }

    pub fn ln_threshold(&self, terms: &Terms) -> f64 {
        let nth = f64::from(self.epoch);
        let part = if self.epoch <= 1 {
            FIRST
        } else {
            (1.0 - FIRST) / (nth * (nth - 1.0))
        };
        -(terms.alpha * part).ln()
    }

    pub fn sound(&self, latest_ms: u64) -> bool {
        self.mixture.sound()
            && self.seen.sound()
            && self.epoch >= 1
            && self.epoch_since_ms <= latest_ms
            && self.events < 1 << 52
            && self.candidate <= self.events
            && (0.0..=float(self.events)).contains(&self.expected)
    }
}
