//! Invalidates cached answers about scans: at an interval, for all codes that were scanned since.
//!
//! Invariant: a recorded scan is in every answer, on every node, one interval later, or a second after Redis is back. A code
//! without new scans keeps its answers, as long as invalidations of other nodes arrive.

use std::{collections::HashSet, sync::Arc, time::Duration};

use parking_lot::Mutex;

use crate::{
    cache::{Pattern, Tag, Tiers},
    kernel::{Result, id::Uuid},
};

/// Scanned codes that are noted. With more of them, all answers are dropped.
const MOST: usize = 100_000;
/// After Redis could not be cleared.
const RETRY: Duration = Duration::from_secs(1);

/// Codes that were scanned since the last invalidation. Cheap to clone.
#[derive(Clone)]
pub(super) struct Touched(Arc<Mutex<Codes>>);

#[derive(Default)]
struct Codes {
    ids: HashSet<Uuid>,
    /// There were too many: all codes.
    all: bool,
}

impl Default for Touched {
    /// All codes: an earlier run may have been killed before its last invalidation.
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Codes {
            all: true,
            ..Codes::default()
        })))
    }
}

impl Touched {
    pub(super) fn add(&self, codes: impl IntoIterator<Item = Uuid>) {
        let mut touched = self.0.lock();
        touched.ids.extend(codes);
        if touched.ids.len() > MOST {
            *touched = Codes {
                all: true,
                ..Codes::default()
            };
        }
    }

    fn take(&self) -> Codes {
        std::mem::take(&mut *self.0.lock())
    }

    fn all(&self) {
        self.0.lock().all = true;
    }
}

pub(super) struct Refresh {
    touched: Touched,
    tiers: Arc<Tiers>,
    interval: Duration,
    /// Whether other nodes record scans, too.
    is_shared: bool,
    answers: Pattern,
}

impl Refresh {
    /// # Errors
    /// None.
    pub(super) fn new(
        touched: Touched,
        tiers: &Arc<Tiers>,
        interval: Duration,
        is_shared: bool,
    ) -> Result<Self> {
        Ok(Self {
            touched,
            tiers: Arc::clone(tiers),
            interval,
            is_shared,
            answers: Pattern::parse("analytics_*")?,
        })
    }

    /// Runs for ever: drop the future to stop.
    pub(super) async fn run(&self) {
        loop {
            let is_done = self.invalidate().await;
            let pause = if is_done {
                self.interval
            } else {
                self.interval.min(RETRY)
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Drops the answers about all noted codes. False when Redis could not be cleared: then it is tried again.
    pub(super) async fn invalidate(&self) -> bool {
        let Codes { ids, all } = self.touched.take();
        let tags: Vec<Tag> = ids.into_iter().map(Tag::Scans).collect();
        self.tiers.invalidate_in_background(&tags).await;
        if self.is_shared && !self.tiers.is_subscribed() {
            self.tiers.clear_memory(&self.answers).await;
        }
        if all && self.tiers.clear(&self.answers).await.is_err() {
            self.touched.all();
            return false;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cache::{Bounds, Life, Name, Space},
        kernel::SystemClock,
    };

    type Answers = crate::cache::Tiered<Uuid, u32>;

    const ID: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn stand(is_shared: bool) -> (Refresh, Arc<Answers>) {
        let clock: crate::kernel::SharedClock = Arc::new(SystemClock);
        let tiers = Tiers::in_memory(&clock);
        let name = |id: &Uuid| Name {
            tag: Some(Tag::Scans(*id)),
            rest: "answer".to_owned(),
        };
        let bounds = Bounds {
            bytes: 1 << 20,
            life: Life::at_most(Duration::from_hours(1)),
        };
        let shelf = tiers.memory_cache(Space::AnalyticsRollups, name, bounds, |_| 0);
        let interval = Duration::from_secs(5);
        let refresh = Refresh::new(Touched::default(), &tiers, interval, is_shared).unwrap();
        (refresh, shelf)
    }

    async fn remember(shelf: &Answers) {
        for id in [ID, OTHER] {
            shelf.get_or_make(&id, || async { Ok(1) }).await.unwrap();
        }
    }

    #[tokio::test]
    async fn answers_about_scanned_codes_are_dropped_and_no_others() {
        let (refresh, shelf) = stand(false);
        remember(&shelf).await;
        assert!(refresh.invalidate().await);
        assert!(!shelf.holds(&ID) && !shelf.holds(&OTHER), "after a start");
        remember(&shelf).await;
        refresh.touched.add([ID, ID]);
        assert!(shelf.holds(&ID), "not before it is time");
        assert!(refresh.invalidate().await);
        assert!(!shelf.holds(&ID) && shelf.holds(&OTHER));
        remember(&shelf).await;
        assert!(refresh.invalidate().await);
        assert!(shelf.holds(&ID), "nobody scanned it again");
    }

    #[tokio::test]
    async fn without_a_subscription_all_answers_are_dropped() {
        let (refresh, shelf) = stand(true);
        refresh.invalidate().await;
        remember(&shelf).await;
        assert!(refresh.invalidate().await);
        assert!(!shelf.holds(&ID) && !shelf.holds(&OTHER));
    }

    #[tokio::test]
    async fn too_many_codes_drop_all_answers() {
        let (refresh, shelf) = stand(false);
        refresh.invalidate().await;
        remember(&shelf).await;
        refresh
            .touched
            .add((10..).map(Uuid::from_u128).take(MOST + 1));
        assert!(refresh.touched.0.lock().ids.is_empty(), "bounded");
        assert!(refresh.invalidate().await);
        assert!(!shelf.holds(&ID) && !shelf.holds(&OTHER));
    }

    #[tokio::test(start_paused = true)]
    async fn it_invalidates_once_in_an_interval() {
        let (refresh, shelf) = stand(false);
        let refresh = Arc::new(refresh);
        let task = {
            let refresh = Arc::clone(&refresh);
            crate::kernel::task::spawn("refresh", async move { refresh.run().await })
        };
        tokio::time::sleep(Duration::from_secs(1)).await;
        remember(&shelf).await;
        refresh.touched.add([ID]);
        tokio::time::sleep(Duration::from_millis(3900)).await;
        assert!(shelf.holds(&ID), "4.9 s");
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!shelf.holds(&ID), "5.1 s");
        task.abort();
    }
}
