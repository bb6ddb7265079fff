//! The keys that sign tokens. The database has them, so that all nodes sign with the same.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tokens::{KeyNumber, PublicKey, Ring, SigningKey};

use super::Events;
use crate::{
    kernel::{Error, Kind, Result, Timestamp, clock::Instant, id::random},
    store::events::EventKey,
};

/// How long keys are known before they are read again: a new one is published by then, and not signed with before.
const KNOWN: Duration = Duration::from_mins(1);

/// The keys as they were a moment ago.
#[derive(Clone)]
pub struct Known {
    pub ring: Arc<Ring>,
    pub signs: Arc<SigningKey>,
    since: Instant,
}

impl Events {
    /// The keys; the first use makes one.
    ///
    /// # Errors
    /// The store's, while no key is known.
    pub(super) async fn keys(&self) -> Result<Known> {
        let known = self.keys.read().clone();
        let now = self.clock.instant();
        if let Some(known) = &known
            && now.duration_since(known.since) < KNOWN
        {
            return Ok(known.clone());
        }
        match (self.read_keys().await, known) {
            (Ok(read), _) => {
                *self.keys.write() = Some(read.clone());
                Ok(read)
            }
            // While the database is away those of before hold.
            (Err(_), Some(known)) => Ok(known),
            (Err(e), None) => Err(e),
        }
    }

    async fn read_keys(&self) -> Result<Known> {
        let mut stored = self.store.events.keys().await?;
        if stored.is_empty() {
            let first = EventKey {
                number: KeyNumber::FIRST.value(),
                secret: random()?,
                // No key was before it: what a device's clock says of a scan does not matter.
                not_before: Timestamp::UNIX_EPOCH,
                retired_at: None,
            };
            self.store.events.add_key(&first).await?;
            // Another node may have been faster.
            stored = self.store.events.keys().await?;
        }
        let unusable = |what: &str| Error::internal(format!("a stored key cannot be used: {what}"));
        let mut keys = Vec::with_capacity(stored.len());
        let mut signing = Vec::with_capacity(stored.len());
        for key in &stored {
            let number = KeyNumber::new(key.number).ok_or_else(|| unusable("its number"))?;
            let signs = SigningKey::new(number, &key.secret);
            let retired = key.retired_at.map(Timestamp::as_second);
            let public =
                PublicKey::new(number, &signs.public(), key.not_before.as_second(), retired);
            keys.push(public.map_err(|_| unusable("its secret"))?);
            signing.push(signs);
        }
        let ring = Ring::new(keys).map_err(|_| unusable("its ring"))?;
        let number = ring
            .signs(self.clock.now().as_second())
            .map(PublicKey::number);
        let signs = signing.into_iter().find(|key| Some(key.number()) == number);
        let none = || Error::new(Kind::Unavailable, "no key signs now");
        Ok(Known {
            ring: Arc::new(ring),
            signs: Arc::new(signs.ok_or_else(none)?),
            since: self.clock.instant(),
        })
    }

    /// The public keys (RFC 7517, RFC 8037).
    ///
    /// # Errors
    /// The store's, while no key is known.
    pub async fn jwks(&self) -> Result<Value> {
        let known = self.keys().await?;
        Ok(known.ring.to_jwks(self.clock.now().as_second()))
    }
}
