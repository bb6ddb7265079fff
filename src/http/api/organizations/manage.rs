//! `GET|POST /api/organizations`, `GET|PATCH|DELETE /api/organizations/{org_id}`, and `POST` of `transfer` and `leave` below it.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{
    ApiResponse, Object, OpenApi, param::Path, payload::Json, types::MaybeUndefined,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{OrganizationShape, shown};
use crate::{
    app::App,
    http::{api::Group, extract::Input, may::May},
    identity::{Role, Wanted, act},
};

pub struct Manage;

#[derive(Object)]
struct Organizations {
    items: Vec<OrganizationShape>,
}

#[derive(Deserialize, Object)]
struct NewOrganization {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// IANA name; default `UTC`.
    time_zone: Option<String>,
}

/// Fields to change; absent ones stay.
#[derive(Deserialize, Object)]
struct OrganizationChanges {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: Option<String>,
    /// IANA name.
    time_zone: Option<String>,
    /// A code of the organization's, for `qr-business/image`; `null` for none.
    #[serde(default)]
    business_code: MaybeUndefined<Uuid>,
}

#[derive(Deserialize, Object)]
struct OrganizationDeletion {
    /// The organization's name, typed again.
    name: String,
}

#[derive(Deserialize, Object)]
struct Transfer {
    /// A member.
    user_id: Uuid,
}

#[derive(ApiResponse)]
enum Made {
    /// The organization, which the caller owns.
    #[oai(status = 201)]
    Made(Json<OrganizationShape>),
}

#[derive(ApiResponse)]
enum Done {
    /// It was done.
    #[oai(status = 204)]
    Done,
}

#[OpenApi(tag = "Group::Organizations")]
impl Manage {
    /// The caller's organizations, by name
    #[oai(
        path = "/api/organizations",
        method = "get",
        operation_id = "list_organizations"
    )]
    async fn list(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewOrganization>,
    ) -> Result<Json<Organizations>> {
        let all = app.auth.organizations.of(may.caller()).await?;
        let items = all.into_iter().map(|(o, role)| shown(o, role)).collect();
        Ok(Json(Organizations { items }))
    }

    /// Make an organization
    #[oai(
        path = "/api/organizations",
        method = "post",
        operation_id = "create_organization"
    )]
    async fn make(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::MakeOrganization>,
        body: Input<NewOrganization>,
    ) -> Result<Made> {
        let wanted = Wanted {
            name: Some(body.0.name),
            time_zone: body.0.time_zone,
            business_code: None,
        };
        let made = app.auth.organizations.make(may.caller(), wanted).await?;
        Ok(Made::Made(Json(shown(made, Role::Owner))))
    }

    /// One organization
    #[oai(
        path = "/api/organizations/:org_id",
        method = "get",
        operation_id = "get_organization"
    )]
    async fn get(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewOrganization>,
        /// The organization's UUID
        org_id: Path<String>,
    ) -> Result<Json<OrganizationShape>> {
        let _ = org_id;
        let organization = app.auth.organizations.get(may.organization()).await?;
        Ok(Json(shown(organization, may.caller().role())))
    }

    /// Change its name, its time zone or its business code
    #[oai(
        path = "/api/organizations/:org_id",
        method = "patch",
        operation_id = "update_organization"
    )]
    async fn edit(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::EditOrganization>,
        /// The organization's UUID
        org_id: Path<String>,
        body: Input<OrganizationChanges>,
    ) -> Result<Json<OrganizationShape>> {
        let _ = org_id;
        let business_code = match body.0.business_code {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(id) => {
                app.codes.get(may.organization(), id).await?;
                Some(Some(id))
            }
        };
        let wanted = Wanted {
            name: body.0.name,
            time_zone: body.0.time_zone,
            business_code,
        };
        let changed = app.auth.organizations.edit(may.caller(), wanted).await?;
        Ok(Json(shown(changed, may.caller().role())))
    }

    /// Delete it, with its codes, scans, members and keys
    #[oai(
        path = "/api/organizations/:org_id",
        method = "delete",
        operation_id = "delete_organization"
    )]
    async fn delete(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::DeleteOrganization>,
        /// The organization's UUID
        org_id: Path<String>,
        body: Input<OrganizationDeletion>,
    ) -> Result<Done> {
        let _ = org_id;
        let organizations = &app.auth.organizations;
        organizations.delete(may.caller(), &body.0.name).await?;
        Ok(Done::Done)
    }

    /// Make another member the owner, and oneself an admin
    #[oai(
        path = "/api/organizations/:org_id/transfer",
        method = "post",
        operation_id = "transfer_organization"
    )]
    async fn transfer(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::TransferOrganization>,
        /// The organization's UUID
        org_id: Path<String>,
        body: Input<Transfer>,
    ) -> Result<Done> {
        let _ = org_id;
        let organizations = &app.auth.organizations;
        organizations.transfer(may.caller(), body.0.user_id).await?;
        Ok(Done::Done)
    }

    /// Leave it
    #[oai(
        path = "/api/organizations/:org_id/leave",
        method = "post",
        operation_id = "leave_organization"
    )]
    async fn leave(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::LeaveOrganization>,
        /// The organization's UUID
        org_id: Path<String>,
    ) -> Result<Done> {
        let _ = org_id;
        app.auth.organizations.leave(may.caller()).await?;
        Ok(Done::Done)
    }
}
