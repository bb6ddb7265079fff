//! Invitations: a link that makes whoever opens it a member. No mail server is needed: people send links as they like.
//!
//! Invariant: looking at one changes nothing, because mail scanners open links.

use std::{sync::Arc, time::Duration};

use unicode_security::MixedScript as _;

use super::{
    Author, Caller, OrgId, Parts,
    guesses::Guesses,
    keys::digest,
    organizations::check_rank,
    password::{self, Passwords},
};
use crate::{
    kernel::{
        Error, Kind, Result,
        id::{self, Uuid},
    },
    store::{
        invitations::Invitation,
        organizations::{Organization, Role},
        users::User,
    },
};

/// How long one can be accepted.
const LIFE: Duration = Duration::from_hours(7 * 24);
const NOTE_CHARS: usize = 200;

/// One that is to be made.
#[derive(Clone, Debug)]
pub struct InvitationDraft {
    pub role: Role,
    /// For whom it is: up to 200 characters.
    pub note: String,
}

/// One that was made, and the token for its link, which is not stored.
pub struct Issued {
    pub token: String,
    pub stored: Invitation,
}

/// Who accepts.
pub enum Applicant {
    /// Somebody who is signed in.
    Caller(Caller),
    /// Somebody with a name and a password: of a user that exists, or of one to be made.
    Named { name: String, password: String },
}

/// A new member.
pub struct Accepted {
    pub user_id: Uuid,
    pub name: String,
    pub organization: Organization,
    pub role: Role,
}

pub struct Invitations {
    parts: Parts,
    passwords: Arc<Passwords>,
    guesses: Arc<Guesses>,
}

impl Invitations {
    pub(super) fn new(parts: &Parts, passwords: &Arc<Passwords>, guesses: &Arc<Guesses>) -> Self {
        Self {
            parts: parts.clone(),
            passwords: Arc::clone(passwords),
            guesses: Arc::clone(guesses),
        }
    }

    /// # Errors
    /// `Forbidden` for a role above the caller's; `Invalid` for a note that is too long; the store's.
    pub async fn make(&self, caller: &Caller, draft: InvitationDraft) -> Result<Issued> {
        check_rank(caller.role(), draft.role)?;
        if draft.note.chars().count() > NOTE_CHARS {
            let message = format!("must have at most {NOTE_CHARS} characters");
            return Err(Error::invalid("note", message));
        }
        check_plain("note", &draft.note)?;
        let now = self.parts.clock.now();
        let token = id::secret::<20>()?;
        let stored = Invitation {
            id: self.parts.ids.next(),
            org_id: caller.organization().id(),
            role: draft.role,
            note: draft.note,
            made_by: caller.name().to_owned(),
            created_at: now,
            expires_at: now.checked_add(LIFE).unwrap_or(now),
            accepted_at: None,
            accepted_by: None,
        };
        let detail = serde_json::json!({ "role": stored.role.label(), "note": stored.note });
        let entry = Author::of(caller, None)?.entry(
            self.parts.stamp(),
            "invitation.create",
            format!("invitation:{}", stored.id),
            Some(detail),
        );
        let rows = &self.parts.store.invitations;
        rows.insert(&stored, &digest(&token), &entry).await?;
        Ok(Issued { token, stored })
    }

    /// All of an organization, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, org: OrgId) -> Result<Vec<Invitation>> {
        self.parts.store.invitations.list(org.id()).await
    }

    /// # Errors
    /// `NotFound` when there is none that could still be accepted; the store's.
    pub async fn revoke(&self, caller: &Caller, invitation: Uuid) -> Result<()> {
        let entry = Author::of(caller, None)?.entry(
            self.parts.stamp(),
            "invitation.revoke",
            format!("invitation:{invitation}"),
            None,
        );
        let rows = &self.parts.store.invitations;
        let org = caller.organization().id();
        if rows.delete(org, invitation, &entry).await? {
            return Ok(());
        }
        Err(Error::not_found(
            "there is no such invitation, or it was accepted",
        ))
    }

    /// What a link leads to.
    ///
    /// # Errors
    /// `NotFound` when it is over, was used, or never was one; the store's.
    pub async fn look(&self, token: &str) -> Result<(Invitation, Organization)> {
        let over = || {
            let message = "this invitation was used, has expired or was revoked; ask for another";
            Error::not_found(message)
        };
        let now = self.parts.clock.now();
        let hash = digest(token);
        let found = self.parts.store.invitations.find(&hash, now);
        let invitation = found.await?.ok_or_else(over)?;
        let store = &self.parts.store;
        let organization = store.organizations.get(invitation.org_id);
        let organization = organization.await?.ok_or_else(over)?;
        // Whoever lost the right to give this role lost it for links, too.
        let maker = store
            .users
            .find(&invitation.made_by)
            .await?
            .ok_or_else(over)?;
        let role = store
            .organizations
            .role(invitation.org_id, maker.id)
            .await?;
        let rank = check_rank(role.ok_or_else(over)?, invitation.role);
        rank.map_err(|_| over())?;
        Ok((invitation, organization))
    }

    /// Makes the applicant a member.
    ///
    /// # Errors
    /// As [`Invitations::look`]; `Unauthenticated` for a wrong password of an existing user; `Invalid` for a name or a password
    /// that a new user cannot have; `Conflict` for a member.
    pub async fn accept(&self, token: &str, applicant: Applicant) -> Result<Accepted> {
        let (invitation, organization) = self.look(token).await?;
        let store = &self.parts.store;
        let (user, is_new) = match applicant {
            Applicant::Caller(caller) => {
                let user = store.users.get(caller.user_id()).await?;
                (user.ok_or_else(super::refused)?, false)
            }
            Applicant::Named { name, password } => {
                self.named(name, password, &organization.name).await?
            }
        };
        let role = store.organizations.role(organization.id, user.id).await?;
        if role.is_some() {
            return Err(Error::new(Kind::Conflict, "you are a member already"));
        }
        let author = Author::person(&user.name, "invitation", organization.id);
        let detail = serde_json::json!({ "role": invitation.role.label(), "new_user": is_new });
        let subject = format!("invitation:{}", invitation.id);
        let entry = author.entry(
            self.parts.stamp(),
            "invitation.accept",
            subject,
            Some(detail),
        );
        let accepted = store
            .invitations
            .accept(&invitation, &user, is_new, &entry)
            .await;
        self.parts.changed(user.id).await;
        if !accepted? {
            let message = "the invitation was used meanwhile";
            return Err(Error::new(Kind::Conflict, message));
        }
        Ok(Accepted {
            user_id: user.id,
            name: user.name,
            organization,
            role: invitation.role,
        })
    }

    async fn named(
        &self,
        name: String,
        password: String,
        organization: &str,
    ) -> Result<(User, bool)> {
        if self.parts.store.users.find(&name).await?.is_some() {
            let user = self.guesses.user(&name, password, None).await?;
            return user.map(|user| (user, false)).ok_or_else(|| {
                let message = "this name is taken: choose another, or give that user's password";
                Error::new(Kind::Unauthenticated, message)
            });
        }
        check_name(&name)?;
        if self.parts.store.users.has_alike(&name).await? {
            let message = "is taken, with other capitals: choose another";
            return Err(Error::invalid("username", message));
        }
        password::check_strength("password", &password, &[&name, organization])?;
        let user = User {
            id: self.parts.ids.next(),
            name,
            password_hash: self.passwords.hash(password).await?,
            has_password: true,
            epoch: 0,
            created_at: self.parts.clock.now(),
        };
        Ok((user, true))
    }
}

/// # Errors
/// `Invalid` for a name that HTTP Basic (RFC 7617) or a log line could not hold, or that could be taken for another's.
pub(super) fn check_name(name: &str) -> Result<()> {
    let fits = (1..=100).contains(&name.chars().count()) && name.trim() == name;
    // One script, and nothing that is not seen: a name must not look like another's.
    let plain = name.chars().all(is_name_character);
    if !fits || !plain || !name.is_single_script() {
        let message = "must have 1 to 100 letters (of one script), digits, spaces or . _ - @ + ', and no space at its ends";
        return Err(Error::invalid("username", message));
    }
    // Who acts without being a user.
    if ["command line", "start"].contains(&name.to_lowercase().as_str()) {
        return Err(Error::invalid("username", "is reserved: choose another"));
    }
    Ok(())
}

pub(super) fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || " ._-@+'".contains(c)
}

/// # Errors
/// `Invalid` for what a terminal or a log would obey instead of showing it.
pub(super) fn check_plain(field: &'static str, text: &str) -> Result<()> {
    // Besides, what is not seen or turns the direction of what is; but not what joins letters and emoji.
    let is_hidden = |c| matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    if text.chars().any(|c| c.is_control() || is_hidden(c)) {
        let message = "must not contain control characters or invisible ones";
        return Err(Error::invalid(field, message));
    }
    Ok(())
}
