//! The e-value that every test here is made of: a bet on yes-or-no events, at many odds at once.
//!
//! Under the hypothesis being tested the expected value of `E` never exceeds 1, after any number of events and
//! whenever one looks; so `E >= 1/alpha` happens at any time at all with a chance of at most `alpha` (Ville).
//!
//! Invariant: only logarithms are kept, and they are finite.

use std::f64::consts::SQRT_2;

use serde::{Deserialize, Serialize};

/// How many alternatives a bet is spread over.
pub const ODDS: usize = 14;

/// "More often than it should be": `1.25 * 2^(k/2)`.
pub const MORE: [f64; ODDS] = [
    1.25,
    1.25 * SQRT_2,
    2.5,
    2.5 * SQRT_2,
    5.0,
    5.0 * SQRT_2,
    10.0,
    10.0 * SQRT_2,
    20.0,
    20.0 * SQRT_2,
    40.0,
    40.0 * SQRT_2,
    80.0,
    80.0 * SQRT_2,
];

/// "More or less often than it should be".
pub const EITHER: [f64; ODDS] = [
    1.0 / 64.0,
    1.0 / 16.0,
    1.0 / 8.0,
    1.0 / 4.0,
    1.0 / 2.0,
    1.0 / 1.5,
    1.0 / 1.2,
    1.2,
    1.5,
    2.0,
    4.0,
    8.0,
    16.0,
    64.0,
];

/// Far beyond anything that events can add up to, far below where an f64 loses whole numbers.
const LN_LIMIT: f64 = 1e13;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mixture {
    ln: [f64; ODDS],
}

impl Mixture {
    pub const fn new() -> Self {
        Self { ln: [0.0; ODDS] }
    }

    /// One event. `chance` (0 < chance < 1): of `hit`, by chance alone; `tolerated`: times its odds that are
    /// still fine; the alternatives are `odds` times that.
    pub fn step(&mut self, hit: bool, chance: f64, tolerated: f64, odds: &[f64; ODDS]) {
        let fine = 1.0 - chance + chance * tolerated;
        for (ln, odds) in self.ln.iter_mut().zip(odds) {
            let ratio = fine / (1.0 - chance + chance * tolerated * odds);
            let gain = if hit { ratio * odds } else { ratio };
            *ln = (*ln + gain.ln()).clamp(-LN_LIMIT, LN_LIMIT);
        }
    }

    pub fn ln_e(&self) -> f64 {
        ln_mean_exp(&self.ln)
    }

    pub fn sound(&self) -> bool {
        self.ln.iter().all(|ln| ln.abs() <= LN_LIMIT)
    }
}

/// `ln(mean(exp(x)))`, without leaving the range of f64.
pub fn ln_mean_exp(terms: &[f64]) -> f64 {
    let max = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = terms.iter().map(|term| (term - max).exp()).sum();
    max + (sum / float(terms.len() as u64)).ln()
}

/// Counts are far below 2^53.
#[allow(clippy::cast_precision_loss)]
pub const fn float(count: u64) -> f64 {
    count as f64
}
