//! Owns Redis' health: connects, looks, connects anew. Nobody waits for it.
//!
//! Invariant: requests ask Redis only after it answered the prober, twice in a row and within their budget.

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
use crate::{config::redis::Deployment, kernel::Clock};

/// Between looks; sooner when requests fail.
const LOOK: Duration = Duration::from_millis(250);
/// For one look. Slower than this is gone.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between tries to connect. What changed meanwhile is served within a second of the way being free again: this, a look
/// and the telling have to fit in there.
const PAUSE: Duration = Duration::from_millis(100);
/// For one try: several servers may have to be asked.
const CONNECT: Duration = Duration::from_secs(2);
/// Looks between two questions to the sentinels, and between two looks at Redis' memory.
const ASK_SENTINELS: u32 = 2;
const FACTS: u32 = 20;
/// Good looks in a row before requests may ask.
const GOOD: u32 = 2;
/// Looks in a row without an answer after which it is connected to anew.
const LOST: u32 = 2;
/// What lag is measured by; timers have whole milliseconds.
const TICK: Duration = Duration::from_millis(1);
/// How long what a look writes stays.
pub(super) const PROBE_MS: u64 = 60_000;

pub(super) struct Prober {
    remote: Weak<Remote>,
    /// What was logged last: an outage is told once.
    told: Option<String>,
    /// It was away: it may be another one now, which lacks what was told last.
    was_away: bool,
}

/// What one look saw.
enum Sight {
    Well,
    /// It answers, but later than requests would wait, or refuses.
    Unwell(Option<RedisError>),
    Lost(Option<RedisError>),
    /// Another server is the master now.
    Moved,
}

impl Prober {
    pub(super) fn new(remote: &Arc<Remote>) -> Self {
        Self {
            remote: Arc::downgrade(remote),
            told: None,
            was_away: true,
        }
    }

    pub(super) async fn run(mut self) {
        while let Some(remote) = self.remote.upgrade() {
            let opened = Link::open(&remote.places, remote.settings.max_connections);
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
                        remote.gate.open();
                        remote.connected(None);
                    }
                }
                Err(e) => self.trouble(&remote, &e),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Returns when the link is of no use any more.
    async fn watch(&mut self, link: &Arc<Link>) {
        let (mut good, mut lost, mut looks) = (0, 0, 0_u32);
        loop {
            let Some(remote) = self.remote.upgrade() else {
                return;
            };
            looks = looks.wrapping_add(1);
            match look(&remote, link, looks).await {
                Sight::Well => {
                    (good, lost) = (good + 1, 0);
                    if good >= GOOD {
                        self.well(&remote);
                    }
                    if remote.settings.stats && (looks % FACTS == GOOD) {
                        remote.gather().await;
                    }
                }
                Sight::Unwell(why) => {
                    (good, lost) = (0, 0);
                    remote.gate.open();
                    if let Some(e) = why {
                        self.was_away = true;
                        self.trouble(&remote, &e);
                    }
                }
                Sight::Lost(why) => {
                    self.was_away = true;
                    (good, lost) = (0, lost + 1);
                    remote.gate.open();
                    self.trouble(&remote, &why.unwrap_or_else(late));
                    if lost >= LOST {
                        return;
                    }
                }
                Sight::Moved => return,
            }
            // Sooner when a request failed, or when it is not known yet whether all is well.
            let pause = if good < GOOD { LOOK / 5 } else { LOOK };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = remote.wake.notified() => tokio::time::sleep(LOOK / 25).await,
            }
        }
    }

    fn well(&mut self, remote: &Remote) {
        remote.gate.close();
        if std::mem::take(&mut self.was_away) {
            remote.tell_again();
            tracing::info!("Redis is in use ({})", remote.mode());
        }
        // A server that takes no values answers all the same; that stays told.
        if remote.writable.load(Ordering::Relaxed) {
            remote.state.lock().trouble = None;
            self.told = None;
        }
    }

    fn trouble(&mut self, remote: &Remote, error: &RedisError) {
        let explained = fault::explain(error, &remote.places.access.deployment);
        let message = explained.message().to_owned();
        if self.told.as_ref() != Some(&message) {
            tracing::warn!("{message} (everything works without it, only colder): {error}");
            self.told = Some(message);
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

async fn look(remote: &Remote, link: &Link, looks: u32) -> Sight {
    let ping = async {
        let start = remote.clock.instant();
        let pinged = tokio::time::timeout(PATIENCE, link.ping()).await;
        let took = remote.clock.instant().saturating_duration_since(start);
        (pinged, took)
    };
    let ((pinged, took), lag) = tokio::join!(ping, lag(&*remote.clock));
    remote.timers.probe.record(took);
    match pinged {
        Err(_) => return Sight::Lost(None),
        Ok(Err(e)) if fault::meaning(&e) == Meaning::Gone => return Sight::Lost(Some(e)),
        Ok(Err(e)) => return Sight::Unwell(Some(e)),
        Ok(Ok(())) => {}
    }
    let name = remote.names.probe(remote.node);
    let takes = match tokio::time::timeout(PATIENCE, write(link, &name)).await {
        Err(_) => return Sight::Lost(None),
        Ok(Ok(())) => Ok(()),
        Ok(Err(e)) => match fault::meaning(&e) {
            Meaning::TakesNothing => Err(e),
            Meaning::Refuses => return Sight::Unwell(Some(e)),
            Meaning::Gone => return Sight::Lost(Some(e)),
        },
    };
    remote.writable.store(takes.is_ok(), Ordering::Relaxed);
    if let Err(e) = takes {
        let explained = fault::explain(&e, &remote.places.access.deployment);
        let mut state = remote.state.lock();
        if state
            .trouble
            .as_ref()
            .map(|t| t.message().to_owned())
            .as_deref()
            != Some(explained.message())
        {
            tracing::warn!("{}: {e}", explained.message());
        }
        state.trouble = Some(explained);
        drop(state);
        // A master that became a replica stays one: the sentinels, or the cluster, know the new one.
        if e.code() == Some("READONLY")
            && !matches!(remote.places.access.deployment, Deployment::Standalone(_))
        {
            return Sight::Moved;
        }
    }
    if looks.is_multiple_of(ASK_SENTINELS) && has_moved(remote, link).await {
        return Sight::Moved;
    }
    if took.saturating_sub(lag) > Duration::from_millis(remote.settings.budget_ms) {
        return Sight::Unwell(None);
    }
    Sight::Well
}

/// How late this process wakes its tasks: that is not Redis' fault, and just then its help is welcome.
async fn lag(clock: &dyn Clock) -> Duration {
    let start = clock.instant();
    tokio::time::sleep(TICK).await;
    let took = clock.instant().saturating_duration_since(start);
    took.saturating_sub(TICK)
}

/// Whether the sentinels name another master. When they do not answer, nothing is known.
async fn has_moved(remote: &Remote, link: &Link) -> bool {
    let Deployment::Sentinel { .. } = remote.places.access.deployment else {
        return false;
    };
    match remote.places.masters().await {
        Ok(masters) => masters.first() != link.node(),
        Err(_) => false,
    }
}

/// Finds out whether it takes values.
pub(super) async fn write(link: &Link, name: &str) -> RedisResult<()> {
    let mut set = redis::cmd("SET");
    set.arg(name).arg("1").arg("PX").arg(PROBE_MS);
    link.send(&set).await.map(drop)
}

fn late() -> RedisError {
    RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut))
}
