//! Starts and stops the tasks that record scans and maintain their rollups.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Mutex, Notify},
    task::JoinHandle,
};

use super::{
    drainer::{Drainer, Recording},
    intake::Intake,
    refresh::{Refresh, Touched},
    rollups::Upkeep,
    writer::{self, Writer},
};
use crate::{
    cache::Tiers,
    config,
    kernel::{
        Error, Kind, Result, SharedClock,
        task::{self, BackgroundThread, Priority},
    },
    store::{
        Store,
        spool::{Durability, Spool},
    },
    telemetry::{catalogue, handles},
};

/// For invalidating answers about the last scans.
const INVALIDATE: Duration = Duration::from_secs(1);
/// For counting the spool.
const COUNT: Duration = Duration::from_secs(1);

/// The configured spool.
///
/// # Errors
/// `Unavailable` when it can be neither opened nor made.
pub async fn open_spool(settings: &config::scans::Scans, clock: &SharedClock) -> Result<Spool> {
    let durability = match settings.durability {
        config::scans::Durability::Power => Durability::Power,
        config::scans::Durability::Process => Durability::Process,
    };
    Spool::open(&settings.spool, durability, SharedClock::clone(clock)).await
}

/// Owns the spool, the writer, the drainer, and the upkeep of rollups.
pub struct Pipeline {
    intake: Arc<Intake>,
    spool: Spool,
    drainer: Arc<Drainer>,
    refresh: Arc<Refresh>,
    tasks: Mutex<Option<Tasks>>,
}

struct Tasks {
    writing: JoinHandle<()>,
    /// Of its own: under load a task would wait for hundreds of requests at every step, and fall behind.
    draining: Option<BackgroundThread>,
    rolling: JoinHandle<()>,
    refreshing: JoinHandle<()>,
}

impl Pipeline {
    /// Opens the spool and starts to write and drain it; scans left by an earlier run are drained first.
    ///
    /// # Errors
    /// `Unavailable` when the spool cannot be opened.
    pub async fn start(
        settings: &config::scans::Scans,
        store: Store,
        tiers: &Arc<Tiers>,
        clock: &SharedClock,
    ) -> Result<Self> {
        let spool = open_spool(settings, clock).await?;
        let (_, left) = spool.backlog().await?;
        if left > 0 {
            tracing::info!(scans = left, "scans of an earlier run wait in the spool");
        }
        let intake = Arc::new(Intake::new(settings.queue));
        let touched = Touched::default();
        let upkeep = Upkeep::new(store.clone(), touched.clone());
        let interval = Duration::from_millis(settings.analytics_refresh_ms);
        let refresh = Refresh::new(touched.clone(), tiers, interval, store.is_shared())?;
        let refresh = Arc::new(refresh);
        let recording = Recording::new(store, SharedClock::clone(clock), touched);
        let spooled = Arc::new(Notify::new());
        let writer = Writer {
            spooled: Arc::clone(&spooled),
            intake: Arc::clone(&intake),
            spool: spool.clone(),
            recording: recording.clone(),
            clock: SharedClock::clone(clock),
            interval: Duration::from_millis(settings.commit_interval_ms),
            ack_timeout: Duration::from_millis(settings.ack_timeout_ms),
            metrics: writer::Metrics::new(),
        };
        let drainer = Arc::new(Drainer {
            spool: spool.clone(),
            recording,
            pause: Duration::from_millis(settings.drain_interval_ms),
            spooled,
            set_aside: handles::counter(&catalogue::SCANS_SET_ASIDE, &[]),
        });
        let draining = settings.drain.then(|| {
            let drainer = Arc::clone(&drainer);
            let thread = BackgroundThread::start("scans-drain", Priority::Common)?;
            thread.spawn("scans.drain", async move { drainer.run().await });
            Ok(thread)
        });
        let draining = draining.transpose()?;
        let tasks = Tasks {
            writing: task::spawn("scans.write", writer.run()),
            draining,
            rolling: task::spawn("scans.rollups", async move { upkeep.run().await }),
            refreshing: {
                let refresh = Arc::clone(&refresh);
                task::spawn("scans.refresh", async move { refresh.run().await })
            },
        };
        Ok(Self {
            intake,
            spool,
            drainer,
            refresh,
            tasks: Mutex::new(Some(tasks)),
        })
    }

    #[must_use]
    pub fn intake(&self) -> Arc<Intake> {
        Arc::clone(&self.intake)
    }

    /// Scans that are not in the database yet: in memory and in the spool.
    ///
    /// # Errors
    /// `Unavailable` when the spool cannot be read, or is locked for a second.
    pub async fn backlog(&self) -> Result<u64> {
        let spooled = tokio::time::timeout(COUNT, self.spool.backlog()).await;
        let late = |e| Error::caused(Kind::Unavailable, "the spool does not answer", e);
        Ok(self.intake.held() + spooled.map_err(late)??.1)
    }

    /// Takes no more scans, makes all accepted ones durable, and moves as many as the time allows to the
    /// database. What is left stays in the spool for the next start. A second call does nothing.
    pub async fn stop(&self, within: Duration) {
        let Some(tasks) = self.tasks.lock().await.take() else {
            return;
        };
        let Tasks {
            writing,
            draining,
            rolling,
            refreshing,
        } = tasks;
        // A step that is cut short is rolled back, and repeated by the next start.
        rolling.abort();
        refreshing.abort();
        self.intake.close();
        if writing.await.is_err() {
            tracing::error!("the scan writer ended badly");
        }
        if let Some(draining) = draining {
            drop(draining);
            match tokio::time::timeout(within, self.drainer.drain()).await {
                Ok(Ok(())) => {}
                Ok(Err(e)) => tracing::warn!("scans stay in the spool until the next start: {e:?}"),
                Err(_) => {
                    tracing::warn!("scans stay in the spool until the next start: no time left");
                }
            }
        }
        // For the other nodes.
        let _ = tokio::time::timeout(INVALIDATE, self.refresh.invalidate()).await;
    }
}
