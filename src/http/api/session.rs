//! `POST|GET|DELETE /api/session`, `POST /ops/session`, `PUT /api/session/organization`, `POST /api/session/step-up`.

use std::sync::Arc;

use poem::{Request, Result, http::header, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Group,
    organizations::{OrganizationShape, shown},
};
use crate::{
    app::App,
    http::{
        cookie,
        extract::Input,
        may::{May, client, session_token, trying},
    },
    identity::{Browser, Caller, Started, Via, act, csrf},
    kernel::Error,
    scans::kept_address,
};

pub struct Session;

/// Name and password.
#[derive(Deserialize, Object)]
struct SignIn {
    username: String,
    #[oai(validator(max_length = 1024))]
    password: String,
}

#[derive(Deserialize, Object)]
#[oai(rename = "SessionOrganization")]
struct Switch {
    /// One of the user's organizations.
    id: Uuid,
}

#[derive(Deserialize, Object)]
struct StepUp {
    #[oai(validator(max_length = 1024))]
    password: String,
}

#[derive(Object)]
#[oai(rename = "SessionUser")]
pub struct UserShape {
    pub id: Uuid,
    pub name: String,
}

impl UserShape {
    pub fn of(caller: &Caller) -> Self {
        Self {
            id: caller.user_id(),
            name: caller.name().to_owned(),
        }
    }
}

/// Who is signed in, and where.
#[derive(Object)]
#[oai(rename = "Session")]
struct SessionShape {
    user: UserShape,
    organization: OrganizationShape,
    /// For the header `X-CSRF-Token` of requests that change something.
    csrf_token: String,
}

#[derive(ApiResponse)]
enum Begun {
    /// Signed in.
    #[oai(status = 200)]
    Begun(
        Json<SessionShape>,
        #[oai(header = "Set-Cookie")] String,
        #[oai(header = "Cache-Control")] String,
    ),
}

#[derive(ApiResponse)]
enum Present {
    /// Signed in.
    #[oai(status = 200)]
    Present(Json<SessionShape>, #[oai(header = "Cache-Control")] String),
}

#[derive(ApiResponse)]
enum Ended {
    /// Signed out.
    #[oai(status = 204)]
    Ended(#[oai(header = "Set-Cookie")] String),
}

/// Answers about a session are nobody else's.
pub fn no_store() -> String {
    "no-store".to_owned()
}

#[OpenApi(tag = "Group::Account")]
impl Session {
    /// Sign in with name and password
    ///
    /// The cookie of the answer is the session: for pages. Programs use keys.
    #[oai(path = "/api/session", method = "post", operation_id = "sign_in")]
    async fn sign_in(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        body: Input<SignIn>,
    ) -> Result<Begun> {
        let SignIn { username, password } = body.0;
        let browser = browser_signing_in(request, &app);
        let signed = app.auth.sessions.sign_in(&username, password, browser);
        let started = trying(request, &app, signed).await?;
        Ok(begun(&app, &started)?)
    }

    /// Begin a session with what the browser's dialog asked for
    ///
    /// For the operators' pages: a browser sends the name and password of its dialog only below `/ops/`, and the cookie of this answer
    /// everywhere.
    #[oai(
        path = "/ops/session",
        method = "post",
        operation_id = "begin_operator_session"
    )]
    async fn begin(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        may: May<act::StartSession>,
    ) -> Result<Begun> {
        let browser = browser_signing_in(request, &app);
        let started = app.auth.sessions.begin(may.caller(), browser).await?;
        Ok(begun(&app, &started)?)
    }

    /// Who is signed in
    #[oai(path = "/api/session", method = "get", operation_id = "get_session")]
    async fn present(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        may: May<act::UseSession>,
    ) -> Result<Present> {
        let token = session_token(request, &app, may.caller())?;
        let organization = app.auth.sessions.organization(may.organization()).await?;
        let shape = SessionShape {
            user: UserShape::of(may.caller()),
            organization: shown(organization, may.caller().role()),
            csrf_token: csrf::token(token)?,
        };
        Ok(Present::Present(Json(shape), no_store()))
    }

    /// Sign out
    #[oai(path = "/api/session", method = "delete", operation_id = "sign_out")]
    async fn sign_out(&self, app: Data<&Arc<App>>, may: May<act::UseSession>) -> Result<Ended> {
        if let Via::Session(session) = may.caller().via() {
            app.auth.sessions.end(may.caller(), session.id).await?;
        }
        let cleared = cookie::clear(app.is_https());
        Ok(Ended::Ended(text(&cleared)))
    }

    /// Go on in another of one's organizations
    #[oai(
        path = "/api/session/organization",
        method = "put",
        operation_id = "switch_organization"
    )]
    async fn switch(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        may: May<act::UseSession>,
        body: Input<Switch>,
    ) -> Result<Begun> {
        let caller = may.caller();
        let token = session_token(request, &app, caller)?;
        let browser = browser(request, &app);
        let started = app.auth.sessions.switch(caller, token, body.0.id, browser);
        Ok(begun(&app, &started.await?)?)
    }

    /// Prove again that it is you
    ///
    /// Keys, members and deletions ask for it when the last proof is more than ten minutes old.
    #[oai(
        path = "/api/session/step-up",
        method = "post",
        operation_id = "step_up_session"
    )]
    async fn step_up(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        may: May<act::UseSession>,
        body: Input<StepUp>,
    ) -> Result<Begun> {
        let caller = may.caller();
        let token = session_token(request, &app, caller)?;
        let browser = browser(request, &app);
        let sessions = &app.auth.sessions;
        let stepped = sessions.step_up(caller, token, body.0.password, browser);
        let started = trying(request, &app, stepped).await?;
        Ok(begun(&app, &started)?)
    }
}

/// The browser that a request comes from.
pub fn browser<'r>(request: &'r Request, app: &App) -> Browser<'r> {
    Browser {
        agent: request.header(header::USER_AGENT).unwrap_or_default(),
        address: kept_address(client(request, app), app.settings.scans.addresses),
        old: None,
    }
}

/// The same, which may have an older session: that one ends.
fn browser_signing_in<'r>(request: &'r Request, app: &App) -> Browser<'r> {
    let old = cookie::session(request.headers(), app.is_https());
    Browser {
        old: old.and_then(|bytes| str::from_utf8(bytes).ok()),
        ..browser(request, app)
    }
}

fn begun(app: &App, started: &Started) -> Result<Begun, Error> {
    let shape = SessionShape {
        user: UserShape::of(&started.caller),
        organization: shown(started.organization.clone(), started.caller.role()),
        csrf_token: csrf::token(&started.token)?,
    };
    let cookie = cookie::set(&started.token, app.is_https());
    Ok(Begun::Begun(Json(shape), text(&cookie), no_store()))
}

/// `Set-Cookie` for a session that goes on under a new token.
pub fn set_cookie(app: &App, started: &Started) -> String {
    text(&cookie::set(&started.token, app.is_https()))
}

pub fn text(value: &poem::http::HeaderValue) -> String {
    value.to_str().unwrap_or_default().to_owned()
}
