//! `GET /api/organizations/{org_id}/keys`, `DELETE /api/organizations/{org_id}/keys/{id}`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{OpenApi, param::Path, payload::Json};

use crate::{
    app::App,
    http::{
        api::{
            Group,
            account::keys::{Revoked, Shape, Shapes, parse_id},
        },
        may::May,
    },
    identity::{Author, act},
};

pub struct Keys;

#[OpenApi(tag = "Group::Organizations")]
impl Keys {
    /// The keys of all members, oldest first
    #[oai(
        path = "/api/organizations/:org_id/keys",
        method = "get",
        operation_id = "list_organization_keys"
    )]
    async fn list(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ManageKeys>,
        /// The organization's UUID
        org_id: Path<String>,
    ) -> Result<Json<Shapes>> {
        let _ = org_id;
        let keys = app.auth.keys.of_organization(may.organization()).await?;
        let items = keys.into_iter().map(Shape::from).collect();
        Ok(Json(Shapes { items }))
    }

    /// Revoke a member's key
    #[oai(
        path = "/api/organizations/:org_id/keys/:id",
        method = "delete",
        operation_id = "revoke_organization_key"
    )]
    async fn revoke(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ManageKeys>,
        /// The organization's UUID
        org_id: Path<String>,
        /// The key's UUID
        id: Path<String>,
    ) -> Result<Revoked> {
        let _ = org_id;
        let id = parse_id(&id)?;
        let why = Author::of(may.caller(), None)?;
        let keys = &app.auth.keys;
        keys.revoke_in(may.organization(), id, &why).await?;
        Ok(Revoked::Revoked)
    }
}
