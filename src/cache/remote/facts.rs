//! Statistics from Redis: INFO and DBSIZE.

use std::time::Duration;

use redis::RedisResult;

use super::Remote;
use crate::{
    config::redis::Node,
    telemetry::{
        catalogue::{
            CACHE_BYTES, CACHE_ENTRIES, CACHE_EVICTIONS, CACHE_REDIS_MEMORY,
            CACHE_REDIS_MEMORY_LIMIT,
        },
        handles::{counter, gauge},
        labels::Tier,
    },
};

/// For all masters together.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Sums over all masters, for all their users.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub keys: u64,
    pub used_bytes: u64,
    /// `maxmemory`; 0 for none.
    pub limit_bytes: u64,
    pub evictions: u64,
    pub operations_per_second: u64,
}

impl Remote {
    /// Asks all masters. Without an answer the last facts stay.
    #[allow(clippy::cast_precision_loss)] // gauges
    pub(super) async fn gather(&self) {
        let ask = async {
            let mut sum = Facts::default();
            for master in self.endpoints.masters().await? {
                sum.add(&self.ask_master(&master).await?);
            }
            RedisResult::Ok(sum)
        };
        let Ok(Ok(facts)) = tokio::time::timeout(TIMEOUT, ask).await else {
            return;
        };
        let set = |metric, labels: &[&'static str], n: u64| gauge(metric, labels).set(n as f64);
        let tier = [Tier::Redis.label()];
        set(&CACHE_ENTRIES, &tier, facts.keys);
        set(&CACHE_BYTES, &tier, facts.used_bytes);
        set(&CACHE_REDIS_MEMORY, &[], facts.used_bytes);
        set(&CACHE_REDIS_MEMORY_LIMIT, &[], facts.limit_bytes);
        counter(&CACHE_EVICTIONS, &tier).absolute(facts.evictions);
        self.state.lock().facts = Some(facts);
    }

    async fn ask_master(&self, node: &Node) -> RedisResult<Facts> {
        let mut connection = self.endpoints.connect(node).await?;
        let info: String = redis::cmd("INFO").query_async(&mut connection).await?;
        let keys = redis::cmd("DBSIZE").query_async(&mut connection).await?;
        Ok(Facts {
            keys,
            ..Facts::read(&info)
        })
    }
}

impl Facts {
    fn read(info: &str) -> Self {
        let number = |name: &str| {
            let lines = info.lines().filter_map(|line| line.split_once(':'));
            let found = lines
                .filter(|(key, _)| *key == name)
                .map(|(_, value)| value.trim().parse().ok());
            found.flatten().next().unwrap_or_default()
        };
        Self {
            keys: 0,
            used_bytes: number("used_memory"),
            limit_bytes: number("maxmemory"),
            evictions: number("evicted_keys"),
            operations_per_second: number("instantaneous_ops_per_sec"),
        }
    }

    fn add(&mut self, other: &Self) {
        self.keys += other.keys;
        self.used_bytes += other.used_bytes;
        self.limit_bytes += other.limit_bytes;
        self.evictions += other.evictions;
        self.operations_per_second += other.operations_per_second;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_found() {
        let info = "# Memory\r\nused_memory:1048576\r\nused_memory_human:1M\r\nmaxmemory:2097152\r\n# Stats\r\n\
                    evicted_keys:3\r\ninstantaneous_ops_per_sec:17\r\n";
        let read = Facts::read(info);
        assert_eq!((read.used_bytes, read.limit_bytes), (1_048_576, 2_097_152));
        assert_eq!((read.evictions, read.operations_per_second), (3, 17));
        assert_eq!(Facts::read("garbage"), Facts::default());
    }
}
