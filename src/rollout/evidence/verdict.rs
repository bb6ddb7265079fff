//! The verdict: go, hold, or no-go, in one sentence.
//!
//! Invariant: absent data is a hold, never a go and never a no-go.

use std::fmt;

use serde::Serialize;

use super::Evidence;
use super::agreement::{Agreement, Pairs};
use super::mixture::float;
use super::test_reading::{Percent, Test, TestReading};

/// The judgement over a stage.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum Verdict {
    /// All conditions hold. `next`: the stage to go to; none when this is the last.
    Go {
        next: Option<u8>,
        /// The passing test.
        reading: TestReading,
    },
    Hold {
        /// How many more of what `why` names; none when only time (or an operator) helps.
        needed: Option<u64>,
        why: Why,
        /// Requests of this stage that an arm refused. They do not count towards `needed`.
        refused: u64,
    },
    NoGo {
        /// The first of the tests that fired.
        reading: TestReading,
    },
}

/// The condition that a stage waits for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Why {
    /// The dial is at 0 %: requests of the candidate, once there are any.
    Off { fault_rate_max: f64 },
    /// Requests of the candidate without a fault of its own.
    Faults { fault_rate_max: f64 },
    /// Requests of the candidate, in this stage.
    Candidate,
    /// Requests of the control, in this stage: without them there is nothing to compare with.
    Control,
    /// Shadow pairs, to know whether the answers agree.
    Pairs,
    /// Shadow pairs that agree: too many so far did not.
    Mismatches { shadow: Pairs, noise: Pairs },
    /// The breaker is not closed.
    Breaker,
    /// The stage, or the breaker's being closed, is too young.
    Dwell { left_ms: u64 },
}

impl Evidence {
    /// The judgement over the stage. `breaker_closed_since_ms`: none while it is not closed.
    #[must_use]
    pub fn verdict(&self, now_ms: u64, breaker_closed_since_ms: Option<u64>) -> Verdict {
        let first = self
            .readings()
            .into_iter()
            .filter(|reading| reading.fired_ms.is_some())
            .min_by_key(|reading| reading.fired_ms);
        if let Some(reading) = first {
            return Verdict::NoGo { reading };
        }
        if let Some((needed, why)) = self.missing() {
            let refused = self.traffic.refused;
            return Verdict::Hold {
                needed: Some(needed),
                why,
                refused,
            };
        }
        let wait = |why| Verdict::Hold {
            needed: None,
            why,
            refused: 0,
        };
        let Some(closed_since_ms) = breaker_closed_since_ms else {
            return wait(Why::Breaker);
        };
        let since_ms = closed_since_ms.max(self.traffic.since_ms);
        let left_ms = since_ms
            .saturating_add(self.policy.dwell_ms)
            .saturating_sub(now_ms);
        if left_ms > 0 {
            return wait(Why::Dwell { left_ms });
        }
        Verdict::Go {
            next: self.policy.next_stage(self.traffic.percent),
            reading: self.reading(Test::ErrorsPass),
        }
    }

    /// Which data a go lacks, and how much of it.
    fn missing(&self) -> Option<(u64, Why)> {
        let (policy, stage) = (&self.policy, self.traffic.stage);
        let pass = self.pass_now();
        let fault_rate_max = pass.rate_max;
        let clean = pass.needed();
        let candidate = policy.runs_min.saturating_sub(stage.candidate);
        let control = policy.runs_min.saturating_sub(stage.control);
        if self.traffic.percent == 0 {
            return Some((clean.max(candidate).max(1), Why::Off { fault_rate_max }));
        }
        if clean > 0 {
            return Some((clean.max(candidate), Why::Faults { fault_rate_max }));
        }
        if candidate > 0 {
            return Some((candidate, Why::Candidate));
        }
        // At 100 % there is no control to compare with, and no shadow.
        if self.traffic.percent == 100 {
            return None;
        }
        if control > 0 {
            return Some((control, Why::Control));
        }
        let pairs = self.agreement.needed(policy);
        if pairs == 0 {
            return None;
        }
        let Agreement { shadow, noise, .. } = self.agreement;
        let few =
            shadow.total < policy.pairs_min && shadow.rate() <= self.agreement.rate_max(policy);
        let why = if few {
            Why::Pairs
        } else {
            Why::Mismatches { shadow, noise }
        };
        Some((pairs, why))
    }
}

impl Verdict {
    /// `go`, `hold`, `no-go`.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Go { .. } => "go",
            Self::Hold { .. } => "hold",
            Self::NoGo { .. } => "no-go",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.label())?;
        match self {
            Self::Go { next, reading } => {
                let (faults, runs) = (reading.candidate, reading.events);
                write!(
                    f,
                    "the candidate had {faults} faults of its own in {runs} requests, and no test speaks against it; "
                )?;
                match next {
                    Some(next) => write!(f, "the next stage is {next} %"),
                    None => write!(f, "it may stay at 100 %"),
                }
            }
            Self::NoGo { reading } => write!(f, "{reading}"),
            Self::Hold {
                needed,
                why,
                refused,
            } => {
                why.write(f, needed.unwrap_or(0))?;
                match refused {
                    0 => Ok(()),
                    1 => write!(f, "; 1 request was refused (4xx), which shows nothing"),
                    n => write!(f, "; {n} requests were refused (4xx), which shows nothing"),
                }
            }
        }
    }
}

impl Why {
    /// As it is serialized.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Off { .. } => "off",
            Self::Faults { .. } => "faults",
            Self::Candidate => "candidate",
            Self::Control => "control",
            Self::Pairs => "pairs",
            Self::Mismatches { .. } => "mismatches",
            Self::Breaker => "breaker",
            Self::Dwell { .. } => "dwell",
        }
    }

    fn write(self, f: &mut fmt::Formatter<'_>, needed: u64) -> fmt::Result {
        let requests = if needed == 1 { "request" } else { "requests" };
        let pairs = if needed == 1 { "pair" } else { "pairs" };
        match self {
            Self::Off { fault_rate_max } => {
                let percent = Percent(100.0 * fault_rate_max);
                write!(
                    f,
                    "the dial is at 0 %; about {needed} more {requests} of the candidate without a fault are needed to show fewer than {percent} faults"
                )
            }
            Self::Faults { fault_rate_max } => {
                let percent = Percent(100.0 * fault_rate_max);
                write!(
                    f,
                    "about {needed} more {requests} of the candidate without a fault are needed to show fewer than {percent} faults"
                )
            }
            Self::Candidate => write!(
                f,
                "{needed} more {requests} of the candidate are needed in this stage"
            ),
            Self::Control => write!(
                f,
                "{needed} more {requests} of the control are needed in this stage, to compare with"
            ),
            Self::Pairs => write!(
                f,
                "{needed} more shadow {pairs} are needed to know whether the answers agree"
            ),
            Self::Mismatches { shadow, noise } => write!(
                f,
                "{} of {} shadow pairs differ, and {} of {} of the control with itself; about {needed} more shadow {pairs} that agree are needed",
                shadow.mismatches, shadow.total, noise.mismatches, noise.total
            ),
            Self::Breaker => write!(f, "the breaker is not closed"),
            Self::Dwell { left_ms } => write!(
                f,
                "everything is fine, {:.1} more minutes of it are needed",
                float(left_ms) / 60_000.0
            ),
        }
    }
}
