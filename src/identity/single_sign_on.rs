//! Single sign-on: people who prove at a provider of OpenID Connect who they are.
//!
//! Invariants: a user is issuer and subject; neither a name nor an e-mail address ever leads to a user that exists. A sign-in
//! ends in the browser that began it, once, within ten minutes. Nothing else here depends on the provider: while it is away,
//! sessions and passwords go on.

mod membership;
mod name;

use std::{sync::Arc, time::Duration};

use metrics::Counter;
use oidc::{Callback, Pending, Provider, RoleMap, SIGN_IN_SECS, Start};

use super::{
    Author, Browser, Parts, Role, Sessions, Started, keys::digest, password::Passwords, refused,
    sessions::Draft,
};
use crate::{
    config,
    kernel::{
        Error, Kind, Result, SharedClock,
        clock::Timestamp,
        id::{self, Uuid},
        task,
    },
    store::{
        keys::SecretHash,
        organizations::Organizations,
        sessions::Session,
        single_sign_on::{Ending, PendingSignIn, Subject},
        users::User,
    },
    telemetry::{Outcome, catalogue, handles, labels::SignInHow},
};

/// How sessions, audit entries and metrics name it.
const HOW: &str = "provider";
/// Where a browser goes that was to go nowhere in particular: a page that everybody may see.
const HOME: &str = "/docs";
/// Longest path to return to.
const PATH_BYTES: usize = 2000;
/// Sign-ins that nobody finished are deleted this often.
const SWEEP_EVERY: Duration = Duration::from_mins(5);

pub struct SingleSignOn {
    provider: Provider,
    issuer: String,
    roles: RoleMap,
    default_role: Option<Role>,
    parts: Parts,
    sessions: Arc<Sessions>,
    passwords: Arc<Passwords>,
    ok: Counter,
    error: Counter,
}

/// A sign-in that began: the browser goes to `url` and keeps `secret` in a cookie.
pub struct Away {
    pub url: String,
    pub secret: String,
}

/// A sign-in that ended well.
pub struct Back {
    pub started: Started,
    /// A path of this site.
    pub return_to: String,
}

impl SingleSignOn {
    pub(super) fn new(
        settings: &config::single_sign_on::SingleSignOn,
        parts: &Parts,
        sessions: &Arc<Sessions>,
        passwords: &Arc<Passwords>,
    ) -> Result<Self> {
        let unusable = |e: oidc::Error| Error::new(Kind::Internal, format!("single sign-on: {e}"));
        let how = SignInHow::Provider.label();
        let count = |o: Outcome| handles::counter(&catalogue::SIGN_INS, &[how, o.label()]);
        Ok(Self {
            issuer: settings.provider.issuer.clone(),
            provider: Provider::new(settings.provider.clone()).map_err(unusable)?,
            roles: settings.roles.clone(),
            default_role: settings.default_role.and_then(Role::from_label),
            parts: parts.clone(),
            sessions: Arc::clone(sessions),
            passwords: Arc::clone(passwords),
            ok: count(Outcome::Ok),
            error: count(Outcome::Error),
        })
    }

    /// Whom people see that they sign in at.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Begins a sign-in. `step_up`: the person has to prove anew who they are, also with a session at the provider.
    ///
    /// # Errors
    /// `Invalid` when `return_to` is no path of this site; `Unavailable` when the provider does not answer, or not as a provider
    /// has to; the store's.
    pub async fn start(&self, return_to: Option<&str>, step_up: bool) -> Result<Away> {
        let return_to = return_to.map_or(Ok(HOME), path_here)?;
        let now = self.parts.clock.now();
        let wish = Start {
            max_age_secs: step_up.then_some(0),
            prompt: None,
        };
        let begun = self.provider.start(&wish, now.as_second()).await;
        let (url, pending) = begun.map_err(|e| {
            if e.kind() != oidc::Kind::Transient {
                tracing::warn!("single sign-on cannot begin: {e}");
            }
            away(&e)
        })?;
        let secret = id::secret::<32>()?;
        let row = PendingSignIn {
            pending: serde_json::to_string(&pending).map_err(unreadable)?,
            return_to: return_to.to_owned(),
            created_at: now,
        };
        let hash = bound(&secret, &pending.state);
        self.parts.store.single_sign_on.begin(&hash, &row).await?;
        Ok(Away {
            url: url.into(),
            secret,
        })
    }

    /// Ends a sign-in: `query` is what the browser brought back, `secret` what it kept.
    ///
    /// # Errors
    /// `Malformed` for a sign-in that is not under way in this browser; `Forbidden` when the provider's answer is refused, the
    /// person declined, or no role is meant for the person; `Unavailable` when the provider does not answer; the store's.
    pub async fn finish(
        &self,
        query: &str,
        secret: Option<&str>,
        browser: Browser<'_>,
    ) -> Result<Back> {
        let callback = Callback::parse(query).map_err(|e| failed(&e))?;
        // Only sign-ins that began here count: anybody can call this with anything.
        let (pending, return_to) = self.taken(&callback, secret).await?;
        let finished = self.signed_in(pending, &callback, browser).await;
        match &finished {
            Ok(_) => self.ok.increment(1),
            Err(e) if !e.kind().is_fault() => self.error.increment(1),
            Err(_) => {}
        }
        let started = finished?;
        Ok(Back { started, return_to })
    }

    /// The session of whoever came back.
    async fn signed_in(
        &self,
        pending: Pending,
        callback: &Callback,
        browser: Browser<'_>,
    ) -> Result<Started> {
        let is_step_up = pending.max_age_secs.is_some();
        let now = self.parts.clock.now();
        let finished = self.provider.finish(pending, callback, now.as_second());
        let identity = finished.await.map_err(|e| failed(&e))?;
        let old = self.old_session(browser).await?;
        let of = Subject {
            issuer: &identity.issuer,
            subject: &identity.subject,
        };
        let known = self.parts.store.single_sign_on.user(of).await?;
        let is_other = |session: &Session| Some(session.user_id) != known;
        if is_step_up && old.as_ref().is_some_and(is_other) {
            let message =
                "somebody else signed in at the provider than is signed in here: sign out first";
            return Err(Error::new(Kind::Forbidden, message));
        }
        let verdict = self.roles.decide(&identity.claims);
        let user = match known {
            Some(id) => self.follow(id, &verdict.decision).await?,
            None => self.provision(&identity, of, &verdict.decision).await?,
        };
        let (org, role) = self.place(&user, old).await?;
        let proved_at = identity
            .auth_time
            .and_then(|s| Timestamp::from_second(s).ok());
        let draft = Draft {
            user: (user.id, &user.name),
            epoch: user.epoch,
            org,
            role,
            how: HOW,
            idp_sid: identity.sid,
            // A session at the provider may be days old: then the person has proved nothing now.
            stepped_up_at: proved_at.map(|at| at.min(now)),
            expires_at: None,
        };
        self.sessions.start(draft, "session.start", browser).await
    }

    /// The sign-in that this browser began with this `state`. It cannot be taken again.
    async fn taken(&self, callback: &Callback, secret: Option<&str>) -> Result<(Pending, String)> {
        let unknown = || {
            let message = "no such sign-in is under way in this browser: it was finished, took longer than ten minutes, or began \
                elsewhere. Begin again";
            Error::new(Kind::Malformed, message)
        };
        let state = callback.state.as_deref().ok_or_else(unknown)?;
        let hash = bound(secret.ok_or_else(unknown)?, state);
        let row = self.parts.store.single_sign_on.take(&hash).await?;
        let row = row.ok_or_else(unknown)?;
        if row.created_at < self.since() {
            return Err(failed(&oidc::Error::SignInExpired));
        }
        let pending = serde_json::from_str(&row.pending).map_err(unreadable)?;
        Ok((pending, row.return_to))
    }

    /// Sign-ins that began before then are over.
    fn since(&self) -> Timestamp {
        let now = self.parts.clock.now();
        let age = Duration::from_secs(SIGN_IN_SECS.unsigned_abs());
        now.checked_sub(age).unwrap_or(Timestamp::MIN)
    }

    /// The session that the browser has now.
    async fn old_session(&self, browser: Browser<'_>) -> Result<Option<Session>> {
        let Some(old) = browser.old else {
            return Ok(None);
        };
        let (now, seen_since) = self.sessions.now();
        let sessions = &self.parts.store.sessions;
        let found = sessions.find(&digest(old), now, seen_since).await?;
        Ok(found.map(|(session, _)| session))
    }

    /// Where the session acts: where the person's old one did, else at home.
    async fn place(&self, user: &User, old: Option<Session>) -> Result<(Uuid, Role)> {
        let rows = &self.parts.store.organizations;
        if let Some(old) = old.filter(|old| old.user_id == user.id)
            && let Some(role) = rows.role(old.org_id, user.id).await?
        {
            return Ok((old.org_id, role));
        }
        let home = rows.home(user.id).await?;
        home.ok_or_else(membership::not_let_in)
    }

    /// Ends sessions as a provider's logout token says. Nobody's session is told apart from none.
    ///
    /// # Errors
    /// `Malformed` for a token that is refused, was used before, or whose key the provider does not tell; the store's.
    pub async fn log_out(&self, token: &str) -> Result<()> {
        let now = self.parts.clock.now();
        let read = self.provider.logout(token, now.as_second()).await;
        let logout = read.map_err(|e| {
            // No warning: anybody can post one.
            tracing::info!("a logout token was refused: {e}");
            Error::new(Kind::Malformed, format!("the logout token is refused: {e}"))
        })?;
        let hash = digest(&format!("{} {}", self.issuer, logout.jti));
        let until = Timestamp::from_second(logout.remember_until).unwrap_or(now);
        let (subject, sid) = (logout.subject.as_deref(), logout.sid.as_deref());
        let author = Author::person("identity provider", HOW, Organizations::DEFAULT);
        let detail = serde_json::json!({ "issuer": self.issuer, "sub": subject, "sid": sid });
        let whose = subject.or(sid).unwrap_or_default();
        let entry = author.entry(
            self.parts.stamp(),
            "session.end_by_provider",
            format!("subject:{whose}"),
            Some(detail),
        );
        let what = Ending {
            issuer: &self.issuer,
            subject,
            sid,
        };
        let rows = &self.parts.store.single_sign_on;
        let ended = rows.end_sessions((&hash, until), what, &entry).await?;
        let Some(mut users) = ended else {
            let message = "the logout token was used before";
            return Err(Error::new(Kind::Malformed, message));
        };
        users.sort_unstable();
        users.dedup();
        for user in users {
            self.parts.changed(user).await;
        }
        Ok(())
    }

    /// Deletes sign-ins that nobody finished, now and every few minutes. Ends with the process.
    pub fn start_sweeping(&self) {
        let rows = Arc::clone(&self.parts.store.single_sign_on);
        let clock = SharedClock::clone(&self.parts.clock);
        let age = Duration::from_secs(SIGN_IN_SECS.unsigned_abs());
        drop(task::spawn("auth.sweep_sign_ins", async move {
            loop {
                let now = clock.now();
                let before = now.checked_sub(age).unwrap_or(Timestamp::MIN);
                if let Err(e) = rows.sweep(before, now).await {
                    tracing::warn!("sign-ins that are over were not deleted: {e:?}");
                }
                tokio::time::sleep(SWEEP_EVERY).await;
            }
        }));
    }

    async fn user(&self, id: Uuid) -> Result<User> {
        let found = self.parts.store.users.get(id).await?;
        found.ok_or_else(refused)
    }
}

/// What a sign-in is found by. With the state in it, a callback that the browser did not ask for takes no sign-in away.
fn bound(secret: &str, state: &str) -> SecretHash {
    digest(&format!("{secret} {state}"))
}

/// A path of this site, and nothing that a browser could take for another's.
///
/// # Errors
/// `Invalid`.
fn path_here(path: &str) -> Result<&str> {
    let is_here = path.starts_with('/') && !path.starts_with("//");
    let is_plain = path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if is_here && is_plain && path.len() <= PATH_BYTES {
        return Ok(path);
    }
    let message = "must be a path of this site, such as /docs";
    Err(Error::invalid("return_to", message))
}

fn unreadable(e: serde_json::Error) -> Error {
    Error::caused(Kind::Internal, "a sign-in could not be kept", e)
}

fn away(e: &oidc::Error) -> Error {
    let message = "the provider of single sign-on does not answer as it should; sign in with a password, or try again later";
    Error::caused(Kind::Unavailable, message, e.to_string())
}

fn failed(e: &oidc::Error) -> Error {
    match e.kind() {
        oidc::Kind::Transient => away(e),
        oidc::Kind::User if matches!(e, oidc::Error::Answered { .. }) => Error::new(
            Kind::Forbidden,
            format!("the sign-in did not take place: {e}"),
        ),
        oidc::Kind::User => Error::new(Kind::Malformed, format!("{e}. Begin again")),
        oidc::Kind::Refusal => {
            tracing::warn!("single sign-on was refused: {e}");
            let message = format!("the provider's answer is refused: {e}");
            Error::new(Kind::Forbidden, message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_returned_to() {
        for path in ["/", "/docs", "/a/b?c=//d&e=%2F#f", "/@x"] {
            assert_eq!(path_here(path).unwrap(), path);
        }
        let long = format!("/{}", "a".repeat(PATH_BYTES));
        for path in [
            "",
            "docs",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: x=y",
            " /a",
            "/ä",
            &long,
        ] {
            let refused = path_here(path).unwrap_err();
            assert_eq!(refused.details()[0].field, "return_to", "{path}");
        }
    }

    #[test]
    fn the_settings_know_every_role_from_the_lowest_on() {
        let all = Role::ALL.iter().rev().map(|role| role.label());
        assert!(all.eq(config::single_sign_on::ROLES));
    }
}
