//! Reads generations and writes values in bulk. Waits for Redis, so it is not for requests.

use std::time::Duration;

use futures_util::future::try_join_all;
use redis::{Pipeline, RedisResult};

use super::{Link, Remote, fault};
use crate::{
    cache::{frame::Generation, name::Tag},
    kernel::{Error, Kind, Result},
};

/// Commands in one pipeline. More would hold up others on the same connection.
const AT_ONCE: usize = 64;
/// For one pipeline.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A value for Redis.
pub(in crate::cache) struct Put {
    pub name: String,
    pub tag: Option<Tag>,
    pub bytes: Vec<u8>,
}

impl Remote {
    /// The generation of each tag, in this order; the first one for a key without a tag.
    ///
    /// # Errors
    /// `Unavailable`, with what to do about it.
    pub(in crate::cache) async fn generations(
        &self,
        tags: &[Option<Tag>],
    ) -> Result<Vec<Generation>> {
        let mut generations = Vec::with_capacity(tags.len());
        let names: Vec<Option<String>> = tags
            .iter()
            .map(|tag| tag.as_ref().map(|tag| self.names.generation(tag)))
            .collect();
        if let Some(name) = names.iter().flatten().next() {
            // One by itself, to measure how long a request would wait.
            let _ = self.ask(redis::cmd("GET").arg(name)).await;
        }
        for chunk in names.chunks(AT_ONCE) {
            let link = self.usable_link()?;
            let read = read_all(&link, chunk);
            generations.extend(self.within_timeout(read).await?);
        }
        Ok(generations)
    }

    /// # Errors
    /// `Unavailable`, with what to do about it; Redis may have some of the values then.
    pub(in crate::cache) async fn put_all(&self, puts: &[Put]) -> Result<()> {
        for chunk in puts.chunks(AT_ONCE) {
            let link = self.usable_link()?;
            // A cluster routes by slot: one pipeline for each value, all of them under way at once.
            let size = if link.node().is_some() { AT_ONCE } else { 1 };
            let pipes: Vec<Pipeline> = chunk.chunks(size).map(|puts| self.pipe(puts)).collect();
            let start = self.clock.instant();
            let sent = try_join_all(pipes.iter().map(|pipe| link.send_all(pipe)));
            self.within_timeout(sent).await?;
            let took = self.clock.instant().saturating_duration_since(start);
            self.timers.set.record(took);
        }
        Ok(())
    }

    fn pipe(&self, puts: &[Put]) -> Pipeline {
        let mut pipe = redis::pipe();
        for put in puts {
            self.add_put(&mut pipe, put);
        }
        pipe
    }

    fn usable_link(&self) -> Result<std::sync::Arc<Link>> {
        let link = self.link().filter(|_| self.is_usable());
        link.ok_or_else(|| {
            self.trouble()
                .unwrap_or_else(|| Error::new(Kind::Unavailable, "Redis is not connected"))
        })
    }

    async fn within_timeout<T>(&self, work: impl Future<Output = RedisResult<T>>) -> Result<T> {
        match tokio::time::timeout(TIMEOUT, work).await {
            Ok(done) => done.map_err(|e| fault::explain(&e, &self.endpoints.access.deployment)),
            Err(_) => Err(Error::new(
                Kind::Unavailable,
                "Redis did not answer in time",
            )),
        }
    }
}

async fn read_all(link: &Link, names: &[Option<String>]) -> RedisResult<Vec<Generation>> {
    let known = names.iter().flatten();
    let values: Vec<Option<Vec<u8>>> = if link.node().is_some() {
        let mut mget = redis::cmd("MGET");
        known.for_each(|name| {
            mget.arg(name);
        });
        if names.iter().flatten().next().is_none() {
            Vec::new()
        } else {
            redis::from_redis_value(link.send(&mget).await?)?
        }
    } else {
        try_join_all(known.map(async |name| {
            let mut get = redis::cmd("GET");
            get.arg(name);
            RedisResult::Ok(redis::from_redis_value(link.send(&get).await?)?)
        }))
        .await?
    };
    let mut values = values.into_iter();
    let read = names.iter().map(|name| {
        let value = name.as_ref().and_then(|_| values.next().flatten());
        let generation = value.and_then(|v| Generation::try_from(v).ok());
        generation.unwrap_or_default()
    });
    Ok(read.collect())
}
