//! The state of one test: its evidence, its threshold, and the counts behind it.
//!
//! Invariant: every number is finite, and the sentence contains only these numbers.

use std::fmt;

use serde::Serialize;

use super::Evidence;
use super::agreement::{Agreement, Pairs};
use super::mixture::float;
use super::pass::Pass;
use super::trial::{Terms, Trial};
use crate::kernel::label;

label! {
    /// The tests.
    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    Test {
        /// Fails: the candidate has more than its share of the faults.
        Errors = "errors",
        /// Fails: the candidate fails again and again where the control does not.
        Repeats = "repeats",
        /// Passes: the candidate's fault rate is below the allowed one.
        ErrorsPass = "errors_pass",
        /// Fails: the candidate is slower on the same requests.
        Latency = "latency",
        /// Fails: the candidate has more than its share of the runs slower than the objective.
        Slow = "slow",
        /// Fails: the answers differ more often than the control differs from itself.
        Agreement = "agreement",
        /// Fails: the dial is not honoured.
        Split = "split",
    }
}

/// One test's evidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TestReading {
    pub test: Test,
    pub ln_e: f64,
    /// Fired from here on; rises with each epoch (errors, repeats, latency, slow) or stage (split).
    pub ln_threshold: f64,
    /// A failing test: the candidate is a no-go, and the numbers stay as they were then. The passing test: it holds.
    pub fired: bool,
    /// When it fired; none for the passing test.
    pub fired_ms: Option<u64>,
    /// By test: faults, watched runs, runs of the candidate, pairs, slow runs, shadow pairs, units.
    pub events: u64,
    /// How many of them speak against the candidate (split: are in it).
    pub candidate: u64,
    /// How many of them a just tolerable candidate would have.
    pub expected: f64,
}

impl Evidence {
    /// Every test's evidence, in the order of [`Test::ALL`].
    #[must_use]
    pub fn readings(&self) -> [TestReading; Test::ALL.len()] {
        Test::ALL.map(|test| self.reading(test))
    }

    pub(super) fn reading(&self, test: Test) -> TestReading {
        let budget = &self.policy.budget;
        match test {
            Test::Errors => trial(test, &self.errors, &self.terms(budget.errors)),
            Test::Repeats => trial(test, &self.repeats.trial, &self.repeats_terms()),
            Test::Latency => trial(test, &self.latency, &self.terms(budget.latency)),
            Test::Slow => trial(test, &self.slow, &self.terms(budget.slow)),
            Test::ErrorsPass => {
                let pass = self.pass_now();
                TestReading {
                    test,
                    ln_e: pass.ln_e(),
                    ln_threshold: Pass::ln_threshold(),
                    fired: pass.has_passed(),
                    fired_ms: None,
                    events: pass.runs,
                    candidate: pass.faults,
                    expected: pass.rate_max * float(pass.runs),
                }
            }
            Test::Agreement => {
                let Pairs { total, mismatches } = self.agreement.shadow;
                let rate = self.agreement.noise_max + self.policy.mismatch_rate_tolerated;
                let fired_ms = self.agreement.fired_ms;
                TestReading {
                    test,
                    ln_e: self.agreement.ln_e(),
                    ln_threshold: Agreement::ln_threshold(&self.policy),
                    fired: fired_ms.is_some(),
                    fired_ms,
                    events: total,
                    candidate: mismatches,
                    expected: rate.min(1.0) * float(total),
                }
            }
            Test::Split => TestReading {
                test,
                ln_e: self.split.ln_e(),
                ln_threshold: self.split.ln_threshold(self.policy.alpha * budget.split),
                fired: self.split.fired_ms.is_some(),
                fired_ms: self.split.fired_ms,
                events: self.split.units,
                candidate: self.split.candidate,
                expected: self.split.expected,
            },
        }
    }

    /// The passing test for this stage: stricter when the next one is everything.
    pub(super) fn pass_now(&self) -> &Pass {
        match self.policy.next_stage(self.traffic.percent) {
            Some(next) if next < 100 => &self.pass,
            _ => &self.pass_last,
        }
    }
}

fn trial(test: Test, trial: &Trial, terms: &Terms) -> TestReading {
    TestReading {
        test,
        ln_e: trial.ln_e(),
        ln_threshold: trial.ln_threshold(terms),
        fired: trial.fired_ms.is_some(),
        fired_ms: trial.fired_ms,
        events: trial.events,
        candidate: trial.candidate,
        expected: trial.expected,
    }
}

impl fmt::Display for TestReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (events, candidate) = (self.events, self.candidate);
        let percent = Percent(100.0 * self.expected / float(events.max(1)));
        let sentence = match self.test {
            Test::Errors => format!(
                "the candidate had {candidate} of {events} faults at {percent} of the traffic"
            ),
            Test::Repeats => format!(
                "of {events} repeated requests the candidate failed {candidate} that the control then answered"
            ),
            Test::ErrorsPass => format!(
                "the candidate had {candidate} faults of its own in {events} requests, {percent} are allowed"
            ),
            Test::Latency => format!(
                "the candidate was slower in {candidate} of {events} pairs, up to {percent} are fine"
            ),
            Test::Slow => format!(
                "the candidate had {candidate} of {events} slow requests at {percent} of the traffic"
            ),
            Test::Agreement => format!(
                "{candidate} of {events} shadow pairs differ, up to {percent} may be the control's own noise"
            ),
            Test::Split => format!(
                "{candidate} of {events} units are in the candidate, the dial says {percent}"
            ),
        };
        let (label, e, threshold) = (self.test.label(), Exp(self.ln_e), Exp(self.ln_threshold));
        write!(f, "{label}: {sentence} (E = {e}, threshold {threshold})")
    }
}

/// `e^x` as people write it.
struct Exp(f64);

impl fmt::Display for Exp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimal = self.0 / std::f64::consts::LN_10;
        if decimal >= 6.0 || decimal <= -3.0 {
            write!(f, "10^{decimal:.0}")
        } else if decimal >= 1.0 {
            write!(f, "{:.0}", self.0.exp())
        } else {
            write!(f, "{:.2}", self.0.exp())
        }
    }
}

/// Up to two digits that matter, and no needless zeros: `5.1 %`, `0.1 %`, `50 %`.
pub(super) struct Percent(pub f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.0 >= 10.0 {
            0
        } else if self.0 >= 0.1 {
            1
        } else {
            3
        };
        let text = format!("{:.digits$}", self.0);
        let text = match text.split_once('.') {
            Some(_) => text.trim_end_matches('0').trim_end_matches('.'),
            None => &text,
        };
        write!(f, "{text} %")
    }
}
