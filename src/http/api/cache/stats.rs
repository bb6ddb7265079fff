//! `GET …/cache/stats`.

use std::{sync::Arc, time::Duration};

use poem::{Result, web::Data};
use poem_openapi::{Enum, Object, OpenApi, payload::Json};

use crate::{
    app::{App, cache},
    http::{api::Group, may::May},
    identity::act,
};

pub struct Stats;

/// Deployment of Redis.
#[derive(Enum)]
#[oai(rename = "CacheMode", rename_all = "lowercase")]
enum Mode {
    None,
    Standalone,
    Cluster,
    Sentinel,
}

/// Both tiers, as measured by this node; counts are since its start.
#[derive(Object)]
#[oai(rename = "CacheReport")]
struct Report {
    success: bool,
    mode: Mode,
    /// Whether requests read from Redis now.
    connected: bool,
    /// State of Redis, and the remedy for a fault.
    detail: String,
    memory: Memory,
    /// `null` without Redis in the settings.
    redis: Option<Redis>,
    admission: Admission,
}

/// The first tier.
#[derive(Object)]
#[oai(rename = "CacheMemory")]
struct Memory {
    entries: u64,
    bytes: u64,
    hits: u64,
    misses: u64,
    /// 0 to 1; `null` before the first look-up.
    hit_rate: Option<f64>,
    /// For lack of room.
    evictions: u64,
    latency_ms: MemoryLatency,
    spaces: Vec<Space>,
}

/// Moving means; `null` before the first.
#[derive(Object)]
#[oai(rename = "CacheMemoryLatency")]
struct MemoryLatency {
    get: Option<f64>,
}

/// One kind of entry.
#[derive(Object)]
#[oai(rename = "CacheSpace")]
#[allow(clippy::struct_field_names)] // what stands in the answer
struct Space {
    /// `slug`, `code`, `render_legacy`, `render_engine`, `analytics_legacy`, `analytics_rollups`, `credentials`.
    space: String,
    entries: u64,
    bytes: u64,
    hits: u64,
    misses: u64,
    hit_rate: Option<f64>,
}

/// The second tier.
#[derive(Object)]
#[oai(rename = "CacheRedis")]
struct Redis {
    /// Keys of all masters, of all their users; `null` before the first answer, and with `REDIS_ENABLE_STATS=false`.
    entries: Option<u64>,
    /// Memory that all masters use.
    bytes: Option<u64>,
    /// `maxmemory` of all masters; 0: none.
    memory_limit_bytes: Option<u64>,
    hits: u64,
    misses: u64,
    hit_rate: Option<f64>,
    evictions: u64,
    latency_ms: RedisLatency,
    operations_per_second: Option<u64>,
    /// Open: requests do not read from Redis.
    breaker: Breaker,
    /// Whether invalidations of other nodes arrive.
    subscribed: bool,
    /// Invalidations that Redis did not take yet.
    pending_invalidations: u64,
}

#[derive(Enum)]
#[oai(rename = "CacheBreaker", rename_all = "lowercase")]
enum Breaker {
    Closed,
    Open,
}

/// Moving means; `null` before the first.
#[derive(Object)]
#[oai(rename = "CacheRedisLatency")]
struct RedisLatency {
    get: Option<f64>,
    set: Option<f64>,
}

/// Kinds of entries that go into Redis.
#[derive(Object)]
#[oai(rename = "CacheAdmission")]
struct Admission {
    /// `auto`: kinds that take longer to make than to fetch; `always`; `never`.
    rule: String,
    kinds: Vec<Kind>,
}

/// Times to make and to fetch one kind of entry; `null` before the first.
#[derive(Object)]
#[oai(rename = "CacheKind")]
#[allow(clippy::struct_field_names)] // what stands in the answer
struct Kind {
    space: String,
    kind: String,
    /// Microseconds.
    make_us: Option<f64>,
    /// Microseconds.
    fetch_us: Option<f64>,
    admitted: bool,
}

#[OpenApi(tag = "Group::Cache")]
impl Stats {
    /// Sizes, hit rates and latencies of the cache
    #[oai(
        path = "/api/v2/qr/cache/stats",
        method = "get",
        operation_id = "get_cache_stats"
    )]
    async fn stats(&self, app: Data<&Arc<App>>, _may: May<act::ViewCache>) -> Result<Json<Report>> {
        Ok(Json(report(&app.cache_stats().await)))
    }

    /// The same, by its path without a version
    #[oai(
        path = "/api/qr/cache/stats",
        method = "get",
        operation_id = "get_cache_stats_unversioned"
    )]
    async fn stats_unversioned(
        &self,
        app: Data<&Arc<App>>,
        _may: May<act::ViewCache>,
    ) -> Result<Json<Report>> {
        Ok(Json(report(&app.cache_stats().await)))
    }
}

fn report(stats: &cache::Stats) -> Report {
    let all = stats.memory;
    Report {
        success: true,
        mode: match stats.redis.as_ref().map(|r| r.mode) {
            None => Mode::None,
            Some("cluster") => Mode::Cluster,
            Some("sentinel") => Mode::Sentinel,
            Some(_) => Mode::Standalone,
        },
        connected: stats.redis.as_ref().is_some_and(|r| r.usable),
        detail: stats.detail.clone(),
        memory: Memory {
            entries: all.entries,
            bytes: all.bytes,
            hits: all.counts.hits,
            misses: all.counts.misses,
            hit_rate: rate(&all.counts),
            evictions: all.counts.evictions,
            latency_ms: MemoryLatency {
                get: ms(all.counts.get),
            },
            spaces: stats.spaces.iter().map(space).collect(),
        },
        redis: stats.redis.as_ref().map(redis),
        admission: Admission {
            rule: stats.rule.to_owned(),
            kinds: stats.kinds.iter().map(kind).collect(),
        },
    }
}

fn space(stats: &cache::MemoryStats) -> Space {
    Space {
        space: stats.space.to_owned(),
        entries: stats.entries,
        bytes: stats.bytes,
        hits: stats.counts.hits,
        misses: stats.counts.misses,
        hit_rate: rate(&stats.counts),
    }
}

fn redis(stats: &cache::RemoteStats) -> Redis {
    let fact = |of: fn(&cache::Facts) -> u64| stats.facts.as_ref().map(of);
    Redis {
        entries: fact(|f| f.keys),
        bytes: fact(|f| f.used_bytes),
        memory_limit_bytes: fact(|f| f.limit_bytes),
        operations_per_second: fact(|f| f.operations_per_second),
        hits: stats.counts.hits,
        misses: stats.counts.misses,
        hit_rate: rate(&stats.counts),
        evictions: stats.counts.evictions,
        latency_ms: RedisLatency {
            get: ms(stats.counts.get),
            set: ms(stats.set),
        },
        breaker: if stats.usable {
            Breaker::Closed
        } else {
            Breaker::Open
        },
        subscribed: stats.subscribed,
        pending_invalidations: stats.pending as u64,
    }
}

fn kind(cost: &cache::Cost) -> Kind {
    Kind {
        space: cost.space.to_owned(),
        kind: cost.kind.to_owned(),
        make_us: cost.make_us,
        fetch_us: cost.fetch_us,
        admitted: cost.admitted,
    }
}

#[allow(clippy::cast_precision_loss)] // a ratio
fn rate(counts: &cache::Counts) -> Option<f64> {
    let asked = counts.hits + counts.misses;
    (asked > 0).then(|| counts.hits as f64 / asked as f64)
}

fn ms(took: Option<Duration>) -> Option<f64> {
    took.map(|took| took.as_secs_f64() * 1000.0)
}
