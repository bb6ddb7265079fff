//! Sign-ins at a provider that are under way, the users behind its subjects, and what it decides about them.
//!
//! Invariants: what binds a sign-in to its browser is stored as a hash, and given out once. A provider changes only memberships
//! that it made, and never the last owner's.

use sea_orm::{ConnectionTrait, DbErr, QueryResult, prelude::Uuid};

use super::{
    audit::{self, Entry},
    audited::Step,
    connection::{Connections, timers},
    keys::SecretHash,
    organizations::{NOT_LAST_OWNER, Organizations, Role, Source, known},
    text,
    users::User,
};
use crate::kernel::{Result, Timestamp, clock::from_micros};

/// A sign-in that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingSignIn {
    /// JSON, with secrets in it.
    pub pending: String,
    /// A path of this site.
    pub return_to: String,
    pub created_at: Timestamp,
}

/// Who signs in, in the provider's words.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub issuer: &'a str,
    pub subject: &'a str,
}

/// Whose sessions a provider ends.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    pub issuer: &'a str,
    /// Of this person only.
    pub subject: Option<&'a str>,
    /// Only those that began with this session at the provider.
    pub sid: Option<&'a str>,
}

pub struct SingleSignOn {
    db: Connections,
    organizations: Organizations,
    timers: Timers,
}

timers!("single_sign_on": begin, take, user, membership, provision, join, set_role, remove, end_sessions, sweep);

impl SingleSignOn {
    pub(super) fn new(db: &Connections) -> Self {
        Self {
            timers: Timers::new(db),
            organizations: Organizations::new(db),
            db: db.clone(),
        }
    }

    /// # Errors
    /// Faults only.
    pub async fn begin(&self, hash: &SecretHash, row: &PendingSignIn) -> Result<()> {
        let insert = self.db.statement(
            "INSERT INTO pending_sign_ins (hash, pending, return_to, created_at_us) VALUES ($1, $2, $3, $4)",
            [
                hash.to_vec().into(),
                row.pending.clone().into(),
                row.return_to.clone().into(),
                row.created_at.as_microsecond().into(),
            ],
        );
        let written = self.db.write_one(&self.timers.begin, insert).await;
        written.map(drop)
    }

    /// Gives a sign-in out, and forgets it. `None` when there is none, or it was given out before.
    ///
    /// # Errors
    /// Faults only.
    pub async fn take(&self, hash: &SecretHash) -> Result<Option<PendingSignIn>> {
        let delete = self.db.statement(
            "DELETE FROM pending_sign_ins WHERE hash = $1 RETURNING pending, return_to, created_at_us",
            [hash.to_vec().into()],
        );
        let work = async {
            let tx = self.db.begin().await?;
            let row = tx.query_one_raw(delete).await?;
            let found = row.as_ref().map(pending).transpose()?;
            tx.commit().await?;
            Ok(found)
        };
        self.db.write(&self.timers.take, work).await
    }

    /// Forgets sign-ins that were begun before then, and logout tokens that would be refused by now for their age.
    ///
    /// # Errors
    /// Faults only.
    pub async fn sweep(&self, begun_before: Timestamp, now: Timestamp) -> Result<()> {
        let pending = self.db.statement(
            "DELETE FROM pending_sign_ins WHERE created_at_us < $1",
            [begun_before.as_microsecond().into()],
        );
        let tokens = self.db.statement(
            "DELETE FROM used_logout_tokens WHERE until_us < $1",
            [now.as_microsecond().into()],
        );
        self.db.write_one(&self.timers.sweep, pending).await?;
        self.db.write_one(&self.timers.sweep, tokens).await?;
        Ok(())
    }

    /// The user who is this subject.
    ///
    /// # Errors
    /// Faults only.
    pub async fn user(&self, of: Subject<'_>) -> Result<Option<Uuid>> {
        if !text::storable(of.subject) {
            return Ok(None);
        }
        let sql = "SELECT user_id FROM identities WHERE issuer = $1 AND subject = $2";
        let query = self
            .db
            .statement(sql, [of.issuer.into(), of.subject.into()]);
        let read = |row: &QueryResult| row.try_get_by(0);
        self.db.row(&self.timers.user, query, read).await
    }

    /// A user's role in an organization, and who decides it.
    ///
    /// # Errors
    /// Faults only.
    pub async fn membership(&self, org: Uuid, user: Uuid) -> Result<Option<(Role, Source)>> {
        let sql = "SELECT role, source FROM memberships WHERE org_id = $1 AND user_id = $2";
        let query = self.db.statement(sql, [org.into(), user.into()]);
        let read = |row: &QueryResult| {
            Ok((
                row.try_get_by::<String, _>(0)?,
                row.try_get_by::<String, _>(1)?,
            ))
        };
        let found = self.db.row(&self.timers.membership, query, read).await?;
        Ok(found.and_then(|(role, source)| {
            let source = Source::from_label(&source).unwrap_or(Source::Local);
            Some((known(&role)?, source))
        }))
    }

    /// Makes a user for a subject, a member with this role.
    ///
    /// # Errors
    /// `Conflict` when the name is taken, or the subject has a user; `Invalid` when a text holds a NUL.
    pub async fn provision(
        &self,
        user: &User,
        of: Subject<'_>,
        (org, role): (Uuid, Role),
        entry: &Entry,
    ) -> Result<()> {
        text::check("name", &user.name)?;
        text::check("subject", of.subject)?;
        let now = entry.at;
        let user_row = self.db.statement(
            "INSERT INTO users (id, name, password_hash, created_at_us, has_password) VALUES ($1, $2, $3, $4, FALSE)",
            [
                user.id.into(),
                user.name.clone().into(),
                user.password_hash.clone().into(),
                user.created_at.as_microsecond().into(),
            ],
        );
        let identity = self.db.statement(
            "INSERT INTO identities (issuer, subject, user_id, linked_at_us) VALUES ($1, $2, $3, $4)",
            [
                of.issuer.into(),
                of.subject.into(),
                user.id.into(),
                now.as_microsecond().into(),
            ],
        );
        let joining = self
            .organizations
            .joining(org, user.id, role, Source::Provider, now);
        let steps = [user_row, identity, joining].map(Step::Must);
        let made = self
            .db
            .change(&self.timers.provision, steps.into(), entry)
            .await;
        made.map(drop)
    }

    /// Makes a user a member by the provider's word. False when the user is one meanwhile.
    ///
    /// # Errors
    /// `Internal` when there is no such user.
    pub async fn join(&self, org: Uuid, user: Uuid, role: Role, entry: &Entry) -> Result<bool> {
        let insert = self.db.statement(
            "INSERT INTO memberships (org_id, user_id, role, source, joined_at_us) \
             VALUES ($1, $2, $3, 'provider', $4) ON CONFLICT (org_id, user_id) DO NOTHING",
            [
                org.into(),
                user.into(),
                role.label().into(),
                entry.at.as_microsecond().into(),
            ],
        );
        let steps = vec![Step::Must(insert)];
        self.db.change(&self.timers.join, steps, entry).await
    }

    /// Gives a member another role, and ends the member's sessions there. False when somebody here decides the role, or it
    /// is the last owner.
    ///
    /// # Errors
    /// Faults only.
    pub async fn set_role(&self, org: Uuid, user: Uuid, role: Role, entry: &Entry) -> Result<bool> {
        let sql = format!(
            "UPDATE memberships SET role = $3 WHERE org_id = $1 AND user_id = $2 AND source = 'provider' \
             AND ($3 = 'owner' OR {NOT_LAST_OWNER})"
        );
        let values = [org.into(), user.into(), role.label().into()];
        let steps = vec![
            self.organizations.lock(org),
            Step::Must(self.db.statement(&sql, values)),
            self.organizations.end_sessions(org, user),
        ];
        self.db.change(&self.timers.set_role, steps, entry).await
    }

    /// Removes a member with its sessions and keys there. False as in [`SingleSignOn::set_role`].
    ///
    /// # Errors
    /// Faults only.
    pub async fn remove(&self, org: Uuid, user: Uuid, entry: &Entry) -> Result<bool> {
        let sql = format!(
            "DELETE FROM memberships WHERE org_id = $1 AND user_id = $2 AND source = 'provider' AND {NOT_LAST_OWNER}"
        );
        let steps = vec![
            self.organizations.lock(org),
            Step::Must(self.db.statement(&sql, [org.into(), user.into()])),
            self.organizations.end_sessions(org, user),
            self.organizations.end_keys(org, user, entry.at),
        ];
        self.db.change(&self.timers.remove, steps, entry).await
    }

    /// Ends sessions by the provider's word, and remembers its token until then. Returns whose sessions ended, one entry for
    /// each session; `None` when the token was used before.
    ///
    /// # Errors
    /// Faults only.
    pub async fn end_sessions(
        &self,
        (token, until): (&SecretHash, Timestamp),
        what: Ending<'_>,
        entry: &Entry,
    ) -> Result<Option<Vec<Uuid>>> {
        audit::check(entry)?;
        text::check_some("sub", what.subject)?;
        text::check_some("sid", what.sid)?;
        let remember = self.db.statement(
            "INSERT INTO used_logout_tokens (hash, until_us) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING",
            [token.to_vec().into(), until.as_microsecond().into()],
        );
        let end = self.db.statement(
            "DELETE FROM sessions WHERE how = 'provider' AND user_id IN \
             (SELECT user_id FROM identities WHERE issuer = $1 AND subject = COALESCE($2, subject)) \
             AND ($3 = '' OR idp_sid = $3) RETURNING user_id",
            [
                what.issuer.into(),
                what.subject.map(str::to_owned).into(),
                what.sid.unwrap_or_default().into(),
            ],
        );
        let work = async {
            let tx = self.db.begin().await?;
            if tx.execute_raw(remember).await?.rows_affected() == 0 {
                tx.rollback().await?;
                return Ok(None);
            }
            let rows = tx.query_all_raw(end).await?;
            let users = rows.iter().map(|row| row.try_get_by(0));
            let users = users.collect::<Result<Vec<Uuid>, DbErr>>()?;
            if !users.is_empty() {
                audit::insert(&tx, entry).await?;
            }
            tx.commit().await?;
            Ok(Some(users))
        };
        self.db.write(&self.timers.end_sessions, work).await
    }
}

fn pending(row: &QueryResult) -> Result<PendingSignIn, DbErr> {
    Ok(PendingSignIn {
        pending: row.try_get_by(0)?,
        return_to: row.try_get_by(1)?,
        created_at: from_micros(row.try_get_by(2)?),
    })
}
