//! The servers of a deployment: from the settings to clients.

use std::time::Duration;

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, IntoConnectionInfo,
    RedisConnectionInfo, RedisError, RedisResult, TlsCertificates, TlsMode,
    aio::MultiplexedConnection,
    cluster::{ClusterClient, ClusterClientBuilder},
    io::tcp::TcpSettings,
};

use crate::{
    config::redis::{Access, Deployment, Node},
    kernel::{Error, Kind, Result, tls},
};

/// For connecting and the handshake.
const CONNECT: Duration = Duration::from_secs(1);
/// For an answer. Requests have a shorter time-out of their own.
const ANSWER: Duration = Duration::from_secs(1);
/// For one sentinel's answer: there are others.
const SENTINEL: Duration = Duration::from_millis(400);

pub(super) struct Endpoints {
    pub(super) access: Access,
    certificates: Option<TlsCertificates>,
}

impl Endpoints {
    /// # Errors
    /// When the file of certificates cannot be read.
    pub(super) fn new(access: Access) -> Result<Self> {
        tls::install();
        let read = |path: &std::path::PathBuf| {
            std::fs::read(path).map_err(|e| {
                let message = format!("REDIS_CA_FILE {} cannot be read", path.display());
                Error::caused(Kind::Internal, message, e)
            })
        };
        let root_cert = access.ca_file.as_ref().map(read).transpose()?;
        Ok(Self {
            certificates: access.tls.then_some(TlsCertificates {
                client_tls: None,
                root_cert,
            }),
            access,
        })
    }

    fn info(&self, node: &Node) -> RedisResult<redis::ConnectionInfo> {
        let mut settings = RedisConnectionInfo::default().set_db(self.access.database);
        if let Some(username) = &self.access.username {
            settings = settings.set_username(username);
        }
        if let Some(password) = &self.access.password {
            settings = settings.set_password(password.expose());
        }
        Ok(self.addressed(node)?.set_redis_settings(settings))
    }

    fn addressed(&self, node: &Node) -> RedisResult<redis::ConnectionInfo> {
        let (host, port) = (node.host.clone(), node.port);
        let address = if self.access.tls {
            ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                tls_params: None,
            }
        } else {
            ConnectionAddr::Tcp(host, port)
        };
        let tcp = TcpSettings::default()
            .set_nodelay(true)
            .set_user_timeout(ANSWER * 3);
        Ok(address.into_connection_info()?.set_tcp_settings(tcp))
    }

    fn build(&self, info: redis::ConnectionInfo) -> RedisResult<Client> {
        match &self.certificates {
            Some(certificates) => Client::build_with_tls(info, certificates.clone()),
            None => Client::open(info),
        }
    }

    /// A client of one server.
    pub(super) fn client(&self, node: &Node) -> RedisResult<Client> {
        self.build(self.info(node)?)
    }

    /// A connection to one server.
    pub(super) async fn connect(&self, node: &Node) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER))
            .set_pipeline_buffer_size(256)
            .set_write_backpressure_boundary(64 << 10);
        self.client(node)?
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }

    pub(super) fn cluster(&self, nodes: &[Node]) -> RedisResult<ClusterClient> {
        let infos: RedisResult<Vec<_>> = nodes.iter().map(|n| self.info(n)).collect();
        let mut builder = ClusterClientBuilder::new(infos?)
            .connection_timeout(CONNECT)
            .response_timeout(ANSWER)
            .retries(2)
            .min_retry_wait(10)
            .max_retry_wait(100)
            .tcp_settings(
                TcpSettings::default()
                    .set_nodelay(true)
                    .set_user_timeout(ANSWER * 3),
            );
        if let Some(certificates) = &self.certificates {
            builder = builder.tls(TlsMode::Secure).certs(certificates.clone());
        }
        builder.build()
    }

    /// The servers that take values: one, or each master of a cluster.
    pub(super) async fn masters(&self) -> RedisResult<Vec<Node>> {
        match &self.access.deployment {
            Deployment::Standalone(node) => Ok(vec![node.clone()]),
            Deployment::Sentinel { nodes, master } => {
                self.ask_sentinels(nodes, master).await.map(|n| vec![n])
            }
            Deployment::Cluster(nodes) => {
                let mut failure = None;
                for node in nodes {
                    match self.ask_cluster(node).await {
                        Ok(masters) => return Ok(masters),
                        Err(e) => failure = Some(e),
                    }
                }
                Err(failure.unwrap_or_else(no_node))
            }
        }
    }

    async fn ask_cluster(&self, node: &Node) -> RedisResult<Vec<Node>> {
        /// First slot, last slot, then nodes, the master first: host, port, and more in newer versions.
        type Range = (u16, u16, (Option<String>, u16));
        let mut connection = self.connect(node).await?;
        let slots: Vec<redis::Value> = redis::cmd("CLUSTER")
            .arg("SLOTS")
            .query_async(&mut connection)
            .await?;
        let mut masters: Vec<Node> = Vec::new();
        for range in slots {
            let redis::Value::Array(mut parts) = range else {
                continue;
            };
            parts.truncate(3);
            if let Some(redis::Value::Array(master)) = parts.get_mut(2) {
                master.truncate(2);
            }
            let (_, _, (host, port)): Range = redis::from_redis_value(redis::Value::Array(parts))?;
            // An empty host is the server that was asked.
            let host = host
                .filter(|h| !h.is_empty())
                .unwrap_or_else(|| node.host.clone());
            let master = Node { host, port };
            if !masters.contains(&master) {
                masters.push(master);
            }
        }
        if masters.is_empty() {
            Err(no_node())
        } else {
            Ok(masters)
        }
    }

    /// The answer of the first sentinel that answers. `Link::open` checks that it is the master.
    async fn ask_sentinels(&self, nodes: &[Node], master: &str) -> RedisResult<Node> {
        let mut failure = None;
        for node in nodes {
            match tokio::time::timeout(SENTINEL, self.ask_sentinel(node, master)).await {
                Ok(Ok(Some(node))) => return Ok(node),
                Ok(Ok(None)) => {
                    let kind = ErrorKind::MasterNameNotFoundBySentinel;
                    failure = Some(RedisError::from((kind, "a sentinel knows no such master")));
                }
                Ok(Err(e)) => failure = Some(e),
                Err(_) => failure = failure.or_else(|| Some(timed_out())),
            }
        }
        Err(failure.unwrap_or_else(no_node))
    }

    async fn ask_sentinel(&self, node: &Node, master: &str) -> RedisResult<Option<Node>> {
        let mut settings = RedisConnectionInfo::default();
        if let Some(password) = &self.access.sentinel_password {
            settings = settings.set_password(password.expose());
        }
        let client = self.build(self.addressed(node)?.set_redis_settings(settings))?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        let found: Option<(String, u16)> = redis::cmd("SENTINEL")
            .arg("get-master-addr-by-name")
            .arg(master)
            .query_async(&mut connection)
            .await?;
        Ok(found.map(|(host, port)| Node { host, port }))
    }
}

fn no_node() -> RedisError {
    RedisError::from((ErrorKind::ClusterConnectionNotFound, "no node answered"))
}

fn timed_out() -> RedisError {
    RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut))
}
