//! Two nodes, one Redis: what was changed on one is not served by the other later than a second, and what a thousand
//! ask for at once is made once. `CACHE_INTERLEAVINGS=10000` for all that must be shown.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use qr_observatory::{
    cache::{Body, Bounds, CacheKind, Life, Name, Shape, Space, Tag, Tiered, Tiers},
    config::Config,
    kernel::{SharedClock, SystemClock, id::Uuid},
};
use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    deployed::Deployed,
    lag::Lag,
    node::{self, Node, REQUESTS, setup},
};
use crate::support::{
    dice::Dice,
    eventually,
    metrics::Scrape,
    proxy::{Fault, Proxy},
    redis::{RedisServer, RedisSetup},
};

/// How long what changed may be served.
const WITHIN: Duration = Duration::from_secs(1);
/// Under way at once.
const AT_ONCE: usize = 100;
/// How often a machine that wakes tasks late may do so on the way of one change.
const WAKES: u32 = 5;

/// What the nodes share, as a database: the newest version of each key, and who may rely on it since when.
#[derive(Default)]
struct World {
    versions: Mutex<HashMap<u128, Row>>,
    made: AtomicU64,
    /// Oldest answer that was stale: how long after its update had returned it was asked for, in microseconds.
    stalest_us: AtomicU64,
}

#[derive(Default)]
struct Row {
    version: u64,
    /// Versions that somebody was told of, and when.
    told: Vec<(u64, Instant)>,
}

impl World {
    fn version(&self, key: u128) -> u64 {
        let versions = self.versions.lock().unwrap();
        versions.get(&key).map_or(0, |row| row.version)
    }

    fn write(&self, key: u128) -> u64 {
        let mut versions = self.versions.lock().unwrap();
        let row = versions.entry(key).or_default();
        row.version += 1;
        row.version
    }

    fn told(&self, key: u128, version: u64) {
        let mut versions = self.versions.lock().unwrap();
        let row = versions.entry(key).or_default();
        row.told.push((version, Instant::now()));
    }

    /// What was asked for at a time, and answered with this version: how long it had been stale.
    fn stale(&self, key: u128, asked_at: Instant, version: u64) -> Duration {
        let versions = self.versions.lock().unwrap();
        let told = versions.get(&key).into_iter().flat_map(|row| &row.told);
        let newer = told.filter(|(newer, at)| *newer > version && *at < asked_at);
        let ages = newer.map(|(_, at)| asked_at - *at);
        let age = ages.max().unwrap_or_default();
        let us = u64::try_from(age.as_micros()).unwrap();
        self.stalest_us.fetch_max(us, Ordering::Relaxed);
        age
    }

    fn stalest(&self) -> Duration {
        Duration::from_micros(self.stalest_us.load(Ordering::Relaxed))
    }
}

/// One node: both tiers, as the product has them.
struct Tier {
    tiers: Arc<Tiers>,
    values: Arc<Tiered<u128, u64>>,
    world: Arc<World>,
}

impl Tier {
    fn start(port: u16, world: &Arc<World>) -> Self {
        let pairs = [
            ("REDIS_URL", format!("redis://127.0.0.1:{port}")),
            ("REDIS_ADMISSION", "always".to_owned()),
            ("REDIS_BUDGET_MS", "50".to_owned()),
        ];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value));
        let settings = Config::load(None, pairs).unwrap();
        let clock: SharedClock = Arc::new(SystemClock);
        let tiers = Tiers::start(&settings.redis, &clock).unwrap();
        let shape = Shape {
            space: Space::Code,
            name: |key: &u128| Name {
                tag: Some(Tag::Code(Uuid::from_u128(*key))),
                rest: "version".to_owned(),
            },
            changes: true,
            kind: |_| CacheKind::Lookup,
            encode: |version: &u64| {
                Some(Body {
                    bytes: Bytes::copy_from_slice(&version.to_be_bytes()),
                    etag: String::new(),
                    is_text: false,
                })
            },
            decode: |_, body| Some(u64::from_be_bytes(body.bytes.as_ref().try_into().ok()?)),
            fresh: Duration::from_hours(1),
        };
        let bounds = Bounds {
            bytes: 64 << 20,
            life: Life::by_use(Duration::from_hours(1)),
        };
        Self {
            values: tiers.cache(shape, bounds, |_| 0),
            tiers,
            world: Arc::clone(world),
        }
    }

    async fn in_use(&self) {
        eventually(20, async || {
            let redis = self.tiers.redis().unwrap();
            (redis.usable && redis.subscribed)
                .then_some(())
                .ok_or(format!("{redis:?}"))
        })
        .await;
    }

    /// Asks, as late as the dice say; how long the answer had been stale.
    async fn read(&self, key: u128, dice: &mut Dice) -> Duration {
        let (before, after) = (dice.millis(20), dice.millis(80));
        let asked_at = Instant::now();
        let make = || async {
            self.world.made.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(before).await;
            let version = self.world.version(key);
            tokio::time::sleep(after).await;
            Ok(version)
        };
        let found = self.values.get_or_make(&key, make).await.unwrap();
        self.world.stale(key, asked_at, found.value)
    }

    /// As an update of the product: first the database, then everybody is told, then the answer.
    async fn update(&self, key: u128, dice: &mut Dice) {
        tokio::time::sleep(dice.millis(20)).await;
        let version = self.world.write(key);
        tokio::time::sleep(dice.millis(10)).await;
        let tag = Tag::Code(Uuid::from_u128(key));
        self.tiers.invalidate(&[tag]).await;
        self.world.told(key, version);
    }
}

/// One key: readers and writers on both nodes at random, and then, when a second has passed, one more look from both.
async fn interleaving(nodes: Arc<[Tier; 2]>, seed: u64) -> Duration {
    let key = u128::from(seed);
    let mut dice = Dice(seed);
    let mut actors = JoinSet::new();
    for n in 0..6 {
        let (nodes, mut dice) = (Arc::clone(&nodes), Dice(dice.next()));
        actors.spawn(async move {
            let mut stale = Duration::ZERO;
            for _ in 0..=dice.roll(4) {
                tokio::time::sleep(dice.millis(150)).await;
                let node = &nodes[usize::try_from(dice.roll(2)).unwrap()];
                if n < 2 {
                    node.update(key, &mut dice).await;
                } else {
                    stale = stale.max(node.read(key, &mut dice).await);
                }
            }
            stale
        });
    }
    let stale = actors.join_all().await.into_iter().max().unwrap();
    // The rule itself, so no wait for something.
    tokio::time::sleep(WITHIN + Duration::from_millis(1)).await;
    let mut other = Dice(seed + 1);
    let here = nodes[0].read(key, &mut dice);
    let last = tokio::join!(here, nodes[1].read(key, &mut other));
    stale.max(last.0).max(last.1)
}

fn how_many(default: u64) -> u64 {
    let set = std::env::var("CACHE_INTERLEAVINGS").ok();
    set.map_or(default, |n| n.parse().expect("a number"))
}

/// Seeds of those that were served something older than `within`, and than the machine is to blame for.
async fn interleave(nodes: &Arc<[Tier; 2]>, count: u64, within: Duration) -> Vec<(u64, Duration)> {
    let lag = Lag::start();
    let base = u64::from(std::process::id()) << 32 | 1;
    println!("{count} interleavings, seeds from {base}");
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for n in 0..count {
        let place = Arc::clone(&places).acquire_owned().await.unwrap();
        let nodes = Arc::clone(nodes);
        running.spawn(async move {
            let stale = interleaving(nodes, base + n).await;
            drop(place);
            (base + n, stale)
        });
    }
    let mut late = running.join_all().await;
    let lag = lag.slowest();
    let stalest = nodes[0].world.stalest();
    println!("the oldest answer was stale for {stalest:?}; tasks were woken {lag:?} late");
    late.retain(|(_, stale)| *stale > within + lag * WAKES);
    late
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changed_is_served_by_nobody_after_a_second() {
    let redis = RedisServer::start(RedisSetup::default()).await;
    let world = Arc::new(World::default());
    let nodes = Arc::new([(); 2].map(|()| Tier::start(redis.port, &world)));
    for node in &*nodes {
        node.in_use().await;
    }
    let late = interleave(&nodes, how_many(400), WITHIN).await;
    let made = world.made.load(Ordering::Relaxed);
    let [here, there] = [0, 1].map(|n| nodes[n].tiers.redis().unwrap().counts);
    println!("{made} made, {} and {} from Redis", here.hits, there.hits);
    assert!(here.hits > 0 && there.hits > 0);
    assert!(late.is_empty(), "{} were late: {late:?}", late.len());
}

/// Connections are cut again and again meanwhile, one node's or the other's. What was changed while somebody did not
/// hear it is known a second after it could be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_when_the_news_are_cut_off_in_between() {
    const CUT: Duration = Duration::from_millis(100);
    let redis = RedisServer::start(RedisSetup::default()).await;
    let (one, other) = (Proxy::before(redis.port), Proxy::before(redis.port));
    let proxies = [one.await, other.await];
    let world = Arc::new(World::default());
    let nodes = Arc::new([0, 1].map(|n: usize| Tier::start(proxies[n].port, &world)));
    for node in &*nodes {
        node.in_use().await;
    }
    let cuts = async {
        for n in 0.. {
            let proxy: &Proxy = &proxies[n % 2];
            proxy.set(Fault::Reset).await;
            tokio::time::sleep(CUT).await;
            proxy.set(Fault::Pass).await;
            nodes[n % 2].in_use().await;
            tokio::time::sleep(CUT * 5).await;
        }
        unreachable!()
    };
    let late = tokio::select! {
        late = interleave(&nodes, how_many(300), WITHIN + CUT) => late,
        () = cuts => unreachable!(),
    };
    assert!(late.is_empty(), "{} were late: {late:?}", late.len());
    // The last cut may have been left half done.
    for (proxy, node) in proxies.iter().zip(&*nodes) {
        proxy.set(Fault::Pass).await;
        node.in_use().await;
    }
    let late = interleave(&nodes, 100, WITHIN).await;
    assert!(late.is_empty(), "after it: {late:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_at_once_make_it_once_per_node() {
    let redis = RedisServer::start(RedisSetup::default()).await;
    let worlds = [(); 2].map(|()| Arc::new(World::default()));
    let nodes = [0, 1].map(|n: usize| Arc::new(Tier::start(redis.port, &worlds[n])));
    for node in &nodes {
        node.in_use().await;
    }
    let mut running = JoinSet::new();
    for n in 0..2000 {
        let node = Arc::clone(&nodes[n % 2]);
        running.spawn(async move { node.read(7, &mut Dice(7)).await });
    }
    running.join_all().await;
    for world in worlds {
        assert_eq!(world.made.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_requests_draw_once_per_node() {
    let redis = Deployed::Standalone(RedisServer::start(RedisSetup::default()).await, 3);
    let here = Node::start(setup(&redis.settings())).await;
    let there = here.beside(setup(&redis.settings())).await;
    let id = here.text("a herd comes").await;
    let path = node::image(&id, "image_format=png&size=40");
    for node in [&here, &there] {
        node.in_use().await;
        // Who asks is known before.
        node.get("/api/v1/qr").await.expect(200);
    }
    let mut running = JoinSet::new();
    for n in 0..2000 {
        let client = [&here, &there][n % 2].admin.clone();
        let path = path.clone();
        running.spawn(async move { client.get(&path).await.expect(200).body });
    }
    let bodies = running.join_all().await;
    assert!(bodies.iter().all(|b| *b == bodies[0]));
    let mut drawn = Vec::new();
    for node in [&here, &there] {
        let scrape = Scrape::of(&node.admin).await;
        let images = |labels: &[(&str, &str)]| {
            let space = [&[("space", "render_legacy")], labels].concat();
            node::count(&scrape, REQUESTS, &space)
        };
        // Whoever misses in memory asks Redis, or draws: once.
        assert_eq!(images(&[("tier", "redis")]), 1);
        assert_eq!(images(&[("tier", "memory")]), 1000);
        drawn.push(node.drawn().await);
    }
    // Whoever comes second may find it in Redis.
    assert!(matches!(drawn[..], [1, 0 | 1] | [0, 1]), "{drawn:?}");
}
