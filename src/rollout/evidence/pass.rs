//! The passing test: the candidate's fault rate is below the allowed one.
//!
//! Invariant: without runs of the candidate it never passes; old successes cover only so many new faults.

use serde::{Deserialize, Serialize};

use super::mixture::{float, ln_mean_exp};

/// Alternatives, as parts of the allowed rate.
const PARTS: [f64; 5] = [0.5, 0.25, 0.125, 0.0625, 0.01];
/// `E` must reach 20: a chance of 1 in 20 to pass a candidate that is just not good enough.
const THRESHOLD: f64 = 20.0;
/// More is thrown away (which a fair bet may do): about 14 faults take it all.
const LN_MAX: f64 = 10.0;
const LN_MIN: f64 = -1e13;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pass {
    /// Exclusive upper end of the rates that are good enough.
    pub rate_max: f64,
    /// As of the latest fault.
    ln: [f64; PARTS.len()],
    /// Runs since then; each adds the same, so that they are only counted.
    clean: u64,
    pub runs: u64,
    pub faults: u64,
}

impl Pass {
    pub const fn new(rate_max: f64) -> Self {
        Self {
            rate_max,
            ln: [0.0; PARTS.len()],
            clean: 0,
            runs: 0,
            faults: 0,
        }
    }

    /// A run of the candidate.
    pub fn run(&mut self, fault: bool) {
        self.runs += 1;
        if !fault {
            self.clean += 1;
            return;
        }
        self.faults += 1;
        let mut ln = self.after(self.clean);
        for (ln, part) in ln.iter_mut().zip(PARTS) {
            *ln = (*ln + part.ln()).max(LN_MIN);
        }
        self.ln = ln;
        self.clean = 0;
    }

    /// After so many runs without a fault since the latest.
    fn after(&self, clean: u64) -> [f64; PARTS.len()] {
        let without = (-self.rate_max).ln_1p();
        let mut ln = self.ln;
        for (ln, part) in ln.iter_mut().zip(PARTS) {
            let gain = (-part * self.rate_max).ln_1p() - without;
            *ln = (*ln + float(clean) * gain).min(LN_MAX);
        }
        ln
    }

    pub fn ln_e(&self) -> f64 {
        ln_mean_exp(&self.after(self.clean))
    }

    pub fn ln_threshold() -> f64 {
        THRESHOLD.ln()
    }

    pub fn has_passed(&self) -> bool {
        self.ln_e() >= Self::ln_threshold()
    }

    /// How many more runs, all without a fault, make it pass.
    pub fn needed(&self) -> u64 {
        let passes =
            |more: u64| ln_mean_exp(&self.after(self.clean + more)) >= Self::ln_threshold();
        if passes(0) {
            return 0;
        }
        let (mut low, mut high) = (0, 1);
        while !passes(high) && high < 1 << 52 {
            (low, high) = (high, high * 2);
        }
        while high - low > 1 {
            let middle = low.midpoint(high);
            if passes(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        high
    }

    pub fn sound(&self) -> bool {
        (1e-9..=0.5).contains(&self.rate_max)
            && self.ln.iter().all(|ln| (LN_MIN..=LN_MAX).contains(ln))
            && self.runs < 1 << 52
            && self.faults <= self.runs
            && self.clean <= self.runs - self.faults
    }
}
