//! The composition root: the one place that knows which implementation stands behind which capability, and the
//! only one that names a legacy arm.

mod build;
pub mod doctor;
pub mod health;
pub mod operate;
mod serve;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    analytics,
    auth::Auth,
    cached::Cached,
    codes::Codes,
    config::{self, Config},
    kernel::{Ctx, Result, SharedClock, id::Ids},
    redirect::Redirect,
    render,
    rollout::{Arm, ReadOnly},
    scans::{Intake, Keeper},
    telemetry::{
        Recorder, catalogue, handles,
        labels::{Side, Tier},
        process::Process,
    },
    validate,
};

pub use serve::serve;

/// What renders. Retiring a legacy arm changes these lines.
pub type Render = Cached<Drawing>;
/// What validates.
pub type Validate = validate::legacy::Validator;
/// What answers questions about scans.
pub type Analytics = analytics::legacy::Rows;

/// Who draws, until an experiment decides it for each request: a setting does.
pub enum Drawing {
    Legacy(render::legacy::Renderer),
    Engine(render::Engine),
}

impl Arm for Drawing {
    type In = render::In;
    type Out = render::Image;

    async fn run(&self, ctx: &Ctx, request: &render::In) -> Result<render::Image> {
        match self {
            Self::Legacy(arm) => arm.run(ctx, request).await,
            Self::Engine(arm) => arm.run(ctx, request).await,
        }
    }
}

impl ReadOnly for Drawing {}

impl Drawing {
    /// `logo`: see the arms.
    ///
    /// # Errors
    /// The arm's.
    fn new(arm: config::render::Arm, logo: Option<&[u8]>, clock: &SharedClock) -> Result<Self> {
        let (room, clock) = (render::Room::default(), SharedClock::clone(clock));
        match arm {
            config::render::Arm::Legacy => {
                render::legacy::Renderer::new(logo, room, clock).map(Self::Legacy)
            }
            config::render::Arm::Engine => {
                render::Engine::new(logo, room, Side::Control, clock).map(Self::Engine)
            }
        }
    }
}

/// Everything that serves requests. Built once.
pub struct App {
    pub settings: Arc<Config>,
    pub clock: SharedClock,
    pub ids: Arc<Ids>,
    pub recorder: Recorder,
    pub auth: Auth,
    pub codes: Codes,
    pub redirect: Arc<Redirect>,
    pub intake: Arc<Intake>,
    render: Render,
    validate: Validate,
    analytics: Analytics,
    health: health::Health,
    keeper: Keeper,
    process: Process,
    cache: CacheGauges,
    backlog: metrics::Gauge,
    draining: AtomicBool,
}

impl App {
    /// Puts everything together and starts the background work.
    ///
    /// # Errors
    /// Whatever keeps a part from starting.
    pub async fn build(settings: Config, clock: SharedClock) -> Result<Arc<Self>> {
        let recorder = Recorder::install(settings.server.metrics_enabled)?;
        handles::gauge(&catalogue::BUILD_INFO, &[env!("CARGO_PKG_VERSION")]).set(1.0);
        // What only depends on the settings first: a bad one should not leave half a first start behind.
        let render = build::render(&settings, &clock)?;
        let validate = build::validate(&settings, &clock)?;
        let store = operate::open(&settings, &clock).await?;
        operate::prepare(&settings, &store, &clock).await?;
        let keeper =
            Keeper::start(&settings.scans, store.clone(), SharedClock::clone(&clock)).await?;
        let ids = Arc::new(Ids::new(SharedClock::clone(&clock))?);
        let redirect = Arc::new(build::redirect(&settings, &store, &clock));
        Ok(Arc::new(Self {
            auth: Auth::new(&settings.auth, store.clone(), SharedClock::clone(&clock))?,
            codes: build::codes(&settings, &store, &redirect, (&ids, &clock)),
            render,
            validate,
            analytics: analytics::legacy::Rows::new(store.clone(), SharedClock::clone(&clock)),
            health: health::Health::new(store, SharedClock::clone(&clock), &settings),
            intake: keeper.intake(),
            keeper,
            process: Process::new(),
            cache: CacheGauges::new(),
            backlog: handles::gauge(&catalogue::SCANS_BACKLOG, &[]),
            draining: AtomicBool::new(false),
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
    pub async fn render(&self, ctx: &Ctx, request: &render::In) -> Result<render::Image> {
        self.render.run(ctx, request).await
    }

    /// Judges what somebody submitted.
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
        let answered = self.analytics.run(ctx, &Arc::new(question)).await?;
        Ok(answered.answer)
    }

    /// How the parts are.
    pub async fn health(&self) -> Arc<health::Report> {
        self.health.report(self.keeper.backlog()).await
    }

    /// Whether new requests should go elsewhere: the process is being stopped.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

impl App {
    /// Brings the gauges up to date that nobody changes by an event: called before a scrape.
    pub async fn observe(&self) {
        self.process.observe();
        if let Ok(backlog) = self.keeper.backlog().await {
            self.backlog.set(count(backlog));
        }
        let (codes, slugs) = (self.codes.remembered(), self.redirect.remembered());
        let images = (self.render.entries(), self.render.bytes());
        self.cache.entries.set(count(images.0 + codes.0 + slugs.0));
        self.cache.bytes.set(count(images.1 + codes.1 + slugs.1));
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
