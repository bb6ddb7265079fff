//! API keys of users' programs.
//!
//! Invariant: a key is not stored, only its hash.

use sea_orm::{DbErr, QueryResult, Statement, prelude::Uuid};

use super::{
    audit::Entry,
    audited::Step,
    connection::{Connections, timers},
    organizations::{Organizations, membership_held},
    text,
};
use crate::kernel::{Result, Timestamp, clock::from_micros};

/// A key without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    pub id: Uuid,
    pub user_id: Uuid,
    /// Of the user.
    pub user: String,
    /// Where it acts.
    pub org_id: Uuid,
    pub name: String,
    /// The key's first characters, to tell keys apart.
    pub prefix: String,
    /// Separated by spaces. `None`, as keys of earlier releases: whatever the user's role allows.
    pub scopes: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

/// SHA-256 of a key, a session's token, or an invitation's.
pub type SecretHash = [u8; 32];

/// Cheap to clone.
#[derive(Clone)]
pub struct Keys {
    db: Connections,
    timers: Timers,
}

timers!("keys": insert, list, find, touch, revoke, scopes, use_scope);

const SELECT: &str = "SELECT k.id, k.user_id, u.name, k.org_id, k.name, k.prefix, k.scopes, k.created_at_us, \
     k.expires_at_us, k.last_used_at_us, k.revoked_at_us FROM api_keys k JOIN users u ON u.id = k.user_id";

const INSERT: &str = "INSERT INTO api_keys (id, user_id, name, hash, prefix, created_at_us, last_used_at_us, \
     revoked_at_us, org_id, scopes, expires_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

impl Keys {
    pub(super) fn new(db: &Connections) -> Self {
        Self {
            timers: Timers::new(db),
            db: db.clone(),
        }
    }

    /// False when the user is no member of the key's organization.
    ///
    /// # Errors
    /// `Conflict` when the key exists; `Invalid` when a text holds a NUL.
    pub async fn insert(&self, key: &ApiKey, hash: &SecretHash, entry: &Entry) -> Result<bool> {
        text::check("name", &key.name)?;
        let micros = |t: Option<Timestamp>| t.map(Timestamp::as_microsecond);
        let insert = self.db.statement(
            INSERT,
            [
                key.id.into(),
                key.user_id.into(),
                key.name.clone().into(),
                hash.to_vec().into(),
                key.prefix.clone().into(),
                key.created_at.as_microsecond().into(),
                micros(key.last_used_at).into(),
                micros(key.revoked_at).into(),
                key.org_id.into(),
                key.scopes.clone().into(),
                micros(key.expires_at).into(),
            ],
        );
        let steps = vec![
            membership_held(&self.db, key.org_id, key.user_id),
            Step::Must(insert),
        ];
        self.db.change(&self.timers.insert, steps, entry).await
    }

    /// All keys of a user, revoked ones too, oldest first.
    ///
    /// # Errors
    /// Faults only.
    pub async fn of_user(&self, user: Uuid) -> Result<Vec<ApiKey>> {
        let sql = format!("{SELECT} WHERE k.user_id = $1 ORDER BY k.created_at_us, k.id");
        self.list(self.db.statement(&sql, [user.into()])).await
    }

    /// All keys that act in an organization, revoked ones too, oldest first.
    ///
    /// # Errors
    /// Faults only.
    pub async fn of_organization(&self, org: Uuid) -> Result<Vec<ApiKey>> {
        // Keys of the release before name none: they act in the default organization.
        let sql = format!(
            "{SELECT} WHERE k.org_id = $1 OR (k.org_id IS NULL AND $2) ORDER BY k.created_at_us, k.id"
        );
        let is_default = org == Organizations::DEFAULT;
        let query = self.db.statement(&sql, [org.into(), is_default.into()]);
        self.list(query).await
    }

    async fn list(&self, query: Statement) -> Result<Vec<ApiKey>> {
        self.db.rows(&self.timers.list, query, key).await
    }

    /// The key with this hash, unless it was revoked.
    ///
    /// # Errors
    /// Faults only.
    pub async fn find(&self, hash: &SecretHash) -> Result<Option<ApiKey>> {
        let sql = format!("{SELECT} WHERE k.hash = $1 AND k.revoked_at_us IS NULL");
        let query = self.db.statement(&sql, [hash.to_vec().into()]);
        self.db.row(&self.timers.find, query, key).await
    }

    /// Notes that a key was used.
    ///
    /// # Errors
    /// Faults only.
    pub async fn touch(&self, id: Uuid, now: Timestamp) -> Result<()> {
        let sql = "UPDATE api_keys SET last_used_at_us = $2 WHERE id = $1";
        let values = [id.into(), now.as_microsecond().into()];
        let update = self.db.statement(sql, values);
        self.db
            .write_one(&self.timers.touch, update)
            .await
            .map(drop)
    }

    /// Notes that a key used a scope.
    ///
    /// # Errors
    /// `Internal` without such a key.
    pub async fn use_scope(&self, id: Uuid, scope: &str, now: Timestamp) -> Result<()> {
        let sql = "INSERT INTO key_scope_uses (key_id, scope, used_at_us) VALUES ($1, $2, $3) \
             ON CONFLICT (key_id, scope) DO UPDATE SET used_at_us = excluded.used_at_us";
        let values = [id.into(), scope.into(), now.as_microsecond().into()];
        let insert = self.db.statement(sql, values);
        let written = self.db.write_one(&self.timers.use_scope, insert).await;
        written.map(drop)
    }

    /// The scopes that a key used since then, in alphabetical order.
    ///
    /// # Errors
    /// Faults only.
    pub async fn scopes_used(&self, id: Uuid, since: Timestamp) -> Result<Vec<String>> {
        let sql = "SELECT scope FROM key_scope_uses WHERE key_id = $1 AND used_at_us >= $2 ORDER BY scope";
        let values = [id.into(), since.as_microsecond().into()];
        let query = self.db.statement(sql, values);
        let read = |row: &QueryResult| row.try_get_by(0);
        self.db.rows(&self.timers.scopes, query, read).await
    }

    /// Ends a key of this user, or, without one, of this organization. False when there is none, or it was revoked before.
    ///
    /// # Errors
    /// Faults only.
    pub async fn revoke(&self, id: Uuid, of: Owner, entry: &Entry) -> Result<bool> {
        let now = entry.at.as_microsecond();
        let update = match of {
            Owner::User(user) => self.db.statement(
                "UPDATE api_keys SET revoked_at_us = $2 WHERE id = $1 AND revoked_at_us IS NULL AND user_id = $3",
                [id.into(), now.into(), user.into()],
            ),
            Owner::Organization(org) => self.db.statement(
                "UPDATE api_keys SET revoked_at_us = $2 WHERE id = $1 AND revoked_at_us IS NULL \
                 AND (org_id = $3 OR (org_id IS NULL AND $4))",
                [
                    id.into(),
                    now.into(),
                    org.into(),
                    (org == Organizations::DEFAULT).into(),
                ],
            ),
        };
        self.db
            .change(&self.timers.revoke, vec![Step::Must(update)], entry)
            .await
    }
}

/// Whose key.
#[derive(Clone, Copy, Debug)]
pub enum Owner {
    User(Uuid),
    Organization(Uuid),
}

fn key(row: &QueryResult) -> Result<ApiKey, DbErr> {
    let time = |i: usize| -> Result<Option<Timestamp>, DbErr> {
        Ok(row.try_get_by::<Option<i64>, _>(i)?.map(from_micros))
    };
    let org_id: Option<Uuid> = row.try_get_by(3)?;
    Ok(ApiKey {
        id: row.try_get_by(0)?,
        user_id: row.try_get_by(1)?,
        user: row.try_get_by(2)?,
        org_id: org_id.unwrap_or(Organizations::DEFAULT),
        name: row.try_get_by(4)?,
        prefix: row.try_get_by(5)?,
        scopes: row.try_get_by(6)?,
        created_at: from_micros(row.try_get_by(7)?),
        expires_at: time(8)?,
        last_used_at: time(9)?,
        revoked_at: time(10)?,
    })
}
