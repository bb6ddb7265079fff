//! The composition root: the one place that knows which implementation stands behind which capability, and the
//! only one that names a legacy arm.

mod build;
pub mod cache;
#[cfg(test)]
mod conformance;
pub mod doctor;
mod kit;
pub mod operate;
pub mod warm;

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    analytics, backup, baseline,
    cache::Tiers,
    codes::{Codes, made_under},
    config::Config,
    dials::Rollout,
    events::Events,
    health::{self, Health},
    identity::Auth,
    kernel::{Ctx, Result, SharedClock, id::Ids},
    redirect::Redirect,
    render,
    rollout::Arm,
    scans::{Intake, Pipeline},
    store::{
        Store,
        lock::{LockFiles, Locks},
    },
    telemetry::{
        Machine, Recorder, catalogue, handles,
        labels::{Experiment, Space, Tier},
        process::Process,
    },
    validate,
    warm::{Parts, Renderers, Warmer},
};

use kit::{Kit, Versus};

/// For moving scans to the database when requests took all the time there was.
const LEAST_DRAIN: Duration = Duration::from_secs(1);
/// For invalidations that Redis did not take before.
const INVALIDATE: Duration = Duration::from_secs(1);
/// For closing the database.
const CLOSE: Duration = Duration::from_secs(1);

/// The render capability. Retiring a legacy arm changes its alias here, and its lines below.
pub type Render = kit::Recalled<render::legacy::Renderer, render::Engine, render::legacy::Judge>;
/// The validate capability.
pub type Validate = Versus<validate::legacy::Validator, validate::Checker, validate::legacy::Judge>;
/// The analyze capability.
pub type Analytics =
    kit::Recalled<analytics::legacy::Rows, analytics::Rollups, analytics::legacy::Judge>;

/// Both arms share one bound for large images.
fn render(kit: &mut Kit<'_>, room: render::Room) -> (Render, Renderers) {
    let engine = kit.cached_images(render::Engine::new(room.clone()), Space::RenderEngine);
    let legacy = render::legacy::Renderer::new(room);
    let legacy = kit.cached_images(legacy, Space::RenderLegacy);
    let renderers = Renderers::new(&legacy, &engine);
    let versus = kit.versus(Experiment::Render, legacy, engine, render::legacy::Judge);
    (versus, renderers)
}

fn validate(kit: &mut Kit<'_>) -> Result<Validate> {
    let checker = validate::Checker::new(kit.rules()?);
    let legacy = validate::legacy::Validator::new(kit.rules()?);
    Ok(kit.versus(
        Experiment::Validate,
        legacy,
        checker,
        validate::legacy::Judge,
    ))
}

fn analytics(kit: &mut Kit<'_>, store: &Store) -> Analytics {
    let rollups = analytics::Rollups::new(store.clone());
    let rollups = kit.cached_answers(rollups, Space::AnalyticsRollups);
    let legacy = analytics::legacy::Rows::new(store.clone());
    let legacy = kit.cached_answers(legacy, Space::AnalyticsLegacy);
    kit.versus(
        Experiment::Analytics,
        legacy,
        rollups,
        analytics::legacy::Judge,
    )
}

fn lock_files(settings: &Config) -> LockFiles {
    LockFiles::of(
        &settings.database,
        &settings.scans.spool,
        &settings.rollout.dir,
    )
}

/// Everything that serves requests. Built once.
pub struct App {
    pub settings: Arc<Config>,
    pub clock: SharedClock,
    pub ids: Arc<Ids>,
    pub recorder: Recorder,
    pub auth: Auth,
    pub codes: Arc<Codes>,
    pub redirect: Arc<Redirect>,
    pub intake: Arc<Intake>,
    pub rollout: Arc<Rollout>,
    pub tiers: Arc<Tiers>,
    render: Render,
    validate: Validate,
    analytics: Analytics,
    pub warmer: Warmer,
    pub materials: render::Materials,
    pub events: Events,
    pub reader: render::Reader,
    health: Health,
    pipeline: Pipeline,
    store: Store,
    process: Process,
    machine: Machine,
    baseline: baseline::Gauges,
    backup: backup::Gauge,
    ready: metrics::Gauge,
    cache: CacheGauges,
    backlog: metrics::Gauge,
    phase: watch::Sender<Phase>,
    /// Let go when the process ends.
    _locks: Locks,
}

/// Where in its life the process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It answers, but is not warm yet.
    Starting,
    Serving,
    /// It is being stopped.
    Draining,
}

impl App {
    /// Puts everything together and starts the background work.
    ///
    /// # Errors
    /// Those of the part that cannot start.
    pub async fn build(settings: Config, clock: SharedClock) -> Result<Arc<Self>> {
        let recorder = Recorder::install(settings.server.metrics_enabled)?;
        handles::gauge(&catalogue::BUILD_INFO, &[env!("CARGO_PKG_VERSION")]).set(1.0);
        // Parts that only need the settings come first: a bad setting must not leave half a first start behind.
        let tiers = Tiers::start(&settings.redis, &clock)?;
        let materials = build::materials(&settings)?;
        let mut kit = Kit::new(&settings, &tiers, &clock)?;
        let room = render::Room::default();
        let (render, renderers) = render(&mut kit, room.clone());
        let validate = validate(&mut kit)?;
        let store = operate::open(&settings, &clock).await?;
        let locks = lock_files(&settings).take(&*clock).await?;
        operate::prepare(&settings, &store, &clock).await?;
        made_under::note(&settings.server.base_url, &store, &clock).await?;
        store.open_readers().await?;
        let pipeline = Pipeline::start(&settings.scans, store.clone(), &tiers, &clock).await?;
        let ids = Arc::new(Ids::new(SharedClock::clone(&clock))?);
        let analytics = analytics(&mut kit, &store);
        let (background, load) = (kit.background_thread(), Arc::clone(&kit.load));
        let changes = operate::dial_changes_of(&settings, &store, &clock, &ids);
        let rollout = Rollout::start(kit.entries, Arc::clone(&load), &settings.rollout, changes);
        let rollout = rollout.await?;
        let redirect = build::redirect(&settings, &store, &tiers, &clock);
        let codes = build::codes(&settings, &store, &tiers, &ids, &clock)?;
        let parts = Parts {
            codes: Arc::clone(&codes),
            redirect: Arc::clone(&redirect),
            renderers,
            tiers: Arc::clone(&tiers),
            ids: Arc::clone(&ids),
            clock: SharedClock::clone(&clock),
        };
        let auth = build::auth(&settings, &store, &tiers, &ids, &clock)?;
        Ok(Arc::new(Self {
            auth,
            codes,
            warmer: Warmer::new(parts, Arc::clone(&rollout), background, load),
            render,
            validate,
            analytics,
            health: Health::new(health::Parts {
                store: store.clone(),
                clock: SharedClock::clone(&clock),
                data_dir: settings.server.data_dir.clone(),
                rollout: Arc::clone(&rollout),
                tiers: Arc::clone(&tiers),
            }),
            rollout,
            intake: pipeline.intake(),
            materials,
            events: build::events(&store, &ids, &clock),
            reader: render::Reader::new(room),
            pipeline,
            store,
            process: Process::new(),
            machine: Machine::new(&settings.server.data_dir),
            baseline: baseline::Gauges::new(&settings.server.data_dir),
            backup: backup::Gauge::new(&settings.server.data_dir),
            ready: handles::gauge(&catalogue::READY, &[]),
            cache: CacheGauges::new(),
            tiers,
            backlog: handles::gauge(&catalogue::SCANS_BACKLOG, &[]),
            phase: watch::Sender::new(Phase::Starting),
            _locks: locks,
            settings: Arc::new(settings),
            redirect,
            recorder,
            ids,
            clock,
        }))
    }

    /// Draws a symbol.
    ///
    /// # Errors
    /// The arm's.
    pub async fn render(&self, ctx: &Ctx, request: &render::In) -> Result<render::Rendered> {
        self.render.run(ctx, request).await
    }

    /// Validates a submission.
    ///
    /// # Errors
    /// The arm's; a refusal is none.
    pub async fn validate(
        &self,
        ctx: &Ctx,
        submission: &validate::In,
    ) -> Result<validate::Verdict> {
        self.validate.run(ctx, submission).await
    }

    /// Answers a question about scans.
    ///
    /// # Errors
    /// The arm's.
    pub async fn analyze(
        &self,
        ctx: &Ctx,
        question: analytics::Question,
    ) -> Result<analytics::Answer> {
        let asked = Arc::new(question.at_end_of_day());
        let answered = self.analytics.run(ctx, &asked).await?;
        Ok(question.answer_from_end_of_day(answered.answer))
    }

    /// The state of every part.
    pub async fn health(&self) -> Arc<health::Report> {
        self.health.report(self.pipeline.backlog()).await
    }

    /// Whether browsers reach this over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.settings.server.base_url.starts_with("https:")
    }

    /// Whether new requests should come here.
    #[must_use]
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// The process is being stopped: what goes on for long should end.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.phase() == Phase::Draining
    }

    /// Goes from `Starting` to `Serving`, unless it is being stopped already.
    pub fn begin_serving(&self) {
        self.phase.send_if_modified(|phase| {
            let starting = *phase == Phase::Starting;
            if starting {
                *phase = Phase::Serving;
            }
            starting
        });
    }

    /// Goes to `Draining`.
    pub fn drain(&self) {
        self.phase.send_replace(Phase::Draining);
    }

    /// After the last request: evidence is saved, accepted scans are stored, changes are announced. Scans have `left` to reach
    /// the database; those that do not are in the spool.
    pub async fn finish(&self, left: Duration) {
        self.rollout.save_apart().await;
        self.pipeline.stop(left.max(LEAST_DRAIN)).await;
        // Then, because the last scans invalidate too.
        self.tiers.stop(INVALIDATE).await;
    }

    /// SQLite folds its log into the file; if that takes too long, the next start does.
    pub async fn close(&self) {
        let _ = tokio::time::timeout(CLOSE, self.store.close()).await;
    }

    /// Resolves when the process is being stopped.
    pub fn draining(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut phase = self.phase.subscribe();
        async move {
            let _ = phase.wait_for(|phase| *phase == Phase::Draining).await;
        }
    }
}

impl App {
    /// Sets the gauges that no event sets. Called before a scrape.
    pub async fn observe(&self) {
        self.process.observe();
        self.machine.observe();
        self.baseline.observe();
        self.backup.observe();
        self.health.observe();
        // The gauges of the parts are set by looking at them.
        let health = self.health().await;
        self.ready
            .set(f64::from(u8::from(self.phase() == Phase::Serving)));
        if let Some(backlog) = health.backlog {
            self.backlog.set(count(backlog));
        }
        let shelves = self.tiers.memory();
        self.cache
            .entries
            .set(count(shelves.iter().map(|s| s.entries).sum()));
        self.cache
            .bytes
            .set(count(shelves.iter().map(|s| s.bytes).sum()));
        self.rollout.observe();
    }
}

/// Size of the first tier.
struct CacheGauges {
    entries: metrics::Gauge,
    bytes: metrics::Gauge,
}

impl CacheGauges {
    fn new() -> Self {
        let gauge = |m| handles::gauge(m, &[Tier::Memory.label()]);
        Self {
            entries: gauge(&catalogue::CACHE_ENTRIES),
            bytes: gauge(&catalogue::CACHE_BYTES),
        }
    }
}

#[allow(clippy::cast_precision_loss)] // a gauge
fn count(n: u64) -> f64 {
    n as f64
}
