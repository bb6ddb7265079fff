//! Organizations and the roles of their members.

use sea_orm::{
    ActiveValue::Set, DbErr, EntityTrait, QueryTrait, prelude::Uuid, sea_query::OnConflict,
};

use super::{
    connection::Connections,
    entity::{membership, organization},
};
use crate::{
    kernel::{Result, label},
    telemetry::StoreTimer,
};

label! {
    /// Rights in an organization, from most to least.
    Role {
        Owner = "owner",
        Admin = "admin",
        Manager = "manager",
        Analyst = "analyst",
        Member = "member",
    }
}

impl Role {
    fn parse(text: &str) -> Result<Self, DbErr> {
        let unknown = || DbErr::Type(format!("memberships.role is {text:?}"));
        Self::from_label(text).ok_or_else(unknown)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    pub id: Uuid,
    pub name: String,
    /// IANA name; the organization's days begin at its midnight.
    pub time_zone: String,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Organizations {
    db: Connections,
    get: StoreTimer,
    role: StoreTimer,
    join: StoreTimer,
}

impl Organizations {
    /// The organization that every installation has.
    pub const DEFAULT: Uuid = Uuid::from_u128(::migrations::DEFAULT_ORGANIZATION);

    pub(super) fn new(db: &Connections) -> Self {
        Self {
            get: db.timer("organizations.get"),
            role: db.timer("organizations.role"),
            join: db.timer("organizations.join"),
            db: db.clone(),
        }
    }

    /// # Errors
    /// Faults only.
    pub async fn get(&self, id: Uuid) -> Result<Option<Organization>> {
        let work = async {
            let row = organization::Entity::find_by_id(id)
                .one(&self.db.reader)
                .await?;
            Ok(row.map(|row| Organization {
                id: row.id,
                name: row.name,
                time_zone: row.time_zone,
            }))
        };
        self.db.run(&self.get, work).await
    }

    /// A user's role; `None` without a membership or an organization.
    ///
    /// # Errors
    /// Faults only.
    pub async fn role(&self, org: Uuid, user: Uuid) -> Result<Option<Role>> {
        let work = async {
            let row = membership::Entity::find_by_id((org, user))
                .one(&self.db.reader)
                .await?;
            row.map(|row| Role::parse(&row.role)).transpose()
        };
        self.db.run(&self.role, work).await
    }

    /// Makes a user a member, or changes the role of one.
    ///
    /// # Errors
    /// `Internal` when there is no such organization or user.
    pub async fn join(&self, org: Uuid, user: Uuid, role: Role) -> Result<()> {
        let row = membership::ActiveModel {
            org_id: Set(org),
            user_id: Set(user),
            role: Set(role.label().to_owned()),
        };
        let insert = membership::Entity::insert(row)
            .on_conflict(
                OnConflict::columns([membership::Column::OrgId, membership::Column::UserId])
                    .update_column(membership::Column::Role)
                    .to_owned(),
            )
            .build(self.db.backend());
        self.db.write_one(&self.join, insert).await.map(drop)
    }
}
