//! `GET /api/organizations/{org_id}/members`, `PATCH|DELETE /api/organizations/{org_id}/members/{user_id}`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{RoleName, parse_id};
use crate::{
    app::App,
    http::{api::Group, extract::Input, may::May},
    identity::{Membership, act},
};

pub struct Members;

#[derive(Object)]
struct Member {
    user_id: Uuid,
    name: String,
    role: RoleName,
    /// Who decides the role: `local`, or `provider` (single sign-on).
    source: String,
}

#[derive(Object)]
#[oai(rename = "Members")]
struct MemberList {
    items: Vec<Member>,
}

#[derive(Deserialize, Object)]
struct RoleChange {
    role: RoleName,
    /// For the audit log.
    #[oai(validator(max_length = 500))]
    reason: Option<String>,
}

/// What a member is now.
#[derive(Object)]
struct RoleChanged {
    user_id: Uuid,
    role: RoleName,
}

#[derive(ApiResponse)]
enum Removed {
    /// No member any more.
    #[oai(status = 204)]
    Removed,
}

#[OpenApi(tag = "Group::Organizations")]
impl Members {
    /// Who is a member, by name
    #[oai(
        path = "/api/organizations/:org_id/members",
        method = "get",
        operation_id = "list_members"
    )]
    async fn list(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewMembers>,
        /// The organization's UUID
        org_id: Path<String>,
    ) -> Result<Json<MemberList>> {
        let _ = org_id;
        let members = app.auth.organizations.members(may.organization()).await?;
        let shape = |(member, name): (Membership, String)| Member {
            user_id: member.user_id,
            name,
            role: member.role.into(),
            source: member.source.label().to_owned(),
        };
        let items = members.into_iter().map(shape).collect();
        Ok(Json(MemberList { items }))
    }

    /// Give a member another role
    ///
    /// Up to one's own; only owners make owners. The member's sessions here end.
    #[oai(
        path = "/api/organizations/:org_id/members/:user_id",
        method = "patch",
        operation_id = "update_member"
    )]
    async fn set_role(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ChangeRole>,
        /// The organization's UUID
        org_id: Path<String>,
        /// The member's UUID
        user_id: Path<String>,
        body: Input<RoleChange>,
    ) -> Result<Json<RoleChanged>> {
        let _ = org_id;
        let user = parse_id("user_id", &user_id)?;
        let RoleChange { role, reason } = body.0;
        let organizations = &app.auth.organizations;
        let set = organizations.set_role(may.caller(), user, role.into(), reason);
        let member = set.await?;
        Ok(Json(RoleChanged {
            user_id: member.user_id,
            role: member.role.into(),
        }))
    }

    /// Remove a member, with its sessions and keys here
    #[oai(
        path = "/api/organizations/:org_id/members/:user_id",
        method = "delete",
        operation_id = "remove_member"
    )]
    async fn remove(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::RemoveMember>,
        /// The organization's UUID
        org_id: Path<String>,
        /// The member's UUID
        user_id: Path<String>,
        /// For the audit log
        reason: Query<Option<String>>,
    ) -> Result<Removed> {
        let _ = org_id;
        let user = parse_id("user_id", &user_id)?;
        let organizations = &app.auth.organizations;
        organizations.remove(may.caller(), user, reason.0).await?;
        Ok(Removed::Removed)
    }
}
