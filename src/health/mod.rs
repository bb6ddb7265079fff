//! The state of every part, for load balancers and people. Each part is examined once a second at most.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::Mutex;

use crate::{
    cache::Tiers,
    dials::{Age, Rollout},
    kernel::{Clock, Result, SharedClock, clock::Instant, label},
    store::Store,
    telemetry::{catalogue, handles, labels::HealthCheck, process},
};

/// Age up to which a report is reused.
const FRESH: Duration = Duration::from_secs(1);
/// Age up to which the list of unknown migrations is reused.
const MIGRATIONS_FRESH: Duration = Duration::from_secs(5);
/// A database that takes longer than this to answer is worth a warning.
const SLOW: Duration = Duration::from_millis(250);
/// A database that takes longer than this fails its check.
const AWAY: Duration = Duration::from_secs(2);
/// Share of memory in use that is worth a warning (the shipped alert's threshold).
const MEMORY_WARN: f64 = 0.9;
/// Bytes left on the data directory's disk: below the first it is time to act, below the second to stop.
const DISK_WARN: u64 = 1 << 30;
const DISK_FAIL: u64 = 32 << 20;
/// Scans waiting for the database that are worth a warning.
const BACKLOG_WARN: u64 = 10_000;

label! {
    #[derive(PartialOrd, Ord)]
    Status { Pass = "pass", Warn = "warn", Fail = "fail" }
}

/// How one part is.
#[derive(Clone, Debug)]
pub struct Check {
    pub status: Status,
    pub latency_ms: Option<f64>,
    pub detail: String,
}

impl Check {
    fn new(status: Status, detail: impl Into<String>) -> Self {
        Self {
            status,
            latency_ms: None,
            detail: detail.into(),
        }
    }
}

/// How all parts are.
#[derive(Clone, Debug)]
pub struct Report {
    pub uptime: Duration,
    /// Scans that are not in the database yet; `None` when they could not be counted.
    pub backlog: Option<u64>,
    pub database: Check,
    pub redis: Check,
    pub flags: Check,
    pub scans: Check,
    pub memory: Check,
    pub disk: Check,
}

impl Report {
    /// Each part by its name in the answer.
    #[must_use]
    pub fn checks(&self) -> [(&'static str, &Check); 6] {
        [
            (HealthCheck::Database, &self.database),
            (HealthCheck::Redis, &self.redis),
            (HealthCheck::Flags, &self.flags),
            (HealthCheck::Scans, &self.scans),
            (HealthCheck::Memory, &self.memory),
            (HealthCheck::Disk, &self.disk),
        ]
        .map(|(name, check)| (name.label(), check))
    }

    /// The worst of all.
    #[must_use]
    pub fn overall(&self) -> Status {
        self.checks()
            .iter()
            .map(|(_, c)| c.status)
            .max()
            .unwrap_or(Status::Pass)
    }
}

/// The parts that are examined.
pub struct Parts {
    pub store: Store,
    pub clock: SharedClock,
    /// Its disk must have space: scans are spooled there.
    pub data_dir: PathBuf,
    pub rollout: Arc<Rollout>,
    pub tiers: Arc<Tiers>,
}

/// Examines them. Built once.
pub struct Health {
    parts: Parts,
    started: Instant,
    last: Mutex<Option<(Instant, Arc<Report>)>>,
    /// Migrations that this release does not know, and when they were looked for.
    unknown: Mutex<Option<(Instant, Vec<String>)>>,
}

impl Health {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            started: parts.clock.instant(),
            parts,
            last: Mutex::new(None),
            unknown: Mutex::new(None),
        }
    }

    /// Brings the gauges of the database's connections up to date.
    pub fn observe(&self) {
        self.parts.store.observe();
    }

    /// `backlog`: counts the scans that are not in the database yet; asked only for a new report.
    pub async fn report(&self, backlog: impl Future<Output = Result<u64>>) -> Arc<Report> {
        let mut last = self.last.lock().await;
        let now = self.parts.clock.instant();
        if let Some((at, report)) = &*last
            && now.saturating_duration_since(*at) < FRESH
        {
            return Arc::clone(report);
        }
        // Side by side: a scrape waits for both.
        let (database, backlog) = tokio::join!(self.database(), backlog);
        let backlog = backlog.ok();
        let report = Arc::new(Report {
            uptime: now.saturating_duration_since(self.started),
            backlog,
            database,
            redis: self.redis(),
            flags: self.flags(),
            scans: scans(backlog),
            memory: memory(),
            disk: disk(&self.parts.data_dir),
        });
        for (name, check) in report.checks() {
            let status = f64::from(check.status as u8);
            handles::gauge(&catalogue::HEALTH_STATUS, &[name]).set(status);
        }
        *last = Some((self.parts.clock.instant(), Arc::clone(&report)));
        report
    }

    /// Never a failure: everything works without it.
    fn redis(&self) -> Check {
        let Some(redis) = self.parts.tiers.redis() else {
            return Check::new(Status::Pass, "not configured: one cache tier, in memory");
        };
        match (redis.usable, redis.trouble) {
            (_, Some(trouble)) => Check::new(Status::Warn, trouble.message().to_owned()),
            (true, None) if !redis.subscribed => Check::new(
                Status::Warn,
                "in use, but invalidations of other nodes do not arrive",
            ),
            (true, None) => Check::new(Status::Pass, format!("{}, in use", redis.mode)),
            (false, None) => {
                Check::new(Status::Warn, "is slow, or was not reached yet: not in use")
            }
        }
    }

    fn flags(&self) -> Check {
        let source = self.parts.rollout.source();
        let name = source.name();
        match source.age(self.parts.rollout.now_ms()) {
            Age::Fresh => match source.caveats().into_iter().next() {
                None => Check::new(Status::Pass, format!("{name}, up to date")),
                Some((flag, caveat)) => Check::new(
                    Status::Warn,
                    format!("{flag} is not followed exactly: {caveat}"),
                ),
            },
            Age::Stale => Check::new(
                Status::Warn,
                format!("{name} does not answer: what was read last stays in force"),
            ),
            Age::Absent => Check::new(
                Status::Warn,
                format!("{name} never answered: everything goes to the control"),
            ),
        }
    }

    async fn database(&self) -> Check {
        match tokio::time::timeout(AWAY, ping(&self.parts.store, &*self.parts.clock)).await {
            Ok(Ok(took)) => {
                let mut detail = if took > SLOW { "slow" } else { "answers" }.to_owned();
                let unknown = self.unknown().await;
                if !unknown.is_empty() {
                    detail += "; a newer release has changed its schema: ";
                    detail += &unknown.join(", ");
                }
                Check {
                    status: if took > SLOW || !unknown.is_empty() {
                        Status::Warn
                    } else {
                        Status::Pass
                    },
                    latency_ms: Some(took.as_secs_f64() * 1000.0),
                    detail,
                }
            }
            Ok(Err(e)) => {
                tracing::warn!("health: {e:?}");
                Check::new(Status::Fail, e.message())
            }
            Err(_) => Check::new(Status::Fail, "does not answer"),
        }
    }

    /// Another node may be of a newer release.
    async fn unknown(&self) -> Vec<String> {
        let mut last = self.unknown.lock().await;
        let now = self.parts.clock.instant();
        if let Some((at, names)) = &*last
            && now.saturating_duration_since(*at) < MIGRATIONS_FRESH
        {
            return names.clone();
        }
        match tokio::time::timeout(AWAY, self.parts.store.migrations().unknown()).await {
            Ok(Ok(names)) => last.insert((now, names)).1.clone(),
            // The next look may succeed; until then what was known holds.
            _ => last
                .as_ref()
                .map(|(_, names)| names.clone())
                .unwrap_or_default(),
        }
    }
}

fn scans(backlog: Option<u64>) -> Check {
    let Some(backlog) = backlog else {
        return Check::new(Status::Fail, "the scan spool cannot be read or written");
    };
    let status = if backlog > BACKLOG_WARN {
        Status::Warn
    } else {
        Status::Pass
    };
    Check::new(
        status,
        format!("{backlog} accepted and not yet in the database"),
    )
}

#[allow(clippy::cast_precision_loss)] // a share
fn memory() -> Check {
    match (process::resident_bytes(), process::memory_limit_bytes()) {
        (Some(used), Some(limit)) => {
            let share = used as f64 / limit as f64;
            let status = if share > MEMORY_WARN {
                Status::Warn
            } else {
                Status::Pass
            };
            Check::new(status, format!("{} MiB of {} MiB", used >> 20, limit >> 20))
        }
        (Some(used), None) => Check::new(Status::Pass, format!("{} MiB", used >> 20)),
        _ => Check::new(Status::Pass, "unknown here"),
    }
}

/// The disk that holds `folder`.
#[must_use]
pub fn disk(folder: &std::path::Path) -> Check {
    // The folder is made when something is first put there.
    let place = folder
        .ancestors()
        .find(|p| p.exists())
        .filter(|p| !p.as_os_str().is_empty());
    match rustix::fs::statvfs(place.unwrap_or(std::path::Path::new("."))) {
        Ok(stat) => {
            let free = stat.f_bavail.saturating_mul(stat.f_frsize);
            let status = if free < DISK_FAIL {
                Status::Fail
            } else if free < DISK_WARN {
                Status::Warn
            } else {
                Status::Pass
            };
            Check::new(status, format!("{} MiB free", free >> 20))
        }
        Err(e) => Check::new(Status::Warn, format!("cannot be looked at: {e}")),
    }
}

/// The time that one query of the database takes.
///
/// # Errors
/// The database's.
pub async fn ping(store: &Store, clock: &dyn Clock) -> Result<Duration> {
    let start = clock.instant();
    store.ping().await?;
    Ok(clock.instant().saturating_duration_since(start))
}
