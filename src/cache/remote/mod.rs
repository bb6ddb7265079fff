//! The second tier: Redis, standalone, as a cluster, or behind sentinels.
//!
//! Invariants: a request waits for Redis within its budget, and not at all while the breaker is open; one task, the prober, owns
//! the connection; pending writes are bounded. A fault of Redis is a miss.

mod breaker;
mod bulk_fill;
mod endpoints;
mod facts;
mod fault;
mod invalidate;
mod link;
mod meter;
mod prober;
mod rights;
mod subscribe;
mod sweep;
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
    moving_mean::MovingMean,
    name::{Names, Tag},
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
use breaker::{Breaker, ReadOnlyBackoff};
pub(super) use bulk_fill::Put;
use endpoints::Endpoints;
pub use facts::Facts;
use invalidate::Pending;
use link::Link;
use prober::Prober;
use rights::Denied;
pub(super) use subscribe::Subscriber;

/// Look-ups of requests under way at once, per allowed connection.
const QUESTIONS: usize = 16;
/// Writes under way at once.
const WRITES: usize = 64;

/// The connection to Redis, with its state.
pub struct Remote {
    endpoints: Endpoints,
    names: Names,
    settings: Settings,
    life: Life,
    node: Uuid,
    clock: SharedClock,
    /// Set by the prober; `None` without a connection.
    link: RwLock<Option<Arc<Link>>>,
    breaker: Breaker,
    /// Whether Redis takes values.
    writable: AtomicBool,
    read_only_backoff: ReadOnlyBackoff,
    subscribed: AtomicBool,
    state: Mutex<State>,
    questions: Semaphore,
    writes: Semaphore,
    write_bytes: AtomicUsize,
    hits: AtomicU64,
    misses: AtomicU64,
    pending: Pending,
    wake: Notify,
    pub(super) costs: Costs,
    timers: Timers,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// Results of the prober.
struct State {
    trouble: Option<Error>,
    denied: Denied,
    facts: Option<Facts>,
}

struct Timers {
    gets: MovingMean,
    sets: MovingMean,
    get: Histogram,
    set: Histogram,
    invalidate: Histogram,
    probe: Histogram,
    up: Gauge,
    subscribed: Gauge,
    pending: Gauge,
}

/// Result of a look-up.
pub(super) enum Fetched {
    Value(Bytes, Generation),
    /// No value. One that is made now is of this generation.
    Nothing(Generation),
    /// Redis was not asked, or did not answer.
    Unknown(CacheResult),
}

impl Remote {
    /// `None` without Redis in the settings. Connects in the background: a start does not wait for it.
    ///
    /// # Errors
    /// When its certificates cannot be read.
    pub(super) fn start(
        settings: &Settings,
        clock: &SharedClock,
        subscriber: Arc<dyn Subscriber>,
    ) -> Result<Option<Arc<Self>>> {
        let Some(access) = settings.access.clone() else {
            return Ok(None);
        };
        let timer = |operation: CacheOperation| {
            histogram(&CACHE_DURATION, &[Tier::Redis.label(), operation.label()])
        };
        let remote = Arc::new(Self {
            endpoints: Endpoints::new(access)?,
            names: Names::new(&settings.prefix),
            life: Life::by_use(Duration::from_secs(settings.ttl_secs)),
            node: Uuid::new_v4(),
            clock: SharedClock::clone(clock),
            link: RwLock::new(None),
            breaker: Breaker::new(),
            writable: AtomicBool::new(false),
            read_only_backoff: ReadOnlyBackoff::default(),
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
            pending: Pending::default(),
            wake: Notify::new(),
            costs: Costs::new(settings.admission),
            timers: Timers {
                gets: MovingMean::default(),
                sets: MovingMean::default(),
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
            task::spawn(
                "cache.subscribe",
                subscribe::run(Arc::downgrade(&remote), subscriber),
            ),
            task::spawn("cache.invalidate", invalidate::run(Arc::downgrade(&remote))),
        ];
        *remote.tasks.lock() = tasks;
        Ok(Some(remote))
    }

    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    pub(super) fn mode(&self) -> &'static str {
        match self.endpoints.access.deployment {
            Deployment::Standalone(_) => "standalone",
            Deployment::Cluster(_) => "cluster",
            Deployment::Sentinel { .. } => "sentinel",
        }
    }

    /// Whether requests may ask it.
    pub(super) fn is_usable(&self) -> bool {
        !self.breaker.is_open()
    }

    pub(super) fn is_subscribed(&self) -> bool {
        self.subscribed.load(Ordering::Acquire)
    }

    /// Why it is not used, or not fully: for operators.
    pub(super) fn trouble(&self) -> Option<Error> {
        let state = self.state.lock();
        let denied = || state.denied.explained(self.clock.instant());
        state.trouble.clone().or_else(denied)
    }

    pub(super) fn facts(&self) -> Option<Facts> {
        self.state.lock().facts.clone()
    }

    /// Look-ups of this node, and evictions as Redis reports them.
    pub(super) fn counts(&self, facts: Option<&Facts>) -> Counts {
        Counts {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            evictions: facts.map_or(0, |facts| facts.evictions),
            get: self.timers.gets.mean(),
        }
    }

    /// Moving mean of the time of a write.
    pub(super) fn mean_set(&self) -> Option<Duration> {
        self.timers.sets.mean()
    }

    fn link(&self) -> Option<Arc<Link>> {
        self.link.read().clone()
    }

    /// A value and the current generation of its tag, in one round trip.
    pub(super) async fn fetch(&self, name: &str, tag: Option<&Tag>) -> Fetched {
        let takes_values = self.writable.load(Ordering::Relaxed);
        if !takes_values && !self.read_only_backoff.allows() {
            return Fetched::Unknown(CacheResult::Unavailable);
        }
        let mut cmd = redis::cmd("MGET");
        // Not GET: for a key of another type that is an error, and MGET returns nothing.
        cmd.arg(name);
        if let Some(tag) = tag {
            cmd.arg(self.names.generation(tag));
        }
        let answer = match self.ask(&cmd).await {
            Ok(answer) => answer,
            Err(why) => return Fetched::Unknown(why),
        };
        let Ok(values) = redis::from_redis_value::<Vec<Option<Vec<u8>>>>(answer) else {
            return Fetched::Unknown(CacheResult::Error);
        };
        let mut values = values.into_iter();
        let value = values.next().flatten();
        let generation = values.next().flatten();
        let generation = generation
            .and_then(|g| g.try_into().ok())
            .unwrap_or_default();
        if takes_values || value.is_some() {
            self.read_only_backoff.reset();
        }
        let count = if value.is_some() {
            &self.hits
        } else {
            &self.misses
        };
        count.fetch_add(1, Ordering::Relaxed);
        match value {
            Some(bytes) => Fetched::Value(bytes.into(), generation),
            None => Fetched::Nothing(generation),
        }
    }

    /// Sends one command of a request, within the budget.
    async fn ask(&self, cmd: &Cmd) -> Result<Value, CacheResult> {
        if self.breaker.is_open() {
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
                self.breaker.passed();
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
        if self.breaker.failed() {
            self.wake.notify_one();
        }
    }

    /// Sends the pending invalidations, for `timeout` at most, and ends the background work.
    pub async fn stop(&self, timeout: Duration) {
        let _ = tokio::time::timeout(timeout, self.flush_pending()).await;
        self.end();
    }

    /// Ends the background work.
    pub(super) fn end(&self) {
        for task in self.tasks.lock().drain(..) {
            task.abort();
        }
    }

    /// Connects once, to check the settings. `None` without Redis in them.
    ///
    /// # Errors
    /// The first fault, for operators.
    pub async fn examine(settings: &Settings) -> Result<Option<String>> {
        let Some(access) = settings.access.clone() else {
            return Ok(None);
        };
        let endpoints = Endpoints::new(access)?;
        let explained = |e: redis::RedisError| fault::explain(&e, &endpoints.access.deployment);
        let names = Names::new(&settings.prefix);
        let look = async {
            // First: a missing right breaks the rest, and its message is clearer.
            let missing = rights::missing(&endpoints, &names, settings.stats).await?;
            if missing.is_empty() {
                let link = Link::open(&endpoints, settings.max_connections).await?;
                link.ping().await?;
                prober::write(&link, &names.probe(Uuid::new_v4())).await?;
            }
            let masters = endpoints.masters().await?.len();
            RedisResult::Ok((masters, missing))
        };
        let (masters, missing) = look.await.map_err(explained)?;
        if !missing.is_empty() {
            return Err(rights::lacking(missing));
        }
        let mode = match endpoints.access.deployment {
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
