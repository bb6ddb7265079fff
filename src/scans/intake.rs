//! The request's side: add a scan to the open batch, wait until that batch is durable.
//!
//! One buffer is open at a time; while the writer commits the previous one, all requests add to it. So a commit
//! costs one sync however many requests wait for it, and a request costs one short lock and no allocation.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU8, AtomicU64, Ordering},
};

use metrics::Counter;
use tokio::sync::Notify;

use super::codec::Scan;
use crate::{
    store::scans::Excluded,
    telemetry::{catalogue, handles, labels::ScanKind},
};

/// What became of an accepted scan by the time its redirect may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Committed: it survives what `SCAN_DURABILITY` promises.
    Durable,
    /// Held in memory, and its commit is still being tried: the deadline came first.
    Unsynced,
    /// Not recorded: the memory's limit is reached, or the intake is closed.
    Refused,
}

const OPEN: u8 = 0;
const DURABLE: u8 = 1;
const LATE: u8 = 2;

/// Tells everybody who waits for one batch how it ended.
#[derive(Default)]
pub(super) struct Signal {
    state: AtomicU8,
    notify: Notify,
}

impl Signal {
    pub(super) fn durable(&self) {
        self.set(DURABLE);
    }

    /// The deadline came before the commit. A later commit does not take it back.
    pub(super) fn late(&self) {
        self.set(LATE);
    }

    fn set(&self, state: u8) {
        let _ = self
            .state
            .compare_exchange(OPEN, state, Ordering::Release, Ordering::Relaxed);
        self.notify.notify_waiters();
    }

    async fn wait(&self) -> Accepted {
        let mut woken = std::pin::pin!(self.notify.notified());
        // Registered before the state is read: a signal between the two is not missed.
        woken.as_mut().enable();
        if self.state.load(Ordering::Acquire) == OPEN {
            woken.await;
        }
        match self.state.load(Ordering::Acquire) {
            DURABLE => Accepted::Durable,
            _ => Accepted::Unsynced,
        }
    }
}

/// Scans that go into one commit.
#[derive(Default)]
pub(super) struct Batch {
    pub bytes: Vec<u8>,
    pub scans: u32,
    pub signal: Arc<Signal>,
}

struct Open {
    batch: Batch,
    closed: bool,
}

/// Takes scans from requests. Shared by all of them and the writer.
pub struct Intake {
    open: Mutex<Open>,
    /// Wakes the writer.
    pub(super) work: Notify,
    /// Scans in memory, of this batch and of those that wait for their commit.
    held: AtomicU64,
    limit: u64,
    metrics: Metrics,
}

struct Metrics {
    genuine: Counter,
    shared: Counter,
    head: Counter,
    prefetch: Counter,
    unsynced: Counter,
    unrecorded: Counter,
}

impl Intake {
    /// `limit`: scans held in memory at most.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let kind = |k: ScanKind| handles::counter(&catalogue::SCANS_ACCEPTED, &[k.label()]);
        Self {
            open: Mutex::new(Open {
                batch: Batch::default(),
                closed: false,
            }),
            work: Notify::new(),
            held: AtomicU64::new(0),
            limit: u64::try_from(limit).unwrap_or(u64::MAX),
            metrics: Metrics {
                genuine: kind(ScanKind::Genuine),
                shared: kind(ScanKind::Shared),
                head: kind(ScanKind::Head),
                prefetch: kind(ScanKind::Prefetch),
                unsynced: handles::counter(&catalogue::SCANS_UNSYNCED, &[]),
                unrecorded: handles::counter(&catalogue::SCANS_UNRECORDED, &[]),
            },
        }
    }

    /// Records a scan and returns when its redirect may be answered.
    pub async fn accept(&self, scan: &Scan<'_>) -> Accepted {
        let Some(signal) = self.add(scan) else {
            self.metrics.unrecorded.increment(1);
            return Accepted::Refused;
        };
        match (scan.excluded, scan.genuine) {
            (Some(Excluded::Head), _) => &self.metrics.head,
            (Some(Excluded::Prefetch), _) => &self.metrics.prefetch,
            (_, true) => &self.metrics.genuine,
            (_, false) => &self.metrics.shared,
        }
        .increment(1);
        let accepted = signal.wait().await;
        if accepted == Accepted::Unsynced {
            self.metrics.unsynced.increment(1);
        }
        accepted
    }

    fn add(&self, scan: &Scan<'_>) -> Option<Arc<Signal>> {
        if self.held.load(Ordering::Relaxed) >= self.limit {
            return None;
        }
        let (signal, first) = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            if open.closed {
                return None;
            }
            scan.encode(&mut open.batch.bytes);
            open.batch.scans += 1;
            (Arc::clone(&open.batch.signal), open.batch.scans == 1)
        };
        self.held.fetch_add(1, Ordering::Relaxed);
        if first {
            self.work.notify_one();
        }
        Some(signal)
    }

    /// The open batch, if anything is in it; a new one is opened. `spare` becomes the new one's buffer.
    pub(super) fn take(&self, spare: Vec<u8>) -> Option<Batch> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.batch.scans == 0 {
            return None;
        }
        let next = Batch {
            bytes: spare,
            ..Batch::default()
        };
        Some(std::mem::replace(&mut open.batch, next))
    }

    /// Lets everybody go who waits for the open batch; the batch stays.
    pub(super) fn release_late(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.batch.scans > 0 {
            std::mem::take(&mut open.batch.signal).late();
        }
    }

    /// No scan is taken from now on.
    pub(super) fn close(&self) {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .closed = true;
        self.work.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .closed
    }

    /// `scans` left the memory.
    pub(super) fn let_go(&self, scans: u32) {
        self.held.fetch_sub(u64::from(scans), Ordering::Relaxed);
    }

    /// Scans that are only in memory.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }
}
