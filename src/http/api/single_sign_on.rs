//! `GET /api/session/single-sign-on`, `GET /api/session/callback`, `POST /api/session/back-channel-logout`,
//! `GET /api/session/methods`.
//!
//! Nobody is signed in yet who asks for these: none of them has a caller.

use std::sync::Arc;

use poem::{Request, Result, web::Data};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::Query,
    payload::{Form, Json},
};
use serde::Deserialize;

use super::{
    Group,
    session::{browser, no_store, text},
};
use crate::{
    app::App,
    http::{cookie, may::client},
    identity::Browser,
};

pub struct SingleSignOn;

/// The provider of single sign-on.
#[derive(Object)]
struct SignInProvider {
    /// Its host, for people.
    host: String,
    /// Where a browser begins, on this site.
    start: String,
}

/// The ways of signing in.
#[derive(Object)]
struct SignInMethods {
    /// With name and password: `POST /api/session`.
    password: bool,
    /// Without a value, no provider is configured.
    single_sign_on: Option<SignInProvider>,
}

#[derive(Deserialize, Object)]
struct BackChannelLogout {
    /// A signed JWT (OpenID Connect Back-Channel Logout 1.0).
    logout_token: String,
}

#[derive(ApiResponse)]
enum ToProvider {
    /// To the provider.
    #[oai(status = 303)]
    Away(
        #[oai(header = "Location")] String,
        #[oai(header = "Set-Cookie")] String,
        #[oai(header = "Cache-Control")] String,
    ),
}

#[derive(ApiResponse)]
enum FromProvider {
    /// Signed in; to where the person wanted to go.
    #[oai(status = 303)]
    Back(
        #[oai(header = "Location")] String,
        #[oai(header = "Set-Cookie")] String,
        #[oai(header = "Cache-Control")] String,
    ),
}

#[derive(ApiResponse)]
enum LoggedOut {
    /// The sessions that the token names have ended, if there were any.
    #[oai(status = 200)]
    LoggedOut(#[oai(header = "Cache-Control")] String),
}

#[OpenApi(tag = "Group::Account")]
impl SingleSignOn {
    /// The ways of signing in
    #[oai(
        path = "/api/session/methods",
        method = "get",
        operation_id = "list_sign_in_methods"
    )]
    #[allow(clippy::unused_async)] // the framework's handlers are
    async fn methods(&self, app: Data<&Arc<App>>) -> Json<SignInMethods> {
        let provider = app.auth.single_sign_on().ok();
        Json(SignInMethods {
            password: true,
            single_sign_on: provider.map(|provider| SignInProvider {
                host: host(provider.issuer()),
                start: "/api/session/single-sign-on".to_owned(),
            }),
        })
    }

    /// Begin to sign in at the provider
    ///
    /// A link for browsers, not for programs. The provider sends the browser back to `/api/session/callback`.
    #[oai(
        path = "/api/session/single-sign-on",
        method = "get",
        operation_id = "begin_single_sign_on"
    )]
    async fn start(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        /// A path of this site, where the browser goes in the end
        return_to: Query<Option<String>>,
        /// Whether the provider has to ask for the password again: proves again that it is you
        step_up: Query<Option<bool>>,
    ) -> Result<ToProvider> {
        let provider = app.auth.single_sign_on()?;
        app.auth.limits.link(client(request, &app))?;
        let step_up = step_up.0.unwrap_or_default();
        let away = provider.start(return_to.0.as_deref(), step_up).await?;
        let cookie = cookie::set_sign_in(&away.secret, app.is_https());
        Ok(ToProvider::Away(away.url, text(&cookie), no_store()))
    }

    /// Come back from the provider
    ///
    /// The redirect URI to register there. It takes what OpenID Connect sends: `state`, and `code` or `error`.
    #[oai(
        path = "/api/session/callback",
        method = "get",
        operation_id = "finish_single_sign_on"
    )]
    async fn callback(&self, app: Data<&Arc<App>>, request: &Request) -> Result<FromProvider> {
        let provider = app.auth.single_sign_on()?;
        app.auth.limits.link(client(request, &app))?;
        let (headers, https) = (request.headers(), app.is_https());
        let old = cookie::session(headers, https).and_then(|token| str::from_utf8(token).ok());
        let browser = Browser {
            old,
            ..browser(request, &app)
        };
        let query = request.uri().query().unwrap_or_default();
        let secret = cookie::sign_in(headers, https);
        let back = provider.finish(query, secret, browser).await?;
        let cookie = cookie::set(&back.started.token, https);
        Ok(FromProvider::Back(
            back.return_to,
            text(&cookie),
            no_store(),
        ))
    }

    /// End sessions by the provider's word
    ///
    /// The back-channel logout URL to register there. Providers post to it, without a cookie; the token is what counts.
    /// It has no limit: a provider that ends many sessions at once must not be turned away, and a wrong token is told by its
    /// signature.
    #[oai(
        path = "/api/session/back-channel-logout",
        method = "post",
        operation_id = "receive_back_channel_logout"
    )]
    async fn log_out(
        &self,
        app: Data<&Arc<App>>,
        form: Form<BackChannelLogout>,
    ) -> Result<LoggedOut> {
        let provider = app.auth.single_sign_on()?;
        provider.log_out(&form.0.logout_token).await?;
        Ok(LoggedOut::LoggedOut(no_store()))
    }
}

/// Of an issuer that is a URL.
fn host(issuer: &str) -> String {
    let url = url::Url::parse(issuer).ok();
    let host = url.as_ref().and_then(url::Url::host_str);
    host.unwrap_or(issuer).to_owned()
}
