//! `GET /r/{slug}`: the walk that everything else exists for.

use std::sync::Arc;

use metrics::Counter;
use poem::{
    Endpoint, Request, Response, Result, RouteMethod,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};

use super::client::client_address;
use crate::{
    app::App,
    kernel::{Ctx, Error, Kind},
    redirect::{Destination, Slug},
    scans::{Scan, excluded_by_request, kept_address},
    telemetry::{catalogue, handles, labels::RedirectStatus},
};

static SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
/// What a dynamic symbol's URL carries, so that a scan of the symbol can be told from a shared link.
const GENUINE: &str = "scan_ref=qr";

/// `GET` and `HEAD`.
pub fn methods(app: &Arc<App>) -> RouteMethod {
    RouteMethod::new()
        .get(Redirect::new(app))
        .head(Redirect::new(app))
}

struct Redirect {
    app: Arc<App>,
    success: Counter,
    not_found: Counter,
    targetless: Counter,
    failure: Counter,
}

impl Redirect {
    fn new(app: &Arc<App>) -> Self {
        let status = |s: RedirectStatus| handles::counter(&catalogue::REDIRECTS, &[s.label()]);
        Self {
            app: Arc::clone(app),
            success: status(RedirectStatus::Success),
            not_found: status(RedirectStatus::NotFound),
            targetless: status(RedirectStatus::NotARedirect),
            failure: status(RedirectStatus::Failure),
        }
    }

    async fn answer(&self, ctx: &Ctx, request: &Request) -> Result<Response, Error> {
        let unknown = || Error::not_found("no code has this address");
        let slug = request.path_params::<String>().ok();
        let slug = slug.as_deref().and_then(Slug::parse).ok_or_else(unknown)?;
        match self.app.redirect.resolve(ctx, slug).await? {
            Destination::Nowhere => Err(unknown()),
            Destination::NotARedirect => {
                Err(Error::new(Kind::Malformed, "this code does not redirect"))
            }
            Destination::Target { code_id, location } => {
                let scan = self.scan(ctx, request, code_id);
                // Whatever became of the scan is counted there; people are sent on in any case.
                let _ = self.app.intake.accept(&scan).await;
                Ok(found(location))
            }
        }
    }

    fn scan<'r>(&self, ctx: &Ctx, request: &'r Request, code_id: uuid::Uuid) -> Scan<'r> {
        let headers = request.headers();
        let purpose = headers.get(&SEC_PURPOSE).map(HeaderValue::as_bytes);
        let settings = &self.app.settings;
        let address = client_address(request, &settings.server.trusted_proxies);
        Scan {
            id: ctx.id,
            code_id,
            at: self.app.clock.now(),
            genuine: request
                .uri()
                .query()
                .is_some_and(|q| q.split('&').any(|p| p == GENUINE)),
            excluded: excluded_by_request(request.method() == Method::HEAD, purpose),
            address: address.and_then(|a| kept_address(a, settings.scans.addresses)),
            user_agent: text(headers, &header::USER_AGENT),
            referer: text(headers, &header::REFERER),
        }
    }
}

impl Endpoint for Redirect {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let Some(ctx) = request.data::<Ctx>() else {
            return Err(Error::internal("the redirect was mounted without its edge").into());
        };
        let answer = self.answer(ctx, &request).await;
        match &answer {
            Ok(_) => &self.success,
            Err(e) if e.kind() == Kind::NotFound => &self.not_found,
            Err(e) if e.kind() == Kind::Malformed => &self.targetless,
            Err(_) => &self.failure,
        }
        .increment(1);
        Ok(answer?)
    }
}

/// A header that is not ASCII is not kept: no browser sends one.
fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> &'h str {
    headers
        .get(name)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
}

fn found(location: HeaderValue) -> Response {
    let mut response = Response::default();
    response.set_status(StatusCode::FOUND);
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    response
}
