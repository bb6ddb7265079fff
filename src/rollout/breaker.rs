//! Stops requests to a candidate that fails.
//!
//! Invariants: time is a parameter, and `now_ms` only grows. Windows are exact: ten buckets of one second. Every admitted
//! probe ends by [`Breaker::probe_ended`].

mod window;

use window::Window;

pub use crate::telemetry::labels::{BreakerReason as Reason, BreakerState as State};

/// When a breaker opens, and how it closes again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// Faults in a row.
    pub fail_max: u32,
    /// Part of the window's runs that were faults, 0 to 1.
    pub fault_ratio: f64,
    /// Part of the window's comparisons that were mismatches, 0 to 1.
    pub mismatch_ratio: f64,
    /// Runs (or comparisons) in the window; with fewer, no ratio opens the breaker.
    pub least: u32,
    /// First wait before a probe; each failed probe doubles it …
    pub reset_ms: u64,
    /// … up to this.
    pub reset_cap_ms: u64,
    /// Probes that must go well, and how many run at once.
    pub probes: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            fail_max: 5,
            fault_ratio: 0.5,
            mismatch_ratio: 0.5,
            least: 20,
            reset_ms: 60_000,
            reset_cap_ms: 900_000,
            probes: 3,
        }
    }
}

/// Who decides the state: the breaker, or an operator who forces one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The breaker decides.
    #[default]
    Auto,
    /// The candidate never runs.
    Open,
    /// The candidate runs, also after faults.
    Closed,
}

impl Mode {
    /// As the database spells it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }

    /// [`Mode::Auto`] for an unknown label.
    #[must_use]
    pub fn from_label(label: &str) -> Self {
        let mut all = [Self::Open, Self::Closed].into_iter();
        all.find(|f| f.label() == label).unwrap_or_default()
    }
}

/// Whether a candidate may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Closed,
    /// A run that shows whether the candidate works again.
    Probe,
    Refused,
}

/// A change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    pub to: State,
    pub reason: Reason,
}

/// One per experiment.
#[derive(Clone, Debug)]
pub struct Breaker {
    policy: Policy,
    mode: Mode,
    state: State,
    /// Why it is in its state, and since when.
    reason: Reason,
    since_ms: u64,
    in_a_row: u32,
    runs: Window,
    comparisons: Window,
    /// Times that it opened without closing in between.
    opened: u32,
    probing: u32,
    passed: u32,
}

impl Breaker {
    #[must_use]
    pub fn new(policy: Policy, now_ms: u64) -> Self {
        Self {
            policy,
            mode: Mode::Auto,
            state: State::Closed,
            reason: Reason::Start,
            since_ms: now_ms,
            in_a_row: 0,
            runs: Window::default(),
            comparisons: Window::default(),
            opened: 0,
            probing: 0,
            passed: 0,
        }
    }

    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    #[must_use]
    pub fn since_ms(&self) -> u64 {
        self.since_ms
    }

    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Since when it has been closed, if it is.
    #[must_use]
    pub fn closed_since_ms(&self) -> Option<u64> {
        (self.state == State::Closed).then_some(self.since_ms)
    }

    /// Milliseconds until a probe may run; `None` unless it is open by itself.
    #[must_use]
    pub fn retry_in_ms(&self, now_ms: u64) -> Option<u64> {
        (self.state == State::Open && self.mode == Mode::Auto)
            .then(|| (self.since_ms + self.wait_ms()).saturating_sub(now_ms))
    }

    /// Doubles with each opening in a row.
    fn wait_ms(&self) -> u64 {
        let doublings = self.opened.saturating_sub(1).min(32);
        let wait = self.policy.reset_ms.saturating_mul(1 << doublings);
        wait.min(self.policy.reset_cap_ms.max(self.policy.reset_ms))
    }

    /// Asks whether a candidate may run now. A [`Admission::Probe`] has to be followed by [`Breaker::probe_ended`].
    pub fn admit(&mut self, now_ms: u64) -> (Admission, Option<Transition>) {
        let mut transition = None;
        if self.retry_in_ms(now_ms) == Some(0) {
            self.passed = 0;
            transition = Some(self.go(State::HalfOpen, Reason::Waited, now_ms));
        }
        let admission = match (self.mode, self.state) {
            (Mode::Closed, _) | (Mode::Auto, State::Closed) => Admission::Closed,
            (Mode::Auto, State::HalfOpen) if self.probing + self.passed < self.policy.probes => {
                self.probing += 1;
                Admission::Probe
            }
            _ => Admission::Refused,
        };
        (admission, transition)
    }

    /// A candidate ran.
    pub fn ran(&mut self, now_ms: u64, fault: bool) -> Option<Transition> {
        self.runs.add(now_ms, fault);
        self.in_a_row = if fault { self.in_a_row + 1 } else { 0 };
        if self.state != State::Closed || self.mode == Mode::Closed {
            return None;
        }
        if self.in_a_row >= self.policy.fail_max {
            return Some(self.open(Reason::Consecutive, now_ms));
        }
        (fault && self.exceeds(&self.runs, self.policy.fault_ratio, now_ms))
            .then(|| self.open(Reason::FaultRatio, now_ms))
    }

    /// A candidate's answer was compared with the control's.
    pub fn compared(&mut self, now_ms: u64, mismatch: bool) -> Option<Transition> {
        self.comparisons.add(now_ms, mismatch);
        let trips = mismatch
            && self.state == State::Closed
            && self.mode != Mode::Closed
            && self.exceeds(&self.comparisons, self.policy.mismatch_ratio, now_ms);
        trips.then(|| self.open(Reason::MismatchRatio, now_ms))
    }

    /// A probe ended: well, badly, or (`None`) without an answer, because the client went away.
    pub fn probe_ended(&mut self, now_ms: u64, well: Option<bool>) -> Option<Transition> {
        self.probing = self.probing.saturating_sub(1);
        if self.state != State::HalfOpen {
            return None;
        }
        match well {
            Some(true) => {
                self.passed += 1;
                (self.passed >= self.policy.probes).then(|| {
                    self.opened = 0;
                    self.forget();
                    self.go(State::Closed, Reason::ProbesPassed, now_ms)
                })
            }
            Some(false) => Some(self.open(Reason::ProbeFailed, now_ms)),
            None => None,
        }
    }

    /// An operator decides, or ([`Mode::Auto`]) leaves it to the breaker again, which then starts closed.
    pub fn force(&mut self, now_ms: u64, mode: Mode) -> Option<Transition> {
        if self.mode == mode {
            return None;
        }
        self.mode = mode;
        self.forget();
        self.opened = 0;
        let to = match mode {
            Mode::Open => State::Open,
            Mode::Closed | Mode::Auto => State::Closed,
        };
        Some(self.go(to, Reason::Forced, now_ms))
    }

    fn exceeds(&self, window: &Window, ratio: f64, now_ms: u64) -> bool {
        let (all, bad) = window.counts(now_ms);
        all >= self.policy.least && f64::from(bad) >= ratio * f64::from(all)
    }

    fn open(&mut self, reason: Reason, now_ms: u64) -> Transition {
        self.opened = self.opened.saturating_add(1);
        self.forget();
        self.go(State::Open, reason, now_ms)
    }

    /// Counts of one decision must not lead to the next.
    fn forget(&mut self) {
        self.in_a_row = 0;
        self.runs = Window::default();
        self.comparisons = Window::default();
    }

    fn go(&mut self, to: State, reason: Reason, now_ms: u64) -> Transition {
        self.state = to;
        self.reason = reason;
        self.since_ms = now_ms;
        Transition { to, reason }
    }
}

#[cfg(test)]
mod tests;
