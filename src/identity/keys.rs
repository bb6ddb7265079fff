//! API keys: 160 random bits, shown once, stored as a hash. A fast hash will do: they cannot be guessed.

use sha2::{Digest, Sha256};

use crate::{
    kernel::{Error, Result, SharedClock, id},
    store::{
        Store,
        audit::Entry,
        users::{ApiKey, User},
    },
};

/// A new key. The text is not stored and cannot be shown again.
pub struct Issued {
    pub key: String,
    pub stored: ApiKey,
}

/// Issues and revokes API keys.
pub struct Keys {
    store: Store,
    ids: id::Ids,
    clock: SharedClock,
}

/// Marks the keys of this product, so that scanners find leaked ones.
const PREFIX: &str = "qro_";

pub(super) fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

impl Keys {
    /// # Errors
    /// `Internal` when the operating system gives no randomness.
    pub fn new(store: Store, clock: SharedClock) -> Result<Self> {
        Ok(Self {
            store,
            ids: id::Ids::new(SharedClock::clone(&clock))?,
            clock,
        })
    }

    /// A new key that acts as the user called `user`.
    ///
    /// # Errors
    /// `Invalid` for an unknown user or a name of no or over 100 characters, and the store's.
    pub async fn issue(&self, user: &str, name: &str) -> Result<Issued> {
        if name.is_empty() || name.chars().count() > 100 {
            return Err(Error::invalid("name", "must have 1 to 100 characters"));
        }
        let user = self.user(user).await?;
        let key = format!("{PREFIX}{}", id::secret::<20>()?);
        let stored = ApiKey {
            id: self.ids.next(),
            user_id: user.id,
            name: name.to_owned(),
            prefix: key.chars().take(8).collect(),
            created_at: self.clock.now(),
            last_used_at: None,
            revoked_at: None,
        };
        self.store.users.insert_key(&stored, &digest(&key)).await?;
        self.audit("key.create", stored.id, &user).await?;
        Ok(Issued { key, stored })
    }

    async fn audit(&self, action: &str, key_id: id::Uuid, user: &User) -> Result<()> {
        let entry = Entry {
            id: self.ids.next(),
            at: self.clock.now(),
            actor: "cli".to_owned(),
            action: action.to_owned(),
            subject: format!("key:{key_id}"),
            reason: None,
            detail: Some(serde_json::json!({ "user": user.name }).to_string()),
        };
        self.store.audit.append(&entry).await
    }

    async fn user(&self, name: &str) -> Result<User> {
        let found = self.store.users.find(name).await?;
        found.ok_or_else(|| Error::invalid("user", format!("there is no user `{name}`")))
    }

    /// Keys that act as the user called `user`.
    ///
    /// # Errors
    /// `Invalid` for an unknown user, and the store's.
    pub async fn list(&self, user: &str) -> Result<Vec<ApiKey>> {
        let user = self.user(user).await?;
        self.store.users.list_keys(user.id).await
    }

    /// Ends a key; it may be accepted for `CREDENTIAL_TTL_MS` more where it was just used.
    ///
    /// # Errors
    /// `NotFound` for an unknown or already revoked key, and the store's.
    pub async fn revoke(&self, user: &str, key_id: id::Uuid) -> Result<()> {
        let user = self.user(user).await?;
        if self
            .store
            .users
            .revoke_key(user.id, key_id, self.clock.now())
            .await?
        {
            self.audit("key.revoke", key_id, &user).await
        } else {
            Err(Error::not_found(
                "there is no such key, or it was revoked before",
            ))
        }
    }
}
