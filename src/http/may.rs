//! Who asks, and whether they may: what handlers are given instead of a user.
//!
//! Invariant: the organization that a feature acts in comes from here. So a handler that names no action has none to act in.

use std::{marker::PhantomData, net::IpAddr, num::NonZeroU32, sync::Arc};

use poem::{
    Request, RequestBody, Result,
    http::{HeaderName, HeaderValue},
};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use uuid::Uuid;

use super::{client::limited_client, cookie, exercise::Exercise};
use crate::{
    app::App,
    identity::{Act, Action, Caller, Credentials, Kept, OrgId, Via, csrf},
    kernel::{Ctx, Error, Kind},
};

pub static X_CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");

/// Paths of one organization begin with this, and its id follows.
const ORGANIZATIONS: &str = "/api/organizations/";

/// A caller who may do `A`; in the organization that the path names, else in the caller's own.
pub struct May<A>(Caller, PhantomData<A>);

impl<A> May<A> {
    pub fn caller(&self) -> &Caller {
        &self.0
    }

    /// Where the caller may do it.
    pub fn organization(&self) -> OrgId {
        self.0.organization()
    }
}

impl<'a, A: Act> ApiExtractor<'a> for May<A> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    /// The action's label; the document makes the schemes and `x-action` of it.
    fn security_schemes() -> Vec<&'static str> {
        vec![A::ACTION.label()]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(Self(caller(request, A::ACTION).await?, PhantomData))
    }
}

/// Anybody, or a caller who may do `A`: for what is public by a setting.
pub struct Public<A> {
    /// Whose limit counts, without credentials.
    anonymous: Option<IpAddr>,
    /// Of a caller with credentials.
    organization: Option<OrgId>,
    action: PhantomData<A>,
}

impl<A> Public<A> {
    /// Of a caller with credentials.
    pub const fn organization(&self) -> Option<OrgId> {
        self.organization
    }

    /// Counts a request as all the symbols of its `field`; one was counted already.
    ///
    /// # Errors
    /// `Invalid` for more than anybody can ever ask for at once without credentials; `RateLimited`.
    pub fn count(
        &self,
        app: &App,
        ctx: &Ctx,
        (field, symbols): (&'static str, u32),
    ) -> Result<(), Error> {
        let (Some(client), Some(more)) =
            (self.anonymous, NonZeroU32::new(symbols.saturating_sub(1)))
        else {
            return Ok(());
        };
        let limits = &app.auth.limits;
        if let Some(most) = limits.render_at_once().filter(|most| symbols > *most) {
            let message = format!("must have at most {most} items without credentials");
            return Err(Error::invalid(field, message));
        }
        if let Some(left) = limits.render_more(client, more)? {
            ctx.trail.note_quota(left);
        }
        Ok(())
    }
}

impl<'a, A: Act> ApiExtractor<'a> for Public<A> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn security_schemes() -> Vec<&'static str> {
        vec![A::ACTION.label()]
    }

    fn has_security_fallback() -> bool {
        true
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let (app, ctx) = context(request)?;
        let is_public = app.settings.render.public && !ctx.exercise;
        if is_public && credentials(request, app).is_none() {
            let client = client(request, app);
            if let Some(left) = app.auth.limits.render(client)? {
                ctx.trail.note_quota(left);
            }
            return Ok(Self {
                anonymous: Some(client),
                organization: None,
                action: PhantomData,
            });
        }
        let caller = caller(request, A::ACTION).await?;
        Ok(Self {
            anonymous: None,
            organization: Some(caller.organization()),
            action: PhantomData,
        })
    }
}

/// What every handler has.
///
/// # Errors
/// `Internal` for a handler that was mounted without it.
pub fn context(request: &Request) -> Result<(&Arc<App>, &Ctx), Error> {
    match (request.data::<Arc<App>>(), request.data::<Ctx>()) {
        (Some(app), Some(ctx)) => Ok((app, ctx)),
        _ => Err(Error::internal(
            "a handler was mounted without its application",
        )),
    }
}

/// The caller, who may do `action`.
///
/// # Errors
/// `Unauthenticated`, `Forbidden`, `RateLimited`, and those of the store; `Invalid` for a path whose organization is no UUID.
pub async fn caller(request: &Request, action: Action) -> Result<Caller, Error> {
    let (app, ctx) = context(request)?;
    if let Some(Exercise(caller)) = request.data() {
        return Ok(caller.clone());
    }
    let Some(credentials) = credentials(request, app) else {
        return Err(anonymous(request));
    };
    let org = organization(request.uri().path());
    let known_org = org.as_ref().ok().copied().flatten();
    let caller = match app.auth.remembered(&credentials, known_org).await {
        Some(caller) => caller,
        // Boxed: most callers are remembered, and this future is part of every handler's.
        None => Box::pin(check(request, &credentials, known_org)).await?,
    };
    org?;
    if let Credentials::Session(token) = credentials
        && !request.method().is_safe()
    {
        check_token(request, token)?;
    }
    permit(app, ctx, &caller, action)?;
    Ok(caller)
}

/// Whether whoever sent these credentials still may do `action`: for answers that take long.
pub async fn still_may(app: &App, ctx: &Ctx, kept: &Kept, action: Action) -> bool {
    let caller = app.auth.authenticate(ctx, &kept.credentials(), None).await;
    caller.is_ok_and(|caller| app.auth.allow(&caller, action).is_ok())
}

/// Whether the session of the request's cookie may do `action`, whatever credentials the request has besides.
pub async fn may_by_cookie(request: &Request, action: Action) -> bool {
    let Ok((app, ctx)) = context(request) else {
        return false;
    };
    let Some(token) = cookie::session(request.headers(), app.is_https()) else {
        return false;
    };
    still_may(app, ctx, &Kept::Session(token.to_vec()), action).await
}

/// Counts the request against the caller's quota, and asks the policy.
///
/// # Errors
/// `RateLimited`, `Forbidden`.
pub fn permit(app: &App, ctx: &Ctx, caller: &Caller, action: Action) -> Result<(), Error> {
    if let Some(left) = app.auth.limits.api(caller)? {
        ctx.trail.note_quota(left);
    }
    app.auth.allow(caller, action)
}

async fn check(
    request: &Request,
    credentials: &Credentials<'_>,
    org: Option<Uuid>,
) -> Result<Caller, Error> {
    let (app, ctx) = context(request)?;
    let checked = app.auth.authenticate(ctx, credentials, org);
    // Keys and tokens cannot be guessed.
    if credentials.is_password() {
        trying(request, app, checked).await
    } else {
        checked.await
    }
}

/// What checks a password: refused where the client gave too many wrong ones, before it takes a place from others.
///
/// # Errors
/// `RateLimited`, and those of `checked`.
pub async fn trying<T>(
    request: &Request,
    app: &App,
    checked: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let client = client(request, app);
    app.auth.limits.may_try(client)?;
    let checked = checked.await;
    if let Err(e) = &checked
        && e.kind() == Kind::Unauthenticated
    {
        app.auth.limits.failed(client);
    }
    checked
}

/// Whom limits count a request of.
pub fn client(request: &Request, app: &App) -> IpAddr {
    limited_client(request, &app.settings.server.trusted_proxies)
}

fn anonymous(request: &Request) -> Error {
    let query = request.uri().query().unwrap_or_default();
    let message = if query.contains("qro_") {
        "a key does not belong into an address, which is written to logs: revoke it, and send another as Authorization: Bearer"
    } else {
        "sign in with a user or an API key"
    };
    Error::new(Kind::Unauthenticated, message)
}

/// The organization that a path names.
fn organization(path: &str) -> Result<Option<Uuid>, Error> {
    let Some(rest) = path.strip_prefix(ORGANIZATIONS) else {
        return Ok(None);
    };
    let id = rest.split('/').next().unwrap_or_default();
    let parsed = Uuid::try_parse(id);
    parsed
        .map(Some)
        .map_err(|_| Error::invalid("org_id", "must be a UUID"))
}

/// A page of another site can have a browser send the cookie, but it does not know the token.
///
/// # Errors
/// `Forbidden`.
fn check_token(request: &Request, session: &[u8]) -> Result<(), Error> {
    let token = request.header(&X_CSRF_TOKEN).unwrap_or_default();
    if csrf::is_valid(session, token.as_bytes()) {
        return Ok(());
    }
    let message = "with a session, a change needs the header X-CSRF-Token: the csrf_token of GET /api/session";
    Err(Error::new(Kind::Forbidden, message))
}

/// The credentials that a request carries.
pub fn credentials<'r>(request: &'r Request, app: &App) -> Option<Credentials<'r>> {
    let headers = request.headers();
    let value = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
    value("authorization")
        .map(Credentials::Authorization)
        .or_else(|| value("x-api-key").map(Credentials::Key))
        .or_else(|| cookie::session(headers, app.is_https()).map(Credentials::Session))
}

/// The token of the session that a caller uses.
///
/// # Errors
/// `Forbidden` for other callers.
pub fn session_token<'r>(
    request: &'r Request,
    app: &App,
    caller: &Caller,
) -> Result<&'r str, Error> {
    let token = match caller.via() {
        Via::Session(_) => cookie::session(request.headers(), app.is_https()),
        Via::Key(_) | Via::Basic { .. } => None,
    };
    let token = token.and_then(|bytes| str::from_utf8(bytes).ok());
    token.ok_or_else(|| Error::new(Kind::Forbidden, "this takes a session"))
}
