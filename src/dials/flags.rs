//! Where percentages come from: the database, or an Unleash server.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use parking_lot::RwLock;

use crate::{
    config,
    kernel::{Error, Result, Timestamp},
    rollout::{
        Flags, Shares,
        unleash::{self, Snapshot, Unleash},
    },
    store::dials::DialSettings,
    telemetry::labels::Experiment,
};

/// Flags older than this many refreshes are stale.
const STALE_REFRESHES: u32 = 4;
/// How often the database is read.
pub const POLL: Duration = Duration::from_secs(1);

/// The source that is configured.
pub struct Source {
    unleash: Option<Remote>,
    every: Duration,
    /// Unix time in milliseconds; 0 before the first.
    last_success_ms: AtomicU64,
}

struct Remote {
    client: Unleash,
    last_good: RwLock<Option<Snapshot>>,
}

impl Flags for Remote {
    fn shares(&self, experiment: Experiment) -> Option<Shares> {
        let last = self.last_good.read();
        let all = last.as_ref()?.shares.iter();
        let mut own = all.filter(|(e, _)| *e == experiment);
        own.next().map(|(_, shares)| shares.clone())
    }
}

/// The row of the database.
struct Local<'a>(&'a DialSettings);

impl Flags for Local<'_> {
    fn shares(&self, experiment: Experiment) -> Option<Shares> {
        let Self(dial) = self;
        let (candidate, shadow) = (dial.candidate_percent, dial.shadow_percent);
        Some(Shares::percent(experiment, candidate, shadow))
    }
}

/// How old the flags are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    Fresh,
    Stale,
    Absent,
}

impl Source {
    /// # Errors
    /// `Invalid` for an Unleash that cannot be asked.
    pub fn new(settings: &config::rollout::Rollout) -> Result<Self> {
        let unleash = settings.unleash.as_ref().map(|s| {
            let url = url::Url::parse(&s.url)
                .map_err(|e| Error::invalid("UNLEASH_URL", format!("is no address: {e}")))?;
            let client = Unleash::new(&unleash::Settings {
                url,
                token: s.token.clone(),
                app_name: s.app_name.clone(),
                refresh_ms: s.refresh_ms,
                file: settings.dir.join("flags.json"),
            })?;
            Ok::<_, Error>(Remote {
                client,
                last_good: RwLock::default(),
            })
        });
        let every = settings.unleash.as_ref();
        Ok(Self {
            unleash: unleash.transpose()?,
            every: every.map_or(POLL, |s| Duration::from_millis(s.refresh_ms)),
            last_success_ms: AtomicU64::new(0),
        })
    }

    #[must_use]
    pub fn is_unleash(&self) -> bool {
        self.unleash.is_some()
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        if self.is_unleash() {
            "unleash"
        } else {
            "local"
        }
    }

    #[must_use]
    pub fn refresh_every(&self) -> Duration {
        self.every
    }

    /// By flag: which part of its definition is not followed, or only approximately.
    #[must_use]
    pub fn caveats(&self) -> BTreeMap<String, String> {
        let Some(remote) = &self.unleash else {
            return BTreeMap::new();
        };
        let last = remote.last_good.read();
        last.as_ref()
            .map_or_else(BTreeMap::new, |l| l.caveats.clone())
    }

    /// Unix time in milliseconds of the last good answer.
    #[must_use]
    pub fn last_success_ms(&self) -> Option<u64> {
        Some(self.last_success_ms.load(Ordering::Relaxed)).filter(|ms| *ms > 0)
    }

    #[must_use]
    pub fn age(&self, now_ms: u64) -> Age {
        let limit = u64::try_from((self.every * STALE_REFRESHES).as_millis()).unwrap_or(u64::MAX);
        match self.last_success_ms() {
            None => Age::Absent,
            Some(ms) if now_ms.saturating_sub(ms) > limit.max(5000) => Age::Stale,
            Some(_) => Age::Fresh,
        }
    }

    /// The shares of one experiment, from memory. `local`: its row in the database.
    pub(super) fn shares(&self, experiment: Experiment, local: &DialSettings) -> Option<Shares> {
        match &self.unleash {
            Some(remote) => remote.shares(experiment),
            None => Local(local).shares(experiment),
        }
    }

    /// The database answered.
    pub(super) fn rows_read(&self, now: Timestamp) {
        if !self.is_unleash() {
            self.succeeded(now);
        }
    }

    fn succeeded(&self, at: Timestamp) {
        let ms = u64::try_from(at.as_millisecond()).unwrap_or(0);
        self.last_success_ms.store(ms, Ordering::Relaxed);
    }

    /// Reads the last good answer of an earlier process.
    pub(super) fn load(&self, now: Timestamp) {
        if let Some(remote) = &self.unleash
            && let Some(snapshot) = remote.client.load(now)
        {
            self.succeeded(snapshot.fetched_at);
            *remote.last_good.write() = Some(snapshot);
        }
    }

    /// Asks Unleash. Whether something changed; `None` when flags are local.
    ///
    /// # Errors
    /// The server's: then nothing changed.
    pub(crate) async fn refresh(&self, now: Timestamp) -> Result<Option<bool>> {
        let Some(remote) = &self.unleash else {
            return Ok(None);
        };
        let snapshot = remote.client.refresh(now).await?;
        self.succeeded(snapshot.fetched_at);
        let mut last = remote.last_good.write();
        let changed = last.as_ref().is_none_or(|l| l.shares != snapshot.shares);
        *last = Some(snapshot);
        Ok(Some(changed))
    }
}
