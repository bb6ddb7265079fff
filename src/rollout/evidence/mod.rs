//! Judges a candidate by tests that stay valid however often an operator looks (docs/ROLLOUT.md; docs/adr/0009-statistics.md
//! explains the statistics).
//!
//! Each test holds an e-value: the fortune of a gambler who bets, at fair odds, that the candidate is worse. For a healthy
//! candidate the bets gain nothing on average, so the fortune ever reaches `1/alpha` with a chance of at most `alpha`. The
//! failing tests share one `alpha` by [`Budget`].
//!
//! Everything is synchronous, in bounded memory (at most 48 KiB, usually 2), with the time passed in (milliseconds
//! of one clock that survives restarts; going backwards does no harm).
//!
//! Invariant: a failing test that has fired stays fired, with its numbers, until the evidence is begun anew.

mod agreement;
mod mixture;
mod pass;
mod policy;
mod repeats;
mod split;
mod test_reading;
mod traffic;
mod trial;
mod units;
mod verdict;

use serde::{Deserialize, Serialize};

use agreement::Agreement;
use pass::Pass;
use repeats::Repeats;
use split::Split;
use traffic::Traffic;
use trial::{Event, Terms, Trial};

pub use crate::telemetry::labels::Side;
pub use agreement::Pairs;
pub use policy::{Budget, Policy};
pub use test_reading::{Test, TestReading};
pub use verdict::{Verdict, Why};

/// A fresh run: an arm did its work for a caller, on the side that the unit's bucket (or an open breaker) chose. Shadows,
/// runs under an override, answers from a cache and refusals are no fresh runs.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools)] // Facts of a run, independent of each other.
pub struct Run {
    pub side: Side,
    /// A hash of the sticky unit.
    pub unit: u64,
    /// The arm failed (not: the input was bad).
    pub fault: bool,
    /// It took longer than the objective.
    pub slow: bool,
    /// The candidate failed, and so did the control in the same request, by itself: it must have had its full time.
    pub fallback_failed: bool,
}

/// Both arms on one request, order randomised.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pair {
    /// Was the candidate slower by more than the margin? None when that must not count: the CPU was busy, an answer
    /// came from a cache, a tie.
    pub slower: Option<bool>,
    pub control_failed: bool,
    pub candidate_failed: bool,
    /// None when the answers cannot be compared, or both are refusals.
    pub mismatch: Option<bool>,
}

/// The evidence of one candidate. [`Evidence::check`] it after deserializing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    policy: Policy,
    traffic: Traffic,
    errors: Trial,
    repeats: Repeats,
    slow: Trial,
    latency: Trial,
    agreement: Agreement,
    split: Split,
    pass: Pass,
    pass_last: Pass,
}

impl Evidence {
    /// Empty, at 0 %. The policy must pass its check.
    #[must_use]
    pub fn new(now_ms: u64, policy: Policy) -> Self {
        Self {
            traffic: Traffic::new(now_ms),
            errors: Trial::new(),
            repeats: Repeats::new(),
            slow: Trial::new(),
            latency: Trial::new(),
            agreement: Agreement::new(),
            split: Split::new(),
            pass: Pass::new(policy.fault_rate_max),
            pass_last: Pass::new(policy.fault_rate_last_max),
            policy,
        }
    }

    /// # Errors
    /// Which number of a deserialized state is out of range, or more than a day in the future.
    pub fn check(&self, now_ms: u64) -> Result<(), &'static str> {
        self.policy.check()?;
        let latest_ms = now_ms.saturating_add(86_400_000);
        let sound = self.traffic.sound(latest_ms)
            && self.errors.sound(latest_ms)
            && self.slow.sound(latest_ms)
            && self.latency.sound(latest_ms)
            && self.repeats.sound(latest_ms)
            && self.agreement.sound()
            && self.split.sound()
            && self.pass.sound()
            && self.pass_last.sound();
        if sound {
            Ok(())
        } else {
            Err("a number is out of range")
        }
    }

    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The dial, 0..=100 (more counts as 100). A change begins a stage: split, stage counts and dwell restart, the
    /// other tests go on. The same percentage again changes nothing.
    pub fn dial(&mut self, now_ms: u64, candidate_percent: u8) {
        let percent = candidate_percent.min(100);
        if percent != self.traffic.percent {
            self.traffic.dial(now_ms, percent, self.policy.settle_ms);
            self.split.restart();
        }
    }

    /// A unit was sent to a side by the dial alone (no override, breaker closed), whether or not a cache answered.
    /// Feeding only a part of the units is fine if a hash of the unit decides which; feeding only fresh runs is not:
    /// the candidate's cache is cold after a change, so that its units would appear first.
    pub fn place(&mut self, now_ms: u64, unit: u64, side: Side) {
        if self.traffic.is_settling(now_ms, self.policy.settle_ms) {
            return;
        }
        let share = f64::from(self.traffic.percent) / 100.0;
        let alpha = self.policy.alpha * self.policy.budget.split;
        self.split
            .place(now_ms, unit, side == Side::Candidate, share, alpha);
    }

    /// A fresh run.
    pub fn run(&mut self, now_ms: u64, run: &Run) {
        let candidate = run.side == Side::Candidate;
        // A fault of both arms is not the candidate's.
        let excused = candidate && run.fault && run.fallback_failed;
        let fault = run.fault && !excused;
        if fault || run.slow {
            let event = Event {
                unit: Some(run.unit),
                candidate,
                share: self.traffic.share(now_ms, self.policy.settle_ms),
            };
            if fault {
                let terms = self.terms(self.policy.budget.errors);
                self.errors.event(now_ms, &event, &terms);
            }
            if run.slow {
                let terms = self.terms(self.policy.budget.slow);
                self.slow.event(now_ms, &event, &terms);
            }
        }
        self.traffic
            .count(now_ms, candidate, self.policy.share_window_ms);
        if candidate {
            if !excused {
                self.pass.run(fault);
                self.pass_last.run(fault);
            }
            let terms = self.repeats_terms();
            self.repeats.run(now_ms, run.unit, fault, &terms);
        }
    }

    /// An arm refused the input (a 4xx): counted for the sentence of the verdict only.
    pub fn refused(&mut self) {
        self.traffic.refused = self.traffic.refused.saturating_add(1);
    }

    /// A shadow pair. A fault in one arm only counts for the errors, too: on one request either arm is as likely to
    /// have it.
    pub fn pair(&mut self, now_ms: u64, pair: &Pair) {
        let event = |candidate: bool| Event {
            unit: None,
            candidate,
            share: 0.5,
        };
        if let Some(slower) = pair.slower {
            let terms = Terms {
                tolerated: 1.0,
                ..self.terms(self.policy.budget.latency)
            };
            self.latency.event(now_ms, &event(slower), &terms);
        }
        if pair.control_failed != pair.candidate_failed {
            let terms = self.terms(self.policy.budget.errors);
            let event = event(pair.candidate_failed);
            self.errors.event(now_ms, &event, &terms);
        }
        if let Some(mismatch) = pair.mismatch {
            self.agreement.pair(now_ms, mismatch, &self.policy);
        }
    }

    /// The control against itself on one request.
    pub fn noise(&mut self, mismatch: bool) {
        let alpha = self.policy.alpha * self.policy.budget.agreement;
        self.agreement.noise(mismatch, alpha);
    }

    fn terms(&self, part: f64) -> Terms {
        Terms {
            alpha: self.policy.alpha * part,
            tolerated: self.policy.tolerated_ratio,
            epoch_ms: self.policy.epoch_ms,
        }
    }

    fn repeats_terms(&self) -> Terms {
        Terms {
            tolerated: 1.0,
            ..self.terms(self.policy.budget.repeats)
        }
    }
}

#[cfg(test)]
mod tests;
