//! Users.
//!
//! Invariant: a password is not stored, only its hash.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QueryTrait, prelude::Uuid,
    sea_query::Expr,
};

use super::{
    audit::Entry,
    audited::Step,
    connection::{Connections, timers},
    entity::user,
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
    /// False: signs in at another provider only, and nobody knows a password of this hash.
    pub has_password: bool,
    /// Grows when everything that is signed in has to end.
    pub epoch: i64,
    pub created_at: Timestamp,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Users {
    db: Connections,
    timers: Timers,
}

timers!("users": find, get, list, insert, set_password, rewrite);

const SET_PASSWORD: &str = "UPDATE users SET password_hash = $2, has_password = TRUE, epoch = epoch + 1 WHERE id = $1 AND epoch = $3";

impl Users {
    pub(super) fn new(db: &Connections) -> Self {
        Self {
            timers: Timers::new(db),
            db: db.clone(),
        }
    }

    /// Whether somebody is called so, without regard to case (in SQLite: that of ASCII letters).
    ///
    /// # Errors
    /// Faults only.
    pub async fn has_alike(&self, name: &str) -> Result<bool> {
        let query = "SELECT 1 FROM users WHERE lower(name) = $1 LIMIT 1";
        let query = self.db.statement(query, [name.to_lowercase().into()]);
        let found = self.db.row(&self.timers.find, query, |_| Ok(())).await?;
        Ok(found.is_some())
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
    /// Faults only.
    pub async fn get(&self, id: Uuid) -> Result<Option<User>> {
        let work = async {
            let row = user::Entity::find_by_id(id).one(&self.db.reader).await?;
            Ok(row.map(User::from_row))
        };
        self.db.run(&self.timers.get, work).await
    }

    /// All users, by name.
    ///
    /// # Errors
    /// Faults only.
    pub async fn list(&self) -> Result<Vec<User>> {
        let work = async {
            let rows = user::Entity::find()
                .order_by_asc(user::Column::Name)
                .all(&self.db.reader)
                .await?;
            Ok(rows.into_iter().map(User::from_row).collect())
        };
        self.db.run(&self.timers.list, work).await
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
            epoch: Set(user.epoch),
            has_password: Set(user.has_password),
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

    /// Replaces the password and ends all sessions of the user. False when the user's epoch is another one by now, or there is no such
    /// user.
    ///
    /// # Errors
    /// `Invalid` when the hash holds a NUL.
    pub async fn set_password(
        &self,
        user: &User,
        password_hash: &str,
        entry: &Entry,
    ) -> Result<bool> {
        text::check("password_hash", password_hash)?;
        let id = user.id;
        let steps = vec![
            Step::Must(self.db.statement(
                SET_PASSWORD,
                [id.into(), password_hash.into(), user.epoch.into()],
            )),
            Step::May(
                self.db
                    .statement("DELETE FROM sessions WHERE user_id = $1", [id.into()]),
            ),
        ];
        self.db
            .change(&self.timers.set_password, steps, entry)
            .await
    }
}

impl User {
    fn from_row(row: user::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            password_hash: row.password_hash,
            has_password: row.has_password,
            epoch: row.epoch,
            created_at: from_micros(row.created_at_us),
        }
    }
}
