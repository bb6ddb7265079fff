//! All open connections: how many a client may have, and which have to end.
//!
//! Invariant: every wait on a client ends. A connection is closed when no request comes (idle), when the head of one
//! does not come to its end, and when an answer is not taken, or slower than `MIN_RATE`.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use ipnet::IpNet;
use metrics::{Counter, Gauge};
use parking_lot::{Mutex, MutexGuard};
use tokio::task::{AbortHandle, JoinHandle};

use super::connection::{Activity, Wait};
use crate::telemetry::{catalogue, handles, labels::ConnectionEnd};

/// How often connections are looked at: a limit is kept to within this.
pub const LOOK: Duration = Duration::from_secs(1);
/// Bytes a second at which a client has to take an answer. Apache's `mod_reqtimeout` asks as much.
const MIN_RATE: u64 = 500;
/// Looks between two warnings of one kind.
const WARN_EVERY: u64 = 60;

/// Seconds that a connection may wait.
struct TimeOuts {
    idle: u64,
    head: u64,
    /// For an answer that is not taken; each `MIN_RATE` bytes that are buy another second.
    stalled: u64,
}

const NORMAL: TimeOuts = TimeOuts {
    idle: 75,
    head: 30,
    stalled: 30,
};
/// When three quarters of the connections are taken that there may be, of all or of one client.
const CROWDED: TimeOuts = TimeOuts {
    // More than the 10 s between two heartbeats of a stream.
    idle: 15,
    head: 5,
    stalled: 5,
};
const STOPPING: TimeOuts = TimeOuts {
    idle: 2,
    head: 2,
    stalled: 5,
};

/// How many connections there may be.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Of all clients together.
    pub total: usize,
    /// Of one address, or one IPv6 /64. None: no more than [`Bounds::DEFAULT_PER_CLIENT`], and no bound for this machine.
    pub per_client: Option<usize>,
    /// Connections from here are of many clients.
    pub proxies: Vec<IpNet>,
}

impl Bounds {
    pub const DEFAULT_PER_CLIENT: usize = 1000;

    /// The bound of one client, as far as `peer` is one. Never more than half of all connections.
    fn of(&self, peer: IpAddr) -> Option<(IpAddr, usize)> {
        let peer = peer.to_canonical();
        let unbounded = self.proxies.iter().any(|network| network.contains(&peer))
            || (self.per_client.is_none() && peer.is_loopback());
        let bound = self.per_client.unwrap_or(Self::DEFAULT_PER_CLIENT);
        (!unbounded).then(|| (client(peer), bound.min(self.total / 2).max(1)))
    }
}

/// A host has at least an IPv6 /64 to choose addresses from.
fn client(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(_) => IpNet::new(peer, 64).map_or(peer, |network| network.network()),
    }
}

/// One open connection.
struct Entry {
    activity: Arc<Activity>,
    task: AbortHandle,
    client: Option<IpAddr>,
    /// Bytes that already bought time.
    paid: u64,
    /// Seconds that an answer has not been taken for, less those that were bought.
    stalled: u64,
    closed: bool,
}

impl Entry {
    fn overdue(&mut self, now: u64, begun: u64, limit: &TimeOuts) -> Option<ConnectionEnd> {
        let bought = (self.activity.sent() - self.paid) / MIN_RATE;
        self.paid += bought * MIN_RATE;
        self.stalled = if self.activity.is_blocked() {
            (self.stalled + 1).saturating_sub(bought)
        } else {
            0
        };
        let waited = now.saturating_sub(self.activity.since().max(begun));
        match self.activity.wait() {
            _ if self.stalled > limit.stalled => Some(ConnectionEnd::SlowResponse),
            // An answer that is being taken.
            _ if self.stalled > 0 => None,
            Wait::Request if waited > limit.idle => Some(ConnectionEnd::Idle),
            Wait::Head if waited > limit.head => Some(ConnectionEnd::SlowRequest),
            _ => None,
        }
    }
}

#[derive(Default)]
struct Open {
    entries: HashMap<u64, Entry>,
    clients: HashMap<IpAddr, usize>,
    next: u64,
    /// When the stop began.
    stopping: Option<u64>,
}

/// A warning that is repeated once a minute at most, with how often it happened.
#[derive(Default)]
struct Repeated {
    times: AtomicU64,
    warned: AtomicU64,
}

impl Repeated {
    fn note(&self) {
        self.times.fetch_add(1, Relaxed);
    }

    /// The number of events to log, when a log line is due.
    fn due(&self, now: u64) -> Option<u64> {
        let last = self.warned.load(Relaxed);
        if self.times.load(Relaxed) == 0 || (last > 0 && now < last + WARN_EVERY) {
            return None;
        }
        self.warned.store(now, Relaxed);
        Some(self.times.swap(0, Relaxed))
    }
}

pub struct Registry {
    bounds: Bounds,
    clock: Arc<AtomicU64>,
    open: Mutex<Open>,
    refused: Repeated,
    failed: Repeated,
    gauge: Gauge,
    ended: Vec<(ConnectionEnd, Counter)>,
}

impl Registry {
    pub fn new(bounds: Bounds) -> Arc<Self> {
        let counter = |r: &ConnectionEnd| {
            let counter = handles::counter(&catalogue::HTTP_CONNECTIONS_CLOSED, &[r.label()]);
            (*r, counter)
        };
        Arc::new(Self {
            bounds,
            clock: Arc::default(),
            open: Mutex::default(),
            refused: Repeated::default(),
            failed: Repeated::default(),
            gauge: handles::gauge(&catalogue::HTTP_CONNECTIONS, &[]),
            ended: ConnectionEnd::ALL.iter().map(counter).collect(),
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock()
    }

    /// Spawns the task of a connection, unless its client has as many as it may have.
    pub fn admit(
        self: &Arc<Self>,
        peer: IpAddr,
        spawn: impl FnOnce(Arc<Activity>, Registered) -> JoinHandle<()>,
    ) {
        let mut open = self.open();
        let client = match self.bounds.of(peer) {
            None => None,
            Some((client, bound)) => {
                let count = open.clients.entry(client).or_default();
                if *count >= bound {
                    self.refused.note();
                    self.count(ConnectionEnd::ClientLimit);
                    return;
                }
                *count += 1;
                Some(client)
            }
        };
        let id = open.next;
        open.next += 1;
        self.gauge.increment(1.0);
        let activity = Arc::new(Activity::new(&self.clock));
        let registered = Registered {
            registry: Arc::clone(self),
            id,
        };
        // Under the lock: the task cannot end before its entry is there.
        let task = spawn(Arc::clone(&activity), registered).abort_handle();
        let entry = Entry {
            activity,
            task,
            client,
            paid: 0,
            stalled: 0,
            closed: false,
        };
        open.entries.insert(id, entry);
    }

    /// No connection could be accepted.
    pub fn accept_failed(&self) {
        self.failed.note();
    }

    /// Closes overdue connections. Called once every [`LOOK`].
    pub fn look(&self, stopping: bool) {
        let now = self.clock.fetch_add(1, Relaxed) + 1;
        let mut open = self.open();
        let Open {
            entries,
            clients,
            stopping: begun,
            ..
        } = &mut *open;
        if stopping {
            begun.get_or_insert(now);
        }
        let is_crowded = |count: usize, bound: usize| count > bound - bound / 4;
        let all = is_crowded(entries.len(), self.bounds.total);
        let crowded: HashSet<IpAddr> = clients
            .iter()
            .filter(|(client, count)| {
                let bound = self.bounds.of(**client);
                bound.is_some_and(|(_, bound)| is_crowded(**count, bound))
            })
            .map(|(client, _)| *client)
            .collect();
        for entry in entries.values_mut().filter(|entry| !entry.closed) {
            let limit = match begun {
                Some(_) => &STOPPING,
                None if all || entry.client.is_some_and(|c| crowded.contains(&c)) => &CROWDED,
                None => &NORMAL,
            };
            let Some(reason) = entry.overdue(now, begun.unwrap_or(0), limit) else {
                continue;
            };
            if reason == ConnectionEnd::SlowResponse {
                entry.activity.reset_at_end();
            }
            entry.closed = true;
            entry.task.abort();
            self.count(reason);
        }
        drop(open);
        self.warn(now);
    }

    fn count(&self, reason: ConnectionEnd) {
        if let Some((_, counter)) = self.ended.iter().find(|(r, _)| *r == reason) {
            counter.increment(1);
        }
    }

    fn warn(&self, now: u64) {
        if let Some(times) = self.refused.due(now) {
            tracing::warn!(
                times,
                "connections were refused: their client has MAX_CONNECTIONS_PER_CLIENT of them, or half of all there may be"
            );
        }
        if let Some(times) = self.failed.due(now) {
            tracing::error!(times, "no connection could be accepted: see LimitNOFILE");
        }
    }
}

/// Held by a connection's task: its end is the connection's.
pub struct Registered {
    registry: Arc<Registry>,
    id: u64,
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.registry.gauge.decrement(1.0);
        let mut open = self.registry.open();
        let entry = open.entries.remove(&self.id);
        if let Some(client) = entry.and_then(|entry| entry.client)
            && let Some(count) = open.clients.get_mut(&client)
        {
            *count -= 1;
            if *count == 0 {
                open.clients.remove(&client);
            }
        }
    }
}
