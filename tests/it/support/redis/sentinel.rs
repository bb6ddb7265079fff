//! A master with two replicas, watched by three sentinels.

use std::time::Instant;

use super::{RedisServer, RedisSetup, Role};
use crate::support::eventually;

/// Killed at the end of the test.
pub struct RedisSentinel {
    pub servers: Vec<RedisServer>,
    pub sentinels: Vec<RedisServer>,
}

impl RedisSentinel {
    /// For `REDIS_SENTINEL_MASTER`.
    pub const MASTER: &str = "qr-master";

    /// All replicas in step, and all sentinels know each other.
    pub async fn start(setup: RedisSetup) -> Self {
        let master = RedisServer::start(setup.clone()).await;
        let replica = setup
            .clone()
            .line(format!("replicaof 127.0.0.1 {}", master.port));
        let mut watching = setup.role(Role::Sentinel);
        watching.lines = watch(master.port, watching.password.as_deref());
        let mut started = Self {
            servers: vec![master],
            sentinels: Vec::new(),
        };
        for _ in 0..2 {
            let server = RedisServer::start(replica.clone()).await;
            started.servers.push(server);
        }
        // A sentinel looks for replicas when it starts, and then every 10 s.
        started.in_step().await;
        for _ in 0..3 {
            let sentinel = RedisServer::start(watching.clone()).await;
            impatient(&sentinel);
            started.sentinels.push(sentinel);
        }
        started.settled().await;
        started
    }

    /// The sentinels, dead or alive, for `REDIS_SENTINEL_NODES`.
    pub fn nodes(&self) -> String {
        let nodes = self.sentinels.iter();
        let nodes = nodes.map(|s| format!("127.0.0.1:{}", s.port));
        nodes.collect::<Vec<_>>().join(",")
    }

    /// By a sentinel that runs.
    pub async fn master_port(&self) -> u16 {
        let sentinel = self.sentinels.iter().find(|s| s.runs());
        master_of(sentinel.expect("all are dead")).await.unwrap()
    }

    pub async fn master(&self) -> &RedisServer {
        let port = self.master_port().await;
        self.servers.iter().find(|s| s.port == port).unwrap()
    }

    /// `kill -9`; its port.
    pub async fn kill_master(&mut self) -> u16 {
        let port = self.master_port().await;
        let mut servers = self.servers.iter_mut();
        servers.find(|s| s.port == port).unwrap().kill();
        port
    }

    /// Every sentinel that runs names a master that runs and takes itself for one. When that was seen, at most some
    /// 50 ms late.
    pub async fn wait_for_promotion(&self) -> Instant {
        eventually(30, async || {
            for sentinel in self.sentinels.iter().filter(|s| s.runs()) {
                let port = master_of(sentinel).await?;
                let mut alive = self.servers.iter().filter(|s| s.runs());
                let server = alive.find(|s| s.port == port);
                let server = server.ok_or_else(|| format!("{port} is dead"))?;
                if server.info("role").await? != "master" {
                    return Err(format!("{port} is no master yet"));
                }
            }
            Ok(Instant::now())
        })
        .await
    }

    /// Starts those that were killed, the former master as a replica; returns when they are in step.
    pub async fn revive(&mut self) {
        let all = self.servers.iter_mut().chain(&mut self.sentinels);
        for server in all.filter(|s| !s.runs()) {
            server.restart().await;
        }
        self.in_step().await;
        self.settled().await;
    }

    async fn in_step(&self) {
        eventually(60, async || {
            let mut masters = 0;
            for server in &self.servers {
                if server.info("role").await? == "master" {
                    masters += 1;
                } else if server.info("master_link_status").await? != "up" {
                    return Err(format!("{} has no link to its master", server.port));
                }
            }
            let is_one = (masters == 1).then_some(());
            is_one.ok_or(format!("{masters} masters"))
        })
        .await;
    }

    async fn settled(&self) {
        eventually(60, async || {
            for sentinel in &self.sentinels {
                let status = sentinel.info("master0").await?;
                if !status.contains("status=ok") || !status.contains("slaves=2,sentinels=3") {
                    return Err(status);
                }
            }
            Ok(())
        })
        .await;
    }
}

fn watch(port: u16, password: Option<&str>) -> Vec<String> {
    let name = RedisSentinel::MASTER;
    let mut lines = vec![
        format!("sentinel monitor {name} 127.0.0.1 {port} 2"),
        format!("sentinel down-after-milliseconds {name} 500"),
        format!("sentinel failover-timeout {name} 2000"),
    ];
    lines.extend(password.map(|p| format!("sentinel auth-pass {name} {p}")));
    lines
}

/// By default they find each other within 2 s, see a former master within 10 s, and ask whether a server lives only as
/// often as they wait for its answer: one late answer, and they depose a master that is well.
fn impatient(sentinel: &RedisServer) {
    sentinel.cli(&["SENTINEL", "DEBUG", "publish-period", "200"]);
    sentinel.cli(&["SENTINEL", "DEBUG", "info-period", "500"]);
    // Not below: a replica whose last INFO is older than five of these is not promoted, and then it comes every second.
    sentinel.cli(&["SENTINEL", "DEBUG", "ping-period", "300"]);
}

/// The answer is two lines, the address and the port.
async fn master_of(sentinel: &RedisServer) -> Result<u16, String> {
    let ask = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", RedisSentinel::MASTER];
    let answer = sentinel.ask(&ask).await?;
    let port = answer.lines().nth(1).and_then(|p| p.trim().parse().ok());
    port.ok_or(answer)
}

async fn outlives_its_master(setup: RedisSetup) {
    let mut redis = super::RedisSentinel::start(setup).await;
    assert_eq!(redis.nodes().split(',').count(), 3);
    assert_eq!(redis.master_port().await, redis.servers[0].port);
    redis.master().await.cli(&["SET", "a", "1"]);

    let killed = redis.kill_master().await;
    let seen = redis.wait_for_promotion().await;
    let promoted = redis.master().await;
    assert!(seen <= Instant::now() && promoted.port != killed);
    assert_eq!(promoted.cli(&["SET", "a", "2"]).trim(), "OK");

    let promoted = promoted.port;
    redis.revive().await;
    assert_eq!(redis.master_port().await, promoted, "as a replica");
}

#[tokio::test]
async fn a_sentinel_promotes_a_replica() {
    outlives_its_master(RedisSetup::default()).await;
}

#[tokio::test]
async fn a_sentinel_promotes_a_replica_with_tls_and_passwords() {
    let setup = RedisSetup::default()
        .password("secret")
        .sentinel_password("watch")
        .tls();
    outlives_its_master(setup).await;
}
