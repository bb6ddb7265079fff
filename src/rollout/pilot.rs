//! Decides which arm answers a request, and holds the state of one experiment.
//!
//! Invariants: a decision is made from memory, without I/O and without waiting. Override, then breaker, then percentage,
//! then control. Time is a parameter or comes from the clock.

mod state;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::{Mutex, MutexGuard, RwLock};
use tokio::sync::Semaphore;

use super::{
    Permit, Unit,
    breaker::{self, Admission, Breaker, Transition},
    dial::{Dial, Override},
    evidence::{self, Evidence},
    history::History,
    metrics::Metrics,
    permit::Role,
    unit::TEXT_BYTES,
};
use crate::{
    kernel::{
        Result, SharedClock,
        clock::Instant,
        task::{BackgroundThread, Priority},
    },
    telemetry::{
        Load,
        labels::{Experiment, FallbackReason, RouteTo, ShadowResult, Side, Why},
    },
};

pub use state::{ArmNow, BreakerNow, Difference, PointNow, RunsNow, Saved, State};

/// How one experiment is run.
#[derive(Clone, Debug)]
pub struct Policy {
    pub breaker: breaker::Policy,
    pub evidence: evidence::Policy,
    /// A longer run counts as slow.
    pub objective_ms: u64,
}

/// What shadows may use, of the whole process. Cheap to clone.
#[derive(Clone)]
pub struct ShadowCapacity {
    pub(super) load: Arc<Load>,
    /// The background thread that they run on.
    pub(super) background: BackgroundThread,
    pub(super) shadows: Arc<Semaphore>,
    /// One comparison at a time: each may take hundreds of megabytes.
    pub(super) judging: Arc<Semaphore>,
}

impl ShadowCapacity {
    /// `shadows`: how many run at once.
    ///
    /// # Errors
    /// `Internal` when there is no thread left for them.
    pub fn new(load: Arc<Load>, shadows: usize) -> Result<Self> {
        Ok(Self {
            background: BackgroundThread::start("shadows", Priority::Lowest)?,
            load,
            shadows: Arc::new(Semaphore::new(shadows)),
            judging: Arc::new(Semaphore::new(1)),
        })
    }

    /// The background thread.
    #[must_use]
    pub fn background_thread(&self) -> &BackgroundThread {
        &self.background
    }
}

/// Where a request goes.
pub enum Route {
    Control(Why),
    /// The control answers; the candidate runs beside it.
    Shadow(Permit),
    Candidate(Permit),
}

/// One per experiment.
pub struct Pilot {
    pub experiment: Experiment,
    pub policy: Policy,
    pub(super) clock: SharedClock,
    pub(super) shadow_capacity: ShadowCapacity,
    pub(super) metrics: Metrics,
    /// Unix time of `anchor`. Later times are counted from it, so that time never goes back.
    anchor_ms: u64,
    anchor: Instant,
    dial: RwLock<Arc<Dial>>,
    machine: Mutex<Machine>,
    draws: AtomicU64,
    pub(super) counts: Counts,
}

/// What changes with every run.
pub(super) struct Machine {
    pub breaker: Breaker,
    /// Of runs whose input the control does not support. Independent of `breaker`.
    pub unopposed: Breaker,
    pub evidence: Evidence,
    pub history: History,
    /// By the judge's label.
    pub differences: BTreeMap<&'static str, Difference>,
}

/// Counts that are also metrics, for the report of this process.
#[derive(Default)]
pub(super) struct Counts {
    pub shadows: [AtomicU64; ShadowResult::ALL.len()],
    /// Shadows that did not start because no processor or slot was free.
    pub shed: AtomicU64,
    pub fallbacks: AtomicU64,
}

impl Pilot {
    /// Starts at control: see [`Dial::unknown`].
    #[must_use]
    pub fn new(
        experiment: Experiment,
        policy: Policy,
        shadow_capacity: ShadowCapacity,
        clock: SharedClock,
    ) -> Arc<Self> {
        let anchor_ms = u64::try_from(clock.now().as_millisecond()).unwrap_or(0);
        let machine = Machine {
            breaker: Breaker::new(policy.breaker, anchor_ms),
            unopposed: Breaker::new(policy.breaker, anchor_ms),
            evidence: Evidence::new(anchor_ms, policy.evidence.clone()),
            history: History::default(),
            differences: BTreeMap::new(),
        };
        Arc::new(Self {
            experiment,
            shadow_capacity,
            metrics: Metrics::new(experiment),
            anchor_ms,
            anchor: clock.instant(),
            dial: RwLock::new(Arc::new(Dial::unknown(experiment))),
            machine: Mutex::new(machine),
            draws: AtomicU64::new(0),
            counts: Counts::default(),
            policy,
            clock,
        })
    }

    /// The dial in force.
    #[must_use]
    pub fn dial(&self) -> Arc<Dial> {
        Arc::clone(&self.dial.read())
    }

    /// Puts a dial into force. A change of the candidate's percentage begins a stage of the evidence.
    pub fn turn(&self, dial: Dial) {
        let now_ms = self.now_ms();
        let (percent, mode) = (dial.effective_percent(), dial.breaker);
        self.metrics.percents(&dial.shares);
        *self.dial.write() = Arc::new(dial);
        let mut machine = self.machine();
        machine.evidence.dial(now_ms, percent);
        if let Some(transition) = machine.breaker.force(now_ms, mode) {
            self.turned(Role::Candidate, transition);
        }
    }

    /// Drops the evidence and begins anew.
    pub fn forget(&self) {
        let now_ms = self.now_ms();
        let percent = self.dial().effective_percent();
        let mut evidence = Evidence::new(now_ms, self.policy.evidence.clone());
        evidence.dial(now_ms, percent);
        self.machine().evidence = evidence;
    }

    /// Decides who answers. `recalls`: whether the control remembers the answer.
    pub(super) fn route(self: &Arc<Self>, unit: &Unit, recalls: impl FnOnce() -> bool) -> Route {
        let (to, why, permit) = self.decide(unit, recalls);
        self.metrics.routed(to, why);
        if matches!(why, Why::Saturated | Why::Full) {
            self.counts.shed.fetch_add(1, Ordering::Relaxed);
        }
        match (to, permit) {
            (RouteTo::Candidate, Some(permit)) => Route::Candidate(permit),
            (RouteTo::Shadow, Some(permit)) => Route::Shadow(permit),
            _ => Route::Control(why),
        }
    }

    fn decide(
        self: &Arc<Self>,
        unit: &Unit,
        recalls: impl FnOnce() -> bool,
    ) -> (RouteTo, Why, Option<Permit>) {
        let control = |why| (RouteTo::Control, why, None);
        let dial = self.dial();
        if let Some(overridden) = dial.overridden {
            return control(overridden.why());
        }
        let mut buffer = [0; TEXT_BYTES];
        let text = unit.text(&mut buffer);
        if dial.shares.candidate.takes(text) {
            return match self.admit(Role::Candidate) {
                Admission::Refused => control(Why::BreakerOpen),
                admission => {
                    let probe = admission == Admission::Probe;
                    let why = if probe { Why::Probe } else { Why::Flag };
                    let permit = Permit::new(self, unit, Role::Candidate, probe)
                        .placed(Some(Side::Candidate));
                    (RouteTo::Candidate, why, Some(permit))
                }
            };
        }
        if !dial.shares.shadow.takes(text) {
            return control(Why::Percentage);
        }
        self.shadow(unit, recalls)
            .map_or_else(control, |permit| (RouteTo::Shadow, Why::Flag, Some(permit)))
    }

    /// The side that the percentage alone chooses.
    pub(super) fn dialled(&self, unit: &Unit) -> Side {
        let mut buffer = [0; TEXT_BYTES];
        if self.dial().shares.candidate.takes(unit.text(&mut buffer)) {
            Side::Candidate
        } else {
            Side::Control
        }
    }

    fn shadow(
        self: &Arc<Self>,
        unit: &Unit,
        recalls: impl FnOnce() -> bool,
    ) -> std::result::Result<Permit, Why> {
        if self.shadow_capacity.load.is_saturated() {
            return Err(Why::Saturated);
        }
        if recalls() {
            return Err(Why::Remembered);
        }
        let slot = Arc::clone(&self.shadow_capacity.shadows)
            .try_acquire_owned()
            .map_err(|_| Why::Full)?;
        match self.admit(Role::Shadow) {
            Admission::Refused => Err(Why::BreakerOpen),
            admission => {
                let probe = admission == Admission::Probe;
                Ok(Permit::new(self, unit, Role::Shadow, probe).holding(slot))
            }
        }
    }

    /// For an input that the control does not support; `None` while the candidate's own breaker is open.
    pub(super) fn only_candidate(self: &Arc<Self>, unit: &Unit) -> Option<Permit> {
        let admission = self.admit(Role::Unopposed);
        (admission != Admission::Refused).then(|| {
            self.metrics.routed(RouteTo::Candidate, Why::Unsupported);
            let probe = admission == Admission::Probe;
            Permit::new(self, unit, Role::Unopposed, probe)
        })
    }

    fn admit(&self, role: Role) -> Admission {
        let now_ms = self.now_ms();
        let (admission, transition) = self.machine().breaker(role).admit(now_ms);
        if let Some(transition) = transition {
            self.turned(role, transition);
        }
        admission
    }

    pub(super) fn machine(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock()
    }

    /// The control has to answer for the candidate.
    pub(super) fn falls_back(&self, reason: FallbackReason) {
        self.metrics.fell_back(reason);
        self.counts.fallbacks.fetch_add(1, Ordering::Relaxed);
    }

    /// A shadow came to its end.
    pub(super) fn shadow_ended(&self, result: ShadowResult) {
        self.metrics.shadow(result);
        self.counts.shadows[result as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Logs a change of a role's breaker, and counts it if it is the experiment's.
    pub(super) fn turned(&self, role: Role, transition: Transition) {
        let (experiment, to) = (self.experiment.label(), transition.to.label());
        let reason = transition.reason.label();
        let opened = transition.to == breaker::State::Open;
        if role == Role::Unopposed {
            if opened {
                tracing::warn!(
                    experiment,
                    reason,
                    "the candidate failed too often: inputs that only it supports are refused"
                );
            } else {
                tracing::info!(
                    experiment,
                    to,
                    reason,
                    "the candidate's own breaker changed"
                );
            }
            return;
        }
        self.metrics.turned(transition);
        if opened {
            tracing::warn!(
                experiment,
                reason,
                "the breaker opened: the control answers"
            );
        } else {
            tracing::info!(experiment, to, reason, "the breaker changed");
        }
    }

    /// Unix time in milliseconds; never goes back.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.at_ms(self.clock.instant())
    }

    pub(super) fn at_ms(&self, at: Instant) -> u64 {
        let passed = at.saturating_duration_since(self.anchor).as_millis();
        self.anchor_ms + u64::try_from(passed).unwrap_or(0)
    }

    /// Whether this shadow runs the control once more: one in ten until 1000 such pairs are known, then one in a hundred.
    pub(super) fn wants_twin(&self, draw: u64) -> bool {
        const ENOUGH: u64 = 1000;
        let of = |r: ShadowResult| self.counts.shadows[r as usize].load(Ordering::Relaxed);
        let known = of(ShadowResult::NoiseSame) + of(ShadowResult::NoiseMismatch);
        draw.is_multiple_of(if known < ENOUGH { 10 } else { 100 })
    }

    /// A pseudo-random number; the same sequence in every process.
    pub(super) fn draw(&self) -> u64 {
        Unit::Id(uuid::Uuid::from_u64_pair(
            0,
            self.draws.fetch_add(1, Ordering::Relaxed),
        ))
        .number()
    }

    /// Why the control answers everything, if it does.
    #[must_use]
    pub fn overridden(&self) -> Option<Override> {
        self.dial().overridden
    }
}
