//! What `qr-observatory warm` is made of: a renderer, codes and targets, with Redis behind them.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::{build, kit::Kit, operate};
use crate::{
    cache::{Remote, Tiers},
    config::{Config, redis::Redis},
    kernel::{
        Error, Kind, Result, SharedClock, SystemClock,
        id::{Ids, hex},
    },
    store::Store,
    telemetry::labels::Experiment,
    warm::{Fill, Pace, Parts, Summary},
};

/// Patience with Redis: no request waits for it.
const BUDGET_MS: u64 = 1000;

/// Puts all stored codes into Redis. `progress` gets the number of codes that are done, and of all.
///
/// # Errors
/// `Unavailable` when no Redis is configured, or it takes nothing; the database's; that of `DATA_DIR`.
pub async fn warm(
    settings: &Config,
    pace: Pace,
    progress: impl FnMut(u64, u64),
) -> Result<Summary> {
    if Remote::examine(&settings.redis).await?.is_none() {
        return Err(Error::new(
            Kind::Unavailable,
            "no Redis is configured (REDIS_URL, REDIS_CLUSTER_NODES or REDIS_SENTINEL_NODES): to warm the memory of \
             a server, start it with REDIS_WARM_CACHE=true, or ask it with POST /api/v2/qr/cache/warm",
        ));
    }
    let clock: SharedClock = Arc::new(SystemClock);
    let store = operate::open(settings, &clock).await?;
    let redis = Redis {
        budget_ms: BUDGET_MS,
        ..settings.redis.clone()
    };
    let tiers = Tiers::start(&redis, &clock)?;
    let mut kit = Kit::new(settings, &tiers, &clock)?;
    let (_, renderers) = super::render(&mut kit, crate::render::Room::default());
    let ids = Arc::new(Ids::new(SharedClock::clone(&clock))?);
    let fill = Fill {
        asked: renderers.asked(candidate_percent(settings, &store).await?),
        parts: Parts {
            codes: build::codes(settings, &store, &tiers, &ids, &clock)?,
            redirect: build::redirect(settings, &store, &tiers, &clock),
            renderers,
            tiers,
            ids,
            clock,
        },
        fingerprint: fingerprint(settings),
        data_dir: settings.server.data_dir.clone(),
    };
    let summary = fill.run(pace, progress).await?;
    store.close().await;
    Ok(summary)
}

/// Of the database and the Redis, without their passwords.
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

/// The share of requests that the candidate answers, as the database says. Where Unleash says it, any share is possible.
async fn candidate_percent(settings: &Config, store: &Store) -> Result<u8> {
    if settings.rollout.unleash.is_some() {
        return Ok(50);
    }
    let rows = store.dials.all().await?;
    let mut rows = rows.iter();
    let row = rows.find(|row| row.experiment == Experiment::Render.label());
    let in_force = row.filter(|row| !row.settings.killed);
    Ok(in_force.map_or(0, |row| row.settings.candidate_percent))
}
