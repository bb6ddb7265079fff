//! Sessions: people who are signed in with a cookie.
//!
//! Invariants: a token has 256 random bits, is made anew whenever its rights change, and is stored as its hash. A session ends 12
//! hours after it was last used and 7 days after it began, with the user's password and epoch, and with the role in its
//! organization.

mod begin;

use std::{sync::Arc, time::Duration};

use metrics::{Counter, Gauge};

pub(super) use begin::Draft;
pub use begin::{Browser, Started};

use super::{
    Author, Caller, OrgId, Parts, SessionUse, Via,
    guesses::Guesses,
    keys::digest,
    password::{self, Passwords},
    refused,
    remembered::Found,
};
use crate::{
    kernel::{Ctx, Error, ID_CHARS, Kind, Result, SharedClock, clock::Timestamp, id::Uuid, task},
    store::{organizations::Organization, sessions::Session, users::User},
    telemetry::{Outcome, catalogue, handles, labels::SignInHow},
};

/// A session ends when it was not used for so long.
const IDLE: Duration = Duration::from_hours(12);
/// Its use is written this often at most.
const SEEN_EVERY: Duration = Duration::from_mins(5);
/// Sessions that are over are deleted this often.
const SWEEP_EVERY: Duration = Duration::from_mins(5);

pub struct Sessions {
    parts: Parts,
    passwords: Arc<Passwords>,
    guesses: Arc<Guesses>,
    ok: Counter,
    error: Counter,
    /// Counted anew with each sweep, and by one with each that begins.
    alive: Gauge,
}

impl Sessions {
    pub(super) fn new(parts: &Parts, passwords: &Arc<Passwords>, guesses: &Arc<Guesses>) -> Self {
        let how = SignInHow::Password.label();
        let count = |o: Outcome| handles::counter(&catalogue::SIGN_INS, &[how, o.label()]);
        Self {
            parts: parts.clone(),
            passwords: Arc::clone(passwords),
            guesses: Arc::clone(guesses),
            ok: count(Outcome::Ok),
            error: count(Outcome::Error),
            alive: handles::gauge(&catalogue::SESSIONS, &[]),
        }
    }

    /// Signs in with name and password.
    ///
    /// # Errors
    /// `Unauthenticated` for a wrong name or password, without saying which; `RateLimited` when too many passwords are being
    /// checked; the store's.
    pub async fn sign_in(
        &self,
        name: &str,
        password: String,
        browser: Browser<'_>,
    ) -> Result<Started> {
        let signed = self.sign_in_uncounted(name, password, browser).await;
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
        browser: Browser<'_>,
    ) -> Result<Started> {
        let user = self.checked(name, password).await?;
        let home = self.parts.store.organizations.home(user.id).await?;
        let (org, role) = home.ok_or_else(|| {
            let message =
                "you are in no organization: ask an owner or admin of one for an invitation";
            Error::new(Kind::Forbidden, message)
        })?;
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
        self.start(draft, "session.start", browser).await
    }

    /// A session for whoever is known already, such as by a browser's dialog. It counts as no proof of a moment ago: browsers
    /// send what was once typed into a dialog for as long as they run.
    ///
    /// # Errors
    /// `Conflict` for a caller who has a session or a key; `Unauthenticated` when the password was replaced since it was checked;
    /// the store's.
    pub async fn begin(&self, caller: &Caller, browser: Browser<'_>) -> Result<Started> {
        let Via::Basic { epoch } = *caller.via() else {
            let message = "you have a session; GET /api/session shows it";
            return Err(Error::new(Kind::Conflict, message));
        };
        let draft = Draft {
            user: (caller.user_id(), caller.name()),
            epoch,
            org: caller.organization().id(),
            role: caller.role(),
            how: "dialog",
            idp_sid: None,
            stepped_up_at: None,
            expires_at: None,
        };
        self.start(draft, "session.start", browser).await
    }

    /// The user of this name.
    async fn checked(&self, name: &str, password: String) -> Result<User> {
        let user = self.guesses.user(name, password, None).await?;
        user.ok_or_else(refused)
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
        browser: Browser<'_>,
    ) -> Result<Started> {
        let user = self.parts.store.users.get(caller.user_id()).await?;
        let user = user.ok_or_else(refused)?;
        if !user.has_password {
            return Err(no_password());
        }
        self.checked(&user.name, password).await?;
        let now = self.parts.clock.now();
        self.go_on(caller, token, browser, "session.step_up", |draft| {
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
        browser: Browser<'_>,
    ) -> Result<Started> {
        let role = self.parts.store.organizations.role(org, caller.user_id());
        let role = role.await?.ok_or_else(|| {
            let message =
                "you are not a member of this organization; its owners and admins can invite you";
            Error::new(Kind::Forbidden, message)
        })?;
        self.go_on(caller, token, browser, "session.switch", |draft| {
            (draft.org, draft.role) = (org, role);
        })
        .await
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
            self.parts.stamp(),
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
        let entry = why.entry(
            self.parts.stamp(),
            "session.end_all",
            format!("user:{user}"),
            None,
        );
        let ended = self.parts.store.sessions.end_all(user, &entry).await;
        self.parts.changed(user).await;
        ended
    }

    /// Replaces the caller's password. Every session ends; `browser` gets a new one.
    ///
    /// # Errors
    /// `Unauthenticated` for a wrong present password; `Invalid` for a new one that is too weak; the store's.
    pub async fn change_password(
        &self,
        caller: &Caller,
        (present, new): (String, String),
        browser: Browser<'_>,
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
        let entry =
            Author::of(caller, None)?.entry(self.parts.stamp(), "password.change", subject, None);
        let changed = store.users.set_password(&user, &hash, &entry).await;
        self.parts.changed(user.id).await;
        if !changed? {
            let message = "the password was changed elsewhere at the same moment";
            return Err(Error::new(Kind::Conflict, message));
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
        self.start(
            draft,
            "session.start",
            Browser {
                old: None,
                ..browser
            },
        )
        .await
    }

    /// Deletes sessions that are over, now and every few minutes, and keeps their gauge. Ends with the process.
    pub fn start_sweeping(&self) {
        let gauge = self.alive.clone();
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
