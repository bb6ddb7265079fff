//! `GET|POST /api/account/keys`, `DELETE /api/account/keys/{id}`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, payload::Json};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    app::App,
    http::{api::Group, extract::Input, may::May},
    identity::{ApiKey, Author, KeyDraft, act, keys::parsed},
    kernel::{Error, Timestamp},
};

pub struct Keys;

/// A key without its text.
#[derive(Object)]
#[oai(rename = "ApiKey")]
pub struct Shape {
    pub id: Uuid,
    pub name: String,
    /// Its user's name.
    pub user: String,
    pub organization_id: Uuid,
    /// Its first characters.
    pub prefix: String,
    /// `null`: all that its user's role allows, as keys were made in earlier releases.
    pub scopes: Option<Vec<String>>,
    pub created_at: String,
    pub expires_at: Option<String>,
    /// To a minute.
    pub last_used_at: Option<String>,
    pub revoked_at: Option<String>,
}

impl From<ApiKey> for Shape {
    fn from(key: ApiKey) -> Self {
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let labels = |text: String| text.split(' ').map(str::to_owned).collect();
        Self {
            id: key.id,
            name: key.name,
            user: key.user,
            organization_id: key.org_id,
            prefix: key.prefix,
            scopes: key.scopes.map(labels),
            created_at: key.created_at.to_string(),
            expires_at: time(key.expires_at),
            last_used_at: time(key.last_used_at),
            revoked_at: time(key.revoked_at),
        }
    }
}

#[derive(Object)]
#[oai(rename = "ApiKeys")]
pub struct Shapes {
    pub items: Vec<Shape>,
}

/// A key that is to be made.
#[derive(Deserialize, Object)]
struct NewKey {
    /// Its purpose, to recognize it by.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// Such as `codes:read`; within those of one's role.
    scopes: Vec<String>,
    /// RFC 3339; absent: never.
    expires_at: Option<String>,
    /// For the audit log.
    #[oai(validator(max_length = 500))]
    reason: Option<String>,
}

/// A new key.
#[derive(Object)]
struct IssuedKey {
    /// Shown only this once.
    key: String,
    #[oai(flatten)]
    shape: Shape,
}

#[derive(ApiResponse)]
enum Made {
    /// The key, with its text.
    #[oai(status = 201)]
    Made(Json<IssuedKey>, #[oai(header = "Cache-Control")] String),
}

#[derive(ApiResponse)]
pub enum Revoked {
    /// It opens nothing any more.
    #[oai(status = 204)]
    Revoked,
}

#[OpenApi(tag = "Group::Account")]
impl Keys {
    /// One's own keys, oldest first
    #[oai(path = "/api/account/keys", method = "get", operation_id = "list_keys")]
    async fn list(&self, app: Data<&Arc<App>>, may: May<act::ViewOwnKeys>) -> Result<Json<Shapes>> {
        let keys = app.auth.keys.own(may.caller()).await?;
        let items = keys.into_iter().map(Shape::from).collect();
        Ok(Json(Shapes { items }))
    }

    /// Make a key that acts as oneself in the present organization
    #[oai(
        path = "/api/account/keys",
        method = "post",
        operation_id = "create_key"
    )]
    async fn make(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::MakeKey>,
        body: Input<NewKey>,
    ) -> Result<Made> {
        let NewKey {
            name,
            scopes,
            expires_at,
            reason,
        } = body.0;
        let draft = KeyDraft {
            name,
            scopes: Some(parsed(&scopes)?),
            expires_at: expires_at.as_deref().map(time).transpose()?,
        };
        let why = Author::of(may.caller(), reason)?;
        let issued = app.auth.keys.issue(may.caller(), draft, &why).await?;
        let made = IssuedKey {
            key: issued.key,
            shape: issued.stored.into(),
        };
        Ok(Made::Made(Json(made), "no-store".to_owned()))
    }

    /// Revoke a key of one's own
    #[oai(
        path = "/api/account/keys/:id",
        method = "delete",
        operation_id = "revoke_key"
    )]
    async fn revoke(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::RevokeOwnKey>,
        /// The key's id
        id: Path<String>,
    ) -> Result<Revoked> {
        let id = parse_id(&id)?;
        let why = Author::of(may.caller(), None)?;
        app.auth.keys.revoke_own(may.caller(), id, &why).await?;
        Ok(Revoked::Revoked)
    }
}

/// An id that is no UUID is simply unknown.
pub fn parse_id(id: &str) -> Result<Uuid, Error> {
    Uuid::try_parse(id)
        .map_err(|_| Error::not_found("there is no such key, or it was revoked before"))
}

fn time(text: &str) -> Result<Timestamp, Error> {
    text.parse().map_err(|_| {
        let message = "must be a time as in RFC 3339, such as 2027-01-31T12:00:00Z";
        Error::invalid("expires_at", message)
    })
}
