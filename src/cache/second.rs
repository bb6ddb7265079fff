//! The second tier as one kind of value sees it.
//!
//! Invariants: a value is asked for and put there only if it is dearer to make than to fetch; what is put there was made
//! after its generation was read; what cannot be read there is a miss.

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
    remote::{Found, Put, Remote},
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

/// How long a request with an old value in hand waits for a new one.
const PATIENCE: Duration = Duration::from_millis(100);
/// Larger values are not kept: fetching them would take longer than requests wait.
const LARGEST: usize = 1 << 20;

/// What a key says about its value.
pub struct Shape<K, V> {
    pub space: Space,
    /// Equal keys, equal names.
    pub name: fn(&K) -> Name,
    /// Whether a key's value can change; one that cannot is never stale.
    pub changes: bool,
    pub kind: fn(&K) -> CacheKind,
    /// `None` for a value that is not kept.
    pub encode: fn(&V) -> Option<Body>,
    /// `None` for bytes that are none of this key's values.
    pub decode: fn(&K, Body) -> Option<V>,
    /// A value that is older is asked for only when it cannot be made.
    pub fresh: Duration,
}

/// Redis, for values of one space.
pub struct Second<K, V> {
    remote: Arc<Remote>,
    shape: Shape<K, V>,
    clock: SharedClock,
    /// By `CacheResult`.
    results: Vec<Counter>,
    /// Whether a value that was refused was told: each would be a line in the log after a rollback.
    told: AtomicBool,
}

/// Whether a value has a place in Redis.
pub(super) enum Placed {
    Worth(Put),
    Bypassed,
}

/// What Redis knew.
enum Known<V> {
    Fresh(V),
    /// Older than it should be, and of the generation that a new one would be of.
    Stale(V, Generation),
    /// Nothing; a value that is made now may be put there.
    Nothing(Generation),
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
            told: AtomicBool::new(false),
        }
    }

    /// The value from Redis, or the one that `maker` makes; and whether it was made.
    ///
    /// # Errors
    /// Those of `maker`.
    pub async fn fetch_or<M>(&self, key: &K, maker: M) -> Result<(V, bool)>
    where
        M: Future<Output = Result<V>>,
    {
        let (space, kind) = (self.shape.space, (self.shape.kind)(key));
        let name = (self.shape.name)(key);
        let known = if self.remote.costs.admits(space, kind) {
            trace::of_store(("redis", "cache.get"), self.look(key, &name, kind)).await
        } else {
            self.count(CacheResult::Bypassed);
            Known::Unknown
        };
        if let Known::Fresh(value) = known {
            return Ok((value, false));
        }
        let start = self.clock.instant();
        let made = match &known {
            Known::Stale(..) => match tokio::time::timeout(PATIENCE, maker).await {
                Ok(made) => made,
                Err(_) => Err(Error::new(Kind::Timeout, "no answer in time")),
            },
            _ => maker.await,
        };
        let took = self.clock.instant().saturating_duration_since(start);
        match (made, known) {
            // It was right once, and nothing else is left.
            (Err(e), Known::Stale(value, _)) if e.kind().is_fault() => Ok((value, false)),
            (Err(e), _) => Err(e),
            (Ok(value), known) => {
                self.remote.costs.made(space, kind, took);
                if let Known::Nothing(generation) | Known::Stale(_, generation) = known {
                    self.put(&name, kind, &value, (generation, took));
                }
                Ok((value, true))
            }
        }
    }

    async fn look(&self, key: &K, name: &Name, kind: CacheKind) -> Known<V> {
        let full = self.remote.names().value(self.shape.space, name);
        let start = self.clock.instant();
        let (bytes, generation) = match self.remote.fetch(&full, name.tag.as_ref()).await {
            Found::Value(bytes, generation) => (bytes, generation),
            Found::Nothing(generation) => {
                self.count(CacheResult::Miss);
                return Known::Nothing(generation);
            }
            Found::Unknown(why) => {
                self.count(why);
                return Known::Unknown;
            }
        };
        let frame = Frame::read(&full, &bytes).ok();
        let Some((frame, value)) = frame.and_then(|frame| self.read(key, kind, frame)) else {
            self.count(CacheResult::Rejected);
            self.tell_refused(&full);
            self.remote.discard(&full);
            return Known::Nothing(generation);
        };
        if frame.generation != generation {
            self.count(CacheResult::Miss);
            return Known::Nothing(generation);
        }
        let age = self.age(&frame);
        if age > self.shape.fresh {
            self.count(CacheResult::Miss);
            // What is made now takes its place.
            return Known::Stale(value, generation);
        }
        self.count(CacheResult::Hit);
        let took = self.clock.instant().saturating_duration_since(start);
        self.remote
            .costs
            .fetched(self.shape.space, kind, took, frame.cost);
        self.remote.prolong(&full, age);
        Known::Fresh(value)
    }

    fn read(&self, key: &K, kind: CacheKind, mut frame: Frame) -> Option<(Frame, V)> {
        if frame.kind != kind.label() {
            return None;
        }
        let value = (self.shape.decode)(key, std::mem::take(&mut frame.body))?;
        Some((frame, value))
    }

    fn tell_refused(&self, name: &str) {
        if !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                key = name,
                space = self.shape.space.label(),
                "what is in Redis under this name is not ours, damaged, or of another release; it is not used. Others of this \
                 space are only counted: qr_cache_requests_total{{result=\"rejected\"}}"
            );
        }
    }

    fn put(
        &self,
        name: &Name,
        kind: CacheKind,
        value: &V,
        (generation, cost): (Generation, Duration),
    ) {
        if let Some(put) = self.framed(name, kind, value, (generation, cost)) {
            self.remote.keep(&put.name, put.tag.as_ref(), &put.bytes);
        }
    }

    /// As it will lie there; `None` for a value that is not kept.
    fn framed(
        &self,
        name: &Name,
        kind: CacheKind,
        value: &V,
        (generation, cost): (Generation, Duration),
    ) -> Option<Put> {
        let body = (self.shape.encode)(value)?;
        if body.bytes.len() > LARGEST {
            return None;
        }
        let full = self.remote.names().value(self.shape.space, name);
        let frame = Frame {
            kind: kind.label().to_owned(),
            generation,
            made_at_ms: self.now_ms(),
            cost,
            body,
        };
        let bytes = frame.write(&full);
        Some(Put {
            name: full,
            tag: name.tag.clone(),
            bytes,
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

    /// Learns what a value cost, and whether that is worth a place.
    pub(super) fn place(
        &self,
        key: &K,
        value: &V,
        (generation, cost): (Generation, Duration),
    ) -> Placed {
        let (name, kind) = ((self.shape.name)(key), (self.shape.kind)(key));
        self.remote.costs.made(self.shape.space, kind, cost);
        if !self.remote.costs.admits(self.shape.space, kind) {
            return Placed::Bypassed;
        }
        let put = self.framed(&name, kind, value, (generation, cost));
        put.map_or(Placed::Bypassed, Placed::Worth)
    }

    pub(super) async fn put_all(&self, puts: Vec<Put>) -> Result<()> {
        self.remote.put_all(&puts).await
    }

    /// Of another node's clock, so never below zero.
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
