//! Where Redis may be, and what makes no sense.

use super::*;
use crate::config::Config;

fn read(pairs: &[(&str, &str)]) -> Result<Redis, Vec<String>> {
    let pairs = pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    match Config::load(None, pairs) {
        Ok(config) => Ok(config.redis),
        Err(faults) => Err(faults.0.into_iter().map(|f| f.setting).collect()),
    }
}

fn at(host: &str, port: u16) -> Node {
    Node {
        host: host.to_owned(),
        port,
    }
}

#[test]
fn nothing_set_is_no_second_tier() {
    let redis = read(&[]).unwrap();
    assert!(redis.access.is_none());
    assert_eq!(
        (redis.prefix.as_str(), redis.ttl_secs, redis.max_connections),
        ("qr_engine_v2", 3600, 10)
    );
    assert!(!redis.warm && redis.stats);
}

#[test]
fn each_deployment_is_read() {
    let access = |pairs: &[(&str, &str)]| read(pairs).unwrap().access.unwrap();
    let url = access(&[("REDIS_URL", "rediss://me:p%40ss@[::1]:7000/3")]);
    assert_eq!(url.deployment, Deployment::Standalone(at("::1", 7000)));
    assert_eq!(
        (url.username.as_deref(), url.database, url.tls),
        (Some("me"), 3, true)
    );
    assert_eq!(url.password.unwrap().expose(), "p@ss");
    let parts = access(&[
        ("REDIS_HOST", "cache"),
        ("REDIS_PORT", "7001"),
        ("REDIS_DB", "2"),
    ]);
    assert_eq!(
        (parts.deployment, parts.database),
        (Deployment::Standalone(at("cache", 7001)), 2)
    );
    let cluster = access(&[("REDIS_CLUSTER_NODES", "a:1, b,[::1]:3")]);
    assert_eq!(
        cluster.deployment,
        Deployment::Cluster(vec![at("a", 1), at("b", 6379), at("::1", 3)])
    );
    let sentinel = access(&[
        ("REDIS_SENTINEL_NODES", "a,b:2"),
        ("REDIS_SENTINEL_MASTER", "mymaster"),
    ]);
    let nodes = vec![at("a", 26_379), at("b", 2)];
    assert_eq!(
        sentinel.deployment,
        Deployment::Sentinel {
            nodes,
            master: "mymaster".to_owned()
        }
    );
}

#[test]
fn what_makes_no_sense_is_a_fault() {
    for (pairs, setting) in [
        (&[("REDIS_URL", "http://h")][..], "REDIS_URL"),
        (&[("REDIS_URL", "redis://h/x")], "REDIS_URL"),
        (
            &[("REDIS_URL", "redis://h"), ("REDIS_CLUSTER_NODES", "a:1")],
            "REDIS_URL",
        ),
        (&[("REDIS_SENTINEL_NODES", "a")], "REDIS_SENTINEL_MASTER"),
        (
            &[("REDIS_CLUSTER_NODES", "a:1"), ("REDIS_DB", "1")],
            "REDIS_DB",
        ),
        (&[("REDIS_CLUSTER_NODES", "a:0")], "REDIS_CLUSTER_NODES"),
        (
            &[("REDIS_CLUSTER_NODES", "::1:7000")],
            "REDIS_CLUSTER_NODES",
        ),
        (&[("REDIS_HOST", "redis://h")], "REDIS_HOST"),
        (&[("REDIS_PREFIX", "a*")], "REDIS_PREFIX"),
        (&[("REDIS_PREFIX", "{a}")], "REDIS_PREFIX"),
        (&[("REDIS_ADMISSION", "perhaps")], "REDIS_ADMISSION"),
    ] {
        assert_eq!(read(pairs).unwrap_err(), [setting], "{pairs:?}");
    }
}

#[test]
fn its_passwords_are_not_printed() {
    let redis = read(&[
        ("REDIS_URL", "redis://:hunter2@h"),
        ("REDIS_SENTINEL_PASSWORD", "hunter2"),
    ]);
    assert!(!format!("{redis:?}").contains("hunter2"));
    let faults = Config::load(
        None,
        [("REDIS_URL".to_owned(), "redis://:hunter2@".to_owned())],
    );
    assert!(!faults.unwrap_err().to_string().contains("hunter2"));
}
