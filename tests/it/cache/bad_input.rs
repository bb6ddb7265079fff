//! Settings that do not fit, and values that are not ours: said clearly, served all the same, never a wrong picture.

use std::io::{Read, Write};

use serde_json::Value;

use super::{
    deployed::{Deployed, Settings},
    node::{Node, forgetful, setup},
};
use crate::support::{
    codes::TARGET,
    command::Says as _,
    eventually,
    process::free_port,
    redis::{RedisCluster, RedisSentinel, RedisServer, RedisSetup},
};

/// It starts and serves, warns, and says in the log, in `/health` and in `doctor` what to look at.
async fn said(what: &str, settings: Settings, words: &[&str]) {
    // Nothing in memory: what is asked for would be looked for in Redis.
    let node = Node::start(forgetful(setup(&settings))).await;
    let code = node.dynamic().await;
    assert_eq!(node.leads(&code.shared).await, TARGET, "{what}");
    node.image(&code.id, "image_format=svg").await;
    let detail = eventually(20, async || {
        let detail = node.health("warn").await;
        let all = words.iter().all(|word| detail.contains(word));
        all.then_some(detail.clone()).ok_or(detail)
    })
    .await;
    let log = node.server.log();
    let lines = log.lines().filter(|l| l.contains("WARN"));
    let told = lines.filter(|l| words.iter().all(|word| l.contains(word)));
    assert_eq!(told.count(), 1, "{what}, once in the log: {log}");
    let hits = [("tier", "redis"), ("result", "hit")];
    assert_eq!(node.counted(&hits).await, 0, "{what}");

    let doctor = node.server.run(&["doctor", "--json"]);
    assert_eq!(doctor.status.code(), Some(1), "{what}");
    let report: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let found = checks.iter().find(|c| c["check"] == "redis").unwrap();
    assert_eq!(found["status"], "fail", "{what}: {found}");
    let doctors = found["detail"].as_str().unwrap();
    for word in words {
        assert!(doctors.contains(word), "{what}: {doctors}");
    }
    let told = format!("{log}{detail}{report}");
    assert!(!told.contains("hunter2"), "{what}: a password is told");
}

fn url(url: String) -> Settings {
    vec![("REDIS_URL", url)]
}

#[tokio::test]
async fn a_wrong_password() {
    let redis = RedisServer::start(RedisSetup::default().password("secret")).await;
    let wrong = url(format!("redis://:hunter2@127.0.0.1:{}", redis.port));
    said("another password", wrong, &["REDIS_PASSWORD"]).await;
    let none = url(format!("redis://127.0.0.1:{}", redis.port));
    said("no password", none, &["REDIS_PASSWORD"]).await;
}

#[tokio::test]
async fn another_deployment() {
    let setup = RedisSetup::default;
    let standalone = RedisServer::start(setup()).await;
    let address = format!("127.0.0.1:{}", standalone.port);
    let as_cluster = vec![("REDIS_CLUSTER_NODES", address)];
    let words = ["is not a cluster", "REDIS_URL"];
    said("standalone as a cluster", as_cluster, &words).await;

    let cluster = RedisCluster::start(setup()).await;
    let words = ["part of a cluster", "REDIS_CLUSTER_NODES"];
    said("a cluster as standalone", url(cluster.any().url()), &words).await;
}

#[tokio::test]
async fn other_sentinels() {
    let redis = RedisSentinel::start(RedisSetup::default()).await;
    let words = ["is it a sentinel", "REDIS_SENTINEL_NODES"];
    said(
        "a sentinel as standalone",
        url(redis.sentinels[0].url()),
        &words,
    )
    .await;
    let unknown = vec![
        ("REDIS_SENTINEL_NODES", redis.nodes()),
        ("REDIS_SENTINEL_MASTER", "nobody".to_owned()),
    ];
    said("an unknown master", unknown, &["REDIS_SENTINEL_MASTER"]).await;
    let servers = vec![
        (
            "REDIS_SENTINEL_NODES",
            format!("127.0.0.1:{}", redis.servers[0].port),
        ),
        ("REDIS_SENTINEL_MASTER", RedisSentinel::MASTER.to_owned()),
    ];
    said("a Redis as a sentinel", servers, &["not a sentinel"]).await;
}

#[tokio::test]
async fn an_address_that_leads_nowhere() {
    let unresolvable = url("redis://no-such-host.invalid:6379".to_owned());
    said("an unknown host", unresolvable, &["cannot be resolved"]).await;
    let refused = url(format!("redis://127.0.0.1:{}", free_port()));
    said("nobody listens", refused, &["nobody listens"]).await;
    let web = url(format!("redis://127.0.0.1:{}", web_server()));
    said(
        "a web server",
        web,
        &["does not speak Redis' protocol", "REDIS_TLS"],
    )
    .await;
}

#[tokio::test]
async fn tls_that_does_not_fit() {
    let redis = RedisServer::start(RedisSetup::default().tls()).await;
    said("no authority", url(redis.url()), &["REDIS_CA_FILE"]).await;
    let plain = url(format!("redis://127.0.0.1:{}", redis.port));
    said("no TLS", plain, &["REDIS_TLS"]).await;
    let plain = RedisServer::start(RedisSetup::default()).await;
    let tls = url(format!("rediss://127.0.0.1:{}", plain.port));
    said("no TLS there", tls, &["REDIS_TLS"]).await;
}

/// A port where HTTP answers whatever it is told.
fn web_server() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    // Ends with the test's process.
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 1024]);
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
            });
        }
    });
    port
}

/// What somebody did to one of our values.
#[derive(Debug)]
enum Damage {
    /// Another text.
    Replaced(&'static str),
    /// Only so many bytes of it.
    Cut(u32),
    /// One byte of it is another.
    Flipped(u32),
    /// A newer release's.
    OfVersion(char),
    /// No value at all, but a list.
    List,
    /// Another picture, that is of its own name.
    Swapped,
}

#[tokio::test]
async fn values_that_are_not_ours() {
    let redis = Deployed::standalone().await;
    let node = Node::start(forgetful(setup(&redis.settings()))).await;
    node.in_use().await;
    let (code, other) = (node.dynamic().await, node.dynamic().await);
    let image = image_key(&redis, &node, &code.id).await;
    let others = image_key(&redis, &node, &other.id).await;
    assert_eq!(node.leads(&code.shared).await, TARGET);
    let slug = eventually(10, async || {
        let keys = redis.keys().await;
        let found = keys.into_iter().find(|k| k.contains(":slug:"));
        found.ok_or("no slug is kept".to_owned())
    })
    .await;
    let good = node.image(&code.id, QUERY).await;
    for damage in [
        Damage::Replaced(""),
        Damage::Replaced("QRO"),
        Damage::Replaced("<svg onload='alert(1)'/>"),
        Damage::Cut(10),
        Damage::Cut(60),
        Damage::Flipped(25),
        Damage::Flipped(300),
        Damage::OfVersion('\u{2}'),
        Damage::OfVersion('\0'),
        Damage::List,
        Damage::Swapped,
    ] {
        for (key, space) in [(&image, "render_legacy"), (&slug, "slug")] {
            damage.on(&redis, key, &others).await;
            let rejected = async |node: &Node| {
                let labels = [("tier", "redis"), ("space", space), ("result", "rejected")];
                node.counted(&labels).await
            };
            let (before, hits) = (rejected(&node).await, node.redis_hits(space).await);
            let served = async || {
                if space == "slug" {
                    assert_eq!(node.leads(&code.shared).await, TARGET);
                } else {
                    let again = node.image(&code.id, QUERY).await;
                    assert_eq!(again.body, good.body);
                    assert_eq!(again.header("etag"), good.header("etag"));
                }
            };
            // What does not fit in memory stays there for some milliseconds all the same. A list is no value that could be
            // rejected: a look-up finds nothing.
            let counted = before + u64::from(!matches!(damage, Damage::List));
            eventually(10, async || {
                served().await;
                let now = (rejected(&node).await, node.redis_hits(space).await > hits);
                let why = format!("{space}, {damage:?}: {now:?}, not {counted}, replaced");
                (now == (counted, true)).then_some(()).ok_or(why)
            })
            .await;
        }
    }
    let log = node.server.log();
    log.says("foreign, damaged, or of another release");
}

const QUERY: &str = "image_format=svg";

/// Where the image of a code is, once it is there.
async fn image_key(redis: &Deployed, node: &Node, id: &str) -> String {
    node.image(id, QUERY).await;
    let part = format!(":render_legacy:{{code-{id}}}:");
    eventually(10, async || {
        let keys = redis.keys().await;
        let found = keys.into_iter().find(|k| k.contains(&part));
        found.ok_or("no image is kept".to_owned())
    })
    .await
}

impl Damage {
    async fn on(&self, redis: &Deployed, key: &str, other: &str) {
        let do_it = async |command: &[&str]| drop(redis.ask(command).await);
        match self {
            Self::Replaced(text) => do_it(&["SET", key, text]).await,
            Self::Cut(bytes) => {
                let cut = "redis.call('SET', KEYS[1], string.sub(redis.call('GET', KEYS[1]), 1, ARGV[1]))";
                do_it(&["EVAL", cut, "1", key, &bytes.to_string()]).await;
            }
            Self::Flipped(at) => {
                let flip = "local all = redis.call('GET', KEYS[1]) local at = math.min(ARGV[1], #all - 1) \
                            local byte = string.byte(all, at + 1) \
                            redis.call('SETRANGE', KEYS[1], at, string.char((byte + 1) % 256))";
                do_it(&["EVAL", flip, "1", key, &at.to_string()]).await;
            }
            Self::OfVersion(version) => {
                let set = "redis.call('SETRANGE', KEYS[1], 3, string.char(ARGV[1]))";
                do_it(&["EVAL", set, "1", key, &u32::from(*version).to_string()]).await;
            }
            Self::List => {
                do_it(&["DEL", key]).await;
                do_it(&["LPUSH", key, "a", "b"]).await;
            }
            Self::Swapped => do_it(&["COPY", other, key, "REPLACE"]).await,
        }
    }
}
