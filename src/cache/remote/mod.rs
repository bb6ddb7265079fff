//! The second tier: Redis, standalone, as a cluster, or behind sentinels.
//!
//! Invariants: a request waits for Redis no longer than its budget, and not at all while Redis is not well; one task of
//! its own, the prober, owns the connection; what is waiting to be written is bounded. Whatever Redis does, a caller
//! gets an answer or a miss.

mod facts;
mod fault;
mod gate;
mod link;
mod news;
mod place;
mod prober;
mod rights;
mod stock;
mod sweep;
mod tell;
mod write;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use metrics::{Gauge, Histogram};
use parking_lot::{Mutex, RwLock};
use redis::{Cmd, RedisResult, Value};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinHandle,
};

use super::{
    Counts,
    costs::Costs,
    frame::Generation,
    life::Life,
    name::{Names, Tag},
    pace::Pace,
};
use crate::{
    config::redis::{Deployment, Redis as Settings},
    kernel::{Error, Result, SharedClock, id::Uuid, task},
    telemetry::{
        catalogue::{
            CACHE_DURATION, CACHE_INVALIDATIONS_PENDING, CACHE_REDIS_SUBSCRIBED, CACHE_REDIS_UP,
        },
        handles::{gauge, histogram},
        labels::{CacheOperation, CacheResult, Tier},
    },
};
pub use facts::Facts;
use gate::{Gate, Vain};
use link::Link;
pub(super) use news::Hears;
use place::Places;
use prober::Prober;
use rights::Denied;
pub(super) use stock::Put;
use tell::Untold;

/// Questions of requests under way at once, per connection that is allowed.
const QUESTIONS: usize = 16;
/// Writes under way at once.
const WRITES: usize = 64;

/// Redis, however it is. Cheap to share.
pub struct Remote {
    places: Places,
    names: Names,
    settings: Settings,
    life: Life,
    node: Uuid,
    clock: SharedClock,
    /// What the prober last connected; `None` while there is nothing to ask.
    link: RwLock<Option<Arc<Link>>>,
    gate: Gate,
    /// Whether it takes values.
    writable: AtomicBool,
    vain: Vain,
    subscribed: AtomicBool,
    state: Mutex<State>,
    questions: Semaphore,
    writes: Semaphore,
    write_bytes: AtomicUsize,
    hits: AtomicU64,
    misses: AtomicU64,
    untold: Untold,
    wake: Notify,
    pub(super) costs: Costs,
    timers: Timers,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// What the prober saw last.
struct State {
    trouble: Option<Error>,
    denied: Denied,
    facts: Option<Facts>,
}

struct Timers {
    gets: Pace,
    sets: Pace,
    get: Histogram,
    set: Histogram,
    invalidate: Histogram,
    probe: Histogram,
    up: Gauge,
    subscribed: Gauge,
    pending: Gauge,
}

/// What a look-up found.
pub(super) enum Found {
    Value(Bytes, Generation),
    /// Nothing; a value that is made now is of this generation.
    Nothing(Generation),
    /// It was not asked, or did not answer.
    Unknown(CacheResult),
}

impl Remote {
    /// `None` when none is configured. Connects in the background: a start does not wait for it.
    ///
    /// # Errors
    /// When its certificates cannot be read.
    pub(super) fn start(
        settings: &Settings,
        clock: &SharedClock,
        hears: Arc<dyn Hears>,
    ) -> Result<Option<Arc<Self>>> {
        let Some(access) = settings.access.clone() else {
            return Ok(None);
        };
        let timer = |operation: CacheOperation| {
            histogram(&CACHE_DURATION, &[Tier::Redis.label(), operation.label()])
        };
        let remote = Arc::new(Self {
            places: Places::new(access)?,
            names: Names::new(&settings.prefix),
            life: Life::by_use(Duration::from_secs(settings.ttl_secs)),
            node: Uuid::new_v4(),
            clock: SharedClock::clone(clock),
            link: RwLock::new(None),
            gate: Gate::new(),
            writable: AtomicBool::new(false),
            vain: Vain::default(),
            subscribed: AtomicBool::new(false),
            state: Mutex::new(State {
                trouble: None,
                denied: Denied::default(),
                facts: None,
            }),
            questions: Semaphore::new(settings.max_connections * QUESTIONS),
            writes: Semaphore::new(WRITES),
            write_bytes: AtomicUsize::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            untold: Untold::default(),
            wake: Notify::new(),
            costs: Costs::new(settings.admission),
            timers: Timers {
                gets: Pace::default(),
                sets: Pace::default(),
                get: timer(CacheOperation::Get),
                set: timer(CacheOperation::Set),
                invalidate: timer(CacheOperation::Invalidate),
                probe: timer(CacheOperation::Probe),
                up: gauge(&CACHE_REDIS_UP, &[]),
                subscribed: gauge(&CACHE_REDIS_SUBSCRIBED, &[]),
                pending: gauge(&CACHE_INVALIDATIONS_PENDING, &[]),
            },
            settings: settings.clone(),
            tasks: Mutex::default(),
        });
        let tasks = vec![
            task::spawn("cache.prober", Prober::new(&remote).run()),
            task::spawn("cache.news", news::listen(Arc::downgrade(&remote), hears)),
            task::spawn("cache.tell", tell::retry(Arc::downgrade(&remote))),
        ];
        *remote.tasks.lock() = tasks;
        Ok(Some(remote))
    }

    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    pub(super) fn mode(&self) -> &'static str {
        match self.places.access.deployment {
            Deployment::Standalone(_) => "standalone",
            Deployment::Cluster(_) => "cluster",
            Deployment::Sentinel { .. } => "sentinel",
        }
    }

    /// Whether requests may ask it.
    pub(super) fn is_usable(&self) -> bool {
        !self.gate.is_open()
    }

    pub(super) fn is_subscribed(&self) -> bool {
        self.subscribed.load(Ordering::Acquire)
    }

    /// Why it is not used, or not wholly, in the words of somebody who can mend it.
    pub(super) fn trouble(&self) -> Option<Error> {
        let state = self.state.lock();
        let denied = || state.denied.explained(self.clock.instant());
        state.trouble.clone().or_else(denied)
    }

    pub(super) fn facts(&self) -> Option<Facts> {
        self.state.lock().facts.clone()
    }

    /// As this node asked it; what it dropped for lack of room, as it tells.
    pub(super) fn counts(&self, facts: Option<&Facts>) -> Counts {
        Counts {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            evictions: facts.map_or(0, |facts| facts.evictions),
            get: self.timers.gets.mean(),
        }
    }

    /// How long a write takes these days; nobody waits for it.
    pub(super) fn set_pace(&self) -> Option<Duration> {
        self.timers.sets.mean()
    }

    fn link(&self) -> Option<Arc<Link>> {
        self.link.read().clone()
    }

    /// A value and the generation of what it is about, in one round trip.
    pub(super) async fn fetch(&self, name: &str, tag: Option<&Tag>) -> Found {
        let takes_values = self.writable.load(Ordering::Relaxed);
        if !takes_values && !self.vain.asks() {
            return Found::Unknown(CacheResult::Unavailable);
        }
        let mut cmd = redis::cmd("MGET");
        // Not GET: a key of another type would be an error there, and is nothing here.
        cmd.arg(name);
        if let Some(tag) = tag {
            cmd.arg(self.names.generation(tag));
        }
        let answer = match self.ask(&cmd).await {
            Ok(answer) => answer,
            Err(why) => return Found::Unknown(why),
        };
        let Ok(values) = redis::from_redis_value::<Vec<Option<Vec<u8>>>>(answer) else {
            return Found::Unknown(CacheResult::Error);
        };
        let mut values = values.into_iter();
        let value = values.next().flatten();
        let generation = values.next().flatten();
        let generation = generation
            .and_then(|g| g.try_into().ok())
            .unwrap_or_default();
        if takes_values || value.is_some() {
            self.vain.is_over();
        }
        let count = if value.is_some() {
            &self.hits
        } else {
            &self.misses
        };
        count.fetch_add(1, Ordering::Relaxed);
        match value {
            Some(bytes) => Found::Value(bytes.into(), generation),
            None => Found::Nothing(generation),
        }
    }

    /// One question of a request: within the budget, or not at all.
    async fn ask(&self, cmd: &Cmd) -> Result<Value, CacheResult> {
        if self.gate.is_open() {
            return Err(CacheResult::Unavailable);
        }
        let Ok(_place) = self.questions.try_acquire() else {
            return Err(CacheResult::Busy);
        };
        let Some(link) = self.link() else {
            return Err(CacheResult::Unavailable);
        };
        let start = self.clock.instant();
        let budget = Duration::from_millis(self.settings.budget_ms);
        let answer = tokio::time::timeout(budget, link.send(cmd)).await;
        let took = self.clock.instant().saturating_duration_since(start);
        self.timers.get.record(took);
        self.timers.gets.add(took);
        match answer {
            Ok(Ok(answer)) => {
                self.gate.passed();
                self.costs.answered(took);
                Ok(answer)
            }
            Ok(Err(e)) => {
                tracing::debug!("Redis: {e}");
                self.note_denied(&e);
                self.failed();
                Err(CacheResult::Error)
            }
            Err(_) => {
                self.failed();
                Err(CacheResult::Timeout)
            }
        }
    }

    fn failed(&self) {
        if self.gate.failed() {
            self.wake.notify_one();
        }
    }

    /// Tells Redis and the other nodes what could not be told yet, and ends the background work.
    pub async fn stop(&self, patience: Duration) {
        let _ = tokio::time::timeout(patience, self.tell_the_rest()).await;
        self.end();
    }

    /// Ends the background work, which would go on for ever.
    pub(super) fn end(&self) {
        for task in self.tasks.lock().drain(..) {
            task.abort();
        }
    }

    /// Connects once, to see whether it works: for a check of the settings.
    ///
    /// # Errors
    /// What does not, in the words of somebody who can mend it.
    pub async fn examine(settings: &Settings) -> Result<Option<String>> {
        let Some(access) = settings.access.clone() else {
            return Ok(None);
        };
        let places = Places::new(access)?;
        let explained = |e: redis::RedisError| fault::explain(&e, &places.access.deployment);
        let names = Names::new(&settings.prefix);
        let look = async {
            // First: what is refused there keeps the rest from working, and is named better.
            let missing = rights::missing(&places, &names, settings.stats).await?;
            if missing.is_empty() {
                let link = Link::open(&places, settings.max_connections).await?;
                link.ping().await?;
                prober::write(&link, &names.probe(Uuid::new_v4())).await?;
            }
            let masters = places.masters().await?.len();
            RedisResult::Ok((masters, missing))
        };
        let (masters, missing) = look.await.map_err(explained)?;
        if !missing.is_empty() {
            return Err(rights::lacking(missing));
        }
        let mode = match places.access.deployment {
            Deployment::Standalone(_) => "standalone".to_owned(),
            Deployment::Cluster(_) => format!("a cluster of {masters} masters"),
            Deployment::Sentinel { .. } => "behind sentinels".to_owned(),
        };
        Ok(Some(format!("{mode}, answers and takes values")))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis())
        .unwrap_or(u64::MAX)
        .max(1)
}
