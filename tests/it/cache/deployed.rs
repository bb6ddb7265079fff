//! Redis in each of its deployments, and what lies in it, read past the product.

use crate::support::redis::{RedisCluster, RedisSentinel, RedisServer, RedisSetup};

/// Pairs of a setting's name and its value.
pub type Settings = Vec<(&'static str, String)>;

pub enum Deployed {
    /// With the database that is used.
    Standalone(RedisServer, u16),
    Tls(RedisServer),
    Cluster(RedisCluster),
    Sentinel(RedisSentinel),
}

impl Deployed {
    /// With a password, in a database that is not the first.
    pub async fn standalone() -> Self {
        let setup = RedisSetup::default().password("secret");
        Self::Standalone(RedisServer::start(setup).await, 3)
    }

    pub async fn tls() -> Self {
        Self::Tls(RedisServer::start(RedisSetup::default().tls()).await)
    }

    pub async fn cluster() -> Self {
        Self::Cluster(RedisCluster::start(RedisSetup::default().password("secret")).await)
    }

    pub async fn sentinel() -> Self {
        let setup = RedisSetup::default()
            .password("secret")
            .sentinel_password("watch");
        Self::Sentinel(RedisSentinel::start(setup).await)
    }

    /// What the product has to be told.
    pub fn settings(&self) -> Settings {
        match self {
            Self::Standalone(redis, database) => {
                vec![("REDIS_URL", format!("{}/{database}", redis.url()))]
            }
            Self::Tls(redis) => vec![
                ("REDIS_HOST", "127.0.0.1".to_owned()),
                ("REDIS_PORT", redis.port.to_string()),
                ("REDIS_TLS", "true".to_owned()),
                ("REDIS_CA_FILE", redis.ca_file().display().to_string()),
            ],
            Self::Cluster(redis) => vec![
                ("REDIS_CLUSTER_NODES", redis.nodes()),
                ("REDIS_PASSWORD", "secret".to_owned()),
            ],
            Self::Sentinel(redis) => vec![
                ("REDIS_SENTINEL_NODES", redis.nodes()),
                ("REDIS_SENTINEL_MASTER", RedisSentinel::MASTER.to_owned()),
                ("REDIS_PASSWORD", "secret".to_owned()),
                ("REDIS_SENTINEL_PASSWORD", "watch".to_owned()),
            ],
        }
    }

    /// Changes the rights of a user, on every node: Redis does not replicate them.
    pub async fn set_user(&self, name: &str, rules: &[&str]) {
        let servers = match self {
            Self::Standalone(redis, _) | Self::Tls(redis) => std::slice::from_ref(redis),
            Self::Cluster(redis) => redis.servers(),
            Self::Sentinel(redis) => &redis.servers,
        };
        for server in servers {
            let set = [&["ACL", "SETUSER", name], rules].concat();
            let set = server.ask(&set).await;
            assert_eq!(set.as_deref().map(str::trim), Ok("OK"), "{rules:?}");
        }
    }

    /// What `/health` calls it.
    pub fn mode(&self) -> &'static str {
        match self {
            Self::Standalone(..) | Self::Tls(_) => "standalone",
            Self::Cluster(_) => "cluster",
            Self::Sentinel(_) => "sentinel",
        }
    }

    /// A command about one key, wherever it is.
    pub async fn ask(&self, arguments: &[&str]) -> String {
        let (server, before): (_, &[&str]) = match self {
            Self::Standalone(redis, _) => (redis, &["-n", "3"]),
            Self::Tls(redis) => (redis, &[]),
            Self::Cluster(redis) => (redis.any(), &["-c"]),
            Self::Sentinel(redis) => (redis.master().await, &[]),
        };
        let answer = server.ask(&[before, arguments].concat()).await;
        answer.unwrap_or_else(|e| panic!("{arguments:?}: {e}"))
    }

    /// The names of all keys, in order.
    pub async fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        if let Self::Cluster(redis) = self {
            for port in redis.masters().await {
                let found = redis.on(port).ask(&["KEYS", "*"]).await.unwrap();
                keys.extend(found.lines().map(str::to_owned));
            }
        } else {
            let found = self.ask(&["KEYS", "*"]).await;
            keys.extend(found.lines().map(str::to_owned));
        }
        keys.retain(|k| !k.is_empty());
        keys.sort();
        keys
    }
}
