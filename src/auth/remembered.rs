//! Credentials that were valid a moment ago, by a keyed hash: neither a memory dump nor a guess at the hash
//! gives a password away, and the key dies with the process.

use std::{sync::Arc, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use moka::sync::Cache;
use sha2::Sha256;

use super::{Credentials, Principal};
use crate::kernel::{Error, Kind, Result, id};

/// Credentials remembered at most.
const ENTRIES: u64 = 10_000;

pub(super) struct Remembered {
    mac: Hmac<Sha256>,
    valid: Cache<[u8; 32], Arc<Principal>>,
}

impl Remembered {
    pub(super) fn new(ttl: Duration) -> Result<Self> {
        let mac = Hmac::new_from_slice(&id::random::<32>()?).map_err(|e| {
            Error::caused(
                Kind::Internal,
                "no key for remembering credentials",
                e.to_string(),
            )
        })?;
        Ok(Self {
            mac,
            valid: Cache::builder()
                .max_capacity(ENTRIES)
                .time_to_live(ttl)
                .build(),
        })
    }

    pub(super) fn key(&self, credentials: &Credentials<'_>) -> [u8; 32] {
        let (tag, bytes) = credentials.tagged();
        let mut mac = self.mac.clone();
        mac.update(&[tag]);
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }

    pub(super) fn get(&self, key: &[u8; 32]) -> Option<Arc<Principal>> {
        self.valid.get(key)
    }

    pub(super) fn insert(&self, key: [u8; 32], principal: Arc<Principal>) {
        self.valid.insert(key, principal);
    }
}
