//! Credentials that were valid a moment ago, by a keyed hash: neither a memory dump nor a guess at the hash gives a password
//! away, and the key goes with the process.
//!
//! Invariant: whether roles, keys and sessions still are what they were is read again after [`CHECKED`], unless the other nodes
//! tell of their changes; while the database is away, what was valid stays so for `CREDENTIAL_TTL_MS`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Caller, Credentials};
use crate::{
    cache::{Bounds, Life, Secrets, Space, Tag, Tiers},
    kernel::{
        Error, Kind, Result, SharedClock,
        clock::{Instant, Timestamp},
        id::{self, Uuid},
    },
};

/// Memory for some 10 000 credentials.
const BYTES: u64 = 4 << 20;
/// For so long nothing is read again where no other node tells of changes. With the time of the look-up it is below a second.
const CHECKED: Duration = Duration::from_millis(900);

pub(super) struct Remembered {
    mac: Hmac<Sha256>,
    valid: Arc<Secrets<[u8; 32], Arc<Known>>>,
    tiers: Arc<Tiers>,
    clock: SharedClock,
    start: Instant,
}

/// What was found behind credentials.
pub(super) struct Found {
    pub caller: Caller,
    /// The hash that the password has: checking it again is slow.
    pub password_hash: Option<String>,
    /// Of a session or a key.
    pub expires_at: Option<Timestamp>,
}

struct Known {
    found: Found,
    /// Milliseconds since the start.
    checked_ms: AtomicU64,
}

/// What is remembered about credentials.
pub(super) enum Recall {
    Valid(Caller),
    /// Valid when it was last checked, which is to be done again by this caller.
    Stale(Stale),
    Nothing,
}

pub(super) struct Stale(Arc<Known>);

impl Stale {
    pub fn caller(&self) -> &Caller {
        &self.0.found.caller
    }

    /// The hash that the password had.
    pub fn password_hash(&self) -> Option<&str> {
        self.0.found.password_hash.as_deref()
    }
}

impl Remembered {
    pub(super) fn new(ttl: Duration, tiers: &Arc<Tiers>, clock: &SharedClock) -> Result<Self> {
        let mac = Hmac::new_from_slice(&id::random::<32>()?).map_err(|e| {
            Error::caused(
                Kind::Internal,
                "no key for remembering credentials",
                e.to_string(),
            )
        })?;
        let bounds = Bounds {
            bytes: BYTES,
            life: Life::fixed(ttl),
        };
        let about = |known: &Arc<Known>| Tag::User(known.found.caller.user_id());
        Ok(Self {
            mac,
            valid: tiers.secrets(Space::Credentials, bounds, weigh, about),
            tiers: Arc::clone(tiers),
            clock: SharedClock::clone(clock),
            start: clock.instant(),
        })
    }

    /// `org`: the organization that the request names.
    pub(super) fn key(&self, credentials: &Credentials<'_>, org: Option<Uuid>) -> [u8; 32] {
        let (tag, bytes) = credentials.tagged();
        let mut mac = self.mac.clone();
        mac.update(&[tag]);
        mac.update(bytes);
        if let Some(org) = org {
            mac.update(org.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    /// The remembered caller. One that is not remembered is not counted as a look-up: the request goes on to
    /// [`Remembered::recall`].
    pub(super) async fn get(&self, key: &[u8; 32]) -> Option<Caller> {
        let valid = |known: &Arc<Known>| {
            let is_checked = self.is_checked(known);
            is_checked.then(|| Caller::clone(&known.found.caller))
        };
        self.valid.values().find(key, valid).await
    }

    /// `counts`: as a look-up.
    pub(super) async fn recall(&self, key: &[u8; 32], counts: bool) -> Recall {
        let values = self.valid.values();
        let known = if counts {
            values.get(key).await
        } else {
            values.peek(key).await
        };
        let Some(known) = known else {
            return Recall::Nothing;
        };
        if self.has_ended(&known) {
            self.valid.values().invalidate(key).await;
            return Recall::Nothing;
        }
        if self.is_checked(&known) {
            return Recall::Valid(known.found.caller.clone());
        }
        // One request checks; the others need not wait for it.
        let (before, now) = (known.checked_ms.load(Ordering::Relaxed), self.now_ms());
        let claimed =
            known
                .checked_ms
                .compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed);
        match claimed {
            Ok(_) => Recall::Stale(Stale(known)),
            Err(_) => Recall::Valid(known.found.caller.clone()),
        }
    }

    fn is_checked(&self, known: &Known) -> bool {
        if self.has_ended(known) {
            return false;
        }
        if self.tiers.is_subscribed() {
            return true;
        }
        let age = self
            .now_ms()
            .saturating_sub(known.checked_ms.load(Ordering::Relaxed));
        u128::from(age) < CHECKED.as_millis()
    }

    fn has_ended(&self, known: &Known) -> bool {
        let expires_at = known.found.expires_at;
        expires_at.is_some_and(|at| at <= self.clock.now())
    }

    fn now_ms(&self) -> u64 {
        let passed = self.clock.instant().saturating_duration_since(self.start);
        u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
    }

    /// What `check` finds: called once for all concurrent callers with the same credentials. A crowd after a start would
    /// otherwise fill the memory with hashes, each as slow as all.
    ///
    /// # Errors
    /// Those of `check`, for all callers that waited for it; they are not remembered.
    pub(super) async fn get_or_check<F>(
        &self,
        key: [u8; 32],
        check: impl FnOnce() -> F,
    ) -> Result<Caller>
    where
        F: Future<Output = Result<Found>>,
    {
        let make = || {
            let found = check();
            async { found.await.map(|found| self.known(found)) }
        };
        let known = self.valid.values().make(&key, make).await?.value;
        Ok(known.found.caller.clone())
    }

    /// Puts what `check` finds in the place of what is remembered. What is refused is forgotten.
    ///
    /// # Errors
    /// Those of `check`.
    pub(super) async fn check_again(
        &self,
        key: [u8; 32],
        check: impl Future<Output = Result<Found>>,
    ) -> Result<Caller> {
        let making = async { check.await.map(|found| self.known(found)) };
        let known = self.valid.values().remake(key, making).await;
        if let Err(e) = &known
            && !e.kind().is_fault()
        {
            self.valid.values().invalidate(&key).await;
        }
        Ok(known?.found.caller.clone())
    }

    fn known(&self, found: Found) -> Arc<Known> {
        Arc::new(Known {
            found,
            checked_ms: AtomicU64::new(self.now_ms()),
        })
    }
}

fn weigh(known: &Arc<Known>) -> u32 {
    let found = &known.found;
    let hash = found.password_hash.as_ref().map_or(0, String::len);
    let bytes =
        size_of::<Known>() + 2 * size_of::<Caller>() + 100 + found.caller.name().len() + hash;
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        identity::{Role, caller::Via},
        kernel::clock::AnchoredClock,
    };
    use std::sync::atomic::AtomicU32;

    fn found() -> Found {
        Found {
            caller: Caller::new(
                Uuid::from_u128(7),
                "a".to_owned(),
                (Uuid::nil(), Role::Member),
                Via::Basic { epoch: 0 },
            ),
            password_hash: None,
            expires_at: None,
        }
    }

    fn remembered() -> (Remembered, Arc<Tiers>) {
        let clock: SharedClock = Arc::new(AnchoredClock::at(Timestamp::UNIX_EPOCH));
        let tiers = Tiers::in_memory(&clock);
        let ttl = Duration::from_mins(1);
        (Remembered::new(ttl, &tiers, &clock).unwrap(), tiers)
    }

    #[tokio::test]
    async fn a_crowd_with_one_password_costs_one_check() {
        let (remembered, _tiers) = remembered();
        let checks = AtomicU32::new(0);
        let check = |is_right: bool| {
            let checks = &checks;
            async move {
                checks.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                let wrong = || Error::new(Kind::Unauthenticated, "wrong");
                is_right.then(found).ok_or_else(wrong)
            }
        };
        let crowd = (0..1000).map(|_| remembered.get_or_check([1; 32], || check(true)));
        let all = futures_util::future::join_all(crowd).await;
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(checks.load(Ordering::Relaxed), 1);
        for _ in 0..2 {
            let refused = remembered.get_or_check([2; 32], || check(false)).await;
            assert_eq!(refused.unwrap_err().kind(), Kind::Unauthenticated);
        }
        assert_eq!(
            checks.load(Ordering::Relaxed),
            3,
            "a refusal is not remembered"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn one_request_checks_again_within_a_second_and_a_refusal_forgets() {
        let (remembered, _tiers) = remembered();
        let key = [3; 32];
        let first = remembered.get_or_check(key, || async { Ok(found()) }).await;
        first.unwrap();
        assert!(remembered.get(&key).await.is_some());
        tokio::time::advance(Duration::from_millis(950)).await;
        assert!(remembered.get(&key).await.is_none());
        let recalled = remembered.recall(&key, true).await;
        assert!(matches!(recalled, Recall::Stale(_)));
        // The others go on meanwhile, and all of them while the database is away.
        assert!(matches!(
            remembered.recall(&key, true).await,
            Recall::Valid(_)
        ));
        let away = async { Err(Error::new(Kind::Unavailable, "away")) };
        assert!(remembered.check_again(key, away).await.is_err());
        assert!(matches!(
            remembered.recall(&key, true).await,
            Recall::Valid(_)
        ));
        let refused = async { Err(Error::new(Kind::Unauthenticated, "no")) };
        assert!(remembered.check_again(key, refused).await.is_err());
        assert!(matches!(
            remembered.recall(&key, true).await,
            Recall::Nothing
        ));
    }

    #[tokio::test]
    async fn a_users_change_and_the_end_of_a_session_are_seen_at_once() {
        let (remembered, tiers) = remembered();
        let key = [4; 32];
        let check = || async { Ok(found()) };
        remembered.get_or_check(key, check).await.unwrap();
        tiers.invalidate(&[Tag::User(Uuid::from_u128(8))]).await;
        assert!(remembered.get(&key).await.is_some());
        tiers.invalidate(&[Tag::User(Uuid::from_u128(7))]).await;
        assert!(remembered.get(&key).await.is_none());
        let ended = || async {
            Ok(Found {
                expires_at: Some(Timestamp::UNIX_EPOCH),
                ..found()
            })
        };
        remembered.get_or_check(key, ended).await.unwrap();
        assert!(remembered.get(&key).await.is_none());
        assert!(matches!(
            remembered.recall(&key, true).await,
            Recall::Nothing
        ));
    }
}
