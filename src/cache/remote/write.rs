//! Writing to Redis: nobody waits for it.
//!
//! Invariant: writes under way are bounded in number and bytes; what finds no room is dropped, and only makes the next one
//! who asks pay for the value again.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use redis::Pipeline;

use super::{Remote, fault, millis};
use crate::{cache::name::Tag, kernel::task};

/// Bytes of writes under way at once.
const WRITE_BYTES: usize = 8 << 20;
/// For one write.
const PATIENCE: Duration = Duration::from_millis(500);

impl Remote {
    /// Puts a value there, if there is room for another write; nobody waits for it.
    pub(in crate::cache) fn keep(self: &Arc<Self>, name: &str, tag: Option<&Tag>, bytes: &[u8]) {
        let length = bytes.len();
        let mut pipe = redis::pipe();
        self.add_put(&mut pipe, name, tag, bytes);
        self.write(pipe, length);
    }

    /// What puts a value there.
    pub(super) fn add_put(&self, pipe: &mut Pipeline, name: &str, tag: Option<&Tag>, bytes: &[u8]) {
        pipe.cmd("SET")
            .arg(name)
            .arg(bytes)
            .arg("PX")
            .arg(millis(self.life.first))
            .ignore();
        if let Some(tag) = tag {
            let members = self.names.members(tag);
            pipe.cmd("SADD").arg(&members).arg(name).ignore();
            pipe.cmd("PEXPIRE")
                .arg(&members)
                .arg(millis(self.life.longest))
                .ignore();
        }
    }

    /// A value is used: it may stay longer, within its bound.
    pub(in crate::cache) fn prolong(self: &Arc<Self>, name: &str, age: Duration) {
        let left = self.life.left_when_used(age);
        if age > self.life.first / 2 && !left.is_zero() {
            let mut pipe = redis::pipe();
            pipe.cmd("PEXPIRE").arg(name).arg(millis(left)).ignore();
            self.write(pipe, 0);
        }
    }

    /// Drops one that is of no use.
    pub(in crate::cache) fn discard(self: &Arc<Self>, name: &str) {
        let mut pipe = redis::pipe();
        pipe.cmd("UNLINK").arg(name).ignore();
        self.write(pipe, 0);
    }

    fn write(self: &Arc<Self>, pipe: Pipeline, length: usize) {
        if self.gate.is_open() || !self.writable.load(Ordering::Relaxed) {
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
            let sent = tokio::time::timeout(PATIENCE, link.send_all(&pipe)).await;
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
                    tracing::debug!("Redis did not keep a value: {e}");
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
