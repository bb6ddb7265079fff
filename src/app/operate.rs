//! Commands on an installation, and the steps of a start before it serves.

use std::{sync::Arc, time::Duration};

use crate::{
    backup::Installation,
    cache::{Pattern, Tag, Tiers},
    config::{Config, logs::Format},
    dials::DialChanges,
    identity::{self, Accounts, Administrator, Keys},
    kernel::{
        Result, SharedClock, SystemClock,
        id::{Ids, Uuid},
        task,
    },
    scans,
    store::Store,
    telemetry::{
        Recorder, Repeats,
        logs::{self, Look},
        trace::{self, Exporter},
    },
};

/// For telling running servers, through Redis, what changed.
const TOLD: Duration = Duration::from_secs(3);
/// How often repeated warnings are looked through.
const REPORT: Duration = Duration::from_secs(5);

/// Log lines and traces, until the process ends.
pub struct Logs {
    repeats: Repeats,
    traces: Option<Exporter>,
}

impl Logs {
    /// Sends the log lines and traces that are left.
    pub fn stop(self) {
        self.repeats.finish();
        if let Some(traces) = self.traces {
            traces.stop();
        }
    }
}

/// Sends log lines and traces where they belong. Commands print their own result; only the server talks through the log.
/// Must be called within the runtime.
///
/// # Errors
/// `Invalid` when `LOG_LEVEL` or `OTEL_EXPORTER_OTLP_ENDPOINT` cannot be used.
pub fn start_logs(settings: &Config, serving: bool) -> Result<Logs> {
    let look = match settings.logs.format {
        Format::Json => Look::Json,
        Format::Pretty if settings.logs.no_color => Look::Plain,
        Format::Pretty => Look::Text,
    };
    let repeats = Repeats::new(system_clock());
    if !serving {
        logs::install(look, "error", &repeats, None)?;
        let traces = None;
        return Ok(Logs { repeats, traces });
    }
    // It counts what it sends.
    Recorder::install(settings.server.metrics_enabled)?;
    let traces = match &settings.traces.endpoint {
        Some(endpoint) => {
            let headers = &settings.traces.headers;
            let shown = headers.iter().map(|(n, v)| (n.as_str(), v.expose()));
            Some(Exporter::new(&trace::Settings {
                endpoint,
                headers: &shown.collect::<Vec<_>>(),
                service: &settings.traces.service,
            })?)
        }
        None => None,
    };
    logs::install(look, &settings.logs.level, &repeats, traces.as_ref())?;
    let reported = repeats.clone();
    drop(task::spawn("logs.repeats", async move {
        loop {
            tokio::time::sleep(REPORT).await;
            reported.report();
        }
    }));
    Ok(Logs { repeats, traces })
}

/// The database, as configured.
///
/// # Errors
/// `Unavailable` when it is not there.
pub async fn open(settings: &Config, clock: &SharedClock) -> Result<Store> {
    Store::connect(&settings.database, SharedClock::clone(clock)).await
}

async fn open_now(settings: &Config) -> Result<Store> {
    open(settings, &system_clock()).await
}

fn system_clock() -> SharedClock {
    Arc::new(SystemClock)
}

/// Where the installation of these settings keeps what it knows.
#[must_use]
pub fn installation(settings: &Config) -> Installation<'_> {
    Installation {
        database: &settings.database,
        spool: &settings.scans.spool,
        data_dir: &settings.server.data_dir,
        evidence_dir: &settings.rollout.dir,
        redis: &settings.redis,
    }
}

/// Applies pending migrations and makes the first administrator.
///
/// # Errors
/// Those of the database and of the password file.
pub async fn prepare(settings: &Config, store: &Store, clock: &SharedClock) -> Result<()> {
    let pending = store.migrations().pending().await?;
    if !pending.is_empty() {
        tracing::info!(
            migrations = pending.len(),
            "bringing the database's schema up to date"
        );
        store.migrations().up().await?;
    }
    let unknown = store.migrations().unknown().await?;
    if !unknown.is_empty() {
        tracing::warn!(
            migrations = unknown.join(", "),
            "the database's schema is newer than this release, which works on it all the same; its backups lack what is new"
        );
    }
    let user = &settings.auth.admin_user;
    match identity::ensure_administrator(&settings.auth, store, clock).await? {
        Administrator::Existing => {}
        Administrator::Created => tracing::info!(user, "the administrator was made"),
        Administrator::PasswordReplaced => {
            tracing::warn!(
                user,
                "ADMIN_PASSWORD differs from the stored password and replaced it"
            );
        }
        Administrator::Generated(password) => {
            let file = settings.auth.initial_password_file.display();
            tracing::warn!("first start: sign in as `{user}` with the password `{password}`");
            tracing::warn!(
                "it is shown only this once; it was also written to {file}, delete that when you have it"
            );
        }
    }
    Ok(())
}

/// Every migration that is known or applied, oldest first.
///
/// # Errors
/// The database's.
pub async fn migrations(settings: &Config) -> Result<Vec<Version>> {
    open_now(settings).await?.migrations().status().await
}

/// # Errors
/// The database's.
pub async fn migrate_up(settings: &Config) -> Result<()> {
    open_now(settings).await?.migrations().up().await
}

/// # Errors
/// The database's.
pub async fn migrate_down(settings: &Config, steps: u32) -> Result<()> {
    open_now(settings).await?.migrations().down(steps).await
}

/// Users, organizations, sessions and keys of this installation.
pub struct Identity {
    pub accounts: Accounts,
    pub keys: Keys,
    tiers: Arc<Tiers>,
}

impl Identity {
    /// # Errors
    /// The database's.
    pub async fn open(settings: &Config) -> Result<Self> {
        let clock = system_clock();
        let tiers = Tiers::start(&settings.redis, &clock)?;
        let parts = identity::Parts {
            store: open(settings, &clock).await?,
            tiers: Arc::clone(&tiers),
            ids: Arc::new(Ids::new(SharedClock::clone(&clock))?),
            clock,
        };
        Ok(Self {
            keys: Keys::for_operator(&parts),
            accounts: Accounts::new(parts)?,
            tiers,
        })
    }

    /// Sends to Redis what running servers have to forget; without Redis they look again within a second.
    pub async fn close(self) {
        self.tiers.stop(TOLD).await;
    }
}

/// Changes of dials. A running server follows within two seconds.
///
/// # Errors
/// The database's.
pub async fn dial_changes(settings: &Config) -> Result<DialChanges> {
    let clock = system_clock();
    let store = open(settings, &clock).await?;
    let ids = Arc::new(Ids::new(SharedClock::clone(&clock))?);
    Ok(dial_changes_of(settings, &store, &clock, &ids))
}

pub(super) fn dial_changes_of(
    settings: &Config,
    store: &Store,
    clock: &SharedClock,
    ids: &Arc<Ids>,
) -> DialChanges {
    let is_unleash = settings.rollout.unleash.is_some();
    let (store, clock, ids) = (store.clone(), Arc::clone(clock), Arc::clone(ids));
    DialChanges::new(store, clock, ids, is_unleash)
}

pub use crate::store::migrations::Version;
pub use scans::Rebuilt;

/// Tries to reach Redis, which connects in the background, and the pause between them.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// Counts scans anew: of one code, or of all. `progress` gets the results so far and the number of codes. The second result
/// says whether running servers dropped their cached answers, which they learn through Redis.
///
/// # Errors
/// `NotFound` when there is no such code; the database's.
pub async fn rebuild_rollups(
    settings: &Config,
    code_id: Option<Uuid>,
    mut progress: impl FnMut(Rebuilt, u64),
) -> Result<(Rebuilt, Result<()>)> {
    let store = open_now(settings).await?;
    let codes = scans::rebuildable(&store, code_id).await?;
    let done = scans::rebuild(&store, code_id, |done| progress(done, codes)).await;
    store.close().await;
    Ok((done?, invalidate_answers(settings, code_id).await))
}

/// Drops the cached answers on all nodes. Does nothing where no Redis is configured.
async fn invalidate_answers(settings: &Config, code_id: Option<Uuid>) -> Result<()> {
    let tiers = Tiers::start(&settings.redis, &system_clock())?;
    let answers = match code_id {
        Some(id) => format!("analytics_rollups:{{{}}}:*", Tag::Scans(id)),
        None => "analytics_rollups:*".to_owned(),
    };
    let answers = Pattern::parse(&answers)?;
    for _ in 0..TRIES {
        if tiers.clear(&answers).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    tiers.clear(&answers).await.map(drop)
}
