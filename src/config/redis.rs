//! The second cache tier: where Redis is, and how much it may cost.

use std::path::PathBuf;

use super::{
    Reader,
    auth::secret,
    reader::{Name, flag, list, name, number, one_of},
};
use crate::kernel::Secret;

/// One host and its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub host: String,
    pub port: u16,
}

/// How Redis is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deployment {
    /// `REDIS_URL`, or `REDIS_HOST` and `REDIS_PORT`.
    Standalone(Node),
    /// `REDIS_CLUSTER_NODES`: some of its nodes; they name the others.
    Cluster(Vec<Node>),
    /// `REDIS_SENTINEL_NODES`, and the name that they know the master by.
    Sentinel { nodes: Vec<Node>, master: String },
}

/// Whether a value is worth a place in Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// If making it takes longer than fetching it, by measurement.
    Auto,
    Always,
    Never,
}

/// Connection settings that every deployment shares.
#[derive(Clone, Debug)]
pub struct Access {
    pub deployment: Deployment,
    pub username: Option<String>,
    pub password: Option<Secret>,
    /// `REDIS_SENTINEL_PASSWORD`: of the sentinels themselves.
    pub sentinel_password: Option<Secret>,
    pub database: i64,
    pub tls: bool,
    /// `REDIS_CA_FILE`: PEM certificates to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
}

#[derive(Clone, Debug)]
pub struct Redis {
    /// `None`: there is no second tier.
    pub access: Option<Access>,
    /// `REDIS_PREFIX`: what our keys begin with.
    pub prefix: String,
    /// `REDIS_TTL`: seconds that a value is kept; hot ones up to four times as long, others a quarter of it.
    pub ttl_secs: u64,
    /// `REDIS_MAX_CONNECTIONS`: of one node of ours to one server.
    pub max_connections: usize,
    /// `REDIS_WARM_CACHE`: render stored codes after the start.
    pub warm: bool,
    /// `REDIS_ENABLE_STATS`: ask Redis for its memory and throughput from time to time.
    pub stats: bool,
    /// `REDIS_BUDGET_MS`: what a request waits for Redis at most.
    pub budget_ms: u64,
    /// `REDIS_ADMISSION`: `auto`, `always` or `never`.
    pub admission: Admission,
}

impl Redis {
    pub(super) fn read(r: &mut Reader) -> Self {
        Self {
            access: access(r),
            prefix: r.read(
                name("redis.prefix", "REDIS_PREFIX"),
                "qr_engine_v2".to_owned(),
                prefix,
            ),
            ttl_secs: r.read(name("redis.ttl", "REDIS_TTL"), 3_600, number(1..=604_800)),
            max_connections: r.read(
                name("redis.max_connections", "REDIS_MAX_CONNECTIONS"),
                10,
                number(3..=1_000),
            ),
            warm: r.read(name("redis.warm_cache", "REDIS_WARM_CACHE"), false, flag),
            stats: r.read(name("redis.enable_stats", "REDIS_ENABLE_STATS"), true, flag),
            budget_ms: r.read(
                name("redis.budget_ms", "REDIS_BUDGET_MS"),
                5,
                number(1..=1_000),
            ),
            admission: r.read(
                name("redis.admission", "REDIS_ADMISSION"),
                Admission::Auto,
                one_of(&[
                    ("auto", Admission::Auto),
                    ("always", Admission::Always),
                    ("never", Admission::Never),
                ]),
            ),
        }
    }
}

/// What a URL says.
#[derive(Clone, Default)]
struct Url {
    node: Option<Node>,
    username: Option<String>,
    password: Option<Secret>,
    database: i64,
    tls: bool,
}

fn access(r: &mut Reader) -> Option<Access> {
    let url = r.read(name("redis.url", "REDIS_URL"), None, |v| {
        parse_url(v).map(Some)
    });
    let deployment = deployment(r, url.as_ref().and_then(|u| u.node.clone()));
    let url = url.unwrap_or_default();
    let username: Option<String> = optional(r, name("redis.username", "REDIS_USERNAME"), text);
    let password = r.read(name("redis.password", "REDIS_PASSWORD"), None, secret);
    let sentinel_password = r.read(
        name("redis.sentinel_password", "REDIS_SENTINEL_PASSWORD"),
        None,
        secret,
    );
    let database = optional(r, name("redis.db", "REDIS_DB"), |v| number(0..=65_535)(v));
    let database = database.unwrap_or(url.database);
    let tls: Option<bool> = optional(r, name("redis.tls", "REDIS_TLS"), flag);
    let ca_file: Option<PathBuf> =
        optional(r, name("redis.ca_file", "REDIS_CA_FILE"), |v| Ok(v.into()));
    if matches!(deployment, Some(Deployment::Cluster(_))) && database != 0 {
        r.fault("REDIS_DB", "a Redis Cluster has only database 0");
    }
    Some(Access {
        deployment: deployment?,
        username: username.or(url.username),
        password: password.or(url.password),
        sentinel_password,
        database,
        tls: tls.unwrap_or(url.tls),
        ca_file,
    })
}

/// `url`: what `REDIS_URL` names.
fn deployment(r: &mut Reader, url: Option<Node>) -> Option<Deployment> {
    let host: Option<String> = optional(r, name("redis.host", "REDIS_HOST"), host);
    let port: Option<u16> = optional(r, name("redis.port", "REDIS_PORT"), |v| {
        number(1..=65_535)(v)
    });
    let cluster = r.read(
        name("redis.cluster_nodes", "REDIS_CLUSTER_NODES"),
        Vec::new(),
        list(|v| node(v, 6379)),
    );
    let sentinels = r.read(
        name("redis.sentinel_nodes", "REDIS_SENTINEL_NODES"),
        Vec::new(),
        list(|v| node(v, 26_379)),
    );
    let master: Option<String> = optional(
        r,
        name("redis.sentinel_master", "REDIS_SENTINEL_MASTER"),
        text,
    );
    let ways = [
        ("REDIS_URL", url.is_some()),
        ("REDIS_HOST", host.is_some()),
        ("REDIS_CLUSTER_NODES", !cluster.is_empty()),
        ("REDIS_SENTINEL_NODES", !sentinels.is_empty()),
    ];
    let set: Vec<&str> = ways
        .iter()
        .filter(|(_, set)| *set)
        .map(|(name, _)| *name)
        .collect();
    if let [first, others @ ..] = set.as_slice()
        && !others.is_empty()
    {
        let others = others.join(", ");
        r.fault(
            first,
            &format!("says where Redis is, and so does {others}: keep one"),
        );
    }
    if let Some(host) = host {
        let port = port.unwrap_or(6379);
        return Some(Deployment::Standalone(Node { host, port }));
    }
    if !cluster.is_empty() {
        return Some(Deployment::Cluster(cluster));
    }
    if !sentinels.is_empty() {
        if master.is_none() {
            r.fault("REDIS_SENTINEL_MASTER", "is missing: the name that the sentinels of REDIS_SENTINEL_NODES know the master by");
        }
        return Some(Deployment::Sentinel {
            nodes: sentinels,
            master: master.unwrap_or_default(),
        });
    }
    url.map(Deployment::Standalone)
}

#[allow(clippy::unnecessary_wraps)] // a parser, like the others
fn text(value: &str) -> Result<String, String> {
    Ok(value.to_owned())
}

fn optional<T>(
    r: &mut Reader,
    name: Name,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    r.read(name, None, |v| parse(v).map(Some))
}

/// `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS. Never echoed: it may hold a password.
fn parse_url(value: &str) -> Result<Url, String> {
    let form = "must look like redis://user:password@host:6379/0, or rediss:// for TLS";
    let url = url::Url::parse(value).map_err(|e| format!("{form} ({e})"))?;
    let tls = match url.scheme() {
        "redis" => false,
        "rediss" => true,
        other => return Err(format!("{form}; `{other}` is another protocol")),
    };
    let decoded = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| form.to_owned())
    };
    let path = url.path().trim_matches('/');
    let database = if path.is_empty() { "0" } else { path };
    let database =
        number(0..=65_535)(database).map_err(|e| format!("{form}; the database: {e}"))?;
    let password = url.password().map(decoded).transpose()?;
    let username = Some(url.username())
        .filter(|u| !u.is_empty())
        .map(decoded)
        .transpose()?;
    // An IPv6 address without its brackets, as connecting wants it.
    let host = url.host_str().filter(|h| !h.is_empty()).ok_or(form)?;
    let host = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    Ok(Url {
        node: Some(Node {
            host,
            port: url.port().unwrap_or(6379),
        }),
        username,
        password: password.as_deref().map(Secret::from),
        database,
        tls,
    })
}

fn host(value: &str) -> Result<String, String> {
    if value.is_empty() || value.contains(['/', '@', ' ', ',']) {
        return Err(format!(
            "`{value}` is not a host name; a URL belongs into REDIS_URL"
        ));
    }
    Ok(value.to_owned())
}

/// `host`, `host:port` or `[v6]:port`.
fn node(value: &str, default_port: u16) -> Result<Node, String> {
    let fault = || format!("`{value}` is not host:port");
    if value.contains(['/', '@', ' ']) {
        return Err(fault());
    }
    let (host, port) = match value.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (
            host,
            port.parse().ok().filter(|p| *p > 0).ok_or_else(fault)?,
        ),
        Some(_) if !value.starts_with('[') => return Err(fault()),
        _ => (value, default_port),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() {
        return Err(fault());
    }
    Ok(Node {
        host: host.to_owned(),
        port,
    })
}

/// Part of every key's name: nothing that a pattern, or a cluster's hash tags, could mistake.
fn prefix(value: &str) -> Result<String, String> {
    let plain = value
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"_-.:".contains(&b));
    if plain && (1..=64).contains(&value.len()) {
        Ok(value.to_owned())
    } else {
        Err(format!(
            "`{value}` is not 1 to 64 letters, digits, `_`, `-`, `.` or `:`"
        ))
    }
}

#[cfg(test)]
mod tests;
