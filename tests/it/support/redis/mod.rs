//! Redis as it is deployed, real processes of one's own: a server, a cluster, a master with sentinels.

mod cluster;
mod sentinel;
mod server;
mod tls;

use std::sync::Arc;

pub use cluster::RedisCluster;
pub use sentinel::RedisSentinel;
pub use server::RedisServer;
use tls::Certificates;

/// How every process of it is started. By default: no password, no TLS, nothing kept on disk.
#[derive(Clone, Default)]
pub struct RedisSetup {
    password: Option<String>,
    sentinel_password: Option<String>,
    tls: Option<Arc<Certificates>>,
    lines: Vec<String>,
    role: Role,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Role {
    #[default]
    Server,
    ClusterNode,
    Sentinel,
}

impl RedisSetup {
    /// Of the user `default`, and between the servers.
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// What the sentinels themselves ask for.
    pub fn sentinel_password(mut self, password: &str) -> Self {
        self.sentinel_password = Some(password.to_owned());
        self
    }

    /// TLS and nothing else, on every port, with a certificate from a new authority for 127.0.0.1 and localhost.
    pub fn tls(mut self) -> Self {
        self.tls = Some(Arc::new(Certificates::make()));
        self
    }

    /// One more line of redis.conf (not of the sentinels'): `maxmemory 3mb`.
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }
}
