//! Sessions: people who are signed in with a cookie.
//!
//! Invariants: a token has 256 random bits, is made anew whenever its rights change, and is stored as its hash. A session ends 12
//! hours after it was last used and 7 days after it began, with the user's password and epoch, and with the role in its
//! organization.

use std::{net::IpAddr, sync::Arc, time::Duration};

use metrics::Counter;
use moka::sync::Cache;

use super::{
    Author, Caller, OrgId, Parts, SessionUse, Via,
    keys::digest,
    password::{self, Passwords},
    refused,
    remembered::Found,
};
use crate::{
    kernel::{
        Ctx, Error, ID_CHARS, Kind, Result, SharedClock,
        clock::Timestamp,
        id::{self, Uuid},
        task,
    },
    store::{
        organizations::{Organization, Role},
        sessions::Session,
        users::User,
    },
    telemetry::{Outcome, catalogue, handles, labels::SignInHow},
};

/// A session ends when it was not used for so long.
const IDLE: Duration = Duration::from_hours(12);
/// A session ends at this age.
const LIFE: Duration = Duration::from_hours(7 * 24);
/// Its use is written this often at most.
const SEEN_EVERY: Duration = Duration::from_mins(5);
/// Sessions that are over are deleted this often.
const SWEEP_EVERY: Duration = Duration::from_mins(5);
/// Failed sign-ins of one account after which each further one waits, and for how long they count.
const FREE_TRIES: u32 = 10;
const TRIES_COUNT: Duration = Duration::from_mins(15);
/// Longest wait: a delay, never a lock-out.
const LONGEST_DELAY: Duration = Duration::from_secs(8);
/// Accounts whose failures are known at once.
const ACCOUNTS: u64 = 50_000;
/// Characters of a browser's name that are kept.
const AGENT_CHARS: usize = 300;

/// Where a sign-in comes from.
#[derive(Clone, Copy, Debug, Default)]
pub struct From<'a> {
    pub agent: &'a str,
    pub address: Option<IpAddr>,
    /// The token of a session that this sign-in replaces.
    pub old: Option<&'a str>,
}

/// A session that began, and the token for its cookie, which is not stored.
pub struct Started {
    pub token: String,
    pub caller: Caller,
    pub organization: Organization,
}

pub struct Sessions {
    parts: Parts,
    passwords: Arc<Passwords>,
    /// Failed sign-ins by account, as it was named.
    failures: Cache<String, u32>,
    ok: Counter,
    error: Counter,
}

/// A session to come.
pub(super) struct Draft<'a> {
    pub user: (Uuid, &'a str),
    pub epoch: i64,
    pub org: Uuid,
    pub role: Role,
    pub how: &'a str,
    pub idp_sid: Option<String>,
    pub stepped_up_at: Option<Timestamp>,
    /// The one that it goes on with: then it ends with that.
    pub expires_at: Option<Timestamp>,
}

impl Sessions {
    pub(super) fn new(parts: &Parts, passwords: &Arc<Passwords>) -> Self {
        let how = SignInHow::Password.label();
        let count = |o: Outcome| handles::counter(&catalogue::SIGN_INS, &[how, o.label()]);
        Self {
            parts: parts.clone(),
            passwords: Arc::clone(passwords),
            failures: Cache::builder()
                .max_capacity(ACCOUNTS)
                .time_to_live(TRIES_COUNT)
                .build(),
            ok: count(Outcome::Ok),
            error: count(Outcome::Error),
        }
    }

    /// Signs in with name and password.
    ///
    /// # Errors
    /// `Unauthenticated` for a wrong name or password, without saying which; `RateLimited` when too many passwords are being
    /// checked; the store's.
    pub async fn sign_in(&self, name: &str, password: String, from: From<'_>) -> Result<Started> {
        let signed = self.sign_in_uncounted(name, password, from).await;
        match &signed {
            Ok(_) => self.ok.increment(1),
            Err(e) if e.kind() == Kind::Unauthenticated => self.error.increment(1),
            Err(_) => {}
        }
        signed
    }

    async fn sign_in_uncounted(
        &self,
        name: &str,
        password: String,
        from: From<'_>,
    ) -> Result<Started> {
        let user = self.checked(name, password).await?;
        let home = self.parts.store.organizations.home(user.id).await?;
        let (org, role) = home.ok_or_else(refused)?;
        let draft = Draft {
            user: (user.id, &user.name),
            epoch: user.epoch,
            org,
            role,
            how: "password",
            idp_sid: None,
            stepped_up_at: Some(self.parts.clock.now()),
            expires_at: None,
        };
        self.start(draft, "session.start", from).await
    }

    /// The user of this name, if the password is right.
    pub(super) async fn checked(&self, name: &str, password: String) -> Result<User> {
        self.delay(name).await;
        let found = self.parts.store.users.find(name).await?;
        let user = found.filter(|user| user.has_password);
        let hash = user.as_ref().map(|user| user.password_hash.clone());
        let right = self.passwords.check(password, hash).await?;
        if let Some(user) = user.filter(|_| right) {
            self.failures.invalidate(name);
            return Ok(user);
        }
        let failed = self.failures.entry_by_ref(name);
        failed.and_upsert_with(|before| before.map_or(1, |n| n.into_value().saturating_add(1)));
        Err(refused())
    }

    /// Whoever guesses the password of one account from many addresses waits; who knows it waits as long and is let in.
    async fn delay(&self, name: &str) {
        let failures = self.failures.get(name).unwrap_or(0);
        if let Some(beyond) = failures.checked_sub(FREE_TRIES) {
            let delay = Duration::from_millis(250).saturating_mul(1 << beyond.min(5));
            tokio::time::sleep(delay.min(LONGEST_DELAY)).await;
        }
    }

    /// Proves again that a session is used by its person: the session goes on under a new token.
    ///
    /// # Errors
    /// `Unauthenticated` for a wrong password, `Forbidden` for a user without one; the store's.
    pub async fn step_up(
        &self,
        caller: &Caller,
        token: &str,
        password: String,
        from: From<'_>,
    ) -> Result<Started> {
        let user = self.parts.store.users.get(caller.user_id()).await?;
        let user = user.ok_or_else(refused)?;
        if !user.has_password {
            return Err(no_password());
        }
        self.checked(&user.name, password).await?;
        let now = self.parts.clock.now();
        self.go_on(caller, token, from, "session.step_up", |draft| {
            draft.stepped_up_at = Some(now);
        })
        .await
    }

    /// Moves a session into another of the user's organizations, under a new token.
    ///
    /// # Errors
    /// `Forbidden` when the user is no member there; the store's.
    pub async fn switch(
        &self,
        caller: &Caller,
        token: &str,
        org: Uuid,
        from: From<'_>,
    ) -> Result<Started> {
        let role = self.parts.store.organizations.role(org, caller.user_id());
        let role = role.await?.ok_or_else(|| {
            let message =
                "you are not a member of this organization; its owners and admins can invite you";
            Error::new(Kind::Forbidden, message)
        })?;
        self.go_on(caller, token, from, "session.switch", |draft| {
            (draft.org, draft.role) = (org, role);
        })
        .await
    }

    /// The session behind a token under a new one, with what `change` changes.
    async fn go_on(
        &self,
        caller: &Caller,
        token: &str,
        from: From<'_>,
        action: &str,
        change: impl FnOnce(&mut Draft<'_>),
    ) -> Result<Started> {
        let (now, seen_since) = self.now();
        let hash = digest(token);
        let found = self.parts.store.sessions.find(&hash, now, seen_since);
        let (session, name) = found.await?.ok_or_else(refused)?;
        let mut draft = Draft {
            user: (session.user_id, &name),
            epoch: session.epoch,
            org: session.org_id,
            role: caller.role(),
            how: &session.how,
            idp_sid: session.idp_sid.clone(),
            stepped_up_at: session.stepped_up_at,
            expires_at: Some(session.expires_at),
        };
        change(&mut draft);
        let old = Some(token);
        self.start(draft, action, From { old, ..from }).await
    }

    pub(super) async fn start(
        &self,
        draft: Draft<'_>,
        action: &str,
        from: From<'_>,
    ) -> Result<Started> {
        let now = self.parts.clock.now();
        let token = id::secret::<32>()?;
        let (user_id, name) = draft.user;
        let session = Session {
            id: self.parts.ids.next(),
            user_id,
            org_id: draft.org,
            epoch: draft.epoch,
            created_at: now,
            seen_at: now,
            expires_at: draft
                .expires_at
                .unwrap_or_else(|| now.checked_add(LIFE).unwrap_or(now)),
            stepped_up_at: draft.stepped_up_at,
            how: draft.how.to_owned(),
            idp_sid: draft.idp_sid,
            agent: printable(from.agent),
            address: from.address.map(|address| address.to_string()),
        };
        let entry = Author::person(name, draft.how, draft.org).entry(
            &self.parts,
            action,
            format!("session:{}", session.id),
            None,
        );
        let store = &self.parts.store;
        let (hash, old) = (digest(&token), from.old.map(digest));
        let is_continued = draft.expires_at.is_some();
        let sessions = &store.sessions;
        let inserted = sessions.insert(&session, &hash, old.as_ref(), &entry);
        let mut began = inserted.await?;
        if !began && !is_continued {
            // A cookie of a session that is over stands in no one's way.
            began = sessions.insert(&session, &hash, None, &entry).await?;
        }
        self.parts.changed(user_id).await;
        if !began {
            return Err(refused());
        }
        let organization = store.organizations.get(draft.org).await?;
        let via = Via::Session(SessionUse {
            id: session.id,
            stepped_up_at: session.stepped_up_at,
        });
        Ok(Started {
            token,
            caller: Caller::new(user_id, name.to_owned(), (draft.org, draft.role), via),
            organization: organization.ok_or_else(refused)?,
        })
    }

    /// The caller behind a token.
    pub(super) async fn find(&self, ctx: &Ctx, token: &str) -> Result<Option<Found>> {
        let store = &self.parts.store;
        let (now, seen_since) = self.now();
        let found = store.sessions.find(&digest(token), now, seen_since).await?;
        let Some((session, name)) = found else {
            return Ok(None);
        };
        let role = store.organizations.role(session.org_id, session.user_id);
        let Some(role) = role.await? else {
            return Ok(None);
        };
        self.note_use(ctx, &session, now);
        let idle_at = now.checked_add(IDLE).unwrap_or(session.expires_at);
        let via = Via::Session(SessionUse {
            id: session.id,
            stepped_up_at: session.stepped_up_at,
        });
        Ok(Some(Found {
            caller: Caller::new(session.user_id, name, (session.org_id, role), via),
            password_hash: None,
            expires_at: Some(session.expires_at.min(idle_at)),
        }))
    }

    fn note_use(&self, ctx: &Ctx, session: &Session, now: Timestamp) {
        let due = session.seen_at.checked_add(SEEN_EVERY).unwrap_or(now);
        if due > now {
            return;
        }
        let (sessions, id) = (self.parts.store.sessions.clone(), session.id);
        let request_id = ctx.shown_id(&mut [0; ID_CHARS]).to_owned();
        drop(task::spawn("auth.note_session", async move {
            if let Err(e) = sessions.touch(id, now).await {
                tracing::warn!(request_id, "the use of a session was not noted: {e:?}");
            }
        }));
    }

    /// Now, and since when a session must have been used not to be over.
    pub(super) fn now(&self) -> (Timestamp, Timestamp) {
        let now = self.parts.clock.now();
        (now, now.checked_sub(IDLE).unwrap_or(Timestamp::MIN))
    }

    /// The organization that a caller acts in.
    ///
    /// # Errors
    /// The store's.
    pub async fn organization(&self, org: OrgId) -> Result<Organization> {
        let found = self.parts.store.organizations.get(org.id()).await?;
        found.ok_or_else(refused)
    }

    /// Where the caller is signed in, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Session>> {
        let (now, seen_since) = self.now();
        let sessions = &self.parts.store.sessions;
        sessions.of_user(caller.user_id(), now, seen_since).await
    }

    /// Ends one session of the caller's.
    ///
    /// # Errors
    /// `NotFound` when there is none; the store's.
    pub async fn end(&self, caller: &Caller, session: Uuid) -> Result<()> {
        let entry = Author::of(caller, None)?.entry(
            &self.parts,
            "session.end",
            format!("session:{session}"),
            None,
        );
        let user = caller.user_id();
        let ended = self.parts.store.sessions.end(user, session, &entry).await;
        self.parts.changed(user).await;
        if ended? {
            return Ok(());
        }
        Err(Error::not_found("there is no such session of yours"))
    }

    /// Ends all sessions of a user.
    ///
    /// # Errors
    /// The store's.
    pub async fn end_all(&self, user: Uuid, why: &Author) -> Result<()> {
        let entry = why.entry(&self.parts, "session.end_all", format!("user:{user}"), None);
        let ended = self.parts.store.sessions.end_all(user, &entry).await;
        self.parts.changed(user).await;
        ended
    }

    /// Replaces the caller's password. Every session ends; `from` gets a new one.
    ///
    /// # Errors
    /// `Unauthenticated` for a wrong present password; `Invalid` for a new one that is too weak; the store's.
    pub async fn change_password(
        &self,
        caller: &Caller,
        (present, new): (String, String),
        from: From<'_>,
    ) -> Result<Started> {
        let store = &self.parts.store;
        let user = store.users.get(caller.user_id()).await?;
        let user = user.ok_or_else(refused)?;
        let organization = self.organization(caller.organization()).await?;
        password::check_strength("new_password", &new, &[&user.name, &organization.name])?;
        if !user.has_password {
            return Err(no_password());
        }
        self.checked(&user.name, present).await?;
        let hash = self.passwords.hash(new).await?;
        let subject = format!("user:{}", user.id);
        let entry = Author::of(caller, None)?.entry(&self.parts, "password.change", subject, None);
        let changed = store.users.set_password(user.id, &hash, &entry).await;
        self.parts.changed(user.id).await;
        if !changed? {
            return Err(refused());
        }
        let draft = Draft {
            user: (user.id, &user.name),
            epoch: user.epoch + 1,
            org: caller.organization().id(),
            role: caller.role(),
            how: "password",
            idp_sid: None,
            stepped_up_at: Some(self.parts.clock.now()),
            expires_at: None,
        };
        self.start(draft, "session.start", From { old: None, ..from })
            .await
    }

    /// Deletes sessions that are over, now and every few minutes, and keeps their gauge. Ends with the process.
    pub fn start_sweeping(&self) {
        let gauge = handles::gauge(&catalogue::SESSIONS, &[]);
        let (store, clock) = (
            self.parts.store.clone(),
            SharedClock::clone(&self.parts.clock),
        );
        drop(task::spawn("auth.sweep", async move {
            loop {
                let now = clock.now();
                let seen_since = now.checked_sub(IDLE).unwrap_or(Timestamp::MIN);
                let swept = store.sessions.sweep(now, seen_since).await;
                match swept.map(|_| store.sessions.count()) {
                    Ok(left) => {
                        if let Ok(left) = left.await {
                            gauge.set(gauged(left));
                        }
                    }
                    Err(e) => tracing::warn!("sessions that are over were not deleted: {e:?}"),
                }
                tokio::time::sleep(SWEEP_EVERY).await;
            }
        }));
    }
}

#[allow(clippy::cast_precision_loss)] // a gauge
fn gauged(n: i64) -> f64 {
    n as f64
}

fn no_password() -> Error {
    let message = "this user has no password here and signs in with single sign-on; to prove again that it is you, open \
        /api/session/single-sign-on?step_up=true";
    Error::new(Kind::Forbidden, message)
}

/// A browser's name for a list that people read: no control characters, no NUL.
fn printable(agent: &str) -> String {
    let plain = agent.chars().filter(|c| !c.is_control());
    plain.take(AGENT_CHARS).collect()
}
