//! Credentials that were valid a moment ago, by a keyed hash: neither a memory dump nor a guess at the hash gives a password
//! away, and the key goes with the process.

use std::{sync::Arc, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Credentials, Principal};
use crate::{
    cache::{Bounds, Life, Local, Space, Tiers},
    kernel::{Error, Kind, Result, id},
};

/// Memory for some 10 000 credentials.
const BYTES: u64 = 3 << 20;

pub(super) struct Remembered {
    mac: Hmac<Sha256>,
    valid: Arc<Local<[u8; 32], Arc<Principal>>>,
}

impl Remembered {
    pub(super) fn new(ttl: Duration, tiers: &Tiers) -> Result<Self> {
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
        Ok(Self {
            mac,
            valid: tiers.secrets(Space::Credentials, bounds, weigh),
        })
    }

    pub(super) fn key(&self, credentials: &Credentials<'_>) -> [u8; 32] {
        let (tag, bytes) = credentials.tagged();
        let mut mac = self.mac.clone();
        mac.update(&[tag]);
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }

    /// The remembered principal. One that is not remembered is not counted as a look-up: the caller goes on to
    /// [`Remembered::get_or_check`].
    pub(super) async fn get(&self, key: &[u8; 32]) -> Option<Arc<Principal>> {
        self.valid.find(key, |found| Some(Arc::clone(found))).await
    }

    /// The remembered principal, or the one that `check` finds: called once for all concurrent callers with the same credentials. A
    /// crowd after a start would otherwise fill the memory with hashes, each as slow as all.
    ///
    /// # Errors
    /// Those of `check`, for all callers that waited for it; they are not remembered.
    pub(super) async fn get_or_check<F>(
        &self,
        key: [u8; 32],
        check: impl FnOnce() -> F,
    ) -> Result<Arc<Principal>>
    where
        F: Future<Output = Result<Arc<Principal>>>,
    {
        Ok(self.valid.get_or_make(&key, check).await?.value)
    }

    /// As [`Remembered::get_or_check`], for the start: not counted as a look-up.
    ///
    /// # Errors
    /// As there.
    pub(super) async fn check<F>(
        &self,
        key: [u8; 32],
        check: impl FnOnce() -> F,
    ) -> Result<Arc<Principal>>
    where
        F: Future<Output = Result<Arc<Principal>>>,
    {
        Ok(self.valid.make(&key, check).await?.value)
    }
}

fn weigh(principal: &Arc<Principal>) -> u32 {
    let bytes = size_of::<Principal>() + principal.name.len();
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{SharedClock, SystemClock, id::Uuid};
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn a_crowd_with_one_password_costs_one_check() {
        let clock: SharedClock = Arc::new(SystemClock);
        let tiers = Tiers::in_memory(&clock);
        let remembered = Remembered::new(Duration::from_mins(1), &tiers).unwrap();
        let checks = AtomicU32::new(0);
        let check = |is_right: bool| {
            let checks = &checks;
            async move {
                checks.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                let principal = Principal {
                    user_id: Uuid::nil(),
                    name: "a".to_owned(),
                    org_id: Uuid::nil(),
                    role: crate::identity::Role::Member,
                };
                let wrong = || Error::new(Kind::Unauthenticated, "wrong");
                is_right.then(|| Arc::new(principal)).ok_or_else(wrong)
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
}
