//! A product with Redis behind it, and what it tells of it.

use std::ops::Deref;

use serde_json::json;

use super::deployed::Settings;
use crate::support::{
    Answer, Client, Database, Server, Setup,
    codes::{API, Dynamic, create_dynamic, create_static},
    eventually,
    metrics::Scrape,
};

pub const REQUESTS: &str = "qr_cache_requests_total";

/// One that is ready.
pub struct Node {
    pub server: Server,
    pub admin: Client,
}

impl Deref for Node {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.admin
    }
}

/// Everything is put into Redis, and no test waits for a busy machine: those that are about time set their own budget.
pub fn setup(settings: &Settings) -> Setup {
    // SQLite's file belongs to one node.
    let setup = Setup::on(Database::Postgres)
        .env("REDIS_ADMISSION", "always")
        .env("REDIS_BUDGET_MS", "200")
        // The same symbols on every node.
        .env("BASE_URL", "https://qr.example.com");
    let pairs = settings.iter();
    pairs.fold(setup, |setup, (name, value)| setup.env(name, value.clone()))
}

/// Nothing is remembered in memory but, for seconds, what is needed to draw a code.
pub fn forgetful(setup: Setup) -> Setup {
    setup
        .env("CACHE_MEMORY_BYTES", "0")
        .env("REDIRECT_CACHE_BYTES", "0")
}

impl Node {
    pub async fn start(setup: Setup) -> Self {
        let server = setup.start().await;
        let admin = Client::admin(&server);
        Self { server, admin }
    }

    /// Another, on the database of this one.
    pub async fn beside(&self, setup: Setup) -> Self {
        Self::start(setup.env("DATABASE_URL", self.server.database_url())).await
    }

    /// Waits until Redis is used, and changes on other nodes are heard.
    pub async fn in_use(&self) {
        eventually(20, async || {
            let scrape = Scrape::of(&self.admin).await;
            let is = |name: &str| scrape.sum(name, &[]);
            let seen = (
                is("qr_cache_redis_up"),
                is("qr_cache_redis_subscribed"),
                is("qr_cache_breaker_state"),
            );
            if seen == (Some(1.0), Some(1.0), Some(0.0)) {
                Ok(())
            } else {
                Err(format!("up, subscribed, breaker: {seen:?}"))
            }
        })
        .await;
    }

    /// What `/health` says about Redis, once it is this status.
    pub async fn health(&self, status: &str) -> String {
        eventually(20, async || {
            let health = self.get("/health").await.expect(200).json();
            let redis = &health["checks"]["redis"];
            let detail = redis["detail"].as_str().unwrap_or_default();
            if redis["status"] == status && !detail.contains("not reached yet") {
                Ok(detail.to_owned())
            } else {
                Err(redis.to_string())
            }
        })
        .await
    }

    /// A sum of [`REQUESTS`].
    pub async fn counted(&self, labels: &[(&str, &str)]) -> u64 {
        count(&Scrape::of(&self.admin).await, REQUESTS, labels)
    }

    /// Values of a space that came from Redis so far.
    pub async fn redis_hits(&self, space: &str) -> u64 {
        hits(&self.admin, space).await
    }

    /// Waits until another value of a space came from Redis.
    pub async fn hit_again(&self, space: &str) {
        let before = self.redis_hits(space).await;
        eventually(20, async || {
            let now = self.redis_hits(space).await;
            (now > before).then_some(()).ok_or("no hit".to_owned())
        })
        .await;
    }

    /// Images that were drawn so far.
    pub async fn drawn(&self) -> u64 {
        let made = [("experiment", "render"), ("outcome", "ok")];
        count(
            &Scrape::of(&self.admin).await,
            "qr_arm_requests_total",
            &made,
        )
    }

    pub async fn image(&self, id: &str, query: &str) -> Answer {
        self.get(&image(id, query)).await.expect(200)
    }

    /// Where a short address leads.
    pub async fn leads(&self, shared: &str) -> String {
        let answer = self.get(shared).await.expect(302);
        answer.header("location").to_owned()
    }

    pub async fn dynamic(&self) -> Dynamic {
        create_dynamic(&self.admin).await
    }

    /// Its id.
    pub async fn text(&self, content: &str) -> String {
        let code = create_static(&self.admin, content).await;
        code["id"].as_str().unwrap().to_owned()
    }

    pub async fn retarget(&self, id: &str, target: &str) {
        let body = json!({ "redirect_url": target });
        self.put(&format!("{API}/{id}"), &body).await.expect(200);
    }

    /// MiB of memory that are its own.
    pub fn resident_mib(&self) -> f64 {
        let path = format!("/proc/{}/status", self.server.pid());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
        let kib = line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok());
        kib.unwrap() / 1024.0
    }
}

pub fn image(id: &str, query: &str) -> String {
    format!("{API}/{id}/image?{query}")
}

/// Values of a space that came from Redis so far.
pub async fn hits(client: &Client, space: &str) -> u64 {
    let labels = [("tier", "redis"), ("space", space), ("result", "hit")];
    count(&Scrape::of(client).await, REQUESTS, &labels)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a counter
pub fn count(scrape: &Scrape, name: &str, labels: &[(&str, &str)]) -> u64 {
    scrape.sum(name, labels).unwrap_or_default() as u64
}
