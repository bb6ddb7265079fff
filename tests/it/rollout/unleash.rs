//! The whole product against a real Unleash server: its dial is followed, and nothing that becomes of the server changes what
//! is in force.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{ALL, RENDER, code, draw, is_in, look, order, path};
use crate::support::{
    Answer, Client, Database, Server, Setup, eventually,
    metrics::Scrape,
    proxy::{Fault, Proxy},
    unleash::{TOKEN, UnleashServer},
};

const FLAG: &str = "qr.render.candidate";
const REFRESH: Duration = Duration::from_millis(500);
/// A refresh, its answer, and what else this machine has to do.
const WITHIN: Duration = Duration::from_secs(2);
const IMAGES: u32 = 100;

struct World {
    unleash: UnleashServer,
    proxy: Proxy,
    server: Server,
    client: Client,
    id: String,
}

/// The product asks through the proxy.
async fn world() -> World {
    let unleash = UnleashServer::start().await;
    let proxy = Proxy::before(unleash.port).await;
    let url = format!("http://127.0.0.1:{}/api", proxy.port);
    let server = Setup::on(Database::Postgres)
        .env("UNLEASH_URL", url)
        .env("UNLEASH_API_TOKEN", TOKEN)
        .env("UNLEASH_REFRESH_MS", REFRESH.as_millis().to_string())
        // They are for flags of our own.
        .env("USE_NEW_QR_GENERATION_SERVICE", "true")
        .start()
        .await;
    let client = Client::admin(&server);
    let id = code(&client).await;
    World {
        unleash,
        proxy,
        server,
        client,
        id,
    }
}

impl World {
    async fn images(&self) -> Vec<Answer> {
        let images = (0..IMAGES).map(|n| draw(&self.client, &self.id, n));
        futures_util::future::join_all(images).await
    }

    /// The images' sides are those of this percentage.
    async fn assert_served(&self, percent: u8) {
        for image in self.images().await {
            let candidate = path(&image, "render") == "candidate";
            assert_eq!(candidate, is_in(&image, percent), "at {percent} %");
        }
    }

    async fn follows(&self, percent: u8) -> Duration {
        let start = Instant::now();
        loop {
            let seen = look(&self.client, RENDER).await["candidate_percent"].clone();
            let took = start.elapsed();
            if seen == percent {
                return took;
            }
            assert!(took < WITHIN, "{seen} instead of {percent} after {took:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn last_success(&self) -> f64 {
        let scrape = Scrape::of(&self.client).await;
        let name = "qr_flags_last_success_timestamp_seconds";
        scrape.sum(name, &[]).unwrap()
    }

    /// No refresh succeeds, and nothing else is different.
    async fn assert_served_without(&self, before: &Value, percent: u8) {
        // One that had begun may still succeed.
        tokio::time::sleep(REFRESH).await;
        let success = self.last_success().await;
        tokio::time::sleep(REFRESH * 3).await;
        let moved = self.last_success().await - success;
        assert!(moved.abs() < 1e-6, "{moved}");
        assert_eq!(&settings(&look(&self.client, ALL).await), before);
        self.assert_served(percent).await;
    }

    /// Flags that are old are reported as such.
    async fn assert_stale(&self) {
        eventually(20, async || {
            let state = look(&self.client, ALL).await["flags"]["state"].clone();
            (state == "stale").then_some(()).ok_or(state.to_string())
        })
        .await;
        let health = eventually(10, async || {
            let health = self.client.get("/health").await.expect(200).json();
            let warns = health["checks"]["flags"]["status"] == "warn";
            warns.then_some(health.clone()).ok_or(health.to_string())
        })
        .await;
        assert_eq!(health["status"], "degraded", "{health}");
    }

    async fn assert_fresh(&self) {
        let before = self.last_success().await;
        eventually(20, async || {
            let fresh = look(&self.client, ALL).await["flags"]["state"] == "fresh";
            let moved = self.last_success().await > before;
            let is_new = (fresh && moved).then_some(());
            is_new.ok_or("still stale".to_owned())
        })
        .await;
    }
}

/// What is in force.
fn settings(all: &Value) -> Value {
    let experiments = all["experiments"].as_array().unwrap().iter();
    let fields = "name version candidate_percent shadow_percent override";
    let of = |e: &Value| -> Value { fields.split(' ').map(|field| e[field].clone()).collect() };
    experiments.map(of).collect()
}

#[tokio::test]
async fn its_dial_is_followed_and_its_faults_change_nothing() {
    let mut world = world().await;
    the_dial_is_followed(&world).await;
    a_local_kill_wins(&world).await;
    faults_change_nothing(&world).await;
    the_last_flags_outlive_a_restart(&mut world).await;
}

async fn the_dial_is_followed(world: &World) {
    world.follows(0).await;
    let all = look(&world.client, ALL).await;
    assert_eq!(all["flags"]["source"], "unleash");
    assert_eq!(all["flags"]["state"], "fresh");
    world.assert_served(0).await;
    let mut slowest = Duration::ZERO;
    for percent in [25, 100, 0, 50] {
        world.unleash.set(FLAG, percent).await;
        slowest = slowest.max(world.follows(percent).await);
        world.assert_served(percent).await;
    }
    eprintln!("the slowest turn took {slowest:?} from when Unleash tells it");
    world.unleash.set("qr.validate.shadow", 7).await;
    eventually(5, async || {
        let shadow = look(&world.client, super::VALIDATE).await["shadow_percent"].clone();
        (shadow == 7).then_some(()).ok_or(shadow.to_string())
    })
    .await;
}

async fn a_local_kill_wins(world: &World) {
    let client = &world.client;
    let before = settings(&look(client, ALL).await);
    for body in [
        json!({ "candidate_percent": 1 }),
        json!({ "shadow_percent": 1 }),
        json!({ "candidate_percent": 50, "breaker": "open" }),
    ] {
        client.put(RENDER, &body).await.problem(409);
    }
    let set = ["flags", "set", "render", "--candidate", "1"];
    world.server.run_to(1, &set);
    assert_eq!(settings(&look(client, ALL).await), before);

    order(client, RENDER, "kill", json!({ "reason": "local" })).await;
    world.assert_served(0).await;
    world.unleash.set(FLAG, 100).await;
    world.follows(100).await;
    assert_eq!(look(client, RENDER).await["override"]["kind"], "killed");
    world.assert_served(0).await;
    let released = order(client, RENDER, "release", json!({})).await;
    assert_eq!(released["override"], Value::Null);
    world.assert_served(100).await;
    world.unleash.set(FLAG, 25).await;
    world.follows(25).await;
}

async fn faults_change_nothing(world: &World) {
    let before = settings(&look(&world.client, ALL).await);
    for fault in [
        Fault::Delay(Duration::from_secs(10)),
        Fault::http("200 OK", "<!doctype html><title>Sign in</title>"),
    ] {
        eprintln!("{fault:?}");
        world.proxy.set(fault).await;
        world.assert_served_without(&before, 25).await;
        world.proxy.set(Fault::Pass).await;
        world.assert_fresh().await;
    }
    world.unleash.stop();
    world.assert_served_without(&before, 25).await;
    world.assert_stale().await;
    world.unleash.cont();
    world.assert_fresh().await;
    assert_eq!(settings(&look(&world.client, ALL).await), before);
}

async fn the_last_flags_outlive_a_restart(world: &mut World) {
    let before = settings(&look(&world.client, ALL).await);
    world.unleash.kill();
    for crash in [false, true] {
        if crash {
            world.server.kill().await;
        } else {
            world.server.stop().await;
        }
        world.server.start().await;
        assert_eq!(settings(&look(&world.client, ALL).await), before);
        world.assert_served(25).await;
    }
}
