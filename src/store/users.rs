//! Users, and the API keys of their programs.
//!
//! Invariant: neither a password nor a key is stored, only its hash.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QueryTrait,
    prelude::Uuid, sea_query::Expr,
};

use super::{
    connection::{Connections, timers},
    entity::{api_key, user},
    text,
};
use crate::kernel::{Result, Timestamp, clock::from_micros};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: Uuid,
    /// Unique.
    pub name: String,
    /// A PHC string.
    pub password_hash: String,
    pub created_at: Timestamp,
}

/// A key without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    pub id: Uuid,
    pub user_id: Uuid,
    pub name: String,
    /// The key's first eight characters, to tell keys apart.
    pub prefix: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

/// SHA-256 of a key.
pub type KeyHash = [u8; 32];

/// Cheap to clone.
#[derive(Clone)]
pub struct Users {
    db: Connections,
    timers: Timers,
}

timers!("users": find, insert, set_password, insert_key, list_keys, find_key, touch_key, revoke_key, rewrite);

impl Users {
    pub(super) fn new(db: &Connections) -> Self {
        Self {
            timers: Timers::new(db),
            db: db.clone(),
        }
    }

    /// By the exact name.
    ///
    /// # Errors
    /// Faults only.
    pub async fn find(&self, name: &str) -> Result<Option<User>> {
        if !text::storable(name) {
            return Ok(None);
        }
        let work = async {
            let row = user::Entity::find()
                .filter(user::Column::Name.eq(name))
                .one(&self.db.reader)
                .await?;
            Ok(row.map(User::from_row))
        };
        self.db.run(&self.timers.find, work).await
    }

    /// # Errors
    /// `Conflict` when the name is taken; `Invalid` when it holds a NUL.
    pub async fn insert(&self, user: &User) -> Result<()> {
        text::check("name", &user.name)?;
        text::check("password_hash", &user.password_hash)?;
        let row = user::ActiveModel {
            id: Set(user.id),
            name: Set(user.name.clone()),
            password_hash: Set(user.password_hash.clone()),
            created_at_us: Set(user.created_at.as_microsecond()),
        };
        let insert = user::Entity::insert(row).build(self.db.backend());
        let written = self.db.write_one(&self.timers.insert, insert).await;
        written.map(drop)
    }

    /// Writes a row without a change, all the way to the disk: the first write after a start takes longest.
    ///
    /// # Errors
    /// Faults only.
    pub async fn rewrite(&self, id: Uuid) -> Result<()> {
        let update = user::Entity::update_many()
            .col_expr(user::Column::Name, Expr::col(user::Column::Name))
            .filter(user::Column::Id.eq(id))
            .build(self.db.backend());
        let written = self.db.write_one(&self.timers.rewrite, update).await;
        written.map(drop)
    }

    /// False without such a user.
    ///
    /// # Errors
    /// `Invalid` when the hash holds a NUL.
    pub async fn set_password(&self, id: Uuid, password_hash: &str) -> Result<bool> {
        text::check("password_hash", password_hash)?;
        let update = user::Entity::update_many()
            .col_expr(user::Column::PasswordHash, Expr::value(password_hash))
            .filter(user::Column::Id.eq(id))
            .build(self.db.backend());
        let changed = self.db.write_one(&self.timers.set_password, update).await?;
        Ok(changed > 0)
    }

    /// # Errors
    /// `Conflict` when the key exists; `Invalid` when a text holds a NUL; `Internal` when the user does not exist.
    pub async fn insert_key(&self, key: &ApiKey, hash: &KeyHash) -> Result<()> {
        text::check("name", &key.name)?;
        text::check("prefix", &key.prefix)?;
        let row = api_key::ActiveModel {
            id: Set(key.id),
            user_id: Set(key.user_id),
            name: Set(key.name.clone()),
            hash: Set(hash.to_vec()),
            prefix: Set(key.prefix.clone()),
            created_at_us: Set(key.created_at.as_microsecond()),
            last_used_at_us: Set(key.last_used_at.map(Timestamp::as_microsecond)),
            revoked_at_us: Set(key.revoked_at.map(Timestamp::as_microsecond)),
        };
        let insert = api_key::Entity::insert(row).build(self.db.backend());
        let written = self.db.write_one(&self.timers.insert_key, insert).await;
        written.map(drop)
    }

    /// All keys of a user, revoked ones too, oldest first.
    ///
    /// # Errors
    /// Faults only.
    pub async fn list_keys(&self, user: Uuid) -> Result<Vec<ApiKey>> {
        let work = async {
            let rows = api_key::Entity::find()
                .filter(api_key::Column::UserId.eq(user))
                .order_by_asc(api_key::Column::CreatedAtUs)
                .order_by_asc(api_key::Column::Id)
                .all(&self.db.reader)
                .await?;
            Ok(rows.into_iter().map(ApiKey::from_row).collect())
        };
        self.db.run(&self.timers.list_keys, work).await
    }

    /// The key with this hash and its user, unless it was revoked.
    ///
    /// # Errors
    /// Faults only.
    pub async fn find_key(&self, hash: &KeyHash) -> Result<Option<(ApiKey, User)>> {
        let work = async {
            let found = api_key::Entity::find()
                .filter(api_key::Column::Hash.eq(hash.to_vec()))
                .filter(api_key::Column::RevokedAtUs.is_null())
                .one(&self.db.reader)
                .await?;
            let Some(key) = found else {
                return Ok(None);
            };
            let user = user::Entity::find_by_id(key.user_id)
                .one(&self.db.reader)
                .await?;
            Ok::<_, DbErr>(user.map(|user| (ApiKey::from_row(key), User::from_row(user))))
        };
        self.db.run(&self.timers.find_key, work).await
    }

    /// Notes that a key was used.
    ///
    /// # Errors
    /// Faults only.
    pub async fn touch_key(&self, id: Uuid, now: Timestamp) -> Result<()> {
        let update = api_key::Entity::update_many()
            .col_expr(
                api_key::Column::LastUsedAtUs,
                Expr::value(now.as_microsecond()),
            )
            .filter(api_key::Column::Id.eq(id))
            .build(self.db.backend());
        let written = self.db.write_one(&self.timers.touch_key, update).await;
        written.map(drop)
    }

    /// False when the user has no such key, or it was revoked before.
    ///
    /// # Errors
    /// Faults only.
    pub async fn revoke_key(&self, user: Uuid, id: Uuid, now: Timestamp) -> Result<bool> {
        let update = api_key::Entity::update_many()
            .col_expr(
                api_key::Column::RevokedAtUs,
                Expr::value(now.as_microsecond()),
            )
            .filter(api_key::Column::Id.eq(id))
            .filter(api_key::Column::UserId.eq(user))
            .filter(api_key::Column::RevokedAtUs.is_null())
            .build(self.db.backend());
        let changed = self.db.write_one(&self.timers.revoke_key, update).await?;
        Ok(changed > 0)
    }
}

impl User {
    fn from_row(row: user::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            password_hash: row.password_hash,
            created_at: from_micros(row.created_at_us),
        }
    }
}

impl ApiKey {
    fn from_row(row: api_key::Model) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            name: row.name,
            prefix: row.prefix,
            created_at: from_micros(row.created_at_us),
            last_used_at: row.last_used_at_us.map(from_micros),
            revoked_at: row.revoked_at_us.map(from_micros),
        }
    }
}
