//! Redis Cluster: three masters with a replica each.

use std::time::Instant;

use super::{RedisServer, RedisSetup, Role};
use crate::support::eventually;

const SLOTS: u32 = 16_384;
/// Moving every slot of a master takes seconds on a quiet machine.
const RESHARD_SECS: u64 = 100;

/// Killed at the end of the test.
pub struct RedisCluster {
    pub servers: Vec<RedisServer>,
}

/// A master as `CLUSTER NODES` tells of it.
struct Master {
    id: String,
    port: u16,
    slots: Vec<(u32, u32)>,
}

impl Master {
    fn count(&self) -> u32 {
        let lengths = self.slots.iter().map(|(first, last)| last - first + 1);
        lengths.sum()
    }
}

impl RedisCluster {
    /// All slots served, all replicas in step.
    pub async fn start(setup: RedisSetup) -> Self {
        let mut setup = setup
            .role(Role::ClusterNode)
            .line("cluster-enabled yes")
            .line("cluster-node-timeout 1000")
            // However long a replica has been without its master, it takes over.
            .line("cluster-replica-validity-factor 0");
        if setup.tls.is_some() {
            setup = setup.line("tls-cluster yes");
        }
        let mut servers = Vec::new();
        for _ in 0..6 {
            servers.push(RedisServer::start(setup.clone()).await);
        }
        let cluster = Self { servers };
        let nodes = cluster.nodes();
        let mut create = vec!["--cluster", "create"];
        create.extend(nodes.split(','));
        create.extend(["--cluster-replicas", "1", "--cluster-yes"]);
        let created = cluster.servers[0].ask_for(60, &create).await;
        created.unwrap_or_else(|e| panic!("no cluster: {e}"));
        cluster.settled().await;
        cluster
    }

    /// All of them, dead or alive, for `REDIS_CLUSTER_NODES`.
    pub fn nodes(&self) -> String {
        let nodes = self.servers.iter().map(|s| format!("127.0.0.1:{}", s.port));
        nodes.collect::<Vec<_>>().join(",")
    }

    /// The ports of those that serve slots, by the first of these.
    pub async fn masters(&self) -> Vec<u16> {
        let masters = self.known_masters().await;
        masters.iter().map(|m| m.port).collect()
    }

    pub fn servers(&self) -> &[RedisServer] {
        &self.servers
    }

    /// One that runs.
    pub fn any(&self) -> &RedisServer {
        self.servers
            .iter()
            .find(|s| s.runs())
            .expect("all are dead")
    }

    pub fn on(&self, port: u16) -> &RedisServer {
        self.servers.iter().find(|s| s.port == port).unwrap()
    }

    /// `kill -9` of the master with the lowest slots; its port.
    pub async fn kill_master(&mut self) -> u16 {
        let port = self.masters().await[0];
        let mut servers = self.servers.iter_mut();
        servers.find(|s| s.port == port).unwrap().kill();
        port
    }

    /// Every slot has a master that runs, and every node that runs knows it. When that was seen, at most some 50 ms
    /// late.
    pub async fn wait_for_promotion(&self) -> Instant {
        eventually(30, async || {
            for server in self.servers.iter().filter(|s| s.runs()) {
                self.serves(server).await?;
            }
            Ok(Instant::now())
        })
        .await
    }

    /// Starts those that were killed, each as a replica of its successor; returns when they are in step.
    pub async fn revive(&mut self) {
        for server in self.servers.iter_mut().filter(|s| !s.runs()) {
            server.restart().await;
        }
        self.settled().await;
    }

    /// Moves so many slots, lowest first, from the master with the most to the one with the fewest. Clients are told
    /// ASK meanwhile and MOVED after.
    pub async fn reshard(&self, slots: u32) {
        self.agreed().await;
        let mut masters = self.known_masters().await;
        masters.sort_by_key(Master::count);
        let (to, from) = (&masters[0], &masters[masters.len() - 1]);
        let (seed, slots) = (format!("127.0.0.1:{}", from.port), slots.to_string());
        let (from, to) = (&from.id, &to.id);
        let ends = ["--cluster-from", from, "--cluster-to", to];
        let how_many = ["--cluster-slots", &slots, "--cluster-yes"];
        let arguments = [&["--cluster", "reshard", &seed], &ends[..], &how_many].concat();
        let moved = self.any().ask_for(RESHARD_SECS, &arguments).await;
        moved.unwrap_or_else(|e| panic!("no reshard: {e}"));
        self.agreed().await;
    }

    /// Leaves the slot of this key half moved: its master answers ASK for every key that it does not have, until
    /// [`Self::end_move`].
    pub async fn begin_move(&self, key: &str) {
        let (slot, from, to) = self.ends_of(key).await;
        let from_id = from.id.clone();
        let (importing, migrating) = (self.on(to.port), self.on(from.port));
        importing.cli(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_id]);
        migrating.cli(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to.id]);
    }

    /// The slot stays where it was.
    pub async fn end_move(&self, key: &str) {
        let (slot, from, to) = self.ends_of(key).await;
        for port in [from.port, to.port] {
            self.on(port).cli(&["CLUSTER", "SETSLOT", &slot, "STABLE"]);
        }
    }

    /// The slot of a key, its master, and another.
    async fn ends_of(&self, key: &str) -> (String, Master, Master) {
        let slot = self.any().cli(&["CLUSTER", "KEYSLOT", key]);
        let number: u32 = slot.trim().parse().unwrap();
        let masters = self.known_masters().await;
        let has = |m: &Master| m.slots.iter().any(|(f, l)| (*f..=*l).contains(&number));
        let (mut with, without): (Vec<_>, Vec<_>) = masters.into_iter().partition(has);
        let other = without.into_iter().next().unwrap();
        (number.to_string(), with.remove(0), other)
    }

    async fn known_masters(&self) -> Vec<Master> {
        let nodes = self.any().ask(&["CLUSTER", "NODES"]).await.unwrap();
        masters(&nodes)
    }

    /// Every slot has a master that runs, as this node knows it.
    async fn serves(&self, server: &RedisServer) -> Result<(), String> {
        let nodes = server.ask(&["CLUSTER", "NODES"]).await?;
        let mut alive = masters(&nodes);
        alive.retain(|m| self.on(m.port).runs());
        let slots: u32 = alive.iter().map(Master::count).sum();
        let state = server.ask(&["CLUSTER", "INFO"]).await?;
        let is_whole = slots == SLOTS && state.contains("cluster_state:ok");
        let why = format!("{} serves {slots} slots:\n{nodes}{state}", server.port);
        is_whole.then_some(()).ok_or(why)
    }

    /// All that run tell the same, and no slot is on its way.
    async fn agreed(&self) {
        let server = self.any();
        let seed = format!("127.0.0.1:{}", server.port);
        let check = ["--cluster", "check", &seed];
        eventually(30, async || server.ask(&check).await).await;
    }

    async fn settled(&self) {
        eventually(60, async || {
            for server in &self.servers {
                self.serves(server).await?;
                let link = server.info("master_link_status").await;
                if server.info("role").await? == "slave" && link? != "up" {
                    return Err(format!("{} has no link to its master", server.port));
                }
            }
            match self.known_masters().await.len() {
                3 => Ok(()),
                other => Err(format!("{other} masters")),
            }
        })
        .await;
    }
}

/// Those that serve slots, in the order of their lowest.
fn masters(nodes: &str) -> Vec<Master> {
    let mut masters: Vec<Master> = nodes.lines().filter_map(master).collect();
    masters.sort_by_key(|m| m.slots[0]);
    masters
}

/// A line: `id 127.0.0.1:port@bus flags master ping pong epoch link slots…`.
fn master(line: &str) -> Option<Master> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let mut flags = fields.get(2)?.split(',');
    if !flags.any(|f| f == "master") {
        return None;
    }
    let (_, address) = fields[1].split_once(':')?;
    let port = address.split('@').next()?.parse().ok()?;
    // A slot on its way is told again, in brackets.
    let ranges = fields.iter().skip(8).filter(|s| !s.starts_with('['));
    let slots: Vec<(u32, u32)> = ranges
        .filter_map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            Some((first.parse().ok()?, last.parse().ok()?))
        })
        .collect();
    (!slots.is_empty()).then(|| Master {
        id: fields[0].to_owned(),
        port,
        slots,
    })
}

#[tokio::test]
async fn a_cluster_outlives_a_master() {
    let mut cluster = super::RedisCluster::start(RedisSetup::default().password("secret")).await;
    assert_eq!(cluster.nodes().split(',').count(), 6);
    let before = cluster.masters().await;
    assert_eq!(before.len(), 3);
    assert_eq!(cluster.any().cli(&["-c", "SET", "a", "1"]).trim(), "OK");
    assert_eq!(cluster.any().cli(&["-c", "GET", "a"]).trim(), "1");

    let killed = cluster.kill_master().await;
    assert_eq!(killed, before[0]);
    let seen = cluster.wait_for_promotion().await;
    let after = cluster.masters().await;
    assert!(seen <= Instant::now());
    assert!(!after.contains(&killed), "{after:?}");
    assert_eq!(after.len(), 3);
    for key in ["a", "b", "c", "d"] {
        assert_eq!(cluster.any().cli(&["-c", "SET", key, "2"]).trim(), "OK");
    }

    cluster.revive().await;
    assert_eq!(cluster.masters().await, after, "as a replica");
}

#[tokio::test]
async fn a_cluster_moves_its_slots() {
    let cluster = super::RedisCluster::start(RedisSetup::default()).await;
    let first = cluster.on(cluster.masters().await[0]);
    // Slot 0 is of the first master, and empty.
    let key = "{06S}a";
    assert_eq!(first.cli(&["CLUSTER", "KEYSLOT", key]).trim(), "0");
    assert_eq!(first.cli(&["SET", key, "1"]).trim(), "OK");
    cluster.begin_move(key).await;
    let asked = first.try_cli(&["GET", "{06S}b"]).unwrap_err();
    assert!(asked.contains("ASK 0 "), "{asked}");
    assert_eq!(first.cli(&["GET", key]).trim(), "1", "what is still there");
    cluster.end_move(key).await;
    assert_eq!(first.cli(&["GET", "{06S}b"]).trim(), "");

    // The first master has one slot fewer than another, so that theirs may be moved first.
    cluster.reshard(200).await;
    cluster.reshard(200).await;
    let moved = first.try_cli(&["GET", key]).unwrap_err();
    assert!(moved.contains("MOVED 0 "), "{moved}");
    assert_eq!(first.cli(&["-c", "GET", key]).trim(), "1");
}

#[tokio::test]
async fn a_cluster_speaks_tls() {
    let cluster = super::RedisCluster::start(RedisSetup::default().tls()).await;
    assert_eq!(cluster.any().cli(&["-c", "SET", "a", "1"]).trim(), "OK");
}
