//! How often a client, a key or a session may ask: GCRA (the leaky bucket as a meter) in the memory of this process.
//!
//! With Redis the nodes also count together: what a node lets through it reports a moment later, and hears when all of them have let
//! through too much.
//!
//! Invariant: memory is bounded; a client that was dropped for lack of room starts anew. The meter of this process always decides, and
//! Redis only adds refusals: nothing here waits for another machine, so nothing here fails open.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use governor::{
    Quota, RateLimiter, clock,
    middleware::StateInformationMiddleware,
    state::{InMemoryState, NotKeyed},
};
use metrics::Counter;
use moka::sync::Cache;

use super::{Caller, Via};
use crate::{
    cache::Tiers,
    config::auth::Limits as Settings,
    kernel::{Error, Kind, QuotaLeft, Result, SharedClock, clock::Instant, id::Uuid, task},
    telemetry::{catalogue, handles, labels::Limit},
};

/// Clients, keys or sessions that a limit knows at once; one takes some 300 bytes.
const KNOWN: u64 = 50_000;
/// What was let through is reported to Redis this often.
const REPORT_EVERY: Duration = Duration::from_millis(100);
/// How many networks of 64 bits one of 48 bits counts as.
const SITE: u32 = 16;

/// Whom a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Who {
    V4([u8; 4]),
    /// The first 64 bits: what one customer gets at least.
    V6([u8; 8]),
    /// The first 48 bits: what one site gets at most.
    Site([u8; 6]),
    /// A key, a session or a user.
    Id(Uuid),
}

impl Who {
    /// The network of an address; and, of IPv6, the site around it.
    fn of(address: IpAddr) -> (Self, Option<Self>) {
        match address.to_canonical() {
            IpAddr::V4(v4) => (Self::V4(v4.octets()), None),
            IpAddr::V6(v6) => (Self::V6(first(v6)), Some(Self::Site(first(v6)))),
        }
    }
}

fn first<const N: usize>(address: Ipv6Addr) -> [u8; N] {
    let mut first = [0; N];
    first.copy_from_slice(&address.octets()[..N]);
    first
}

/// Time since the start, from the product's clock.
struct Ticks {
    clock: SharedClock,
    start: Instant,
}

impl clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.clock.instant().saturating_duration_since(self.start)
    }
}

struct Bucket {
    cells: RateLimiter<NotKeyed, InMemoryState, Ticks, StateInformationMiddleware>,
    /// Milliseconds since the start until which everything is refused.
    blocked_until_ms: AtomicU64,
    /// Cells that Redis has not heard of, and whether they are being reported.
    unreported: AtomicU64,
    is_reporting: AtomicBool,
}

/// What all meters stand on.
#[derive(Clone, Copy)]
struct Basis<'a> {
    tiers: &'a Arc<Tiers>,
    clock: &'a SharedClock,
}

/// One limit.
struct Meter {
    policy: Limit,
    /// `None`: no limit.
    quota: Option<(Quota, u32, u32)>,
    buckets: Cache<Who, Arc<Bucket>>,
    /// Where the nodes count together.
    shared: Option<Arc<Tiers>>,
    clock: SharedClock,
    start: Instant,
    limited: Counter,
}

impl Meter {
    /// `most` requests in `window`, `burst` of them at once. 0: no limit.
    fn new(policy: Limit, (most, burst): (u32, u32), window: Duration, on: Basis<'_>) -> Self {
        let Basis { tiers, clock } = on;
        let each = window.checked_div(most).filter(|each| !each.is_zero());
        let quota = each.and_then(Quota::with_period);
        let quota = quota
            .zip(NonZeroU32::new(burst))
            .map(|(quota, burst)| quota.allow_burst(burst));
        let window_s = u32::try_from(window.as_secs()).unwrap_or(u32::MAX);
        Self {
            policy,
            quota: quota.map(|quota| (quota, most, window_s)),
            // What has been idle for so long has a full bucket again.
            buckets: Cache::builder()
                .max_capacity(KNOWN)
                .time_to_idle(window)
                .build(),
            shared: tiers.is_shared().then(|| Arc::clone(tiers)),
            clock: SharedClock::clone(clock),
            start: clock.instant(),
            limited: handles::counter(&catalogue::LIMITED, &[policy.label()]),
        }
    }

    fn bucket(&self, who: Who, quota: Quota) -> Arc<Bucket> {
        self.buckets.get_with(who, || {
            let ticks = Ticks {
                clock: SharedClock::clone(&self.clock),
                start: self.start,
            };
            Arc::new(Bucket {
                cells: RateLimiter::<_, _, _, StateInformationMiddleware>::new(
                    quota,
                    InMemoryState::default(),
                    ticks,
                ),
                blocked_until_ms: AtomicU64::new(0),
                unreported: AtomicU64::new(0),
                is_reporting: AtomicBool::new(false),
            })
        })
    }

    /// Takes `cells` from the bucket, or none. `size`: of whom it is a part, as many times the quota.
    fn take(&self, who: Who, size: u32, cells: NonZeroU32) -> Result<Option<QuotaLeft>> {
        let Some((quota, ..)) = self.quota else {
            return Ok(None);
        };
        let quota = larger(quota, size);
        let bucket = self.bucket(who, quota);
        self.check_blocked(&bucket)?;
        let checked = bucket.cells.check_n(cells).map_err(|most| {
            let message = format!("at most {} at once, whenever it is tried", most.0);
            Error::new(Kind::Invalid, message)
        })?;
        if checked.is_ok() {
            self.report(&bucket, who, (quota, cells));
        }
        match checked {
            Ok(left) => {
                let remaining = left.remaining_burst_capacity();
                Ok(Some(self.left(remaining, quota.replenish_interval())))
            }
            Err(not_until) => {
                let passed = self.clock.instant().saturating_duration_since(self.start);
                Err(self.refused(not_until.wait_time_from(passed)))
            }
        }
    }

    fn take_of(&self, address: IpAddr, cells: NonZeroU32) -> Result<Option<QuotaLeft>> {
        let (network, site) = Who::of(address);
        if let Some(site) = site {
            self.take(site, SITE, cells)?;
        }
        self.take(network, 1, cells)
    }

    fn refused(&self, wait: Duration) -> Error {
        self.limited.increment(1);
        let left = self.left(0, wait);
        let seconds = left.reset_s;
        let message = match self.policy {
            Limit::SignIn => {
                format!("too many failed sign-ins from your network; try again in {seconds} s")
            }
            Limit::Api => {
                format!("too many requests of this key or session; try again in {seconds} s")
            }
            Limit::Password => {
                format!("too many wrong passwords from your network; try again in {seconds} s")
            }
            Limit::Render | Limit::Miss | Limit::Link => {
                format!("too many requests from your network; try again in {seconds} s")
            }
        };
        Error::over_quota(message, left)
    }

    /// `wait`: until there is one more.
    fn left(&self, remaining: u32, wait: Duration) -> QuotaLeft {
        let (quota, window_s) = self
            .quota
            .map_or((0, 0), |(_, most, window_s)| (most, window_s));
        QuotaLeft {
            policy: self.policy.label(),
            quota,
            window_s,
            remaining: remaining.min(quota),
            reset_s: seconds(wait),
        }
    }

    /// Notes a failed try; when none is left, further ones are refused until there is one more.
    fn fail(&self, who: Who, size: u32) {
        let Some((quota, ..)) = self.quota else {
            return;
        };
        let quota = larger(quota, size);
        let bucket = self.bucket(who, quota);
        self.report(&bucket, who, (quota, NonZeroU32::MIN));
        let wait = match bucket.cells.check() {
            Ok(left) if left.remaining_burst_capacity() > 0 => return,
            Ok(_) => quota.replenish_interval(),
            Err(not_until) => {
                let passed = self.clock.instant().saturating_duration_since(self.start);
                not_until.wait_time_from(passed)
            }
        };
        let until = self.passed_ms().saturating_add(millis(wait));
        bucket.blocked_until_ms.fetch_max(until, Ordering::Relaxed);
    }

    fn fail_of(&self, client: IpAddr) {
        let (network, site) = Who::of(client);
        self.fail(network, 1);
        if let Some(site) = site {
            self.fail(site, SITE);
        }
    }

    fn may_try_of(&self, client: IpAddr) -> Result<()> {
        let (network, site) = Who::of(client);
        self.may_try(network)?;
        site.map_or(Ok(()), |site| self.may_try(site))
    }

    /// # Errors
    /// `RateLimited` while tries are refused.
    fn may_try(&self, who: Who) -> Result<()> {
        let bucket = self.buckets.get(&who);
        bucket.map_or(Ok(()), |bucket| self.check_blocked(&bucket))
    }

    fn check_blocked(&self, bucket: &Bucket) -> Result<()> {
        let until = bucket.blocked_until_ms.load(Ordering::Relaxed);
        if until == 0 {
            return Ok(());
        }
        match until.checked_sub(self.passed_ms()) {
            Some(wait) if wait > 0 => Err(self.refused(Duration::from_millis(wait))),
            _ => Ok(()),
        }
    }

    /// Tells Redis of more, in a moment and together with those that come until then.
    fn report(&self, bucket: &Arc<Bucket>, who: Who, (quota, cells): (Quota, NonZeroU32)) {
        let Some(tiers) = &self.shared else { return };
        let cells = u64::from(cells.get());
        bucket.unreported.fetch_add(cells, Ordering::Relaxed);
        if bucket.is_reporting.swap(true, Ordering::AcqRel) {
            return;
        }
        let (tiers, bucket) = (Arc::clone(tiers), Arc::clone(bucket));
        let (clock, start) = (SharedClock::clone(&self.clock), self.start);
        let name = format!("limit:{}:{who:?}", self.policy.label());
        let shared = (quota.replenish_interval(), quota.burst_size().get());
        drop(task::spawn("limits.report", async move {
            loop {
                tokio::time::sleep(REPORT_EVERY).await;
                let cells = bucket.unreported.swap(0, Ordering::Relaxed);
                if cells == 0 {
                    break;
                }
                if let Some(wait) = tiers.take_shared(&name, shared, cells).await {
                    let passed = millis(clock.instant().saturating_duration_since(start));
                    let until = passed.saturating_add(millis(wait));
                    bucket.blocked_until_ms.fetch_max(until, Ordering::Relaxed);
                }
            }
            bucket.is_reporting.store(false, Ordering::Release);
        }));
    }

    fn passed_ms(&self) -> u64 {
        millis(self.clock.instant().saturating_duration_since(self.start))
    }
}

fn larger(quota: Quota, size: u32) -> Quota {
    if size == 1 {
        return quota;
    }
    let burst = NonZeroU32::new(quota.burst_size().get().saturating_mul(size));
    let each = quota.replenish_interval() / size;
    Quota::with_period(each)
        .zip(burst)
        .map_or(quota, |(quota, burst)| quota.allow_burst(burst))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Rounded up: who waits for so long is not refused again.
fn seconds(time: Duration) -> u32 {
    let up = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    u32::try_from(up.max(1)).unwrap_or(u32::MAX)
}

/// All limits. Cheap to ask.
pub struct Limits {
    sign_in: Meter,
    passwords: Meter,
    api: Meter,
    render: Meter,
    misses: Meter,
    links: Meter,
}

const MINUTE: Duration = Duration::from_mins(1);

impl Limits {
    #[must_use]
    pub fn new(settings: &Settings, tiers: &Arc<Tiers>, clock: &SharedClock) -> Self {
        let even = |most: u32| (most, most);
        let base = Basis { tiers, clock };
        let minute = |limit, most| Meter::new(limit, even(most), MINUTE, base);
        let ten = Duration::from_mins(10);
        Self {
            sign_in: Meter::new(Limit::SignIn, even(settings.sign_in), ten, base),
            // Apart: a class that mistypes a code's password must not keep its teacher from signing in.
            passwords: Meter::new(Limit::Password, even(settings.sign_in), ten, base),
            api: minute(Limit::Api, settings.api),
            render: Meter::new(
                Limit::Render,
                (settings.render, settings.render_burst),
                MINUTE,
                base,
            ),
            misses: minute(Limit::Miss, settings.misses),
            links: minute(Limit::Link, settings.links),
        }
    }

    /// Before a password, a key or a token of this client is looked at.
    ///
    /// # Errors
    /// `RateLimited` after too many that were wrong. Right ones do not count: a school signs in from one address.
    pub fn may_try(&self, client: IpAddr) -> Result<()> {
        self.sign_in.may_try_of(client)
    }

    /// What this client sent was wrong.
    pub fn failed(&self, client: IpAddr) {
        self.sign_in.fail_of(client);
    }

    /// As [`Limits::may_try`], for the password of a code.
    ///
    /// # Errors
    /// `RateLimited` after too many that were wrong.
    pub fn may_open(&self, client: IpAddr) -> Result<()> {
        self.passwords.may_try_of(client)
    }

    /// It was wrong.
    pub fn not_opened(&self, client: IpAddr) {
        self.passwords.fail_of(client);
    }

    /// A request by a key or a session; `None` for others, and without a limit.
    ///
    /// # Errors
    /// `RateLimited`.
    pub fn api(&self, caller: &Caller) -> Result<Option<QuotaLeft>> {
        match caller.via() {
            Via::Key(key) => self.api.take(Who::Id(key.id), 1, NonZeroU32::MIN),
            // All of a user's: a new session is no new quota.
            Via::Session(_) => self.api.take(Who::Id(caller.user_id()), 1, NonZeroU32::MIN),
            Via::Basic { .. } => Ok(None),
        }
    }

    /// A symbol for somebody without credentials.
    ///
    /// # Errors
    /// `RateLimited`.
    pub fn render(&self, client: IpAddr) -> Result<Option<QuotaLeft>> {
        self.render.take_of(client, NonZeroU32::MIN)
    }

    /// `more` symbols at once for somebody without credentials.
    ///
    /// # Errors
    /// `RateLimited`; `Invalid` for more than there ever are at once.
    ///
    /// One was counted before: [`Limits::render_at_once`] says how many there can be in all.
    pub fn render_more(&self, client: IpAddr, more: NonZeroU32) -> Result<Option<QuotaLeft>> {
        self.render.take_of(client, more)
    }

    /// Symbols that a client without credentials can ever ask for at once; `None`: no limit.
    #[must_use]
    pub fn render_at_once(&self) -> Option<u32> {
        let quota = self.render.quota.as_ref();
        quota.map(|(quota, ..)| quota.burst_size().get())
    }

    /// An address `/r/…` that is of no code. A class room shares one address: addresses of codes do not count.
    ///
    /// # Errors
    /// `RateLimited`.
    pub fn miss(&self, client: IpAddr) -> Result<()> {
        self.misses.take_of(client, NonZeroU32::MIN).map(drop)
    }

    /// A look at an invitation, the start of a sign-in elsewhere.
    ///
    /// # Errors
    /// `RateLimited`.
    pub fn link(&self, client: IpAddr) -> Result<()> {
        self.links.take_of(client, NonZeroU32::MIN).map(drop)
    }
}

#[cfg(test)]
mod tests;
