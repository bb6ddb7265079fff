//! Invitations into an organization: a link that whoever has it may accept once.
//!
//! Invariant: an invitation's token is not stored, only its hash.

use sea_orm::{DbErr, QueryResult, prelude::Uuid};

use super::{
    audit::Entry,
    audited::Step,
    connection::{Connections, timers},
    keys::SecretHash,
    organizations::{Organizations, Role, Source, known},
    text,
    users::User,
};
use crate::kernel::{Result, Timestamp, clock::from_micros};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub id: Uuid,
    pub org_id: Uuid,
    pub role: Role,
    /// For whom it is, in the words of who made it.
    pub note: String,
    /// A user's name.
    pub made_by: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub accepted_at: Option<Timestamp>,
    /// A user's name.
    pub accepted_by: Option<String>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Invitations {
    db: Connections,
    organizations: Organizations,
    timers: Timers,
}

timers!("invitations": insert, list, find, accept, delete);

const COLUMNS: &str =
    "id, org_id, role, note, made_by, created_at_us, expires_at_us, accepted_at_us, accepted_by";

impl Invitations {
    pub(super) fn new(db: &Connections) -> Self {
        Self {
            timers: Timers::new(db),
            organizations: Organizations::new(db),
            db: db.clone(),
        }
    }

    /// # Errors
    /// `Invalid` when a text holds a NUL; `Internal` without such an organization.
    pub async fn insert(&self, new: &Invitation, hash: &SecretHash, entry: &Entry) -> Result<()> {
        text::check("note", &new.note)?;
        let insert = self.db.statement(
            "INSERT INTO invitations (id, org_id, role, note, made_by, created_at_us, expires_at_us, hash) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            [
                new.id.into(),
                new.org_id.into(),
                new.role.label().into(),
                new.note.clone().into(),
                new.made_by.clone().into(),
                new.created_at.as_microsecond().into(),
                new.expires_at.as_microsecond().into(),
                hash.to_vec().into(),
            ],
        );
        let steps = vec![Step::Must(insert)];
        let made = self.db.change(&self.timers.insert, steps, entry).await;
        made.map(drop)
    }

    /// All of an organization, newest first.
    ///
    /// # Errors
    /// Faults only.
    pub async fn list(&self, org: Uuid) -> Result<Vec<Invitation>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM invitations WHERE org_id = $1 ORDER BY created_at_us DESC, id DESC"
        );
        let query = self.db.statement(&sql, [org.into()]);
        let found = self.db.rows(&self.timers.list, query, invitation).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The one with this hash, if it can be accepted now.
    ///
    /// # Errors
    /// Faults only.
    pub async fn find(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<Invitation>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM invitations WHERE hash = $1 AND accepted_at_us IS NULL AND expires_at_us > $2"
        );
        let values = [hash.to_vec().into(), now.as_microsecond().into()];
        let query = self.db.statement(&sql, values);
        let found = self.db.row(&self.timers.find, query, invitation).await?;
        Ok(found.flatten())
    }

    /// Makes a user a member as the invitation says, and the user too where it is `new`. False when it was accepted, revoked or
    /// expired meanwhile, or the user is a member already.
    ///
    /// # Errors
    /// `Conflict` when the name of a new user is taken; `Invalid` when it holds a NUL.
    pub async fn accept(
        &self,
        invitation: &Invitation,
        user: &User,
        is_new: bool,
        entry: &Entry,
    ) -> Result<bool> {
        text::check("username", &user.name)?;
        let now = entry.at;
        let mut steps = vec![Step::Must(self.db.statement(
            "UPDATE invitations SET accepted_at_us = $2, accepted_by = $3 WHERE id = $1 \
             AND accepted_at_us IS NULL AND expires_at_us > $2",
            [
                invitation.id.into(),
                now.as_microsecond().into(),
                user.name.clone().into(),
            ],
        ))];
        if is_new {
            steps.push(Step::Must(self.db.statement(
                "INSERT INTO users (id, name, password_hash, created_at_us) VALUES ($1, $2, $3, $4)",
                [
                    user.id.into(),
                    user.name.clone().into(),
                    user.password_hash.clone().into(),
                    user.created_at.as_microsecond().into(),
                ],
            )));
        } else {
            steps.push(Step::Must(self.db.statement(
                "UPDATE users SET name = name WHERE id = $1 AND NOT EXISTS \
                 (SELECT 1 FROM memberships WHERE org_id = $2 AND user_id = $1)",
                [user.id.into(), invitation.org_id.into()],
            )));
        }
        let (org, role) = (invitation.org_id, invitation.role);
        let joining = self
            .organizations
            .joining(org, user.id, role, Source::Local, now);
        steps.push(Step::Must(joining));
        self.db.change(&self.timers.accept, steps, entry).await
    }

    /// Revokes one that was not accepted. False when there is none.
    ///
    /// # Errors
    /// Faults only.
    pub async fn delete(&self, org: Uuid, id: Uuid, entry: &Entry) -> Result<bool> {
        let delete = self.db.statement(
            "DELETE FROM invitations WHERE id = $1 AND org_id = $2 AND accepted_at_us IS NULL",
            [id.into(), org.into()],
        );
        let steps = vec![Step::Must(delete)];
        self.db.change(&self.timers.delete, steps, entry).await
    }
}

fn invitation(row: &QueryResult) -> Result<Option<Invitation>, DbErr> {
    let role: String = row.try_get_by(2)?;
    let Some(role) = known(&role) else {
        return Ok(None);
    };
    Ok(Some(Invitation {
        id: row.try_get_by(0)?,
        org_id: row.try_get_by(1)?,
        role,
        note: row.try_get_by(3)?,
        made_by: row.try_get_by(4)?,
        created_at: from_micros(row.try_get_by(5)?),
        expires_at: from_micros(row.try_get_by(6)?),
        accepted_at: row.try_get_by::<Option<i64>, _>(7)?.map(from_micros),
        accepted_by: row.try_get_by(8)?,
    }))
}
