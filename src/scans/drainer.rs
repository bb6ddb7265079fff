//! Moves scans from the spool to the database, exactly once: a batch is deleted from the spool only after the
//! database has committed it, and storing a scan that is there already changes nothing.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use metrics::Counter;
use sha2::{Digest, Sha256};
use tokio::{
    sync::{Mutex, Notify},
    time::timeout,
};

use super::{
    codec::{self, Scan},
    refresh::Touched,
    user_agent,
};
use crate::{
    kernel::{Kind, Result, SharedClock},
    store::{
        Store,
        scans::{Agent, AgentId, DeviceType, Excluded, ScanRow},
        spool::{ROWS_AT_ONCE, Spool},
    },
    telemetry::{catalogue, handles},
};

/// Scans in one transaction: at first, the most that a backlog brings it to, and the least that a slow database does. Scans of
/// one code share a counter, its rollups, and pages of its indexes: the more at once, the less each costs.
const FIRST: usize = 1024;
const MOST: usize = 16_384;
const LEAST: usize = 32;
/// What takes longer is followed by smaller transactions: whoever changes a code waits for them.
const LONG: Duration = Duration::from_secs(1);
/// Longest pause after a failure.
const MAX_BACKOFF: Duration = Duration::from_secs(5);
/// An empty spool is looked into this often even if nobody tells of a batch.
const LONGEST_IDLE: Duration = Duration::from_secs(10);
/// Distinct user agents remembered; real traffic has a few thousand.
const AGENTS: usize = 20_000;

/// Turns spooled batches into rows of the database.
#[derive(Clone)]
pub(super) struct Recording {
    store: Store,
    agents: Arc<Mutex<HashMap<Box<str>, Known>>>,
    /// Scans in one transaction: doubled while more wait, halved when one fails or takes long, so that a slow database takes them.
    at_once: Arc<AtomicUsize>,
    clock: SharedClock,
    touched: Touched,
    stored: Counter,
    orphaned: Counter,
}

/// A user agent that was parsed and is in the database.
#[derive(Clone, Copy)]
struct Known {
    id: AgentId,
    bot: bool,
}

impl Recording {
    pub(super) fn new(store: Store, clock: SharedClock, touched: Touched) -> Self {
        Self {
            store,
            clock,
            touched,
            agents: Arc::default(),
            at_once: Arc::new(AtomicUsize::new(FIRST)),
            stored: handles::counter(&catalogue::SCANS_STORED, &[]),
            orphaned: handles::counter(&catalogue::SCANS_ORPHANED, &[]),
        }
    }

    /// Stores one batch as the spool holds it.
    pub(super) async fn record_batch(&self, batch: &[u8]) -> Result<()> {
        self.record(&codec::decode(batch)?).await
    }

    /// Stores scans in as many transactions as it takes. Scans that were stored before one failed are found by their ids when
    /// they come again.
    async fn record(&self, scans: &[Scan<'_>]) -> Result<()> {
        let mut rest = scans;
        while !rest.is_empty() {
            let at_once = self.at_once.load(Ordering::Relaxed);
            let (now, later) = rest.split_at(at_once.min(rest.len()));
            let begun = self.clock.instant();
            let recorded = self.record_at_once(now).await;
            let took = self.clock.instant().saturating_duration_since(begun);
            let next = match &recorded {
                Err(e) if !refused_for_good(e) => at_once / 2,
                _ if took > LONG => at_once / 2,
                _ if now.len() > at_once / 2 && took < LONG / 2 => at_once * 2,
                _ => at_once,
            };
            self.at_once
                .store(next.clamp(LEAST, MOST), Ordering::Relaxed);
            recorded?;
            rest = later;
        }
        Ok(())
    }

    async fn record_at_once(&self, scans: &[Scan<'_>]) -> Result<()> {
        let mut agents = self.agents.lock().await;
        if agents.len() > AGENTS {
            agents.clear();
        }
        let mut new: HashMap<&str, Agent> = HashMap::new();
        let rows: Vec<ScanRow> = scans
            .iter()
            .map(|scan| {
                let known = (!scan.user_agent.is_empty()).then(|| {
                    agents.get(scan.user_agent).copied().unwrap_or_else(|| {
                        known(
                            new.entry(scan.user_agent)
                                .or_insert_with(|| parse(scan.user_agent)),
                        )
                    })
                });
                row(scan, known)
            })
            .collect();
        let fresh: Vec<Agent> = new.values().cloned().collect();
        let recorded = self.store.scans.record(&rows, &fresh).await;
        // Also after an error: only the database knows what it committed.
        self.touched.add(rows.iter().map(|row| row.code_id));
        let recorded = recorded?;
        // Remembered only now that they are committed.
        agents.extend(
            new.iter()
                .map(|(text, agent)| (Box::from(*text), known(agent))),
        );
        self.stored.increment(whole(recorded.stored));
        self.orphaned.increment(whole(recorded.orphaned));
        Ok(())
    }
}

fn known(agent: &Agent) -> Known {
    Known {
        id: agent.id,
        bot: agent.device_type == DeviceType::Bot,
    }
}

fn parse(text: &str) -> Agent {
    let parsed = user_agent::parse(text);
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let first = digest.first_chunk().copied().unwrap_or_default();
    Agent {
        id: AgentId(i64::from_be_bytes(first)),
        user_agent: text.to_owned(),
        device_type: parsed.device_type,
        device_family: parsed.device_family,
        os_family: parsed.os_family,
        os_version: parsed.os_version,
        browser_family: parsed.browser_family,
        browser_version: parsed.browser_version,
    }
}

fn row(scan: &Scan<'_>, agent: Option<Known>) -> ScanRow {
    let bot = agent.is_some_and(|a| a.bot);
    ScanRow {
        id: scan.id,
        code_id: scan.code_id,
        at: scan.at,
        genuine: scan.genuine,
        excluded: scan.excluded.or(bot.then_some(Excluded::Bot)),
        address: scan.address.map(|a| a.to_string()),
        referer: (!scan.referer.is_empty()).then(|| scan.referer.to_owned()),
        agent: agent.map(|a| a.id),
        country: scan.country,
        placement_id: scan.placement_id.copied(),
    }
}

/// What a step moved.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moved {
    Nothing,
    Little,
    /// So much that more may wait.
    Much,
}

pub(super) struct Drainer {
    pub spool: Spool,
    pub recording: Recording,
    /// Between two looks into the spool.
    pub pause: Duration,
    /// Told by the writer when something was spooled.
    pub spooled: Arc<Notify>,
    pub set_aside: Counter,
}

impl Drainer {
    /// Runs for ever: drop the future to stop. Stopping between any two steps loses nothing.
    pub(super) async fn run(&self) {
        let mut pause = self.pause;
        loop {
            pause = match self.step().await {
                Ok(Moved::Nothing) => {
                    let _ = timeout(LONGEST_IDLE, self.spooled.notified()).await;
                    self.pause
                }
                Ok(Moved::Much) => continue,
                // What comes during a pause shares one transaction: it costs nearly the same for one scan as for hundreds.
                Ok(Moved::Little) => self.pause,
                Err(e) => {
                    tracing::warn!(
                        retry_in_ms = pause.as_millis(),
                        "spooled scans could not be stored: {e:?}"
                    );
                    (pause * 2).min(MAX_BACKOFF)
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Drains until the spool is empty.
    ///
    /// # Errors
    /// The database's, at the first batch that it does not take.
    pub(super) async fn drain(&self) -> Result<()> {
        while self.step().await? != Moved::Nothing {}
        Ok(())
    }

    /// Moves as many batches as one transaction takes.
    async fn step(&self) -> Result<Moved> {
        let at_once = self.recording.at_once.load(Ordering::Relaxed);
        let most = u32::try_from(at_once).unwrap_or(u32::MAX);
        let entries = self.spool.oldest(most).await?;
        if entries.is_empty() {
            return Ok(Moved::Nothing);
        }
        let decoded: Result<Vec<Vec<Scan<'_>>>> =
            entries.iter().map(|e| codec::decode(&e.payload)).collect();
        let together = match decoded {
            Ok(scans) => self.recording.record(&scans.concat()).await,
            Err(e) => Err(e),
        };
        match together {
            Ok(()) => {
                let ids: Vec<i64> = entries.iter().map(|e| e.id).collect();
                self.spool.delete(&ids).await?;
            }
            Err(e) if refused_for_good(&e) => self.one_by_one(&entries).await?,
            Err(e) => return Err(e),
        }
        let scans: u64 = entries.iter().map(|e| u64::from(e.scans)).sum();
        let is_much = entries.len() >= ROWS_AT_ONCE || scans > whole(at_once) / 2;
        Ok(if is_much { Moved::Much } else { Moved::Little })
    }

    /// One batch among several cannot be stored: find it and set it aside, so that the others get through.
    async fn one_by_one(&self, entries: &[crate::store::spool::SpoolEntry]) -> Result<()> {
        for entry in entries {
            match self.recording.record_batch(&entry.payload).await {
                Ok(()) => self.spool.delete(&[entry.id]).await?,
                Err(e) if refused_for_good(&e) => {
                    tracing::error!(
                        scans = entry.scans,
                        "a spooled batch of scans was set aside: {e:?}"
                    );
                    self.spool.set_aside(entry.id, &format!("{e:?}")).await?;
                    self.set_aside.increment(u64::from(entry.scans));
                }
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

fn whole(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// Whether another try would fail, too.
fn refused_for_good(e: &crate::kernel::Error) -> bool {
    !matches!(e.kind(), Kind::Unavailable | Kind::Timeout)
}
