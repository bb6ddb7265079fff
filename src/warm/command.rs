//! `qr-observatory warm`: everything that is stored into Redis, beside running servers.

use std::{collections::VecDeque, path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::oneshot;

use super::{Parts, Picture, node::per_second, progress::ResumableRun};
use crate::{
    cache::Filled,
    codes::Wishes,
    kernel::{Ctx, Error, Kind, Result, Slug, id::Uuid, task},
};

/// Batches under way at once: while one waits for Redis another renders.
const TASKS: usize = 2;
/// How long Redis may need to be connected to.
const CONNECT: Duration = Duration::from_secs(5);
/// For a batch, with its retries: a new master takes seconds.
const BATCH_TIME: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(250);

/// How fast, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Codes at once.
    pub batch: usize,
    /// Between batches.
    pub delay: Duration,
    /// Codes per second at most.
    pub rate: Option<u32>,
    /// From the first, whatever an interrupted run did.
    pub restart: bool,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// Of this run.
    pub codes: u64,
    /// Codes that an interrupted run had done before.
    pub resumed_at: u64,
    /// Of pictures and destinations.
    pub entries: Filled,
    pub seconds: f64,
    pub codes_per_second: f64,
}

/// Fills Redis from a process of its own.
pub struct Fill {
    pub parts: Parts,
    /// The renderers whose images are made.
    pub asked: Vec<Arc<dyn Picture>>,
    /// Names the database and the Redis; without passwords. A run that was interrupted goes on only where it began.
    pub fingerprint: String,
    /// Notes how far the run is.
    pub data_dir: PathBuf,
}

fn interrupted(e: &Error) -> Error {
    let message = format!(
        "{}; progress is noted in DATA_DIR: run the command again to go on",
        e.message()
    );
    Error::caused(e.kind(), message, e.clone())
}

impl Fill {
    /// Puts all stored codes of all organizations into Redis. `progress` gets the number of codes that are done, and of all.
    ///
    /// # Errors
    /// `Unavailable` when Redis takes nothing; the database's; that of `data_dir`.
    pub async fn run(self, pace: Pace, mut progress: impl FnMut(u64, u64)) -> Result<Summary> {
        self.connected().await?;
        let fill = Arc::new(self);
        let (dir, database) = (&fill.data_dir, &fill.fingerprint);
        let found = (!pace.restart).then(|| ResumableRun::find(dir, database));
        let mut at = match found.flatten() {
            Some(at) => at,
            None => {
                ResumableRun::begin(dir, database, &fill.parts.codes.most_scanned(None).await?)?
            }
        };
        let (ids, first) = at.ids();
        let start = fill.parts.clock.instant();
        let mut summary = Summary {
            resumed_at: first as u64,
            ..Summary::default()
        };
        // A batch is not larger than what a second allows.
        let rate = pace.rate.map(|rate| rate.max(1));
        let size = rate.map_or(pace.batch, |rate| pace.batch.min(rate as usize));
        let mut batches = ids[first..].chunks(size.max(1));
        let mut under_way = VecDeque::new();
        loop {
            while under_way.len() < TASKS
                && let Some(batch) = batches.next()
            {
                under_way.push_back((batch.len(), fill.begin(batch)));
            }
            let Some((codes, done)) = under_way.pop_front() else {
                break;
            };
            let cut = |_| Error::internal("a batch was cut off");
            let done = done.await.map_err(cut).flatten();
            summary.entries += done.map_err(|e| interrupted(&e))?;
            summary.codes += codes as u64;
            at.advance(codes)?;
            progress(summary.resumed_at + summary.codes, ids.len() as u64);
            tokio::time::sleep(pace.delay).await;
            if let Some(rate) = rate {
                let due = Duration::from_micros(summary.codes * 1_000_000 / u64::from(rate));
                tokio::time::sleep_until(start + due).await;
            }
        }
        at.finish()?;
        let took = fill.parts.clock.instant().saturating_duration_since(start);
        fill.parts.tiers.stop(PAUSE).await;
        summary.seconds = took.as_secs_f64();
        summary.codes_per_second = per_second(summary.codes, took);
        Ok(summary)
    }

    async fn connected(&self) -> Result<()> {
        let until = self.parts.clock.instant() + CONNECT;
        loop {
            match self.parts.tiers.redis() {
                Some(redis) if redis.usable => return Ok(()),
                Some(redis) if self.parts.clock.instant() > until => {
                    let late = || Error::new(Kind::Unavailable, "Redis does not answer in time");
                    return Err(redis.trouble.unwrap_or_else(late));
                }
                _ => tokio::time::sleep(PAUSE / 10).await,
            }
        }
    }

    fn begin(self: &Arc<Self>, ids: &[Uuid]) -> oneshot::Receiver<Result<Filled>> {
        let (done, result) = oneshot::channel();
        let (fill, ids) = (Arc::clone(self), ids.to_vec());
        drop(task::spawn("warm.batch", async move {
            let _ = done.send(fill.put(&ids).await);
        }));
        result
    }

    /// Tries again while Redis, or the database, is away.
    async fn put(&self, ids: &[Uuid]) -> Result<Filled> {
        let until = self.parts.clock.instant() + BATCH_TIME;
        loop {
            match self.try_put(ids).await {
                Err(e) if e.kind() == Kind::Unavailable && self.parts.clock.instant() < until => {
                    tokio::time::sleep(PAUSE).await;
                }
                done => return done,
            }
        }
    }

    async fn try_put(&self, ids: &[Uuid]) -> Result<Filled> {
        let ctx = Ctx::new(
            self.parts.ids.next(),
            self.parts.clock.instant() + BATCH_TIME,
        );
        let codes = self.parts.codes.many(ids).await?;
        let slugs = codes.iter().filter_map(|code| code.slug.as_deref());
        let slugs: Vec<Slug> = slugs.filter_map(Slug::parse).collect();
        let mut done = self.parts.redirect.bulk_fill(&slugs).await?;
        let mut requests = Vec::with_capacity(codes.len());
        for code in &codes {
            match self.parts.codes.drawing(code, Wishes::default()) {
                Ok(request) => requests.push(request),
                Err(_) => done.failed += 1,
            }
        }
        for picture in &self.asked {
            done += picture
                .bulk_fill(&ctx, &requests, &*self.parts.clock)
                .await?;
        }
        Ok(done)
    }
}
