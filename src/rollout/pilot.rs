//! Decides who answers a request, and keeps what is learned from the answers.
//!
//! Invariants: a decision is made from memory, without I/O and without waiting; forced override, then breaker, then
//! percentage, then control; and time only comes in as an argument or from the clock.

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
    dial::{Dial, Hold},
    evidence::{self, Evidence},
    history::History,
    metrics::Metrics,
    permit::Role,
    unit::TEXT_BYTES,
};
use crate::{
    kernel::{Result, SharedClock, clock::Instant, task::Aside},
    telemetry::{
        Load,
        labels::{Experiment, FallbackReason, RouteTo, ShadowResult, Side, Why},
    },
};

pub use state::{ArmNow, BreakerNow, PointNow, RunsNow, Saved, State};

/// How one experiment is run.
#[derive(Clone, Debug)]
pub struct Policy {
    pub breaker: breaker::Policy,
    pub evidence: evidence::Policy,
    /// A run that takes longer counts as slow.
    pub objective_ms: u64,
}

/// What is left over for shadows, of the whole process. Cheap to clone.
#[derive(Clone)]
pub struct Spare {
    pub(super) load: Arc<Load>,
    /// Where they run: after everything that somebody waits for.
    pub(super) aside: Aside,
    pub(super) shadows: Arc<Semaphore>,
    /// Looking at answers may take hundreds of megabytes each.
    pub(super) judging: Arc<Semaphore>,
}

impl Spare {
    /// `shadows`: how many run at once.
    ///
    /// # Errors
    /// `Internal` when there is no thread left for them.
    pub fn new(load: Arc<Load>, shadows: usize) -> Result<Self> {
        Ok(Self {
            aside: Aside::start("shadows")?,
            load,
            shadows: Arc::new(Semaphore::new(shadows)),
            judging: Arc::new(Semaphore::new(1)),
        })
    }
}

impl Spare {
    /// Where work goes that nobody waits for.
    #[must_use]
    pub fn aside(&self) -> &Aside {
        &self.aside
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
    pub(super) spare: Spare,
    pub(super) metrics: Metrics,
    /// Unix time of `anchor`: so that time needs to be asked for once per run, and never goes back.
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
    /// Of the candidate where the control cannot do it: what fails there must not close the other one, nor be held up by it.
    pub unopposed: Breaker,
    pub evidence: Evidence,
    pub history: History,
    /// What comparisons found that was not equal; whether it is a mismatch, and how often.
    pub found: BTreeMap<&'static str, (bool, u64)>,
}

/// Counts that are also metrics, for whoever looks at this process alone.
#[derive(Default)]
pub(super) struct Counts {
    pub shadows: [AtomicU64; ShadowResult::ALL.len()],
    /// Shadows that were not begun, for want of a processor or a slot.
    pub shed: AtomicU64,
    pub fallbacks: AtomicU64,
}

impl Pilot {
    /// Starts at control: see [`Dial::unknown`].
    #[must_use]
    pub fn new(
        experiment: Experiment,
        policy: Policy,
        spare: Spare,
        clock: SharedClock,
    ) -> Arc<Self> {
        let anchor_ms = u64::try_from(clock.now().as_millisecond()).unwrap_or(0);
        let machine = Machine {
            breaker: Breaker::new(policy.breaker, anchor_ms),
            unopposed: Breaker::new(policy.breaker, anchor_ms),
            evidence: Evidence::new(anchor_ms, policy.evidence.clone()),
            history: History::default(),
            found: BTreeMap::new(),
        };
        Arc::new(Self {
            experiment,
            spare,
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

    /// What it is set to.
    #[must_use]
    pub fn dial(&self) -> Arc<Dial> {
        Arc::clone(&self.dial.read())
    }

    /// From now on. A stage of the evidence begins when the candidate's percentage changes.
    pub fn turn(&self, dial: Dial) {
        let now_ms = self.now_ms();
        let (candidate, shadow) = (dial.candidate.percent_taken(), dial.shadow.percent_taken());
        let percent = if dial.hold.is_some() { 0 } else { candidate };
        let forced = dial.breaker;
        *self.dial.write() = Arc::new(dial);
        self.metrics.percents(candidate, shadow);
        let mut machine = self.machine();
        machine.evidence.dial(now_ms, percent);
        if let Some(transition) = machine.breaker.force(now_ms, forced) {
            self.turned(Role::Candidate, transition);
        }
    }

    /// Starts the evidence anew: what was learned so far does not count any more.
    pub fn forget(&self) {
        let now_ms = self.now_ms();
        let percent = self.effective_percent();
        let mut evidence = Evidence::new(now_ms, self.policy.evidence.clone());
        evidence.dial(now_ms, percent);
        self.machine().evidence = evidence;
    }

    fn effective_percent(&self) -> u8 {
        let dial = self.dial();
        if dial.hold.is_some() {
            0
        } else {
            dial.candidate.percent_taken()
        }
    }

    /// Decides. `recalls`: whether the control has the answer already.
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
        if let Some(hold) = dial.hold {
            return control(hold.why());
        }
        let mut buffer = [0; TEXT_BYTES];
        let text = unit.text(&mut buffer);
        if dial.candidate.takes(text) {
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
        if !dial.shadow.takes(text) {
            return control(Why::Percentage);
        }
        self.shadow(unit, recalls)
            .map_or_else(control, |permit| (RouteTo::Shadow, Why::Flag, Some(permit)))
    }

    /// Where the percentage alone sends a unit.
    pub(super) fn dialled(&self, unit: &Unit) -> Side {
        let mut buffer = [0; TEXT_BYTES];
        if self.dial().candidate.takes(unit.text(&mut buffer)) {
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
        if self.spare.load.is_saturated() {
            return Err(Why::Saturated);
        }
        if recalls() {
            return Err(Why::Remembered);
        }
        let slot = Arc::clone(&self.spare.shadows)
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

    /// For a question that the control does not support; `None` while it fails too often.
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

    /// A change of the breaker that a role runs behind: logged once, and the experiment's counted.
    pub(super) fn turned(&self, role: Role, transition: Transition) {
        let (experiment, to) = (self.experiment.label(), transition.to.label());
        let reason = transition.reason.label();
        let opened = transition.to == breaker::State::Open;
        if role == Role::Unopposed {
            if opened {
                tracing::warn!(
                    experiment,
                    reason,
                    "what only the candidate can do is refused: it failed too often"
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

    /// Whether this shadow asks the control once more: one in ten until enough is known of its noise, then one in a hundred.
    pub(super) fn wants_twin(&self, draw: u64) -> bool {
        const ENOUGH: u64 = 1000;
        let of = |r: ShadowResult| self.counts.shadows[r as usize].load(Ordering::Relaxed);
        let known = of(ShadowResult::NoiseSame) + of(ShadowResult::NoiseMismatch);
        draw.is_multiple_of(if known < ENOUGH { 10 } else { 100 })
    }

    /// A number that looks random; a seed of its own would make no decision better.
    pub(super) fn draw(&self) -> u64 {
        Unit::Id(uuid::Uuid::from_u64_pair(
            0,
            self.draws.fetch_add(1, Ordering::Relaxed),
        ))
        .number()
    }

    /// Whether everything goes to the control, and why.
    #[must_use]
    pub fn hold(&self) -> Option<Hold> {
        self.dial().hold
    }
}
