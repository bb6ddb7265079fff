//! The prober: connects to Redis, checks it, connects anew.
//!
//! Invariant: requests ask Redis only after two checks in a row succeeded within the budget.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use redis::{RedisError, RedisResult};

use super::{
    Remote,
    fault::{self, Meaning},
    link::Link,
};
use crate::{
    config::redis::Deployment,
    kernel::{Clock, Error},
};

/// Between checks; sooner when requests fail.
const PERIOD: Duration = Duration::from_millis(250);
/// For one check. A slower Redis counts as lost.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Between attempts to connect. Invalidations arrive within a second of Redis being back: this, a check and sending them have to
/// fit in there.
const PAUSE: Duration = Duration::from_millis(100);
/// For one attempt: several servers may have to be asked.
const CONNECT: Duration = Duration::from_secs(2);
/// Checks between two questions to the sentinels, and between two reads of the statistics.
const ASK_SENTINELS: u32 = 2;
const FACTS: u32 = 20;
/// Good checks in a row before requests may ask.
const GOOD: u32 = 2;
/// Lost checks in a row before it connects anew.
const LOST: u32 = 2;
/// The sleep by which lag is measured; timers have whole milliseconds.
const TICK: Duration = Duration::from_millis(1);
/// Life of the test value.
pub(super) const PROBE_MS: u64 = 60_000;

pub(super) struct Prober {
    remote: Weak<Remote>,
    /// The last logged message: an outage is logged once.
    logged: Option<String>,
    /// Redis was away. It may be another server now, which lacks recent invalidations.
    was_away: bool,
}

/// Result of one check.
enum Check {
    Well,
    /// It answers later than the budget, or refuses.
    Unwell(Option<RedisError>),
    Lost(Option<RedisError>),
    /// Another server is the master now.
    Moved,
}

impl Prober {
    pub(super) fn new(remote: &Arc<Remote>) -> Self {
        Self {
            remote: Arc::downgrade(remote),
            logged: None,
            was_away: true,
        }
    }

    pub(super) async fn run(mut self) {
        while let Some(remote) = self.remote.upgrade() {
            let opened = Link::open(&remote.endpoints, remote.settings.max_connections);
            let opened = match tokio::time::timeout(CONNECT, opened).await {
                Ok(opened) => opened,
                Err(_) => Err(late()),
            };
            match opened {
                Ok(link) => {
                    let link = Arc::new(link);
                    self.was_away = true;
                    remote.connected(Some(Arc::clone(&link)));
                    drop(remote);
                    self.watch(&link).await;
                    if let Some(remote) = self.remote.upgrade() {
                        remote.breaker.open();
                        remote.connected(None);
                    }
                }
                Err(e) => self.trouble(&remote, &e),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Returns when the link is lost.
    async fn watch(&mut self, link: &Arc<Link>) {
        let (mut good, mut lost, mut checks) = (0, 0, 0_u32);
        loop {
            let Some(remote) = self.remote.upgrade() else {
                return;
            };
            checks = checks.wrapping_add(1);
            match check(&remote, link, checks).await {
                Check::Well => {
                    (good, lost) = (good + 1, 0);
                    if good >= GOOD {
                        self.well(&remote);
                    }
                    if remote.settings.stats && (checks % FACTS == GOOD) {
                        remote.gather().await;
                    }
                }
                Check::Unwell(why) => {
                    (good, lost) = (0, 0);
                    remote.breaker.open();
                    if let Some(e) = why {
                        self.was_away = true;
                        self.trouble(&remote, &e);
                    }
                }
                Check::Lost(why) => {
                    self.was_away = true;
                    (good, lost) = (0, lost + 1);
                    remote.breaker.open();
                    self.trouble(&remote, &why.unwrap_or_else(late));
                    if lost >= LOST {
                        return;
                    }
                }
                Check::Moved => return,
            }
            // Sooner after a failed request, and until enough checks were good.
            let pause = if good < GOOD { PERIOD / 5 } else { PERIOD };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = remote.wake.notified() => tokio::time::sleep(PERIOD / 25).await,
            }
        }
    }

    fn well(&mut self, remote: &Remote) {
        remote.breaker.close();
        if std::mem::take(&mut self.was_away) {
            remote.repeat_recent();
            tracing::info!("Redis is in use ({})", remote.mode());
        }
        // A server that takes no values answers, too; that trouble stays.
        if remote.writable.load(Ordering::Relaxed) {
            remote.state.lock().trouble = None;
            self.logged = None;
        }
    }

    fn trouble(&mut self, remote: &Remote, error: &RedisError) {
        let explained = fault::explain(error, &remote.endpoints.access.deployment);
        let message = explained.message().to_owned();
        if self.logged.as_ref() != Some(&message) {
            tracing::warn!("{message} (everything works without it, only colder): {error}");
            self.logged = Some(message);
        }
        remote.state.lock().trouble = Some(explained);
    }
}

impl Remote {
    fn connected(&self, link: Option<Arc<Link>>) {
        self.timers.up.set(f64::from(u8::from(link.is_some())));
        *self.link.write() = link;
    }
}

async fn check(remote: &Remote, link: &Link, checks: u32) -> Check {
    let ping = async {
        let start = remote.clock.instant();
        let pinged = tokio::time::timeout(TIMEOUT, link.ping()).await;
        let took = remote.clock.instant().saturating_duration_since(start);
        (pinged, took)
    };
    let ((pinged, took), lag) = tokio::join!(ping, lag(&*remote.clock));
    remote.timers.probe.record(took);
    match pinged {
        Err(_) => return Check::Lost(None),
        Ok(Err(e)) if fault::meaning(&e) == Meaning::Gone => return Check::Lost(Some(e)),
        Ok(Err(e)) => return Check::Unwell(Some(e)),
        Ok(Ok(())) => {}
    }
    let name = remote.names.probe(remote.node);
    let takes = match tokio::time::timeout(TIMEOUT, write(link, &name)).await {
        Err(_) => return Check::Lost(None),
        Ok(Ok(())) => Ok(()),
        Ok(Err(e)) => match fault::meaning(&e) {
            Meaning::TakesNothing => Err(e),
            Meaning::Refuses => return Check::Unwell(Some(e)),
            Meaning::Gone => return Check::Lost(Some(e)),
        },
    };
    remote.writable.store(takes.is_ok(), Ordering::Relaxed);
    if let Err(e) = takes {
        let explained = fault::explain(&e, &remote.endpoints.access.deployment);
        let mut state = remote.state.lock();
        let known = state.trouble.as_ref().map(Error::message);
        if known != Some(explained.message()) {
            tracing::warn!("{}: {e}", explained.message());
        }
        state.trouble = Some(explained);
        drop(state);
        // A master that became a replica stays one: the sentinels, or the cluster, know the new one.
        if e.code() == Some("READONLY")
            && !matches!(
                remote.endpoints.access.deployment,
                Deployment::Standalone(_)
            )
        {
            return Check::Moved;
        }
    }
    if checks.is_multiple_of(ASK_SENTINELS) && has_moved(remote, link).await {
        return Check::Moved;
    }
    if took.saturating_sub(lag) > Duration::from_millis(remote.settings.budget_ms) {
        return Check::Unwell(None);
    }
    Check::Well
}

/// How late this process wakes its tasks. The check does not count that against Redis.
async fn lag(clock: &dyn Clock) -> Duration {
    let start = clock.instant();
    tokio::time::sleep(TICK).await;
    let took = clock.instant().saturating_duration_since(start);
    took.saturating_sub(TICK)
}

/// Whether the sentinels name another master; false without an answer.
async fn has_moved(remote: &Remote, link: &Link) -> bool {
    let Deployment::Sentinel { .. } = remote.endpoints.access.deployment else {
        return false;
    };
    match remote.endpoints.masters().await {
        Ok(masters) => masters.first() != link.node(),
        Err(_) => false,
    }
}

/// Writes a test value.
pub(super) async fn write(link: &Link, name: &str) -> RedisResult<()> {
    let mut set = redis::cmd("SET");
    set.arg(name).arg("1").arg("PX").arg(PROBE_MS);
    link.send(&set).await.map(drop)
}

fn late() -> RedisError {
    RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut))
}
