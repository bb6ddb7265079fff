//! The second tier for values of one space.
//!
//! Invariants: Redis is asked for a value, and given it, only if making it takes longer than fetching it; a value that is put
//! into Redis was made after its generation was read; a value that cannot be read is a miss.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use metrics::Counter;

use super::{
    frame::{Body, Frame, Generation},
    name::Name,
    remote::{Fetched, Put, Remote},
    tiered::Keys,
};
use crate::{
    kernel::{Error, Kind, Result, SharedClock},
    telemetry::{
        catalogue::CACHE_REQUESTS,
        handles::counter,
        labels::{CacheKind, CacheResult, Space, Tier},
        trace,
    },
};

/// How long a request that has a stale value waits for a new one.
const WAIT: Duration = Duration::from_millis(100);
/// Bytes. Larger values are not put into Redis: fetching them would take longer than requests wait.
const LARGEST: usize = 1 << 20;

/// How the keys and values of one space are named and stored.
pub struct Shape<K, V> {
    pub space: Space,
    /// Equal keys, equal names.
    pub name: fn(&K) -> Name,
    /// Whether a key's value can change; one that cannot is never stale.
    pub changes: bool,
    pub kind: fn(&K) -> CacheKind,
    /// `None` for a value that is not put into Redis.
    pub encode: fn(&V) -> Option<Body>,
    /// `None` for bytes that are no value of this key.
    pub decode: fn(&K, Body) -> Option<V>,
    /// An older value is served only when making a new one fails.
    pub fresh: Duration,
}

impl<K, V> Shape<K, V> {
    pub(super) fn keys(&self) -> Keys<K> {
        Keys {
            space: self.space,
            name: self.name,
            changes: self.changes,
        }
    }
}

/// Redis, for values of one space.
pub struct Second<K, V> {
    remote: Arc<Remote>,
    shape: Shape<K, V>,
    clock: SharedClock,
    /// By `CacheResult`.
    results: Vec<Counter>,
    /// Whether a rejected value was logged. After a rollback every value may be rejected.
    logged: AtomicBool,
}

/// The answer of Redis. The generation is the one of a value that is made now.
enum InRedis<V> {
    Fresh(V),
    Stale(V, Generation),
    Nothing(Generation),
    /// Redis was not asked, or did not answer: a new value is not put there.
    Unknown,
}

impl<K, V> Second<K, V> {
    pub(super) fn new(remote: Arc<Remote>, shape: Shape<K, V>, clock: SharedClock) -> Self {
        let labelled = |result: &CacheResult| {
            let labels = [Tier::Redis.label(), shape.space.label(), result.label()];
            counter(&CACHE_REQUESTS, &labels)
        };
        Self {
            results: CacheResult::ALL.iter().map(labelled).collect(),
            remote,
            shape,
            clock,
            logged: AtomicBool::new(false),
        }
    }

    /// The value from Redis, or the one that `maker` makes; and whether it was made.
    ///
    /// # Errors
    /// Those of `maker`, unless Redis has a stale value.
    pub async fn fetch_or<M>(&self, key: &K, maker: M) -> Result<(V, bool)>
    where
        M: Future<Output = Result<V>>,
    {
        let (space, kind) = (self.shape.space, (self.shape.kind)(key));
        let name = (self.shape.name)(key);
        let known = if self.remote.costs.admits(space, kind) {
            trace::of_store(("redis", "cache.get"), self.look_up(key, &name, kind)).await
        } else {
            self.count(CacheResult::Bypassed);
            InRedis::Unknown
        };
        if let InRedis::Fresh(value) = known {
            return Ok((value, false));
        }
        let start = self.clock.instant();
        let made = match &known {
            InRedis::Stale(..) => match tokio::time::timeout(WAIT, maker).await {
                Ok(made) => made,
                Err(_) => Err(Error::new(Kind::Timeout, "no answer in time")),
            },
            _ => maker.await,
        };
        let took = self.clock.instant().saturating_duration_since(start);
        match (made, known) {
            (Err(e), InRedis::Stale(value, _)) if e.kind().is_fault() => Ok((value, false)),
            (Err(e), _) => Err(e),
            (Ok(value), known) => {
                self.remote.costs.made(space, kind, took);
                if let InRedis::Nothing(generation) | InRedis::Stale(_, generation) = known
                    && let Some(put) = self.framed(key, &value, generation, took)
                {
                    self.remote.put(&put);
                }
                Ok((value, true))
            }
        }
    }

    async fn look_up(&self, key: &K, name: &Name, kind: CacheKind) -> InRedis<V> {
        let full = self.remote.names().value(self.shape.space, name);
        let start = self.clock.instant();
        let (bytes, generation) = match self.remote.fetch(&full, name.tag.as_ref()).await {
            Fetched::Value(bytes, generation) => (bytes, generation),
            Fetched::Nothing(generation) => {
                self.count(CacheResult::Miss);
                return InRedis::Nothing(generation);
            }
            Fetched::Unknown(why) => {
                self.count(why);
                return InRedis::Unknown;
            }
        };
        let frame = Frame::read(&full, &bytes).ok();
        let Some((frame, value)) = frame.and_then(|frame| self.read(key, kind, frame)) else {
            self.count(CacheResult::Rejected);
            self.log_rejected(&full);
            self.remote.discard(&full);
            return InRedis::Nothing(generation);
        };
        if frame.generation != generation {
            self.count(CacheResult::Miss);
            return InRedis::Nothing(generation);
        }
        let age = self.age(&frame);
        if age > self.shape.fresh {
            self.count(CacheResult::Miss);
            return InRedis::Stale(value, generation);
        }
        self.count(CacheResult::Hit);
        let took = self.clock.instant().saturating_duration_since(start);
        self.remote
            .costs
            .fetched(self.shape.space, kind, took, frame.cost);
        self.remote.prolong(&full, age);
        InRedis::Fresh(value)
    }

    fn read(&self, key: &K, kind: CacheKind, mut frame: Frame) -> Option<(Frame, V)> {
        if frame.kind != kind.label() {
            return None;
        }
        let value = (self.shape.decode)(key, std::mem::take(&mut frame.body))?;
        Some((frame, value))
    }

    fn log_rejected(&self, name: &str) {
        if !self.logged.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                key = name,
                space = self.shape.space.label(),
                "a value in Redis is foreign, damaged, or of another release, and is not used. Further ones of this space are only \
                 counted: qr_cache_requests_total{{result=\"rejected\"}}"
            );
        }
    }

    /// The value as Redis stores it; `None` for one that is not put there. `cost`: the time that making it took.
    fn framed(&self, key: &K, value: &V, generation: Generation, cost: Duration) -> Option<Put> {
        let body = (self.shape.encode)(value)?;
        if body.bytes.len() > LARGEST {
            return None;
        }
        let name = (self.shape.name)(key);
        let full = self.remote.names().value(self.shape.space, &name);
        let frame = Frame {
            kind: (self.shape.kind)(key).label().to_owned(),
            generation,
            made_at_ms: self.now_ms(),
            cost,
            body,
        };
        Some(Put {
            bytes: frame.write(&full),
            name: full,
            tag: name.tag,
        })
    }

    pub(super) async fn generations(&self, keys: &[K]) -> Result<Vec<Generation>> {
        let tags: Vec<_> = keys.iter().map(|key| (self.shape.name)(key).tag).collect();
        self.remote.generations(&tags).await
    }

    pub(super) fn admits(&self, key: &K) -> bool {
        let kind = (self.shape.kind)(key);
        self.remote.costs.admits(self.shape.space, kind)
    }

    /// As [`Second::framed`], for a value that was made for Redis only: learns its cost, and decides by it.
    pub(super) fn put_for_bulk(
        &self,
        key: &K,
        value: &V,
        generation: Generation,
        cost: Duration,
    ) -> Option<Put> {
        let kind = (self.shape.kind)(key);
        self.remote.costs.made(self.shape.space, kind, cost);
        let admitted = self.admits(key);
        admitted.then(|| self.framed(key, value, generation, cost))?
    }

    pub(super) async fn put_all(&self, puts: Vec<Put>) -> Result<()> {
        self.remote.put_all(&puts).await
    }

    /// Never negative: the value's time is of another node's clock.
    fn age(&self, frame: &Frame) -> Duration {
        Duration::from_millis(self.now_ms().saturating_sub(frame.made_at_ms))
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.clock.now().as_millisecond()).unwrap_or_default()
    }

    fn count(&self, result: CacheResult) {
        if let Some(counter) = self.results.get(result as usize) {
            counter.increment(1);
        }
    }
}
