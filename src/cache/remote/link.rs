//! Connections to Redis, as many as the deployment needs.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use redis::{
    Cmd, ErrorKind, Pipeline, RedisError, RedisResult, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster_async::ClusterConnection,
    cluster_routing::{MultipleNodeRoutingInfo, ResponsePolicy, RoutingInfo},
};

use super::{endpoints::Endpoints, fault::ONE_OF_MANY};
use crate::config::redis::{Deployment, Node};

/// More than these do not make one server faster.
const MOST: usize = 4;
/// For invalidations, and for commands of operators.
const OTHERS: usize = 2;

/// Closes with its last reference; requests without an answer then fail.
pub(super) enum Link {
    Server {
        node: Node,
        /// Several, so that a large value does not stand in the way of all small ones.
        connections: Vec<MultiplexedConnection>,
        next: AtomicUsize,
    },
    Cluster(ClusterConnection),
}

impl Link {
    /// # Errors
    /// Those of connecting; also when the server is a replica or one of a cluster.
    pub(super) async fn open(endpoints: &Endpoints, max_connections: usize) -> RedisResult<Self> {
        if let Deployment::Cluster(nodes) = &endpoints.access.deployment {
            let client = endpoints.cluster(nodes)?;
            return client.get_async_connection().await.map(Self::Cluster);
        }
        let node = endpoints.masters().await?.into_iter().next();
        let node =
            node.ok_or_else(|| RedisError::from((ErrorKind::Client, "no server is named")))?;
        let mut connections = Vec::new();
        for _ in 0..max_connections.saturating_sub(OTHERS).clamp(1, MOST) {
            connections.push(endpoints.connect(&node).await?);
        }
        if matches!(endpoints.access.deployment, Deployment::Sentinel { .. })
            && let Some(first) = connections.first()
        {
            // A sentinel may name the old master for a moment.
            let role: Vec<Value> = redis::cmd("ROLE").query_async(&mut first.clone()).await?;
            let role: String = role
                .into_iter()
                .next()
                .map(redis::from_redis_value)
                .transpose()?
                .unwrap_or_default();
            if role != "master" {
                return Err(RedisError::from((
                    ErrorKind::Client,
                    "the sentinels name a master that is none (yet)",
                )));
            }
        }
        if let (Deployment::Standalone(_), Some(first)) =
            (&endpoints.access.deployment, connections.first())
            && is_one_of_many(first).await
        {
            return Err(RedisError::from((ErrorKind::Client, ONE_OF_MANY)));
        }
        Ok(Self::Server {
            node,
            connections,
            next: AtomicUsize::new(0),
        })
    }

    /// The server; `None` for a cluster.
    pub(super) fn node(&self) -> Option<&Node> {
        match self {
            Self::Server { node, .. } => Some(node),
            Self::Cluster(_) => None,
        }
    }

    /// # Errors
    /// Also the errors of the server, which the connections return as values.
    pub(super) async fn send(&self, cmd: &Cmd) -> RedisResult<Value> {
        let answer = match self {
            Self::Server {
                connections, next, ..
            } => turn(connections, next)?.req_packed_command(cmd).await,
            Self::Cluster(cluster) => cluster.clone().req_packed_command(cmd).await,
        };
        answer?.extract_error()
    }

    /// Sends commands with keys of one slot. Returns no answers, only the first error.
    pub(super) async fn send_all(&self, pipe: &Pipeline) -> RedisResult<()> {
        match self {
            Self::Server {
                connections, next, ..
            } => pipe.exec_async(&mut turn(connections, next)?).await,
            Self::Cluster(cluster) => pipe.exec_async(&mut cluster.clone()).await,
        }
    }

    /// Checks that every master answers.
    pub(super) async fn ping(&self) -> RedisResult<()> {
        let ping = redis::cmd("PING");
        match self {
            Self::Server { connections, .. } => {
                // At once: the time is compared with the budget of one request.
                let asked = connections.iter().cloned().map(|mut connection| {
                    let ping = &ping;
                    async move {
                        let answer = connection.req_packed_command(ping).await?;
                        answer.extract_error().map(drop)
                    }
                });
                join_all(asked).await.into_iter().collect()
            }
            Self::Cluster(cluster) => {
                let masters = MultipleNodeRoutingInfo::AllMasters;
                let all = Some(ResponsePolicy::AllSucceeded);
                let routing = RoutingInfo::MultiNode((masters, all));
                let answer = cluster.clone().route_command(ping, routing).await?;
                answer.extract_error().map(drop)
            }
        }
    }
}

/// Whether it has only some of a cluster's slots. The prober's own key may be in one of those while most others are not. An error
/// counts as no cluster.
async fn is_one_of_many(connection: &MultiplexedConnection) -> bool {
    let mut ask = redis::cmd("CLUSTER");
    ask.arg("INFO");
    let told: RedisResult<String> = ask.query_async(&mut connection.clone()).await;
    let told = told.unwrap_or_default();
    let mut sizes = told.lines().filter_map(|l| l.strip_prefix("cluster_size:"));
    sizes.any(|size| !matches!(size.trim(), "0" | "1"))
}

fn turn(
    connections: &[MultiplexedConnection],
    next: &AtomicUsize,
) -> RedisResult<MultiplexedConnection> {
    let turn = next.fetch_add(1, Ordering::Relaxed);
    let one = connections.get(turn % connections.len().max(1));
    one.cloned()
        .ok_or_else(|| RedisError::from((ErrorKind::Client, "there is no connection")))
}
