//! What a provider's claims do to a person's place in the organization of the installation.
//!
//! Invariant: only a membership that a provider made is changed, in one transaction with its entry in the audit log; the last
//! owner stays.

use oidc::{Decision, Identity};
use serde_json::json;

use super::{HOW, SingleSignOn, name};
use crate::{
    identity::{Author, Role, Source},
    kernel::{
        Error, Kind, Result,
        id::{self, Uuid},
    },
    store::{audit::Entry, organizations::Organizations, single_sign_on::Subject, users::User},
};

const ORG: Uuid = Organizations::DEFAULT;
/// Where the default role is what decides.
const BY_DEFAULT: &str = "no group gives a role: OIDC_DEFAULT_ROLE";

impl SingleSignOn {
    /// Makes a user of somebody who was never here.
    pub(super) async fn provision(
        &self,
        identity: &Identity,
        of: Subject<'_>,
        decision: &Decision,
    ) -> Result<User> {
        let decided = match decision {
            Decision::Role { role, why } => Role::from_label(role).map(|role| (role, why.as_str())),
            Decision::Absent | Decision::NoMatch => {
                self.default_role.map(|role| (role, BY_DEFAULT))
            }
        };
        let (role, why) = decided.ok_or_else(|| {
            tracing::info!(
                subject = of.subject,
                "no role is meant for somebody who signed in at the provider: not let in"
            );
            not_let_in()
        })?;
        // A password that nobody knows: the release before this one compares with it.
        let password_hash = self.passwords.hash(id::secret::<32>()?).await?;
        let wished = name::wished(&identity.claims);
        for name in name::free(&wished, &id::secret::<4>()?) {
            if self.parts.store.users.has_alike(&name).await? {
                continue;
            }
            let user = User {
                id: self.parts.ids.next(),
                name,
                password_hash: password_hash.clone(),
                has_password: false,
                epoch: 0,
                created_at: self.parts.clock.now(),
            };
            let detail = json!({
                "issuer": of.issuer, "sub": of.subject, "role": role.label(), "why": why,
            });
            let entry = self.entry(&user, "user.create", detail);
            let rows = &self.parts.store.single_sign_on;
            match rows.provision(&user, of, (ORG, role), &entry).await {
                Ok(()) => return Ok(user),
                // The name is taken; or the same person came in through another window meanwhile.
                Err(e) if e.kind() == Kind::Conflict => {
                    if let Some(id) = rows.user(of).await? {
                        return self.user(id).await;
                    }
                }
                Err(e) => return Err(e),
            }
        }
        let message = "every name for this user is taken: ask an administrator";
        Err(Error::new(Kind::Conflict, message))
    }

    /// Brings the place of a user up to date with what the provider says.
    pub(super) async fn follow(&self, id: Uuid, decision: &Decision) -> Result<User> {
        let user = self.user(id).await?;
        let rows = &self.parts.store.single_sign_on;
        let before = match rows.membership(ORG, id).await? {
            // People here decide.
            Some((_, Source::Local)) => return Ok(user),
            Some((role, Source::Provider)) => Some(role),
            None => None,
        };
        let (after, why) = match decision {
            Decision::Absent => return Ok(user),
            Decision::Role { role, why } => (Role::from_label(role), why.as_str()),
            // Who was removed comes back by a group only.
            Decision::NoMatch if before.is_some() && self.default_role.is_some() => {
                (self.default_role, BY_DEFAULT)
            }
            Decision::NoMatch => (None, "no group gives a role"),
        };
        if before == after {
            return Ok(user);
        }
        let detail = json!({
            "before": before.map(Role::label), "after": after.map(Role::label), "why": why,
        });
        let entry = |action| self.entry(&user, action, detail.clone());
        let changed = match (before, after) {
            (None, Some(role)) => rows.join(ORG, id, role, &entry("member.join")).await,
            (Some(_), Some(role)) => rows.set_role(ORG, id, role, &entry("member.role")).await,
            (_, None) => rows.remove(ORG, id, &entry("member.remove")).await,
        };
        self.parts.changed(id).await;
        if !changed? && before == Some(Role::Owner) {
            self.note_last_owner(&user, &entry("member.keep_last_owner"))
                .await?;
        }
        Ok(user)
    }

    /// Unless somebody here took the decision over meanwhile.
    async fn note_last_owner(&self, user: &User, entry: &Entry) -> Result<()> {
        let store = &self.parts.store;
        let now = store.single_sign_on.membership(ORG, user.id).await?;
        if now == Some((Role::Owner, Source::Provider)) {
            tracing::warn!(
                user = user.name,
                "the provider gives the last owner another role or none: the owner stays"
            );
            store.audit.append(entry).await?;
        }
        Ok(())
    }

    fn entry(&self, user: &User, action: &str, detail: serde_json::Value) -> Entry {
        let author = Author::person(&user.name, HOW, ORG);
        author.entry(
            self.parts.stamp(),
            action,
            format!("user:{}", user.id),
            Some(detail),
        )
    }
}

pub(super) fn not_let_in() -> Error {
    let message = "the provider knows you, but gives you no role here: ask an administrator for a group that has one";
    Error::new(Kind::Forbidden, message)
}
