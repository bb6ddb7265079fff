//! Errors of Redis: their meaning for the tier, and messages for operators.
//!
//! Invariant: a message names no password, and says which setting to look at.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::{
    config::redis::Deployment,
    kernel::{Error, Kind},
};

/// Meaning of an error for the tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Redis answers, but takes no values: a replica, or full.
    TakesNothing,
    /// Redis refuses, for a while or because of its settings: requests do not ask it meanwhile.
    Refuses,
    /// The connection is lost.
    Gone,
}

pub(super) fn meaning(error: &RedisError) -> Meaning {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::ReadOnly) => Meaning::TakesNothing,
        _ if matches!(
            error.code(),
            Some("OOM" | "MISCONF" | "NOREPLICAS" | "READONLY")
        ) =>
        {
            Meaning::TakesNothing
        }
        ErrorKind::Server(_) | ErrorKind::Extension => Meaning::Refuses,
        _ => Meaning::Gone,
    }
}

/// Said of a server that has only some of the slots.
pub(super) const ONE_OF_MANY: &str = "it is one server of a cluster";

/// An error for operators that names the setting to look at.
pub(super) fn explain(error: &RedisError, deployment: &Deployment) -> Error {
    let code = error.code().unwrap_or_default();
    let text = error.to_string();
    let is_cluster = matches!(deployment, Deployment::Cluster(_));
    let message = match (error.kind(), code) {
        (_, "WRONGPASS" | "NOAUTH") | (ErrorKind::AuthenticationFailed, _) => {
            "Redis refuses the user or the password: check REDIS_PASSWORD and REDIS_USERNAME"
        }
        (_, "NOPERM") => "the user of REDIS_USERNAME may not do what a cache does: check its ACL",
        _ if !is_cluster
            && (matches!(code, "MOVED" | "ASK" | "CROSSSLOT") || text.contains(ONE_OF_MANY)) =>
        {
            "this Redis is part of a cluster: name its nodes in REDIS_CLUSTER_NODES, not in REDIS_URL or REDIS_HOST"
        }
        _ if is_cluster && text.contains("cluster support disabled") => {
            "this Redis is not a cluster: use REDIS_URL, or REDIS_HOST, in place of REDIS_CLUSTER_NODES"
        }
        (ErrorKind::MasterNameNotFoundBySentinel, _) => {
            "the sentinels know no master by this name: check REDIS_SENTINEL_MASTER"
        }
        _ if text.contains("unknown command") && text.to_lowercase().contains("sentinel") => {
            "this is a Redis, not a sentinel: REDIS_SENTINEL_NODES takes the sentinels (port 26379)"
        }
        _ if text.contains("unknown command") => {
            "this does not answer as a Redis does: is it a sentinel? Those go into REDIS_SENTINEL_NODES"
        }
        (_, "LOADING") => "Redis is loading its data; it will answer when that is done",
        (_, "BUSY") => "Redis is busy with a script",
        (_, "CLUSTERDOWN") => "the Redis Cluster is down: not every slot has a master",
        (_, "MASTERDOWN") => "this Redis is a replica and has lost its master",
        (_, "READONLY") => "this Redis is a replica: values can be read, but not kept",
        (_, "OOM") => {
            "Redis is full and may evict nothing: raise maxmemory, or set maxmemory-policy to allkeys-lru"
        }
        (_, "MISCONF") => "Redis cannot save its data and so takes no more: see its log",
        _ if text.contains("DB index is out of range") => {
            "Redis has no database of this number: check REDIS_DB"
        }
        _ if text.contains("failed to lookup address") || text.contains("resolve") => {
            "the host name of Redis cannot be resolved: check the address"
        }
        _ if error.is_connection_refusal() => {
            "nobody listens where Redis should be: check the address and that it runs"
        }
        _ if text.contains("certificate") || text.contains("InvalidCertificate") => {
            "the certificate of Redis is not trusted: check REDIS_CA_FILE, and that the address is the certificate's"
        }
        _ if text.contains("corrupt message") => {
            "what answers there does not speak TLS: check REDIS_TLS, or rediss:// in REDIS_URL"
        }
        _ if error.is_timeout() => {
            "Redis did not answer in time: if that stays so, check the address, and REDIS_TLS"
        }
        (ErrorKind::InvalidClientConfig, _) => {
            "Redis cannot be connected to like this: check its settings"
        }
        (ErrorKind::Parse, _) => {
            "what answers there does not speak Redis' protocol: check the port, and REDIS_TLS"
        }
        (ErrorKind::ClusterConnectionNotFound, _) => {
            "no node of the Redis Cluster can be reached: check REDIS_CLUSTER_NODES"
        }
        _ if error.is_connection_dropped() => {
            "the connection to Redis was closed: if that stays so, check the port, and REDIS_TLS"
        }
        _ => "the connection to Redis failed",
    };
    Error::caused(Kind::Unavailable, message, error.clone())
}
