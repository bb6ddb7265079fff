//! `/api/organizations`: the caller's organizations, and what each of them has.

pub mod audit;
pub mod image;
pub mod invitations;
pub mod keys;
pub mod manage;
pub mod members;
pub mod timeline;

use poem_openapi::{Enum, Object};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    identity::{Organization, Role},
    kernel::{Error, Result},
};

/// An organization, and what the caller is in it.
#[derive(Object)]
#[oai(rename = "Organization")]
pub struct OrganizationShape {
    pub id: Uuid,
    pub name: String,
    pub role: RoleName,
    /// IANA name: where its days begin.
    pub time_zone: String,
    /// The code that `qr-business/image` draws.
    pub business_code: Option<Uuid>,
}

/// Rights in an organization, from most to least.
#[derive(Clone, Copy, Debug, Deserialize, Enum, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase", rename = "Role")]
pub enum RoleName {
    Owner,
    Admin,
    Manager,
    Analyst,
    Member,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Owner => Self::Owner,
            RoleName::Admin => Self::Admin,
            RoleName::Manager => Self::Manager,
            RoleName::Analyst => Self::Analyst,
            RoleName::Member => Self::Member,
        }
    }
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Admin => Self::Admin,
            Role::Manager => Self::Manager,
            Role::Analyst => Self::Analyst,
            Role::Member => Self::Member,
        }
    }
}

pub fn shown(organization: Organization, role: Role) -> OrganizationShape {
    OrganizationShape {
        id: organization.id,
        name: organization.name,
        role: role.into(),
        time_zone: organization.time_zone,
        business_code: organization.business_code,
    }
}

/// The id of a member, an invitation or a code: malformed ones are refused, as the dialect has it.
fn parse_id(field: &'static str, id: &str) -> Result<Uuid> {
    Uuid::try_parse(id).map_err(|_| Error::invalid(field, "must be a UUID"))
}
