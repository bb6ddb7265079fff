//! The request's side: add a scan to the open batch, wait until that batch is durable.
//!
//! One buffer is open at a time; while the writer commits the previous one, all requests add to it. So a commit
//! costs one sync however many requests wait for it, and a request costs one short lock and no allocation.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use metrics::Counter;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use super::codec::Scan;
use crate::{
    store::scans::Excluded,
    telemetry::{catalogue, handles, labels::ScanKind},
};

/// State of a scan when its redirect may be answered.
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

/// Wakes the requests that wait for one batch.
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
    /// Scans in memory, of this batch and of those that wait for their commit.
    held: u64,
    closed: bool,
}

/// Takes scans from requests. Shared by the requests and the writer.
pub struct Intake {
    open: Mutex<Open>,
    /// Wakes the writer.
    pub(super) work: Notify,
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
                held: 0,
                closed: false,
            }),
            work: Notify::new(),
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
        let (signal, first) = {
            let mut open = self.lock();
            if open.closed || open.held >= self.limit {
                return None;
            }
            scan.encode(&mut open.batch.bytes);
            open.batch.scans += 1;
            // Under the same lock: the batch could be let go of before.
            open.held += 1;
            (Arc::clone(&open.batch.signal), open.batch.scans == 1)
        };
        if first {
            self.work.notify_one();
        }
        Some(signal)
    }

    /// The open batch, if anything is in it; a new one is opened. `spare` becomes the new one's buffer.
    pub(super) fn take(&self, spare: Vec<u8>) -> Option<Batch> {
        let mut open = self.lock();
        if open.batch.scans == 0 {
            return None;
        }
        let next = Batch {
            bytes: spare,
            ..Batch::default()
        };
        Some(std::mem::replace(&mut open.batch, next))
    }

    /// Releases the requests that wait for the open batch; the batch stays.
    pub(super) fn release_late(&self) {
        let mut open = self.lock();
        if open.batch.scans > 0 {
            std::mem::take(&mut open.batch.signal).late();
        }
    }

    /// Refuses scans from now on.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.work.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// `scans` left the memory.
    pub(super) fn let_go(&self, scans: u32) {
        self.lock().held -= u64::from(scans);
    }

    /// Scans that are only in memory.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.lock().held
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{clock::from_micros, id::Uuid};

    #[test]
    fn the_number_of_held_scans_never_goes_below_zero() {
        const EACH: u64 = 20_000;
        let intake = Intake::new(usize::MAX);
        let scan = Scan {
            id: Uuid::nil(),
            code_id: Uuid::nil(),
            at: from_micros(0),
            genuine: true,
            excluded: None,
            address: None,
            country: None,
            placement_id: None,
            user_agent: "",
            referer: "",
        };
        std::thread::scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| (0..EACH).for_each(|_| drop(intake.add(&scan).unwrap())));
            }
            let mut gone = 0;
            while gone < 2 * EACH {
                let Some(batch) = intake.take(Vec::new()) else {
                    continue;
                };
                intake.let_go(batch.scans);
                gone += u64::from(batch.scans);
                assert!(intake.held() <= 2 * EACH - gone);
            }
        });
        assert_eq!(intake.held(), 0);
        assert_eq!(Intake::new(0).add(&scan).map(drop), None);
    }
}
