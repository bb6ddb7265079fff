//! API keys: 128 random bits and a checksum, shown once, stored as a hash. A fast hash will do: they cannot be guessed.

use std::time::Duration;

use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::{
    Action, Author, Caller, OrgId, Parts, Role, Scope, Scopes, Via,
    invitations::check_plain,
    policy::{self, Proof},
};
use crate::{
    kernel::{
        Error, Kind, Result,
        clock::Timestamp,
        id::{self, Uuid},
        task,
    },
    store::{
        keys::{ApiKey, Owner, SecretHash},
        organizations::Organizations,
        users::User,
    },
};

/// A new key. The text is not stored and cannot be shown again.
pub struct Issued {
    pub key: String,
    pub stored: ApiKey,
}

/// A key that is to be made.
#[derive(Clone, Debug)]
pub struct KeyDraft {
    /// Its purpose, to recognize it by: 1 to 100 characters.
    pub name: String,
    /// `None`: whatever the user's role allows.
    pub scopes: Option<Scopes>,
    pub expires_at: Option<Timestamp>,
}

/// Issues and revokes API keys.
pub struct Keys {
    parts: Parts,
    /// Keys whose use was noted a moment ago, and scopes that they used.
    touched: Cache<Uuid, ()>,
    scopes: Cache<(Uuid, Scope), ()>,
}

/// Marks the keys of this product, so that scanners find leaked ones.
pub const PREFIX: &str = "qro_";
/// Of a key's text after the prefix: the random part, and what tells a mistyped one.
const RANDOM: usize = 32;
const CHECK: usize = 6;
/// Characters of a key that are shown, to tell keys apart.
const SHOWN: usize = 8;
const TOUCH_EVERY: Duration = Duration::from_mins(1);
const SCOPE_EVERY: Duration = Duration::from_hours(12);
/// For how long a scope counts as used.
const USED: Duration = Duration::from_hours(30 * 24);
/// Keys whose use is noted; beyond them it is noted more often.
const NOTED: u64 = 10_000;
/// Keys of one user that are not revoked.
const MOST: usize = 200;
/// Longest life of a key that has an end.
const LIFE: Duration = Duration::from_hours(10 * 366 * 24);

pub(super) fn digest(key: &str) -> SecretHash {
    Sha256::digest(key.as_bytes()).into()
}

fn check_characters(text: &str) -> String {
    let mut hex = id::hex(&Sha256::digest(text.as_bytes()));
    hex.truncate(CHECK);
    hex
}

/// Whether a text has a key's form and a wrong checksum: mistyped or made up. Keys of earlier releases have another length.
pub(super) fn is_mistyped(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(PREFIX) else {
        return true;
    };
    if rest.len() != RANDOM + CHECK || !rest.is_ascii() {
        return rest.len() != RANDOM + 8;
    }
    let (body, check) = text.split_at(text.len() - CHECK);
    check_characters(body) != check
}

impl Keys {
    /// For the command line.
    #[must_use]
    pub fn for_operator(parts: &Parts) -> Self {
        Self::new(parts)
    }

    pub(super) fn new(parts: &Parts) -> Self {
        let builder = Cache::builder();
        Self {
            parts: parts.clone(),
            touched: builder
                .max_capacity(NOTED)
                .time_to_live(TOUCH_EVERY)
                .build(),
            scopes: Cache::builder()
                .max_capacity(NOTED)
                .time_to_live(SCOPE_EVERY)
                .build(),
        }
    }

    /// A new key for the caller, in the caller's organization.
    ///
    /// # Errors
    /// `Invalid` for a name of no or over 100 characters, an end that is not in the future, no scopes, or scopes that the
    /// caller's role does not have; the store's.
    pub async fn issue(&self, caller: &Caller, draft: KeyDraft, why: &Author) -> Result<Issued> {
        let Some(scopes) = draft.scopes.filter(|s| *s != Scopes::default()) else {
            return Err(Error::invalid(
                "scopes",
                format!("must name at least one of {}", all_scopes()),
            ));
        };
        check_role(scopes, caller.organization().id(), caller.role())?;
        let own = self.own(caller).await?;
        if own.iter().filter(|key| key.revoked_at.is_none()).count() >= MOST {
            let message = format!("you have {MOST} keys: revoke one first");
            return Err(Error::new(Kind::Conflict, message));
        }
        let user = (caller.user_id(), caller.name());
        self.make(user, caller.organization(), draft, why).await
    }

    /// A key to come, for operators: with these scopes or, without any, with all that the user's role allows; for so many days or,
    /// without, for ever.
    ///
    /// # Errors
    /// `Invalid` for an unknown scope.
    pub fn draft(&self, name: &str, scopes: &[String], days: Option<u32>) -> Result<KeyDraft> {
        let life = days.map(|days| Duration::from_hours(u64::from(days) * 24));
        let scopes = match scopes {
            [] => None,
            named => Some(parsed(named)?),
        };
        Ok(KeyDraft {
            name: name.to_owned(),
            scopes,
            expires_at: life.and_then(|life| self.parts.clock.now().checked_add(life).ok()),
        })
    }

    /// A new key that acts as the user called `user`: for operators.
    ///
    /// # Errors
    /// `Invalid` for an unknown user, or a name of no or over 100 characters, and the store's.
    pub async fn issue_for(
        &self,
        user: &str,
        org: Option<Uuid>,
        draft: KeyDraft,
        reason: Option<String>,
    ) -> Result<Issued> {
        let user = self.user(user).await?;
        let org = match org {
            Some(org) => org,
            None => self.home(&user).await?.0,
        };
        let role = self.parts.store.organizations.role(org, user.id).await?;
        let role = role
            .ok_or_else(|| Error::invalid("user", format!("`{}` is no member there", user.name)))?;
        if let Some(scopes) = draft.scopes {
            check_role(scopes, org, role)?;
        }
        let why = Author::operator(Some(org), reason)?;
        let named = (user.id, user.name.as_str());
        self.make(named, OrgId::new(org), draft, &why).await
    }

    async fn make(
        &self,
        (user_id, user): (Uuid, &str),
        org: OrgId,
        draft: KeyDraft,
        why: &Author,
    ) -> Result<Issued> {
        let KeyDraft {
            name,
            scopes,
            expires_at,
        } = draft;
        if name.trim().is_empty() || name.chars().count() > 100 {
            return Err(Error::invalid("name", "must have 1 to 100 characters"));
        }
        check_plain("name", &name)?;
        let now = self.parts.clock.now();
        if let Some(end) = expires_at {
            let latest = now.checked_add(LIFE).unwrap_or(Timestamp::MAX);
            if end <= now || end > latest {
                let message = "must be in the future, within ten years; leave it out for a key without an end";
                return Err(Error::invalid("expires_at", message));
            }
        }
        let body = format!("{PREFIX}{}", id::secret::<{ RANDOM / 2 }>()?);
        let key = format!("{body}{}", check_characters(&body));
        let stored = ApiKey {
            id: self.parts.ids.next(),
            user_id,
            user: user.to_owned(),
            org_id: org.id(),
            name,
            prefix: key.chars().take(SHOWN).collect(),
            scopes: scopes.map(|scopes| scopes.to_string()),
            created_at: now,
            expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        let detail =
            serde_json::json!({ "user": user, "name": stored.name, "scopes": stored.scopes });
        let entry = why.entry(
            self.parts.stamp(),
            "key.create",
            format!("key:{}", stored.id),
            Some(detail),
        );
        let store = &self.parts.store;
        if store.keys.insert(&stored, &digest(&key), &entry).await? {
            return Ok(Issued { key, stored });
        }
        let message = "the key's user is no member of its organization any more";
        Err(Error::new(Kind::Forbidden, message))
    }

    async fn user(&self, name: &str) -> Result<User> {
        let found = self.parts.store.users.find(name).await?;
        found.ok_or_else(|| Error::invalid("user", format!("there is no user `{name}`")))
    }

    async fn home(&self, user: &User) -> Result<(Uuid, Role)> {
        let home = self.parts.store.organizations.home(user.id).await?;
        home.ok_or_else(|| {
            let message = format!("`{}` is a member of no organization", user.name);
            Error::invalid("user", message)
        })
    }

    /// Keys that act as the caller, in any organization.
    ///
    /// # Errors
    /// The store's.
    pub async fn own(&self, caller: &Caller) -> Result<Vec<ApiKey>> {
        self.parts.store.keys.of_user(caller.user_id()).await
    }

    /// Keys that act in an organization.
    ///
    /// # Errors
    /// The store's.
    pub async fn of_organization(&self, org: OrgId) -> Result<Vec<ApiKey>> {
        self.parts.store.keys.of_organization(org.id()).await
    }

    /// Keys that act as the user called `user`: for operators.
    ///
    /// # Errors
    /// `Invalid` for an unknown user, and the store's.
    pub async fn of(&self, user: &str) -> Result<Vec<ApiKey>> {
        let user = self.user(user).await?;
        self.parts.store.keys.of_user(user.id).await
    }

    /// The scopes that a key used in the last 30 days.
    ///
    /// # Errors
    /// The store's.
    pub async fn scopes_used(&self, key: Uuid) -> Result<Vec<String>> {
        let now = self.parts.clock.now();
        let since = now.checked_sub(USED).unwrap_or(Timestamp::MIN);
        self.parts.store.keys.scopes_used(key, since).await
    }

    /// Ends a key of the caller's.
    ///
    /// # Errors
    /// `NotFound` for an unknown or already revoked key, and the store's.
    pub async fn revoke_own(&self, caller: &Caller, key: Uuid, why: &Author) -> Result<()> {
        let owner = Owner::User(caller.user_id());
        self.revoke(key, owner, caller.user_id(), why).await
    }

    /// Ends a key that acts in an organization.
    ///
    /// # Errors
    /// As [`Keys::revoke_own`].
    pub async fn revoke_in(&self, org: OrgId, key: Uuid, why: &Author) -> Result<()> {
        let keys = self.of_organization(org).await?;
        let user = keys.iter().find(|k| k.id == key).map(|k| k.user_id);
        let user = user.ok_or_else(unknown)?;
        self.revoke(key, Owner::Organization(org.id()), user, why)
            .await
    }

    /// Ends a key of the user called `user`: for operators. A running server follows within a second.
    ///
    /// # Errors
    /// `Invalid` for an unknown user; as [`Keys::revoke_own`].
    pub async fn revoke_of(&self, user: &str, key: Uuid, reason: Option<String>) -> Result<()> {
        let user = self.user(user).await?;
        let keys = self.parts.store.keys.of_user(user.id).await?;
        let found = keys.iter().find(|one| one.id == key).ok_or_else(unknown)?;
        let why = Author::operator(Some(found.org_id), reason)?;
        self.revoke(key, Owner::User(user.id), user.id, &why).await
    }

    async fn revoke(&self, key: Uuid, of: Owner, user: Uuid, why: &Author) -> Result<()> {
        let entry = why.entry(self.parts.stamp(), "key.revoke", format!("key:{key}"), None);
        let revoked = self.parts.store.keys.revoke(key, of, &entry).await;
        // Also after a failure: nobody knows whether it was made.
        self.parts.changed(user).await;
        if revoked? { Ok(()) } else { Err(unknown()) }
    }

    /// Whether the use of a key was not noted a moment ago.
    pub(super) fn is_use_to_be_noted(&self, key: Uuid) -> bool {
        self.touched.entry(key).or_insert(()).is_fresh()
    }

    /// Notes which scope a key needed, so that it can be cut to those.
    pub(super) fn note_scope(&self, caller: &Caller, action: Action, now: Timestamp) {
        let Via::Key(key) = caller.via() else { return };
        let (Proof::Any(Some(scope)) | Proof::Fresh(scope)) = action.rule().proof else {
            return;
        };
        let (id, noted) = (key.id, (key.id, scope));
        if self.scopes.contains_key(&noted) || !self.scopes.entry(noted).or_insert(()).is_fresh() {
            return;
        }
        let keys = self.parts.store.keys.clone();
        drop(task::spawn("auth.note_scope", async move {
            if let Err(e) = keys.use_scope(id, scope.label(), now).await {
                tracing::warn!("the use of a scope was not noted: {e:?}");
            }
        }));
    }
}

/// No key has more than its user's role.
fn check_role(scopes: Scopes, org: Uuid, role: Role) -> Result<()> {
    let allowed = policy::scopes_of(role, org == Organizations::DEFAULT);
    let Some(beyond) = scopes.iter().find(|scope| !allowed.has(*scope)) else {
        return Ok(());
    };
    let message = format!(
        "the role {} there does not have {}; it has {allowed}",
        role.label(),
        beyond.label()
    );
    Err(Error::invalid("scopes", message))
}

/// Scopes by their labels.
///
/// # Errors
/// `Invalid`, with all that there are.
pub fn parsed(labels: &[String]) -> Result<Scopes> {
    let parse = |label: &String| {
        Scope::from_label(label.trim()).ok_or_else(|| {
            let message = format!("`{label}` is none of {}", all_scopes());
            Error::invalid("scopes", message)
        })
    };
    labels.iter().map(parse).collect()
}

fn unknown() -> Error {
    Error::not_found("there is no such key, or it was revoked before")
}

/// For messages.
fn all_scopes() -> String {
    let labels: Vec<_> = Scope::ALL.iter().map(|scope| scope.label()).collect();
    labels.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_key_is_told_from_a_right_one() {
        let body = format!("{PREFIX}{}", id::secret::<16>().unwrap());
        let key = format!("{body}{}", check_characters(&body));
        assert_eq!(key.len(), PREFIX.len() + RANDOM + CHECK);
        assert!(!is_mistyped(&key));
        for at in PREFIX.len()..key.len() {
            let mut other = key.clone();
            let swapped = if &key[at..=at] == "a" { "b" } else { "a" };
            other.replace_range(at..=at, swapped);
            assert!(is_mistyped(&other), "{other}");
        }
        // Of an earlier release.
        let old = format!("{PREFIX}{}", id::secret::<20>().unwrap());
        assert!(!is_mistyped(&old));
        for text in ["", "qro_", "nonsense", "qro_ü", &key[..key.len() - 1]] {
            assert!(is_mistyped(text), "{text}");
        }
    }
}
