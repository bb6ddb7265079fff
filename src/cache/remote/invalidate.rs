//! Invalidates values in Redis and, through its channel, on the other nodes.
//!
//! Invariant: an invalidation that Redis did not take is sent again until it does; if there are too many of them, everything is
//! dropped instead. Those of the last minute before Redis was away are repeated: a replica that took over may lack them.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{
        Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use parking_lot::Mutex;
use redis::RedisResult;
use tokio::sync::Notify;

use super::{Remote, millis};
use crate::{
    cache::name::Tag,
    kernel::{clock::Instant, id::Uuid},
};

/// Sets the new generation, drops the values of the old one, and publishes the change, in one step: no value of the old generation
/// can be taken for one of the new. A key of another type under our names does not stop it. A full Redis takes no generation, but
/// the values go.
const SCRIPT: &str = "
local set = redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local names = redis.pcall('SMEMBERS', KEYS[2])
if names.err == nil then
  for i = 1, #names, 1000 do
    redis.pcall('UNLINK', unpack(names, i, math.min(i + 999, #names)))
  end
end
redis.call('UNLINK', KEYS[2])
redis.call('PUBLISH', ARGV[3], ARGV[4])
if type(set) == 'table' and set.err then return 0 end
return 1
";
/// Pending invalidations.
const MOST: usize = 100_000;
/// For one invalidation.
const TIMEOUT: Duration = Duration::from_millis(500);
/// Age and number of the invalidations that are repeated.
const RECENT: Duration = Duration::from_mins(1);
const RECENT_MOST: usize = 10_000;
/// Under way at once: few, so that a request's look-up does not wait behind them.
const AT_ONCE: usize = 16;
/// Pending invalidations that are sent between two checks whether Redis takes them.
const BATCH: usize = 256;
/// Between tries.
const PAUSE: Duration = Duration::from_millis(250);

/// Invalidations that Redis did not take yet.
#[derive(Default)]
pub(super) struct Pending {
    tags: Mutex<BTreeSet<Tag>>,
    /// There were too many: everything is dropped instead.
    everything: AtomicBool,
    recent: Recent,
    /// Of background work. Apart, because there are many: they would push out those of requests.
    recent_background: Recent,
    wake: Notify,
}

/// Recent invalidations, oldest first.
#[derive(Default)]
struct Recent(Mutex<VecDeque<(Instant, Tag)>>);

impl Recent {
    fn add(&self, tags: &[Tag], now: Instant) {
        let mut recent = self.0.lock();
        while recent.len() + tags.len() > RECENT_MOST
            || recent
                .front()
                .is_some_and(|(at, _)| now.saturating_duration_since(*at) > RECENT)
        {
            if recent.pop_front().is_none() {
                break;
            }
        }
        recent.extend(tags.iter().map(|tag| (now, tag.clone())));
    }

    fn all(&self, now: Instant) -> Vec<Tag> {
        self.add(&[], now);
        self.0.lock().iter().map(|(_, tag)| tag.clone()).collect()
    }
}

impl Pending {
    /// Takes some of them out.
    fn take(&self) -> Vec<Tag> {
        let mut tags = self.tags.lock();
        std::iter::from_fn(|| tags.pop_first())
            .take(BATCH)
            .collect()
    }

    fn add(&self, new: impl IntoIterator<Item = Tag>) {
        let mut tags = self.tags.lock();
        for tag in new {
            if tags.len() >= MOST {
                tags.clear();
                self.everything.store(true, Ordering::Release);
            } else {
                tags.insert(tag);
            }
        }
    }
}

impl Remote {
    /// Call when Redis is back. It may be another server, or an empty one.
    pub(super) fn repeat_recent(&self) {
        let (now, pending) = (self.clock.instant(), &self.pending);
        pending.add(pending.recent.all(now));
        pending.add(pending.recent_background.all(now));
        pending.wake.notify_one();
    }

    /// Invalidates things for a request. Waits within the budget; what Redis does not take by then is pending.
    pub(in crate::cache) async fn invalidate(&self, tags: &[Tag]) {
        self.pending.recent.add(tags, self.clock.instant());
        let budget = Duration::from_millis(self.settings.budget_ms);
        let all_taken = async {
            if self.breaker.is_open() {
                return false;
            }
            let all: Vec<_> = tags.iter().map(|tag| self.send_invalidation(tag)).collect();
            let all = stream::iter(all).buffer_unordered(AT_ONCE);
            all.all(async |taken| taken.is_ok()).await
        };
        if !tokio::time::timeout(budget, all_taken)
            .await
            .unwrap_or(false)
        {
            self.add_pending(tags.iter().cloned());
        }
    }

    /// Invalidates things for background work. What fails is pending.
    pub(in crate::cache) async fn invalidate_in_background(&self, tags: &[Tag]) {
        let now = self.clock.instant();
        self.pending.recent_background.add(tags, now);
        let failed = if self.breaker.is_open() {
            tags.to_vec()
        } else {
            self.invalidate_each(tags).await
        };
        if !failed.is_empty() {
            self.add_pending(failed);
        }
    }

    fn add_pending(&self, tags: impl IntoIterator<Item = Tag>) {
        self.pending.add(tags);
        self.show_pending();
        self.pending.wake.notify_one();
    }

    /// Several at once: on one connection they go out and come back together, and the nodes of a cluster work side by side. Stops
    /// soon after the first failure. Returns the tags that Redis did not take.
    async fn invalidate_each(&self, tags: &[Tag]) -> Vec<Tag> {
        let has_failed = AtomicBool::new(false);
        let try_one = async |tag: &Tag| {
            if !has_failed.load(Ordering::Relaxed) {
                let sent = tokio::time::timeout(TIMEOUT, self.send_invalidation(tag)).await;
                if matches!(sent, Ok(Ok(()))) {
                    return None;
                }
                has_failed.store(true, Ordering::Relaxed);
            }
            Some(tag.clone())
        };
        let each: Vec<_> = tags.iter().map(try_one).collect();
        let failed = stream::iter(each).buffer_unordered(AT_ONCE);
        failed.filter_map(std::future::ready).collect().await
    }

    async fn send_invalidation(&self, tag: &Tag) -> RedisResult<()> {
        let Some(link) = self.link() else {
            return Err(std::io::Error::from(std::io::ErrorKind::NotConnected).into());
        };
        let mut eval = redis::cmd("EVAL");
        eval.arg(SCRIPT)
            .arg(2)
            .arg(self.names.generation(tag))
            .arg(self.names.members(tag))
            .arg(Uuid::new_v4().as_bytes())
            // Longer than any value of the generation before may live.
            .arg(millis(self.life.longest) * 2)
            .arg(self.names.channel())
            .arg(format!("{} changed {tag}", self.node));
        let start = self.clock.instant();
        let answer = link.send(&eval).await;
        if let Err(e) = &answer {
            self.note_denied(e);
        }
        let took = self.clock.instant().saturating_duration_since(start);
        self.timers.invalidate.record(took);
        match redis::from_redis_value::<i64>(answer?) {
            Ok(1) => Ok(()),
            _ => Err(std::io::Error::other("Redis took no new generation").into()),
        }
    }

    /// The other nodes drop the values whose names match from their memory.
    pub(in crate::cache) async fn publish_cleared(&self, pattern: &str) {
        self.publish(&format!("{} cleared {pattern}", self.node))
            .await;
    }

    async fn publish(&self, message: &str) {
        let Some(link) = self.link() else {
            return;
        };
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(self.names.channel()).arg(message);
        // A node that does not receive it connects anew, and resyncs then.
        let _ = tokio::time::timeout(TIMEOUT, link.send(&publish)).await;
    }

    /// Sends pending invalidations until one fails.
    pub(super) async fn flush_pending(&self) {
        // Taken out before they are sent: a change that comes meanwhile must be sent again.
        if self.pending.everything.swap(false, Ordering::AcqRel) {
            if self.sweep(&self.names.matching("*")).await.is_err() {
                self.pending.everything.store(true, Ordering::Release);
                return;
            }
            self.publish(&format!("{} missed", self.node)).await;
        }
        loop {
            let some = self.pending.take();
            let failed = self.invalidate_each(&some).await;
            let is_done = some.is_empty() || !failed.is_empty();
            self.pending.add(failed);
            self.show_pending();
            if is_done {
                break;
            }
        }
    }

    /// Invalidations that Redis did not take yet.
    pub(in crate::cache) fn pending_count(&self) -> usize {
        self.pending.tags.lock().len()
            + usize::from(self.pending.everything.load(Ordering::Acquire))
    }

    #[allow(clippy::cast_precision_loss)] // a gauge
    fn show_pending(&self) {
        self.timers.pending.set(self.pending_count() as f64);
    }
}

/// Sends pending invalidations whenever there is a connection.
pub(super) async fn run(remote: Weak<Remote>) {
    loop {
        let Some(remote) = remote.upgrade() else {
            return;
        };
        let has_pending = remote.pending_count() > 0;
        if has_pending && remote.link().is_some() {
            remote.flush_pending().await;
        }
        tokio::select! {
            () = tokio::time::sleep(if has_pending { PAUSE } else { PAUSE * 20 }) => {}
            () = remote.pending.wake.notified() => {}
        }
    }
}
