//! Masters that are killed and slots that move, under load: nobody notices, and the new master is used soon.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinHandle;

use super::{
    deployed::Deployed,
    lag::Lag,
    node::{self, Node, forgetful, setup},
    pressure::{Pace, Pressure},
};
use crate::support::{eventually, redis::RedisServer};

/// From the promotion to the first value that comes from Redis again.
const WITHIN: Duration = Duration::from_secs(3);
/// How often a machine that wakes tasks late may do so until then.
const WAKES: u32 = 20;
const CODES: usize = 40;
/// Codes whose images are asked for; without Redis each is drawn each time.
const DRAWN: usize = 8;
/// As much as a debug build does beside six servers on two cores and has some rest; a release build does some thousand.
const PACE: Pace = Pace {
    workers: 16,
    per_second: if cfg!(debug_assertions) { 15 } else { 250 },
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_loses_a_master() {
    let mut redis = Deployed::cluster().await;
    let scene = Scene::start(&redis).await;
    let Deployed::Cluster(cluster) = &mut redis else {
        unreachable!()
    };
    // What the killed one has: values of the others would come from Redis all the while.
    let master = cluster.on(cluster.masters().await[0]);
    let shared = slugs_of(master).await;
    in_step(master).await;
    let (watch, lag) = (Watch::start(&scene.node), Lag::start());
    let load = scene.load(&shared).await;
    cluster.kill_master().await;
    let killed_at = Instant::now();
    let promoted_at = cluster.wait_for_promotion().await;
    finish(&scene, load, (watch, lag), (killed_at, promoted_at)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sentinel_loses_its_master() {
    let mut redis = Deployed::sentinel().await;
    let scene = Scene::start(&redis).await;
    let Deployed::Sentinel(sentinel) = &mut redis else {
        unreachable!()
    };
    in_step(sentinel.master().await).await;
    let (watch, lag) = (Watch::start(&scene.node), Lag::start());
    let load = scene.load(&scene.shared).await;
    sentinel.kill_master().await;
    let killed_at = Instant::now();
    let promoted_at = sentinel.wait_for_promotion().await;
    finish(&scene, load, (watch, lag), (killed_at, promoted_at)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_move() {
    let redis = Deployed::cluster().await;
    let scene = Scene::start(&redis).await;
    let Deployed::Cluster(cluster) = &redis else {
        unreachable!()
    };
    let load = scene.load(&scene.shared).await;
    // Half moved: ASK for what is not there, and no answer at all to a question about both.
    let keys = redis.keys().await;
    let half: Vec<&String> = keys.iter().filter(|k| k.contains(":slug:")).collect();
    for key in &half[..4] {
        cluster.begin_move(key).await;
    }
    load.progress(600).await;
    for key in &half[..4] {
        cluster.end_move(key).await;
    }
    cluster.reshard(400).await;
    let (moved_at, lag) = (Instant::now(), Lag::start());
    scene.node.hit_again("slug").await;
    let back = moved_at.elapsed();
    load.progress(300).await;
    let answers = load.stop().await;
    println!("slots moved: {answers}; hits {back:?} after");
    answers.assert_served("slots that move");
    assert!(back <= WITHIN + lag.slowest() * WAKES, "{back:?}");
    let rejected = [("tier", "redis"), ("result", "rejected")];
    assert_eq!(scene.node.counted(&rejected).await, 0);
}

/// A product with nothing in memory and all of its codes in Redis.
struct Scene {
    node: Node,
    shared: Vec<String>,
    images: Vec<String>,
}

impl Scene {
    async fn start(redis: &Deployed) -> Self {
        let setup = setup(&redis.settings()).env("REDIS_BUDGET_MS", "25");
        let node = Node::start(forgetful(setup)).await;
        node.in_use().await;
        let (mut shared, mut images) = (Vec::new(), Vec::new());
        for _ in 0..CODES {
            let code = node.dynamic().await;
            if images.len() < DRAWN {
                images.push(node::image(&code.id, "image_format=svg"));
            }
            shared.push(code.shared);
        }
        let scene = Self {
            node,
            shared,
            images,
        };
        eventually(60, async || {
            for path in scene.shared.iter().chain(&scene.images) {
                scene.node.get(path).await;
            }
            let keys = redis.keys().await;
            let values = [":slug:", ":render_legacy:"];
            let values = values.map(|v| keys.iter().filter(|k| k.contains(v)).count());
            if values == [CODES, DRAWN] {
                Ok(())
            } else {
                Err(format!("{values:?} of {CODES} and {DRAWN}"))
            }
        })
        .await;
        scene
    }

    /// Under way.
    async fn load(&self, shared: &[String]) -> Pressure {
        assert!(!shared.is_empty());
        let paths = [shared, &self.images].concat();
        let load = Pressure::on(&self.node, &paths, PACE);
        load.progress(200).await;
        load
    }
}

/// Short addresses whose targets this server has.
async fn slugs_of(server: &RedisServer) -> Vec<String> {
    let keys = server.ask(&["KEYS", "*:slug:*"]).await.unwrap();
    let slug = |key: &str| {
        let (_, rest) = key.split_once("{slug-")?;
        Some(format!("/r/{}", rest.split_once('}')?.0))
    };
    keys.lines().filter_map(slug).collect()
}

/// Its replicas have what it has.
async fn in_step(master: &RedisServer) {
    let replicas = master.ask(&["WAIT", "1", "3000"]).await.unwrap();
    assert_ne!(replicas.trim(), "0");
}

async fn finish(
    scene: &Scene,
    load: Pressure,
    (watch, lag): (Watch, Lag),
    (killed_at, promoted_at): (Instant, Instant),
) {
    scene.node.hit_again("slug").await;
    load.progress(200).await;
    let answers = load.stop().await;
    let back_at = watch.stop().await.back(killed_at);
    let back = back_at.saturating_duration_since(promoted_at);
    println!(
        "promoted {:?} after the kill, hits {back:?} later; {answers}",
        promoted_at - killed_at
    );
    answers.assert_served("a master that is killed");
    assert!(back <= WITHIN + lag.slowest() * WAKES, "{back:?}");
}

/// Looks how many slugs came from Redis, again and again.
struct Watch {
    stop: Arc<AtomicBool>,
    looking: JoinHandle<Hits>,
}

/// When the number was found grown.
struct Hits(Vec<Instant>);

impl Watch {
    fn start(node: &Node) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (client, stopped) = (node.admin.clone(), Arc::clone(&stop));
        let looking = tokio::spawn(async move {
            let (mut hits, mut last) = (Vec::new(), None);
            while !stopped.load(Ordering::Relaxed) {
                let now = node::hits(&client, "slug").await;
                if last.replace(now) != Some(now) {
                    hits.push(Instant::now());
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Hits(hits)
        });
        Self { stop, looking }
    }

    async fn stop(self) -> Hits {
        self.stop.store(true, Ordering::Relaxed);
        self.looking.await.unwrap()
    }
}

impl Hits {
    /// The end of the longest pause since then.
    fn back(&self, since: Instant) -> Instant {
        let pauses = self.0.windows(2).filter(|two| two[1] >= since);
        let longest = pauses.max_by_key(|two| two[1] - two[0]);
        longest.expect("no hits since")[1]
    }
}
