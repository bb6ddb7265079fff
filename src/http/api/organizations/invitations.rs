//! `GET|POST /api/organizations/{org_id}/invitations`, `DELETE /api/organizations/{org_id}/invitations/{id}`; and for those who
//! are invited, `GET|POST /api/invitations/{token}`.

use std::sync::Arc;

use poem::{Request, Result, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, payload::Json};
use serde::Deserialize;
use uuid::Uuid;

use super::{OrganizationShape, RoleName, parse_id, shown};
use crate::{
    app::App,
    http::{
        api::{Group, session::UserShape},
        extract::{Input, Optional},
        may::{May, caller, client, trying},
    },
    identity::{Action, Applicant, Caller, Invitation, InvitationDraft, act},
    kernel::{Error, Kind},
};

pub struct Invitations;

#[derive(Object)]
#[oai(rename = "Invitation")]
struct Shape {
    id: Uuid,
    role: RoleName,
    /// For whom it is.
    note: String,
    made_by: String,
    created_at: String,
    expires_at: String,
    accepted_at: Option<String>,
    accepted_by: Option<String>,
}

impl From<Invitation> for Shape {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id,
            role: invitation.role.into(),
            note: invitation.note,
            made_by: invitation.made_by,
            created_at: invitation.created_at.to_string(),
            expires_at: invitation.expires_at.to_string(),
            accepted_at: invitation.accepted_at.map(|at| at.to_string()),
            accepted_by: invitation.accepted_by,
        }
    }
}

#[derive(Object)]
#[oai(rename = "InvitationList")]
struct Shapes {
    items: Vec<Shape>,
}

#[derive(Deserialize, Object)]
struct NewInvitation {
    role: RoleName,
    /// For whom it is.
    #[serde(default)]
    #[oai(default, validator(max_length = 200))]
    note: String,
}

/// A new invitation.
#[derive(Object)]
struct IssuedInvitation {
    /// Shown only this once: the secret of the link.
    token: String,
    /// To be sent to whom is invited. It can be used once, within 7 days.
    url: String,
    #[oai(flatten)]
    shape: Shape,
}

#[derive(ApiResponse)]
enum Made {
    /// The invitation, with its link.
    #[oai(status = 201)]
    Made(
        Json<IssuedInvitation>,
        #[oai(header = "Cache-Control")] String,
    ),
}

#[derive(ApiResponse)]
enum Revoked {
    /// It leads nowhere any more.
    #[oai(status = 204)]
    Revoked,
}

/// What an invitation is to.
#[derive(Object)]
struct Offer {
    /// The organization's name.
    organization: String,
    role: RoleName,
    /// The user who made it.
    made_by: String,
    expires_at: String,
}

/// Who accepts: a user that exists, or one to be made. Without it, whoever is signed in.
#[derive(Default, Deserialize, Object)]
struct Acceptance {
    #[oai(validator(max_length = 100))]
    username: Option<String>,
    #[oai(validator(max_length = 1024))]
    password: Option<String>,
}

/// A new member.
#[derive(Object)]
struct AcceptedInvitation {
    user: UserShape,
    organization: OrganizationShape,
}

#[OpenApi(tag = "Group::Organizations")]
impl Invitations {
    /// Invitations, newest first
    #[oai(
        path = "/api/organizations/:org_id/invitations",
        method = "get",
        operation_id = "list_invitations"
    )]
    async fn list(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewInvitations>,
        /// The organization's UUID
        org_id: Path<String>,
    ) -> Result<Json<Shapes>> {
        let _ = org_id;
        let all = app.auth.invitations.list(may.organization()).await?;
        let items = all.into_iter().map(Shape::from).collect();
        Ok(Json(Shapes { items }))
    }

    /// Invite somebody, to a role up to one's own
    #[oai(
        path = "/api/organizations/:org_id/invitations",
        method = "post",
        operation_id = "create_invitation"
    )]
    async fn make(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::Invite>,
        /// The organization's UUID
        org_id: Path<String>,
        body: Input<NewInvitation>,
    ) -> Result<Made> {
        let _ = org_id;
        let draft = InvitationDraft {
            role: body.0.role.into(),
            note: body.0.note,
        };
        let issued = app.auth.invitations.make(may.caller(), draft).await?;
        let base = &app.settings.server.base_url;
        let made = IssuedInvitation {
            url: format!("{base}/api/invitations/{}", issued.token),
            token: issued.token,
            shape: issued.stored.into(),
        };
        Ok(Made::Made(Json(made), "no-store".to_owned()))
    }

    /// Revoke one that was not accepted
    #[oai(
        path = "/api/organizations/:org_id/invitations/:id",
        method = "delete",
        operation_id = "revoke_invitation"
    )]
    async fn revoke(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewInvitations>,
        /// The organization's UUID
        org_id: Path<String>,
        /// The invitation's UUID
        id: Path<String>,
    ) -> Result<Revoked> {
        let _ = org_id;
        let id = parse_id("id", &id)?;
        app.auth.invitations.revoke(may.caller(), id).await?;
        Ok(Revoked::Revoked)
    }

    /// Look at an invitation; changes nothing
    #[oai(
        path = "/api/invitations/:token",
        method = "get",
        operation_id = "get_invitation"
    )]
    async fn look(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        /// The secret of the link
        token: Path<String>,
    ) -> Result<Json<Offer>> {
        app.auth.limits.link(client(request, &app))?;
        let (invitation, organization) = app.auth.invitations.look(&token).await?;
        Ok(Json(Offer {
            organization: organization.name,
            role: invitation.role.into(),
            made_by: invitation.made_by,
            expires_at: invitation.expires_at.to_string(),
        }))
    }

    /// Accept an invitation
    ///
    /// With `username` and `password`: as the user of this name, who is made if there is none. Without: as who is signed in.
    #[oai(
        path = "/api/invitations/:token",
        method = "post",
        operation_id = "accept_invitation"
    )]
    async fn accept(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        /// The secret of the link
        token: Path<String>,
        body: Optional<Acceptance>,
    ) -> Result<Json<AcceptedInvitation>> {
        app.auth.limits.link(client(request, &app))?;
        let applicant = match (body.0.username, body.0.password) {
            (Some(name), Some(password)) => Applicant::Named { name, password },
            (None, None) => Applicant::Caller(signed_in(request).await?),
            (Some(_), None) => return Err(Error::invalid("password", "is missing").into()),
            (None, Some(_)) => return Err(Error::invalid("username", "is missing").into()),
        };
        let is_named = matches!(applicant, Applicant::Named { .. });
        let accepted = app.auth.invitations.accept(&token, applicant);
        let accepted = if is_named {
            trying(request, &app, accepted).await?
        } else {
            accepted.await?
        };
        Ok(Json(AcceptedInvitation {
            user: UserShape {
                id: accepted.user_id,
                name: accepted.name,
            },
            organization: shown(accepted.organization, accepted.role),
        }))
    }
}

async fn signed_in(request: &Request) -> Result<Caller, Error> {
    let found = caller(request, Action::JoinOrganization).await;
    found.map_err(|e| match e.kind() {
        Kind::Unauthenticated => {
            let message = "say as whom you accept: send username and password, or sign in";
            Error::new(Kind::Unauthenticated, message)
        }
        _ => e,
    })
}
