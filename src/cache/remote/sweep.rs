//! Drops the keys that match a pattern, on every master, step by step: Redis answers others in between.

use redis::{RedisResult, aio::MultiplexedConnection};

use super::{Remote, fault};
use crate::kernel::{Error, Kind, Result};

/// Keys that one SCAN looks at.
const STEP: usize = 1000;

impl Remote {
    /// Drops all keys that match; the pattern begins with our prefix. Returns how many there were.
    ///
    /// # Errors
    /// `Unavailable`; some keys may be gone then.
    pub(in crate::cache) async fn sweep(&self, pattern: &str) -> Result<u64> {
        let explained =
            |e: redis::RedisError| fault::explain(&e, &self.endpoints.access.deployment);
        if self.link().is_none() {
            return Err(self
                .trouble()
                .unwrap_or_else(|| Error::new(Kind::Unavailable, "Redis is not connected")));
        }
        let mut dropped = 0;
        for master in self.endpoints.masters().await.map_err(explained)? {
            let mut connection = self.endpoints.connect(&master).await.map_err(explained)?;
            dropped += sweep(&mut connection, pattern).await.map_err(explained)?;
        }
        Ok(dropped)
    }
}

async fn sweep(connection: &mut MultiplexedConnection, pattern: &str) -> RedisResult<u64> {
    let (mut cursor, mut dropped) = (0_u64, 0);
    loop {
        let (next, names): (u64, Vec<Vec<u8>>) = redis::cmd("SCAN")
            .arg(cursor)
            .arg("MATCH")
            .arg(pattern)
            .arg("COUNT")
            .arg(STEP)
            .query_async(connection)
            .await?;
        if !names.is_empty() {
            // One by one, as a cluster wants it; in one go all the same. A slot that is just moving answers elsewhere.
            let mut pipe = redis::pipe();
            pipe.ignore_errors();
            for name in &names {
                pipe.cmd("UNLINK").arg(name);
            }
            let answers: Vec<RedisResult<u64>> = pipe.query_async(connection).await?;
            dropped += answers.into_iter().flatten().sum::<u64>();
        }
        cursor = next;
        if cursor == 0 {
            return Ok(dropped);
        }
    }
}
