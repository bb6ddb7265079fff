//! `qr-observatory warm`: everything that is stored into Redis, beside running servers.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

use super::{Picture, node::per_second, place::Place};
use crate::{
    app::{build, kit::Kit, operate},
    cache::{Remote, Stocked, Tiers},
    codes::{Codes, Wishes},
    config::{self, Config},
    kernel::{
        Ctx, Error, Kind, Result, SharedClock, SystemClock,
        id::{Ids, Uuid, hex},
        task,
    },
    redirect::{Redirect, Slug},
    store::Store,
    telemetry::labels::Experiment,
};

/// Batches under way at once: while one waits for Redis another renders.
const TASKS: usize = 2;
/// Nobody waits: a Redis that is slow because it is given so much is well enough.
const BUDGET_MS: u64 = 1000;
/// How long Redis may need to be connected to.
const CONNECT: Duration = Duration::from_secs(5);
/// For a batch, with everything that has to be tried again: a new master takes seconds.
const PATIENCE: Duration = Duration::from_secs(20);
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
    pub entries: Stocked,
    pub seconds: f64,
    pub codes_per_second: f64,
}

/// What makes and puts.
struct Stock {
    store: Store,
    tiers: Arc<Tiers>,
    codes: Codes,
    redirect: Arc<Redirect>,
    pictures: Vec<Arc<dyn Picture>>,
    ids: Arc<Ids>,
    clock: SharedClock,
}

/// Puts all stored codes of all organizations into Redis. `progress` is told how many are done, of how many.
///
/// # Errors
/// `Unavailable` when there is no Redis, or it takes nothing; the database's; that of the folder in which it notes how
/// far it is.
pub async fn warm(
    settings: &Config,
    pace: Pace,
    mut progress: impl FnMut(u64, u64),
) -> Result<Summary> {
    let stock = Arc::new(Stock::open(settings).await?);
    let (dir, database) = (&settings.server.data_dir, fingerprint(settings));
    let found = (!pace.restart).then(|| Place::find(dir, &database));
    let mut at = match found.flatten() {
        Some(at) => at,
        None => Place::begin(dir, &database, &stock.codes.most_scanned(None).await?)?,
    };
    let (ids, first) = at.ids();
    let start = stock.clock.instant();
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
            under_way.push_back((batch.len(), stock.begin(batch)));
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
    let took = stock.clock.instant().saturating_duration_since(start);
    stock.tiers.stop(PAUSE).await;
    stock.store.close().await;
    summary.seconds = took.as_secs_f64();
    summary.codes_per_second = per_second(summary.codes, took);
    Ok(summary)
}

fn interrupted(e: &Error) -> Error {
    let message = format!(
        "{}; what is done is noted in DATA_DIR: run the command again to go on",
        e.message()
    );
    Error::caused(e.kind(), message, e.clone())
}

/// Of the database and of the Redis that it is about; without their passwords.
fn fingerprint(settings: &Config) -> String {
    let mut database = settings.database.url.clone();
    if let Ok(mut url) = url::Url::parse(&database) {
        let _ = url.set_password(None);
        database = url.to_string();
    }
    let redis = settings.redis.access.as_ref();
    let redis = redis.map(|access| (&access.deployment, access.database));
    let text = format!("{database} {redis:?} {}", settings.redis.prefix);
    hex(&Sha256::digest(text))
}

impl Stock {
    async fn open(settings: &Config) -> Result<Self> {
        if Remote::examine(&settings.redis).await?.is_none() {
            return Err(Error::new(
                Kind::Unavailable,
                "no Redis is configured (REDIS_URL, REDIS_CLUSTER_NODES or REDIS_SENTINEL_NODES): to warm the memory of \
                 a server, start it with REDIS_WARM_CACHE=true, or ask it with POST /api/v2/qr/cache/warm",
            ));
        }
        let clock: SharedClock = Arc::new(SystemClock);
        let store = operate::open(settings, &clock).await?;
        let redis = config::redis::Redis {
            budget_ms: BUDGET_MS,
            ..settings.redis.clone()
        };
        let tiers = Tiers::start(&redis, &clock)?;
        let mut kit = Kit::new(settings, &tiers, &clock)?;
        let _ = crate::app::render(&mut kit)?;
        let candidate = candidate_percent(settings, &store).await?;
        let ids = Arc::new(Ids::new(SharedClock::clone(&clock))?);
        let stock = Self {
            codes: build::codes(settings, &store, &tiers, (&ids, &clock)),
            redirect: build::redirect(settings, &store, &tiers, &clock),
            pictures: kit.pictures.map(|p| p.asked(candidate)).unwrap_or_default(),
            store,
            tiers,
            ids,
            clock,
        };
        stock.connected().await?;
        Ok(stock)
    }

    async fn connected(&self) -> Result<()> {
        let until = self.clock.instant() + CONNECT;
        loop {
            match self.tiers.redis() {
                Some(redis) if redis.usable => return Ok(()),
                Some(redis) if self.clock.instant() > until => {
                    let late = || Error::new(Kind::Unavailable, "Redis does not answer in time");
                    return Err(redis.trouble.unwrap_or_else(late));
                }
                _ => tokio::time::sleep(PAUSE / 10).await,
            }
        }
    }

    fn begin(self: &Arc<Self>, ids: &[Uuid]) -> oneshot::Receiver<Result<Stocked>> {
        let (tell, told) = oneshot::channel();
        let (stock, ids) = (Arc::clone(self), ids.to_vec());
        drop(task::spawn("warm.batch", async move {
            let _ = tell.send(stock.put(&ids).await);
        }));
        told
    }

    /// Tries again while Redis, or the database, is away.
    async fn put(&self, ids: &[Uuid]) -> Result<Stocked> {
        let until = self.clock.instant() + PATIENCE;
        loop {
            match self.try_put(ids).await {
                Err(e) if e.kind() == Kind::Unavailable && self.clock.instant() < until => {
                    tokio::time::sleep(PAUSE).await;
                }
                done => return done,
            }
        }
    }

    async fn try_put(&self, ids: &[Uuid]) -> Result<Stocked> {
        let ctx = Ctx::new(self.ids.next(), self.clock.instant() + PATIENCE);
        let codes = self.codes.many(ids).await?;
        let slugs = codes.iter().filter_map(|code| code.slug.as_deref());
        let slugs: Vec<Slug> = slugs.filter_map(Slug::parse).collect();
        let mut done = self.redirect.stock(&ctx, &slugs).await?;
        let mut requests = Vec::with_capacity(codes.len());
        for code in &codes {
            match self.codes.drawing(code, Wishes::default()) {
                Ok(request) => requests.push(request),
                Err(_) => done.failed += 1,
            }
        }
        for picture in &self.pictures {
            done += picture.stock(&ctx, &requests, &*self.clock).await?;
        }
        Ok(done)
    }
}

/// What requests are answered by, as the database says; where Unleash says it, both arms are.
async fn candidate_percent(settings: &Config, store: &Store) -> Result<u8> {
    if settings.rollout.unleash.is_some() {
        return Ok(50);
    }
    let rows = store.dials.all().await?;
    let mut rows = rows.iter();
    let row = rows.find(|row| row.experiment == Experiment::Render.label());
    let in_force = row.filter(|row| !row.set.killed);
    Ok(in_force.map_or(0, |row| row.set.candidate_percent))
}
