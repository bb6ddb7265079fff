//! Telling Redis, and through it the other nodes, what changed.
//!
//! Invariant: a change that could not be told is told later, until Redis was told; if there are too many of them,
//! everything is dropped in their place. What was told shortly before Redis was away is told again: a replica that took
//! over may not have heard it.

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
    kernel::{Result, clock::Instant, id::Uuid},
};

/// Sets the new generation, drops the values of the old one, and tells the nodes; in one step, so that no value of the
/// old generation can be taken for one of the new. A key of another type under our names changes nothing of that. When
/// Redis is full it takes no generation, but the values go.
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
/// Changes that are remembered until they can be told.
const MOST: usize = 100_000;
/// For telling one, by itself.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long a change that was told is remembered, and how many are.
const RECENT: Duration = Duration::from_mins(1);
const RECENT_MOST: usize = 10_000;
/// Under way at once: few enough that a request's question does not wait behind them.
const AT_ONCE: usize = 16;
/// Told between two looks at whether it works.
const SOME: usize = 256;
/// Between tries.
const PAUSE: Duration = Duration::from_millis(250);

/// Changes that Redis does not know of yet.
#[derive(Default)]
pub(super) struct Untold {
    tags: Mutex<BTreeSet<Tag>>,
    /// There were too many.
    everything: AtomicBool,
    recent: Recent,
    /// Of those that no request waited for: there are many, and they shall not push the others out.
    recent_apart: Recent,
    hurry: Notify,
}

/// What changed lately, told or not, oldest first.
#[derive(Default)]
struct Recent(Mutex<VecDeque<(Instant, Tag)>>);

impl Recent {
    fn remember(&self, tags: &[Tag], now: Instant) {
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
        self.remember(&[], now);
        self.0.lock().iter().map(|(_, tag)| tag.clone()).collect()
    }
}

impl Untold {
    /// Some of them, which are not there any more then.
    fn take(&self) -> Vec<Tag> {
        let mut tags = self.tags.lock();
        std::iter::from_fn(|| tags.pop_first()).take(SOME).collect()
    }

    fn add(&self, tag: Tag) {
        let mut tags = self.tags.lock();
        if tags.len() >= MOST {
            tags.clear();
            self.everything.store(true, Ordering::Release);
        } else {
            tags.insert(tag);
        }
    }
}

impl Remote {
    /// Redis is back; it may be another one, or an empty one.
    pub(super) fn tell_again(&self) {
        let now = self.clock.instant();
        let Untold {
            recent,
            recent_apart,
            ..
        } = &self.untold;
        for tag in [recent.all(now), recent_apart.all(now)].concat() {
            self.untold.add(tag);
        }
        self.untold.hurry.notify_one();
    }

    /// Tells of changes. Waits for that no longer than a request may; what is not told by then is told later.
    pub(in crate::cache) async fn changed(&self, tags: &[Tag]) {
        self.untold.recent.remember(tags, self.clock.instant());
        let budget = Duration::from_millis(self.settings.budget_ms);
        let told = async {
            if self.gate.is_open() {
                return false;
            }
            let all: Vec<_> = tags.iter().map(|tag| self.tell(tag)).collect();
            let mut all = stream::iter(all).buffer_unordered(AT_ONCE);
            while let Some(told) = all.next().await {
                if told.is_err() {
                    return false;
                }
            }
            true
        };
        if !tokio::time::timeout(budget, told).await.unwrap_or(false) {
            self.tell_later(tags);
        }
    }

    /// Tells of changes that no request waits for. What fails is told later.
    pub(in crate::cache) async fn changed_apart(&self, tags: &[Tag]) {
        let now = self.clock.instant();
        self.untold.recent_apart.remember(tags, now);
        if self.gate.is_open() {
            return self.tell_later(tags);
        }
        let untold = self.tell_each(tags).await;
        if !untold.is_empty() {
            self.tell_later(&untold);
        }
    }

    fn tell_later(&self, tags: &[Tag]) {
        for tag in tags {
            self.untold.add(tag.clone());
        }
        self.show_pending();
        self.untold.hurry.notify_one();
    }

    /// Tells of each, several at once: on one connection they go out and come back together, and in a cluster the nodes
    /// work side by side. Ends soon after one failed. Those that were not told.
    async fn tell_each(&self, tags: &[Tag]) -> Vec<Tag> {
        let failed = AtomicBool::new(false);
        let each: Vec<_> = tags
            .iter()
            .map(|tag| self.try_telling(tag, &failed))
            .collect();
        let told: Vec<Option<Tag>> = stream::iter(each).buffer_unordered(AT_ONCE).collect().await;
        told.into_iter().flatten().collect()
    }

    /// The tag, if it was not told; it is not even tried after another failed.
    async fn try_telling(&self, tag: &Tag, failed: &AtomicBool) -> Option<Tag> {
        if !failed.load(Ordering::Relaxed) {
            let told = tokio::time::timeout(PATIENCE, self.tell(tag)).await;
            if matches!(told, Ok(Ok(()))) {
                return None;
            }
            failed.store(true, Ordering::Relaxed);
        }
        Some(tag.clone())
    }

    async fn tell(&self, tag: &Tag) -> RedisResult<()> {
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

    /// Every node drops from its memory what a pattern means.
    pub(in crate::cache) async fn tell_cleared(&self, pattern: &str) {
        self.publish(&format!("{} cleared {pattern}", self.node))
            .await;
    }

    async fn publish(&self, message: &str) {
        let Some(link) = self.link() else {
            return;
        };
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(self.names.channel()).arg(message);
        // Whoever does not hear it connects anew, and then drops everything by itself.
        let _ = tokio::time::timeout(PATIENCE, link.send(&publish)).await;
    }

    /// Tells what could not be told before, until one fails.
    pub(super) async fn tell_the_rest(&self) {
        // Taken away first, as below.
        if self.untold.everything.swap(false, Ordering::AcqRel) {
            if self.drop_everything().await.is_err() {
                self.untold.everything.store(true, Ordering::Release);
                return;
            }
            self.publish(&format!("{} missed", self.node)).await;
        }
        loop {
            // Taken away first: a change that comes while it is told must be told again.
            let some = self.untold.take();
            if some.is_empty() {
                break;
            }
            let untold = self.tell_each(&some).await;
            let failed = !untold.is_empty();
            for tag in untold {
                self.untold.add(tag);
            }
            self.show_pending();
            if failed {
                break;
            }
        }
        self.show_pending();
    }

    async fn drop_everything(&self) -> Result<()> {
        self.sweep(&self.names.matching("*")).await.map(drop)
    }

    /// Changes that Redis does not know of yet.
    pub(in crate::cache) fn pending(&self) -> usize {
        self.untold.tags.lock().len() + usize::from(self.untold.everything.load(Ordering::Acquire))
    }

    #[allow(clippy::cast_precision_loss)] // a gauge
    fn show_pending(&self) {
        self.timers.pending.set(self.pending() as f64);
    }
}

/// Tells the rest whenever there is a way.
pub(super) async fn retry(remote: Weak<Remote>) {
    loop {
        let Some(remote) = remote.upgrade() else {
            return;
        };
        let waits = remote.pending() > 0;
        if waits && remote.link().is_some() {
            remote.tell_the_rest().await;
        }
        tokio::select! {
            () = tokio::time::sleep(if waits { PAUSE } else { PAUSE * 20 }) => {}
            () = remote.untold.hurry.notified() => {}
        }
    }
}
