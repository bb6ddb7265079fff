//! The state of a pilot as plain data: for reports, and for the next start.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use serde::{Deserialize, Serialize};

use super::{Machine, Pilot};
use crate::{
    kernel::{Error, Result},
    rollout::{
        Dial, Override,
        breaker::{Breaker, Mode, Reason, State as BreakerState},
        evidence::{Evidence, TestReading, Verdict},
        history::{Counts, Total},
        permit::Role,
    },
    telemetry::labels::{Experiment, ShadowResult, Side},
};

/// One experiment now.
#[derive(Clone, Debug)]
pub struct State {
    pub experiment: Experiment,
    pub dial: Arc<Dial>,
    pub breaker: BreakerNow,
    pub control: ArmNow,
    pub candidate: ArmNow,
    /// The candidate's part of the fresh answers that callers got in the last minute, 0 to 1; `None` without any.
    pub share: Option<f64>,
    /// By the judge's label.
    pub differences: BTreeMap<&'static str, Difference>,
    /// Ends of shadows since the start, by [`ShadowResult`].
    pub shadows: [u64; ShadowResult::ALL.len()],
    /// Shadows that did not start because no processor or slot was free.
    pub shed: u64,
    pub fallbacks: u64,
    pub points: Vec<PointNow>,
    pub readings: Vec<TestReading>,
    pub verdict: Verdict,
    pub now_ms: u64,
}

/// One label of a judge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Else it is tolerated.
    pub is_mismatch: bool,
    /// Comparisons that found it since the start.
    pub count: u64,
}

#[derive(Clone, Copy, Debug)]
pub struct BreakerNow {
    pub state: BreakerState,
    pub reason: Reason,
    pub since_ms: u64,
    pub retry_in_ms: Option<u64>,
    pub mode: Mode,
}

/// One arm since the start, and how long its runs of the last ten minutes took.
#[derive(Clone, Copy, Debug)]
pub struct ArmNow {
    pub total: Total,
    pub p50_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
}

/// One arm within a point's time.
#[derive(Clone, Copy, Debug)]
pub struct RunsNow {
    pub requests: u64,
    pub faults: u64,
    /// Those that callers got.
    pub served: u64,
    pub p99_ms: Option<f64>,
}

#[derive(Clone, Copy, Debug)]
pub struct PointNow {
    pub start_ms: u64,
    pub control: RunsNow,
    pub candidate: RunsNow,
}

/// The content of a state file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Saved {
    /// Names and versions of the arms. Evidence of another version does not count.
    pub arms: [String; 2],
    pub saved_at_ms: u64,
    pub evidence: Evidence,
    /// Since when the breaker has been closed, if it is.
    pub closed_since_ms: Option<u64>,
    /// [`Override::Killed`] was in force.
    pub killed: bool,
    /// [`Override::Damaged`] was in force.
    #[serde(default)]
    pub damaged: bool,
}

impl Saved {
    /// Whether both are equal but for the time of writing.
    #[must_use]
    pub fn is_as(&self, other: &Self) -> bool {
        let facts = |s: &Self| (s.closed_since_ms, s.killed, s.damaged);
        self.arms == other.arms && facts(self) == facts(other) && self.evidence == other.evidence
    }
}

impl Machine {
    /// The breaker that a role runs behind.
    pub(in crate::rollout) fn breaker(&mut self, role: Role) -> &mut Breaker {
        match role {
            Role::Unopposed => &mut self.unopposed,
            _ => &mut self.breaker,
        }
    }
}

impl Pilot {
    /// A consistent look at everything.
    #[must_use]
    pub fn state(&self) -> State {
        let dial = self.dial();
        let now_ms = self.now_ms();
        let machine = self.machine();
        let (control, candidate) = machine.history.recent(now_ms, 600);
        let (minute, canary) = machine.history.recent(now_ms, 60);
        let arm = |side, counts: &Counts| ArmNow {
            total: machine.history.total(side),
            p50_ms: counts.quantile_ms(0.5),
            p95_ms: counts.quantile_ms(0.95),
            p99_ms: counts.quantile_ms(0.99),
        };
        let all = minute.served + canary.served;
        #[allow(clippy::cast_precision_loss)]
        let share = (all > 0).then(|| canary.served as f64 / all as f64);
        let runs = |counts: &Counts| RunsNow {
            requests: counts.requests,
            faults: counts.faults,
            served: counts.served,
            p99_ms: counts.quantile_ms(0.99),
        };
        let points = machine.history.points(now_ms).map(|p| PointNow {
            start_ms: p.start_ms,
            control: runs(&p.control),
            candidate: runs(&p.candidate),
        });
        State {
            experiment: self.experiment,
            dial,
            breaker: BreakerNow {
                state: machine.breaker.state(),
                reason: machine.breaker.reason(),
                since_ms: machine.breaker.since_ms(),
                retry_in_ms: machine.breaker.retry_in_ms(now_ms),
                mode: machine.breaker.mode(),
            },
            control: arm(Side::Control, &control),
            candidate: arm(Side::Candidate, &candidate),
            share,
            differences: machine.differences.clone(),
            shadows: std::array::from_fn(|i| self.counts.shadows[i].load(Ordering::Relaxed)),
            shed: self.counts.shed.load(Ordering::Relaxed),
            fallbacks: self.counts.fallbacks.load(Ordering::Relaxed),
            points: points.collect(),
            readings: machine.evidence.readings().to_vec(),
            verdict: machine
                .evidence
                .verdict(now_ms, machine.breaker.closed_since_ms()),
            now_ms,
        }
    }

    /// The verdict alone.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let now_ms = self.now_ms();
        let machine = self.machine();
        machine
            .evidence
            .verdict(now_ms, machine.breaker.closed_since_ms())
    }

    /// The evidence, test by test.
    #[must_use]
    pub fn readings(&self) -> Vec<TestReading> {
        self.machine().evidence.readings().to_vec()
    }

    /// For a state file.
    #[must_use]
    pub fn saved(&self, arms: [&str; 2]) -> Saved {
        let overridden = self.overridden();
        let machine = self.machine();
        Saved {
            killed: overridden == Some(Override::Killed),
            damaged: overridden == Some(Override::Damaged),
            arms: arms.map(str::to_owned),
            saved_at_ms: self.now_ms(),
            evidence: machine.evidence.clone(),
            closed_since_ms: machine.breaker.closed_since_ms(),
        }
    }

    /// Continues with the evidence of an earlier process.
    ///
    /// # Errors
    /// `Invalid` when the evidence is out of range; then nothing changed.
    pub fn restore(&self, saved: Saved) -> Result<()> {
        let check = saved.evidence.check(self.now_ms());
        check.map_err(|what| Error::invalid("evidence", what))?;
        self.machine().evidence = saved.evidence;
        Ok(())
    }
}
