//! Who asks, and what they may do: users, organizations, roles, sessions, keys, limits.
//!
//! Invariants: a password is checked by argon2id only, a wrong one always pays for it, and a right one is remembered for a short
//! while by a keyed hash, so that authenticated calls stay as fast as others. A secret is stored as its hash. Every change is in
//! the audit log, in the transaction of the change.

mod audit;
mod caller;
mod code_passwords;
mod credentials;
pub mod csrf;
mod first_start;
mod guesses;
mod invitations;
pub mod keys;
pub mod limits;
mod operator;
mod organizations;
mod password;
pub mod policy;
mod remembered;
mod sessions;
mod single_sign_on;

use std::{sync::Arc, time::Duration};

use metrics::Counter;

pub use audit::{Author, Stamp};
pub use caller::{Caller, KeyUse, OrgId, SessionUse, Via};
pub use credentials::{Credentials, Kept};
pub use first_start::{Administrator, ensure_administrator};
pub use invitations::{
    Accepted, Applicant, InvitationDraft, Invitations, Issued as IssuedInvitation,
};
pub use keys::{Issued, KeyDraft, Keys};
pub use limits::Limits;
pub use operator::{Accounts, NewUser};
pub use organizations::{Organizations, Wanted};
pub use policy::{Act, Action, Decision, Scope, Scopes, act};
pub use sessions::{Browser, Sessions, Started};
pub use single_sign_on::{Away, Back, SingleSignOn};

pub use crate::store::{
    audit::Entry,
    invitations::Invitation,
    keys::ApiKey,
    organizations::{Membership, Organization, Role, Source},
    sessions::Session,
    users::User,
};

use crate::{
    cache::{Tag, Tiers},
    config,
    kernel::{
        Ctx, Error, ID_CHARS, Kind, Result, SharedClock,
        id::{Ids, Uuid},
        task,
    },
    store::Store,
    telemetry::{Outcome, catalogue, handles, labels::SignInHow},
};
use credentials::Claim;
use guesses::Guesses;
use password::Passwords;
use remembered::{Found, Recall, Remembered};

/// What everything here works with. Cheap to clone.
#[derive(Clone)]
pub struct Parts {
    pub store: Store,
    pub tiers: Arc<Tiers>,
    pub ids: Arc<Ids>,
    pub clock: SharedClock,
}

impl Parts {
    fn stamp(&self) -> Stamp {
        Stamp::now(&self.ids, &self.clock)
    }

    /// Tells all nodes that something about a user changed.
    async fn changed(&self, user: Uuid) {
        self.tiers.invalidate(&[Tag::User(user)]).await;
    }
}

pub struct Auth {
    parts: Parts,
    passwords: Arc<Passwords>,
    guesses: Arc<Guesses>,
    remembered: Remembered,
    pub sessions: Arc<Sessions>,
    single_sign_on: Option<SingleSignOn>,
    pub keys: Keys,
    pub organizations: Organizations,
    pub invitations: Invitations,
    pub limits: Limits,
    wrong_passwords: Counter,
    wrong_keys: Counter,
    /// By action, in the order of [`Action::ALL`].
    refusals: Vec<Counter>,
}

impl Auth {
    /// # Errors
    /// `Internal` when the operating system gives no randomness, and for a provider that cannot be used.
    pub fn new(
        settings: &config::auth::Auth,
        provider: Option<&config::single_sign_on::SingleSignOn>,
        parts: &Parts,
    ) -> Result<Self> {
        let ttl = Duration::from_millis(settings.credential_ttl_ms);
        let passwords = Arc::new(Passwords::new()?);
        let limits = Limits::new(&settings.limits, &parts.tiers, &parts.clock);
        let guesses = Arc::new(Guesses::new(&parts.store, &passwords));
        let sessions = Arc::new(Sessions::new(parts, &passwords, &guesses));
        let sign_on = |provider| SingleSignOn::new(provider, parts, &sessions, &passwords);
        let single_sign_on = provider.map(sign_on).transpose()?;
        let invitations = Invitations::new(parts, &passwords, &guesses);
        let wrong = |how: SignInHow| {
            handles::counter(&catalogue::SIGN_INS, &[how.label(), Outcome::Error.label()])
        };
        let actions = Action::ALL.iter();
        let refusals = actions.map(|a| handles::counter(&catalogue::REFUSED, &[a.label()]));
        Ok(Self {
            remembered: Remembered::new(ttl, &parts.tiers, &parts.clock)?,
            sessions,
            single_sign_on,
            keys: Keys::new(parts),
            organizations: Organizations::new(parts),
            invitations,
            limits,
            wrong_passwords: wrong(SignInHow::Basic),
            wrong_keys: wrong(SignInHow::Key),
            refusals: refusals.collect(),
            guesses,
            passwords,
            parts: parts.clone(),
        })
    }

    /// # Errors
    /// `NotFound` where no provider is configured.
    pub fn single_sign_on(&self) -> Result<&SingleSignOn> {
        self.single_sign_on.as_ref().ok_or_else(|| {
            let message = "single sign-on is not set up here: there is no OIDC_ISSUER";
            Error::not_found(message)
        })
    }

    /// The caller behind credentials that were valid a moment ago. `None` says nothing about them: ask
    /// [`Auth::authenticate`]. `org`: the organization that the request names.
    pub fn remembered(
        &self,
        credentials: &Credentials<'_>,
        org: Option<Uuid>,
    ) -> impl Future<Output = Option<Caller>> + Send + use<'_> {
        // Ahead of the future, which is smaller without them.
        let key = self.remembered.key(credentials, org);
        async move { self.remembered.get(&key).await }
    }

    /// Who asks. `org`: the organization that the request names; without one, the caller's own.
    ///
    /// # Errors
    /// `Unauthenticated` when the credentials are not valid (without naming the wrong part), `Forbidden` when the caller is no
    /// member of `org`, `RateLimited` when too many passwords are being checked, and the store's.
    pub async fn authenticate(
        &self,
        ctx: &Ctx,
        credentials: &Credentials<'_>,
        org: Option<Uuid>,
    ) -> Result<Caller> {
        let key = self.remembered.key(credentials, org);
        match self.remembered.recall(&key, !ctx.exercise).await {
            Recall::Valid(caller) => Ok(caller),
            Recall::Nothing => {
                let check = || self.check(ctx, credentials, org, None);
                self.remembered.get_or_check(key, check).await
            }
            Recall::Stale(stale) => {
                let check = self.check(ctx, credentials, org, stale.password_hash());
                // Boxed: once a second at most, and large.
                let checked = Box::pin(self.remembered.check_again(key, check));
                match checked.await {
                    Err(e) if e.kind().is_fault() => Ok(stale.caller().clone()),
                    checked => checked,
                }
            }
        }
    }

    /// `checked`: the hash that the password was found to have.
    async fn check(
        &self,
        ctx: &Ctx,
        credentials: &Credentials<'_>,
        org: Option<Uuid>,
        checked: Option<&str>,
    ) -> Result<Found> {
        let (found, refusals) = match credentials.claim()? {
            Claim::Password { user, password } => {
                let found = self.by_password(&user, password, checked).await?;
                (found, Some(&self.wrong_passwords))
            }
            Claim::Key(key) => (self.by_key(ctx, &key).await?, Some(&self.wrong_keys)),
            // One that is over is no wrong one.
            Claim::Session(token) => (self.sessions.find(ctx, &token).await?, None),
        };
        let Some(found) = found else {
            if let Some(refusals) = refusals {
                refusals.increment(1);
            }
            return Err(refused());
        };
        match org {
            Some(org) if org != found.caller.organization().id() => {
                let caller = self.in_organization(&found.caller, org).await?;
                Ok(Found { caller, ..found })
            }
            _ => Ok(found),
        }
    }

    /// The same user in another organization. One that does not exist is one of which the user is no member.
    async fn in_organization(&self, caller: &Caller, org: Uuid) -> Result<Caller> {
        let stranger = || {
            let message =
                "you are not a member of this organization; its owners and admins can invite you";
            Error::new(Kind::Forbidden, message)
        };
        if let Via::Key(_) = caller.via() {
            let message = "this key acts in another organization; make one there";
            return Err(Error::new(Kind::Forbidden, message));
        }
        let role = self.parts.store.organizations.role(org, caller.user_id());
        let role = role.await?.ok_or_else(stranger)?;
        Ok(caller.moved((org, role)))
    }

    /// Warms up for requests, and returns the administrator, whom the start acts as. Checks a configured password as a request
    /// would, so that it is cached for the first one.
    ///
    /// # Errors
    /// The store's; `Unauthenticated` without such a user.
    pub async fn exercise(&self, ctx: &Ctx, settings: &config::auth::Auth) -> Result<Caller> {
        let name = &settings.admin_user;
        let store = &self.parts.store;
        let caller = if let Some(password) = &settings.admin_password {
            let basic = credentials::basic(name, password.expose());
            let credentials = Credentials::Authorization(basic.as_bytes());
            self.authenticate(ctx, &credentials, None).await?
        } else {
            let user = store.users.find(name).await?.ok_or_else(refused)?;
            let home = store.organizations.home(user.id).await?;
            let via = Via::Basic { epoch: user.epoch };
            Caller::new(user.id, user.name, home.ok_or_else(refused)?, via)
        };
        // No key and no session has this digest.
        let nothing = keys::digest("");
        store.keys.find(&nothing).await?;
        let now = self.parts.clock.now();
        store.sessions.find(&nothing, now, now).await?;
        store.users.rewrite(caller.user_id()).await?;
        Ok(caller)
    }

    async fn by_password(
        &self,
        name: &str,
        password: String,
        checked: Option<&str>,
    ) -> Result<Option<Found>> {
        let user = self.guesses.user(name, password, checked).await?;
        let Some(user) = user else { return Ok(None) };
        let store = &self.parts.store;
        let home = store.organizations.home(user.id).await?;
        let via = Via::Basic { epoch: user.epoch };
        Ok(home.map(|home| Found {
            caller: Caller::new(user.id, user.name, home, via),
            password_hash: Some(user.password_hash),
            expires_at: None,
        }))
    }

    async fn by_key(&self, ctx: &Ctx, text: &str) -> Result<Option<Found>> {
        if keys::is_mistyped(text) {
            return Ok(None);
        }
        let store = &self.parts.store;
        let found = store.keys.find(&keys::digest(text)).await?;
        let now = self.parts.clock.now();
        let is_valid = |key: &ApiKey| key.expires_at.is_none_or(|at| at > now);
        let Some(key) = found.filter(is_valid) else {
            return Ok(None);
        };
        let Some(role) = store.organizations.role(key.org_id, key.user_id).await? else {
            return Ok(None);
        };
        self.note_use(ctx, key.id);
        let via = Via::Key(KeyUse {
            id: key.id,
            scopes: key.scopes.as_deref().map(Scopes::parse),
            expires_at: key.expires_at,
        });
        Ok(Some(Found {
            caller: Caller::new(key.user_id, key.user, (key.org_id, role), via),
            password_hash: None,
            expires_at: key.expires_at,
        }))
    }

    /// Notes the use of a key, for operators. A write, so sign-ins neither wait for it nor depend on it.
    fn note_use(&self, ctx: &Ctx, key_id: Uuid) {
        let (keys, now) = (self.parts.store.keys.clone(), self.parts.clock.now());
        if !self.keys.is_use_to_be_noted(key_id) {
            return;
        }
        let request_id = ctx.shown_id(&mut [0; ID_CHARS]).to_owned();
        drop(task::spawn("auth.note_use", async move {
            if let Err(e) = keys.touch(key_id, now).await {
                tracing::warn!(request_id, "the use of an API key was not noted: {e:?}");
            }
        }));
    }

    /// Whether the caller may do this.
    ///
    /// # Errors
    /// `Forbidden`, saying what is missing and who can grant it.
    pub fn allow(&self, caller: &Caller, action: Action) -> Result<()> {
        let now = self.parts.clock.now();
        match policy::decide(caller, action, now) {
            Decision::Allowed => {
                self.keys.note_scope(caller, action, now);
                Ok(())
            }
            refusal => {
                let nth = Action::ALL.iter().position(|one| *one == action);
                if let Some(counter) = nth.and_then(|nth| self.refusals.get(nth)) {
                    counter.increment(1);
                }
                Err(refusal_of(caller, refusal))
            }
        }
    }
}

/// What is missing, and who can grant it.
fn refusal_of(caller: &Caller, decision: Decision) -> Error {
    let names = |roles: &[Role]| {
        let labels: Vec<_> = roles.iter().map(|role| role.label()).collect();
        labels.join(", ")
    };
    let role = caller.role().label();
    let message = match decision {
        Decision::Allowed => return Error::internal("a refusal of what is allowed"),
        Decision::NotIn(roles) => format!(
            "your role here is {role}; this takes one of: {}. An owner or admin of the organization can give you another role",
            names(roles)
        ),
        Decision::NotInInstallation(roles) => format!(
            "this concerns the whole installation: it takes one of the roles {} in the organization of the installation, \
             which its owners and admins give",
            names(roles)
        ),
        Decision::NeedsScope(scope) => format!(
            "this key lacks the scope {}; its owner can make a key that has it",
            scope.label()
        ),
        Decision::NeedsPerson => {
            "keys may not do this: sign in with a session or with user and password".to_owned()
        }
        Decision::NeedsSession => "this takes a session: sign in with POST /api/session".to_owned(),
        Decision::NeedsStepUp => {
            "prove again that it is you: POST /api/session/step-up with your password".to_owned()
        }
    };
    Error::new(Kind::Forbidden, message)
}

fn refused() -> Error {
    Error::new(Kind::Unauthenticated, "these credentials are not valid")
}
