//! Writes to Redis in the background.
//!
//! Invariant: writes under way are bounded in number and bytes; a write that finds no room is dropped, and the next request makes
//! the value again.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use redis::Pipeline;

use super::{Put, Remote, fault, millis};
use crate::kernel::task;

/// Bytes of writes under way at once.
const WRITE_BYTES: usize = 8 << 20;
/// For one write.
const TIMEOUT: Duration = Duration::from_millis(500);

impl Remote {
    /// Writes a value in the background, if there is room for another write.
    pub(in crate::cache) fn put(self: &Arc<Self>, put: &Put) {
        let mut pipe = redis::pipe();
        self.add_put(&mut pipe, put);
        self.write(pipe, put.bytes.len());
    }

    /// Adds the commands that write a value.
    pub(super) fn add_put(&self, pipe: &mut Pipeline, put: &Put) {
        pipe.cmd("SET")
            .arg(&put.name)
            .arg(&put.bytes)
            .arg("PX")
            .arg(millis(self.life.first))
            .ignore();
        if let Some(tag) = &put.tag {
            let members = self.names.members(tag);
            pipe.cmd("SADD").arg(&members).arg(&put.name).ignore();
            pipe.cmd("PEXPIRE")
                .arg(&members)
                .arg(millis(self.life.longest))
                .ignore();
        }
    }

    /// Extends the life of a value that was used, within its bound.
    pub(in crate::cache) fn prolong(self: &Arc<Self>, name: &str, age: Duration) {
        let left = self.life.left_when_used(age);
        if age > self.life.first / 2 && !left.is_zero() {
            let mut pipe = redis::pipe();
            pipe.cmd("PEXPIRE").arg(name).arg(millis(left)).ignore();
            self.write(pipe, 0);
        }
    }

    /// Drops a value.
    pub(in crate::cache) fn discard(self: &Arc<Self>, name: &str) {
        let mut pipe = redis::pipe();
        pipe.cmd("UNLINK").arg(name).ignore();
        self.write(pipe, 0);
    }

    fn write(self: &Arc<Self>, pipe: Pipeline, length: usize) {
        if self.breaker.is_open() || !self.writable.load(Ordering::Relaxed) {
            return;
        }
        let before = self.write_bytes.fetch_add(length, Ordering::AcqRel);
        let remote = Arc::clone(self);
        let held = Held { remote, length };
        if before + length > WRITE_BYTES || self.writes.available_permits() == 0 {
            return;
        }
        drop(task::spawn("cache.write", async move {
            let remote = &held.remote;
            let Ok(_place) = remote.writes.try_acquire() else {
                return;
            };
            let Some(link) = remote.link() else {
                return;
            };
            let start = remote.clock.instant();
            let sent = tokio::time::timeout(TIMEOUT, link.send_all(&pipe)).await;
            let took = remote.clock.instant().saturating_duration_since(start);
            remote.timers.set.record(took);
            remote.timers.sets.add(took);
            match sent {
                Ok(Ok(())) => {}
                Ok(Err(e)) if fault::meaning(&e) == fault::Meaning::TakesNothing => {
                    remote.writable.store(false, Ordering::Relaxed);
                    remote.wake.notify_one();
                }
                Ok(Err(e)) => {
                    tracing::debug!("Redis did not take a value: {e}");
                    remote.note_denied(&e);
                    remote.failed();
                }
                Err(_) => remote.failed(),
            }
        }));
    }
}

/// Bytes of a write, until it is done.
struct Held {
    remote: Arc<Remote>,
    length: usize,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.remote
            .write_bytes
            .fetch_sub(self.length, Ordering::AcqRel);
    }
}
