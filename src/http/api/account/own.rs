//! `GET /api/account`, `PUT /api/account/password`.

use std::sync::Arc;

use poem::{Request, Result, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};
use serde::Deserialize;

use crate::{
    app::App,
    http::{
        api::{
            Group,
            organizations::{OrganizationShape, shown},
            session::{UserShape, browser, no_store, set_cookie},
        },
        extract::Input,
        may::{May, trying},
    },
    identity::{Scopes, Via, act, csrf},
};

pub struct Own;

/// The caller's user.
#[derive(Object)]
struct Account {
    user: UserShape,
    /// Where the caller acts.
    organization: OrganizationShape,
    /// `session`, `basic` or `key`.
    via: String,
    /// Of the key that asks.
    key: Option<KeyRights>,
}

/// Rights of a key.
#[derive(Object)]
struct KeyRights {
    /// `null`: all that its user's role allows.
    scopes: Option<Vec<String>>,
    /// Those that it used in the last 30 days: it could be cut to them.
    used_scopes: Vec<String>,
    expires_at: Option<String>,
}

#[derive(Deserialize, Object)]
struct PasswordChange {
    #[oai(validator(max_length = 1024))]
    current_password: String,
    /// 12 to 128 characters, not easily guessed.
    #[oai(validator(max_length = 1024))]
    new_password: String,
}

/// The session goes on; all others of the user have ended.
#[derive(Object)]
struct PasswordChanged {
    csrf_token: String,
}

#[derive(ApiResponse)]
enum Changed {
    #[oai(status = 200)]
    Changed(
        Json<PasswordChanged>,
        #[oai(header = "Set-Cookie")] String,
        #[oai(header = "Cache-Control")] String,
    ),
}

#[OpenApi(tag = "Group::Account")]
impl Own {
    /// Who asks, and with which rights
    #[oai(path = "/api/account", method = "get", operation_id = "get_account")]
    async fn get(&self, app: Data<&Arc<App>>, may: May<act::ViewAccount>) -> Result<Json<Account>> {
        let caller = may.caller();
        let organization = app.auth.sessions.organization(may.organization()).await?;
        let (via, key) = match caller.via() {
            Via::Session(_) => ("session", None),
            Via::Basic { .. } => ("basic", None),
            Via::Key(key) => {
                let labels = |scopes: Scopes| {
                    let labels = scopes.iter().map(|scope| scope.label().to_owned());
                    labels.collect()
                };
                let rights = KeyRights {
                    scopes: key.scopes.map(labels),
                    used_scopes: app.auth.keys.scopes_used(key.id).await?,
                    expires_at: key.expires_at.map(|at| at.to_string()),
                };
                ("key", Some(rights))
            }
        };
        Ok(Json(Account {
            user: UserShape::of(caller),
            organization: shown(organization, caller.role()),
            via: via.to_owned(),
            key,
        }))
    }

    /// Replace one's password
    ///
    /// Every session of the user ends but this one, which gets a new cookie. Keys stay.
    #[oai(
        path = "/api/account/password",
        method = "put",
        operation_id = "change_password"
    )]
    async fn password(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        may: May<act::ChangePassword>,
        body: Input<PasswordChange>,
    ) -> Result<Changed> {
        let words = (body.0.current_password, body.0.new_password);
        let browser = browser(request, &app);
        let sessions = &app.auth.sessions;
        let changed = sessions.change_password(may.caller(), words, browser);
        let started = trying(request, &app, changed).await?;
        let csrf_token = csrf::token(&started.token)?;
        Ok(Changed::Changed(
            Json(PasswordChanged { csrf_token }),
            set_cookie(&app, &started),
            no_store(),
        ))
    }
}
