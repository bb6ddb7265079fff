//! Authentication: users with a password, and API keys.
//!
//! Invariant: a password is checked by argon2id only, a wrong one always pays for it, and a right one is
//! remembered for a short while by a keyed hash, so that authenticated calls stay as fast as others.

mod credentials;
mod first_start;
mod keys;
mod operator;
mod password;
mod remembered;

use std::{sync::Arc, time::Duration};

pub use credentials::Credentials;
pub use first_start::{Administrator, ensure_administrator};
pub use keys::{Issued, Keys};
pub use operator::Operation;

pub use crate::store::organizations::Role;

use crate::{
    cache::Tiers,
    config,
    kernel::{Ctx, Error, ID_CHARS, Kind, Result, SharedClock, id::Uuid, task},
    store::{Store, organizations::Organizations},
};
use credentials::Claim;
use password::Passwords;
use remembered::Remembered;

/// An authenticated user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub user_id: Uuid,
    pub name: String,
    /// The organization whose codes the user manages.
    pub org_id: Uuid,
    pub role: Role,
}

pub struct Auth {
    store: Store,
    clock: SharedClock,
    passwords: Passwords,
    remembered: Remembered,
}

impl Auth {
    /// # Errors
    /// `Internal` when the operating system gives no randomness.
    pub fn new(
        settings: &config::auth::Auth,
        store: Store,
        tiers: &Tiers,
        clock: SharedClock,
    ) -> Result<Self> {
        let ttl = Duration::from_millis(settings.credential_ttl_ms);
        Ok(Self {
            store,
            clock,
            passwords: Passwords::new()?,
            remembered: Remembered::new(ttl, tiers)?,
        })
    }

    /// The principal behind credentials that were valid a moment ago. `None` says nothing about them: ask
    /// [`Auth::authenticate`].
    pub async fn remembered(&self, credentials: &Credentials<'_>) -> Option<Arc<Principal>> {
        self.remembered.get(&self.remembered.key(credentials)).await
    }

    /// # Errors
    /// `Unauthenticated` when the credentials are not valid (without naming the wrong part), `RateLimited`
    /// when too many passwords are being checked, and the store's.
    pub async fn authenticate(
        &self,
        ctx: &Ctx,
        credentials: &Credentials<'_>,
    ) -> Result<Arc<Principal>> {
        let key = self.remembered.key(credentials);
        let check = async || {
            let principal = match credentials.claim()? {
                Claim::Password { user, password } => self.by_password(&user, &password).await?,
                Claim::Key(key) => self.by_key(ctx, &key).await?,
            };
            principal.map(Arc::new).ok_or_else(refused)
        };
        if ctx.exercise {
            self.remembered.check(key, check).await
        } else {
            self.remembered.get_or_check(key, check).await
        }
    }

    /// Warms up for requests, and returns the administrator, whom the start acts as. Checks a configured password as a request
    /// would, so that it is cached for the first one.
    ///
    /// # Errors
    /// The store's; `Unauthenticated` without such a user.
    pub async fn exercise(
        &self,
        ctx: &Ctx,
        settings: &config::auth::Auth,
    ) -> Result<Arc<Principal>> {
        let name = &settings.admin_user;
        let principal = if let Some(password) = &settings.admin_password {
            let basic = credentials::basic(name, password.expose());
            let credentials = Credentials::Authorization(basic.as_bytes());
            self.authenticate(ctx, &credentials).await?
        } else {
            let user = self.store.users.find(name).await?.ok_or_else(refused)?;
            let principal = self.principal(user.id, user.name).await?;
            principal.map(Arc::new).ok_or_else(refused)?
        };
        // No key has this digest.
        self.store.users.find_key(&keys::digest("")).await?;
        self.store.users.rewrite(principal.user_id).await?;
        Ok(principal)
    }

    async fn by_password(&self, name: &str, password: &str) -> Result<Option<Principal>> {
        let user = self.store.users.find(name).await?;
        // An unknown user costs the same as a wrong password: names cannot be probed.
        let hash = user.as_ref().map(|u| u.password_hash.clone());
        let right = self.passwords.check(password.to_owned(), hash).await?;
        match user {
            Some(user) if right => self.principal(user.id, user.name).await,
            _ => Ok(None),
        }
    }

    async fn by_key(&self, ctx: &Ctx, key: &str) -> Result<Option<Principal>> {
        match self.store.users.find_key(&keys::digest(key)).await? {
            Some((key, user)) => {
                self.note_use(ctx, key.id);
                self.principal(user.id, user.name).await
            }
            None => Ok(None),
        }
    }

    /// Notes the use of a key, for operators. A write, so sign-ins neither wait for it nor depend on it.
    fn note_use(&self, ctx: &Ctx, key_id: Uuid) {
        let (users, now) = (self.store.users.clone(), self.clock.now());
        let request_id = ctx.shown_id(&mut [0; ID_CHARS]).to_owned();
        drop(task::spawn("auth.note_use", async move {
            if let Err(e) = users.touch_key(key_id, now).await {
                tracing::warn!(request_id, "the use of an API key was not noted: {e:?}");
            }
        }));
    }

    async fn principal(&self, user_id: Uuid, name: String) -> Result<Option<Principal>> {
        let org_id = Organizations::DEFAULT;
        let role = self.store.organizations.role(org_id, user_id).await?;
        Ok(role.map(|role| Principal {
            user_id,
            name,
            org_id,
            role,
        }))
    }
}

fn refused() -> Error {
    Error::new(Kind::Unauthenticated, "these credentials are not valid")
}
