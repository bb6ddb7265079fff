//! Maintains rollups: completes them, and deletes visitors' keys and hashes when their day is over.
//!
//! Invariant: every step is one short transaction that may be cut off anywhere; any number of nodes may do this at once.

use std::time::Duration;

use metrics::{Counter, Gauge};

use super::refresh::Touched;
use crate::{
    kernel::{Error, Result, id::Uuid},
    store::Store,
    telemetry::{catalogue, handles},
};

/// Between two rounds. An older release may store scans without rollups at any time while nodes are being replaced.
const PAUSE: Duration = Duration::from_secs(30);
/// Codes asked for at once.
const CODES: u32 = 256;

/// Progress of a rebuild.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    pub codes: u64,
    pub scans: u64,
}

/// How many codes there are to rebuild.
///
/// # Errors
/// `NotFound` when the code does not exist; the database's.
pub async fn rebuildable(store: &Store, code_id: Option<Uuid>) -> Result<u64> {
    match code_id {
        Some(id) if !store.codes.exists(id).await? => Err(Error::not_found("no code has this id")),
        Some(_) => Ok(1),
        None => store.scans.count_rolled_up().await,
    }
}

/// Builds rollups again from the rows: of one code, or of all that have any. `progress` is called after every step.
///
/// # Errors
/// The database's. Finished codes stay so; a server completes the rest.
pub async fn rebuild(
    store: &Store,
    code_id: Option<Uuid>,
    mut progress: impl FnMut(Rebuilt),
) -> Result<Rebuilt> {
    let mut done = Rebuilt::default();
    let scans = &store.scans;
    let mut codes: Vec<Uuid> = match code_id {
        Some(id) => vec![id],
        None => scans.rolled_up(None, CODES).await?,
    };
    while let Some(last) = codes.last().copied() {
        for code in codes {
            let step = |rows: u64| {
                done.scans += rows;
                progress(done);
            };
            scans.rebuild(code, step).await?;
            done.codes += 1;
            progress(done);
        }
        codes = match code_id {
            Some(_) => Vec::new(),
            None => scans.rolled_up(Some(last), CODES).await?,
        };
    }
    Ok(done)
}

pub(super) struct Upkeep {
    store: Store,
    touched: Touched,
    rebuilt: Counter,
    incomplete: Gauge,
}

impl Upkeep {
    pub(super) fn new(store: Store, touched: Touched) -> Self {
        Self {
            store,
            touched,
            rebuilt: handles::counter(&catalogue::ROLLUP_REBUILT, &[]),
            incomplete: handles::gauge(&catalogue::ROLLUP_INCOMPLETE, &[]),
        }
    }

    /// Runs for ever: drop the future to stop.
    pub(super) async fn run(&self) {
        // An earlier run may have been stopped between a key and its visitors.
        let mut visitors_left = true;
        loop {
            if let Err(e) = self.complete().await {
                tracing::warn!("rollups could not be completed and are tried again: {e:?}");
            }
            match self.forget(visitors_left).await {
                Ok(()) => visitors_left = false,
                Err(e) => {
                    visitors_left = true;
                    tracing::warn!("visitors of a day that is over are still there: {e:?}");
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn complete(&self) -> Result<()> {
        let scans = &self.store.scans;
        let mut left = scans.count_incomplete().await?;
        self.incomplete.set(gauge(left));
        if left > 0 {
            tracing::info!(codes = left, "counting scans that are not in the rollups");
        }
        let mut after = None;
        loop {
            let codes = scans.incomplete(after, CODES).await?;
            let Some(last) = codes.last().copied() else {
                break;
            };
            after = Some(last);
            for code in codes {
                scans.complete(code, |_| {}).await?;
                // Answers of before may be cached.
                self.touched.add([code]);
                self.rebuilt.increment(1);
                left = left.saturating_sub(1);
                self.incomplete.set(gauge(left));
            }
        }
        Ok(())
    }

    async fn forget(&self, visitors_left: bool) -> Result<()> {
        if self.store.scans.forget_keys().await? || visitors_left {
            self.store.scans.forget_visitors().await?;
        }
        Ok(())
    }
}

#[allow(clippy::cast_precision_loss)] // a gauge
fn gauge(n: u64) -> f64 {
    n as f64
}
