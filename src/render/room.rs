//! Memory for pixels in the making.
//!
//! Invariant: one bound for everything that paints, however many arms there are. Who waits for it, waits until the deadline
//! at most.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::kernel::{Ctx, Error, Kind, Result};

/// MiB at once. The largest image there is (`limits::IMAGE_PX`) must fit.
const MIB: u32 = 512;

/// Where large images are made. Clones share it.
#[derive(Clone)]
pub struct Room {
    mib: Arc<Semaphore>,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            mib: Arc::new(Semaphore::new(MIB as usize)),
        }
    }
}

impl Room {
    /// Does `work`, which needs so many bytes, on a thread of its own: it would hold up the others of its worker thread.
    ///
    /// # Errors
    /// `Unavailable` if there is no room until the deadline; else what `work` says.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        ctx: &Ctx,
        bytes: u64,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let mib = u32::try_from(bytes >> 20).map_or(MIB, |mib| mib.clamp(1, MIB));
        let wanted = Arc::clone(&self.mib).acquire_many_owned(mib);
        let Ok(Ok(taken)) = tokio::time::timeout_at(ctx.deadline, wanted).await else {
            return Err(Error::new(
                Kind::Unavailable,
                "too many large images are being rendered: try again, or ask for a smaller one",
            ));
        };
        tokio::task::spawn_blocking(move || {
            // Goes with the work: a client that goes away does not stop it.
            let _taken = taken;
            work()
        })
        .await
        .map_err(|e| Error::caused(Kind::Internal, "rendering was cut off", e))?
    }

    #[cfg(test)]
    pub(super) async fn fill_for_test(&self) -> tokio::sync::SemaphorePermit<'_> {
        self.mib.acquire_many(MIB).await.unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Clock as _, SystemClock};
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_room_until_the_deadline_is_told_so() {
        let room = Room::default();
        let _full = room.fill_for_test().await;
        let ctx = Ctx::new(
            uuid::Uuid::nil(),
            SystemClock.instant() + Duration::from_secs(1),
        );
        let work = || Err::<(), _>(Error::internal("it ran"));
        let refused = room.work(&ctx, 1, work).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Unavailable);
    }
}
