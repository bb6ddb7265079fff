//! A failing test: the arms' answers differ more often than the control differs from itself.
//!
//! Invariant: while the control's own noise is unknown, nothing fires. Without pairs nothing passes.

use serde::{Deserialize, Serialize};

use super::mixture::{MORE, Mixture, float};
use super::policy::Policy;

/// From here on old pairs fade: a rate is of the latest 10 000 to 20 000.
const PAIRS_MAX: u64 = 20_000;
/// Before anything is known of the noise it is guessed to be 1 in 100, with the weight of half a pair.
const PRIOR: (f64, f64) = (0.5, 49.5);

/// Pairs, and how many of them did not match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pairs {
    pub total: u64,
    pub mismatches: u64,
}

impl Pairs {
    fn count(&mut self, mismatch: bool) {
        self.total += 1;
        self.mismatches += u64::from(mismatch);
    }

    /// 0 when there are none.
    #[must_use]
    pub fn rate(self) -> f64 {
        if self.total == 0 {
            0.0
        } else {
            float(self.mismatches) / float(self.total)
        }
    }

    fn sound(self) -> bool {
        self.mismatches <= self.total && self.total < 1 << 52
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    mixture: Mixture,
    pub shadow: Pairs,
    pub noise: Pairs,
    /// `ln` of how well the noise was foreseen, pair by pair.
    noise_ln: f64,
    /// The noise is at most this, with half of the test's budget for being wrong.
    pub noise_max: f64,
    pub fired_ms: Option<u64>,
}

impl Agreement {
    pub fn new() -> Self {
        Self {
            mixture: Mixture::new(),
            shadow: Pairs::default(),
            noise: Pairs::default(),
            noise_ln: 0.0,
            noise_max: 1.0,
            fired_ms: None,
        }
    }

    /// Control against control.
    pub fn noise(&mut self, mismatch: bool, alpha: f64) {
        let (total, mismatches) = (float(self.noise.total), float(self.noise.mismatches));
        let foreseen = (mismatches + PRIOR.0) / (total + PRIOR.0 + PRIOR.1);
        let chance = if mismatch { foreseen } else { 1.0 - foreseen };
        self.noise_ln += chance.ln();
        self.noise.count(mismatch);
        self.noise_max = self.noise_max.min(self.noise_bound(alpha / 2.0));
    }

    /// The highest rate that the noise seen so far has not refuted (at any time, with a chance of `alpha` to err).
    fn noise_bound(&self, alpha: f64) -> f64 {
        let mismatches = float(self.noise.mismatches);
        let matches = float(self.noise.total - self.noise.mismatches);
        let refuted = |rate: f64| {
            let known = if mismatches > 0.0 {
                mismatches * rate.ln()
            } else {
                0.0
            };
            self.noise_ln - known - matches * (-rate).ln_1p() >= -alpha.ln()
        };
        let (mut low, mut high) = (self.noise.rate(), 1.0);
        for _ in 0..40 {
            let middle = f64::midpoint(low, high);
            if refuted(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        high
    }

    /// Control against candidate.
    pub fn pair(&mut self, now_ms: u64, mismatch: bool, policy: &Policy) {
        if self.fired_ms.is_some() {
            return;
        }
        let chance = self.noise_max + policy.mismatch_rate_tolerated;
        // A bet may be skipped. Skipping unpromising ones costs nothing while few noise pairs are known.
        if self.shadow.rate() > chance && chance < 1.0 {
            self.mixture.step(mismatch, chance, 1.0, &MORE);
            if self.ln_e() >= Self::ln_threshold(policy) {
                self.fired_ms = Some(now_ms);
            }
        }
        self.shadow.count(mismatch);
        if self.shadow.total >= PAIRS_MAX {
            self.shadow.total /= 2;
            self.shadow.mismatches = self.shadow.mismatches.div_ceil(2);
        }
    }

    pub fn ln_e(&self) -> f64 {
        self.mixture.ln_e()
    }

    pub fn ln_threshold(policy: &Policy) -> f64 {
        -(policy.alpha * policy.budget.agreement / 2.0).ln()
    }

    /// The rate of mismatches up to which the arms agree.
    pub fn rate_max(&self, policy: &Policy) -> f64 {
        self.noise.rate() + policy.mismatch_rate_tolerated
    }

    /// How many more pairs, all matching, show that the arms agree. 0: they do.
    pub fn needed(&self, policy: &Policy) -> u64 {
        // A rate is at most 1 and at least 1e-9, the mismatches at most 20 000: the quotient fits.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let diluted = (float(self.shadow.mismatches) / self.rate_max(policy)).ceil() as u64;
        if policy.pairs_min == 0 {
            return 0;
        }
        policy
            .pairs_min
            .max(diluted)
            .saturating_sub(self.shadow.total)
    }

    pub fn sound(&self) -> bool {
        self.mixture.sound()
            && self.shadow.sound()
            && self.shadow.total < PAIRS_MAX
            && self.noise.sound()
            && (-1e13..=0.0).contains(&self.noise_ln)
            && (0.0..=1.0).contains(&self.noise_max)
    }
}
