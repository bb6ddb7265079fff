//! Composes arms: caches around them, experiments between them.

use std::{sync::Arc, time::Duration};

use crate::{
    analytics,
    cache::{Life, Tiers},
    cached::{self, CacheSettings, Cached},
    config::Config,
    dials::{ExperimentEntry, setting},
    kernel::{Result, SharedClock, task::BackgroundThread},
    render::{self, Rendered},
    rollout::{
        AnyExperiment, Experiment, FaultInjecting, FaultInjector, Judge, Pilot, ReadOnly, breaker,
        evidence,
        pilot::{Policy, ShadowCapacity},
    },
    telemetry::{
        Load,
        labels::{self, Space},
    },
    validate::Rules,
};

/// How old an answer about scans may become. New scans drop it earlier.
const ANSWERS_TTL: Duration = Duration::from_hours(1);
/// Memory for the answers of one arm; the largest, a year of days, takes 9 KiB, most some hundred bytes.
const ANSWERS_BYTES: u64 = 16 << 20;

/// An experiment between two arms, of which the candidate can be made to fail on purpose.
pub type Versus<C, N, J> = Experiment<C, FaultInjecting<N>, J>;

/// The same between arms that each have a cache.
#[allow(dead_code)] // once the last such pair is retired
pub type Recalled<C, N, J> = Versus<Cached<C>, Cached<N>, J>;

/// Collects experiments that operators look after.
pub struct Kit<'a> {
    pub settings: &'a Config,
    pub clock: &'a SharedClock,
    pub load: Arc<Load>,
    pub tiers: &'a Tiers,
    pub entries: Vec<ExperimentEntry>,
    shadow_capacity: ShadowCapacity,
}

impl<'a> Kit<'a> {
    pub fn new(settings: &'a Config, tiers: &'a Tiers, clock: &'a SharedClock) -> Result<Self> {
        let load = Arc::new(Load::sparing(settings.rollout.spare_percent));
        Ok(Self {
            shadow_capacity: ShadowCapacity::new(Arc::clone(&load), settings.rollout.shadows)?,
            settings,
            clock,
            load,
            tiers,
            entries: Vec::new(),
        })
    }

    /// The background thread; no request waits for its work.
    pub fn background_thread(&self) -> BackgroundThread {
        self.shadow_capacity.background_thread().clone()
    }

    /// # Errors
    /// `Invalid` for settings that make no sense.
    pub fn rules(&self) -> Result<Rules> {
        let (server, targets) = (&self.settings.server, &self.settings.targets);
        let rules = Rules::new(
            &server.base_url,
            &targets.allowed_domains,
            targets.allow_private,
        )?;
        Ok(rules.formerly(&server.former_base_urls))
    }

    /// A renderer behind its cache.
    pub fn cached_images<A>(&self, arm: A, space: Space) -> Cached<A>
    where
        A: ReadOnly<In = render::In, Out = Rendered>,
    {
        let settings = CacheSettings {
            space,
            bytes: self.settings.cache.memory_bytes,
            life: Life::by_use(Duration::from_millis(self.settings.cache.ttl_ms)),
            changes: false,
        };
        Cached::new(arm, self.tiers, settings, cached::images())
    }

    /// Analytics with a cache.
    pub fn cached_answers<A>(&self, arm: A, space: Space) -> Cached<A>
    where
        A: ReadOnly<In = analytics::Asked, Out = analytics::Answered>,
    {
        let settings = CacheSettings {
            space,
            bytes: self.settings.cache.memory_bytes.min(ANSWERS_BYTES),
            life: Life::at_most(ANSWERS_TTL),
            changes: true,
        };
        Cached::new(arm, self.tiers, settings, cached::answers())
    }

    /// An experiment, and its entry for operators.
    pub fn versus<C, N, J>(
        &mut self,
        name: labels::Experiment,
        control: C,
        candidate: N,
        judge: J,
    ) -> Versus<C, N, J>
    where
        C: ReadOnly<Out: Clone + Sync>,
        N: ReadOnly<In = C::In, Out = C::Out>,
        J: Judge<C::Out>,
    {
        let settings = setting(&self.settings.rollout, name);
        let policy = Policy {
            breaker: breaker::Policy {
                fail_max: settings.fail_max,
                reset_ms: settings.reset_secs * 1000,
                ..breaker::Policy::default()
            },
            evidence: evidence::Policy {
                dwell_ms: self.settings.rollout.dwell_secs * 1000,
                ..evidence::Policy::default()
            },
            objective_ms: settings.objective_ms,
        };
        let pilot = Pilot::new(
            name,
            policy,
            self.shadow_capacity.clone(),
            SharedClock::clone(self.clock),
        );
        let injector = FaultInjector::new(SharedClock::clone(self.clock));
        let candidate = FaultInjecting::new(candidate, injector.clone(), J::spoil);
        let experiment = Experiment::new(control, candidate, judge, pilot);
        let any: Arc<dyn AnyExperiment> = Arc::new(experiment.clone());
        self.entries.push(ExperimentEntry::new(any, injector));
        experiment
    }
}
