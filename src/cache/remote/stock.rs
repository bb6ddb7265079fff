//! Many values at once, waited for: not for requests.

use std::time::Duration;

use futures_util::future::try_join_all;
use redis::{Pipeline, RedisResult};

use super::{Link, Remote, fault};
use crate::{
    cache::{frame::Generation, name::Tag},
    kernel::{Error, Kind, Result},
};

/// Values in one go: larger ones hold up others of the same connection.
const AT_ONCE: usize = 64;
/// For one go.
const PATIENCE: Duration = Duration::from_secs(5);

/// A value to be put there.
pub(in crate::cache) struct Put {
    pub name: String,
    pub tag: Option<Tag>,
    pub bytes: Vec<u8>,
}

impl Remote {
    /// Of each tag, in this order; the first generation for what has none.
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
            // One by itself: what a request would wait is measured.
            let _ = self.ask(redis::cmd("GET").arg(name)).await;
        }
        for chunk in names.chunks(AT_ONCE) {
            let link = self.ready()?;
            let read = read_all(&link, chunk);
            generations.extend(self.patient(read).await?);
        }
        Ok(generations)
    }

    /// # Errors
    /// `Unavailable`, with what to do about it; some may be there then.
    pub(in crate::cache) async fn put_all(&self, puts: &[Put]) -> Result<()> {
        for chunk in puts.chunks(AT_ONCE) {
            let link = self.ready()?;
            // A cluster routes by slot: one pipeline for each value, all of them under way at once.
            let size = if link.node().is_some() { AT_ONCE } else { 1 };
            let pipes: Vec<Pipeline> = chunk.chunks(size).map(|puts| self.pipe(puts)).collect();
            let start = self.clock.instant();
            let sent = try_join_all(pipes.iter().map(|pipe| link.send_all(pipe)));
            self.patient(sent).await?;
            let took = self.clock.instant().saturating_duration_since(start);
            self.timers.set.record(took);
        }
        Ok(())
    }

    fn pipe(&self, puts: &[Put]) -> Pipeline {
        let mut pipe = redis::pipe();
        for put in puts {
            self.add_put(&mut pipe, &put.name, put.tag.as_ref(), &put.bytes);
        }
        pipe
    }

    fn ready(&self) -> Result<std::sync::Arc<Link>> {
        let link = self.link().filter(|_| self.is_usable());
        link.ok_or_else(|| {
            self.trouble()
                .unwrap_or_else(|| Error::new(Kind::Unavailable, "Redis is not connected"))
        })
    }

    async fn patient<T>(&self, work: impl Future<Output = RedisResult<T>>) -> Result<T> {
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(done) => done.map_err(|e| fault::explain(&e, &self.places.access.deployment)),
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
