//! `GET /r/{slug}`: the walk that everything else exists for.

use std::sync::Arc;

use metrics::Counter;
use percent_encoding::percent_decode_str;
use poem::{
    Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};

use super::client::{client_address, is_behind_proxy};
use crate::{
    app::App,
    kernel::{Ctx, Error, Kind},
    redirect::{Destination, Slug},
    scans::{Country, Scan, excluded_by_request, kept_address},
    telemetry::{catalogue, handles, labels::RedirectStatus, trace},
};

static SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
/// What a dynamic symbol's URL carries, so that a scan of the symbol can be told from a shared link.
const GENUINE: &str = "scan_ref=qr";

/// Answers `/r/{slug}`, ahead of the router: it is asked more often than all the rest together.
pub struct Redirect {
    app: Arc<App>,
    success: Counter,
    not_found: Counter,
    targetless: Counter,
    failure: Counter,
}

impl Redirect {
    pub fn new(app: &Arc<App>) -> Self {
        let status = |s: RedirectStatus| handles::counter(&catalogue::REDIRECTS, &[s.label()]);
        Self {
            app: Arc::clone(app),
            success: status(RedirectStatus::Success),
            not_found: status(RedirectStatus::NotFound),
            targetless: status(RedirectStatus::NotARedirect),
            failure: status(RedirectStatus::Failure),
        }
    }

    /// The part of a path that names a code, if it is this route's.
    pub fn slug(path: &str) -> Option<&str> {
        path.strip_prefix("/r/")
            .filter(|slug| !slug.is_empty() && !slug.contains('/'))
    }

    async fn send(&self, ctx: &Ctx, request: &Request) -> Result<Response, Error> {
        let unknown = || Error::not_found("no code has this address");
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let message = "this method is not allowed here; see the Allow header";
            return Err(Error::new(Kind::MethodNotAllowed, message));
        }
        let slug = Self::slug(request.uri().path()).unwrap_or_default();
        let slug = percent_decode_str(slug).decode_utf8().ok();
        let slug = slug.as_deref().and_then(Slug::parse).ok_or_else(unknown)?;
        let resolving = self.app.redirect.resolve(ctx, slug);
        match trace::of("redirect.resolve", resolving).await? {
            Destination::Nowhere => Err(unknown()),
            Destination::NotARedirect => {
                Err(Error::new(Kind::Malformed, "this code does not redirect"))
            }
            Destination::Target { code_id, location } => {
                let scan = self.scan(ctx, request, code_id);
                // Whatever became of the scan is counted there; people are sent on in any case.
                let _ = trace::of("scans.accept", self.app.intake.accept(&scan)).await;
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
            country: self.country(request),
            user_agent: text(headers, &header::USER_AGENT),
            referer: text(headers, &header::REFERER),
        }
    }
}

impl Redirect {
    /// As the proxy in front tells it. Of anybody else it is not believed.
    fn country(&self, request: &Request) -> Option<Country> {
        let name = self.app.settings.scans.country_header.as_ref()?;
        let value = request.headers().get(name)?;
        let trusted = &self.app.settings.server.trusted_proxies;
        is_behind_proxy(request, trusted)
            .then(|| Country::parse(value.as_bytes()))
            .flatten()
    }

    pub async fn answer(&self, ctx: &Ctx, request: &Request) -> Result<Response> {
        let answer = self.send(ctx, request).await;
        match &answer {
            Ok(_) => &self.success,
            Err(e) if e.kind() == Kind::NotFound => &self.not_found,
            Err(e) if e.kind().is_fault() => &self.failure,
            Err(_) => &self.targetless,
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
