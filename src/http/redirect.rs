//! `GET /r/{slug}`: a scan.
//!
//! Invariant: no state of the database, of Redis or of the scan's storage keeps a known target from its 302.

mod page;
mod planned;

use std::{borrow::Cow, sync::Arc};

use metrics::Counter;
use percent_encoding::percent_decode_str;
use poem::{
    Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};

use uuid::Uuid;

use super::client::{client_address, is_behind_proxy, limited_client};
use crate::{
    app::App,
    kernel::{Ctx, Error, Kind, Slug},
    redirect::Destination,
    scans::{Country, Scan, excluded_by_request, kept_address},
    telemetry::{catalogue, handles, labels::RedirectStatus, trace},
};

/// The query of a dynamic symbol's URL. It separates scans of the symbol from shared links.
const GENUINE: &str = "scan_ref=qr";

/// Answers `/r/{slug}`, ahead of the router: it is asked more often than all the rest together.
pub struct Redirect {
    app: Arc<App>,
    success: Counter,
    not_found: Counter,
    targetless: Counter,
    closed: Counter,
    password: Counter,
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
            closed: status(RedirectStatus::Closed),
            password: status(RedirectStatus::Password),
            failure: status(RedirectStatus::Failure),
        }
    }

    /// The part of a path that names a code, if it is this route's. Who retypes an address from a poster may write it all in
    /// capitals, or with a slash behind it.
    pub fn slug(path: &str) -> Option<&str> {
        let rest = path
            .strip_prefix("/r/")
            .or_else(|| path.strip_prefix("/R/"))?;
        let slug = rest.strip_suffix('/').unwrap_or(rest);
        (!slug.is_empty() && !slug.contains('/')).then_some(slug)
    }

    async fn send(&self, ctx: &Ctx, request: &mut Request) -> Result<Response, Error> {
        let is_known = |method: &Method| [Method::GET, Method::HEAD, Method::POST].contains(method);
        if !is_known(request.method()) {
            return Err(not_allowed());
        }
        let slug = Self::slug(request.uri().path()).unwrap_or_default();
        let slug = percent_decode_str(slug).decode_utf8().ok();
        let slug = slug.as_deref().and_then(Slug::parse).ok_or_else(unknown)?;
        let resolving = self.app.redirect.resolve(slug);
        let (code_id, location) = match plain(trace::of("redirect.resolve", resolving).await?) {
            // Only a password is sent to a code.
            Ok(_) if request.method() == Method::POST => return Err(not_allowed()),
            Ok(plain) => plain,
            // Boxed: a plain redirect does not carry the space for it around.
            Err(other) => return Box::pin(self.otherwise(ctx, request, other)).await,
        };
        let headers = request.headers();
        let texts = [header::USER_AGENT, header::REFERER].map(|name| text(headers, &name));
        let scan = self.scan(ctx, request, (code_id, None, &texts));
        // The intake counts its failures; the redirect is answered in any case.
        let _ = trace::of("scans.accept", self.app.intake.accept(&scan)).await;
        Ok(found(location))
    }

    /// What is no plain redirect.
    async fn otherwise(
        &self,
        ctx: &Ctx,
        request: &mut Request,
        destination: Destination,
    ) -> Result<Response, Error> {
        match destination {
            Destination::Planned(planned) => self.planned(ctx, request, &planned).await,
            Destination::Nowhere => {
                let trusted = &self.app.settings.server.trusted_proxies;
                let client = limited_client(request, trusted);
                self.app.auth.limits.miss(client)?;
                Err(unknown())
            }
            Destination::NotARedirect | Destination::Target { .. } => {
                Err(Error::new(Kind::Malformed, "this code does not redirect"))
            }
        }
    }

    fn scan<'t>(
        &self,
        ctx: &Ctx,
        request: &Request,
        (code_id, placement_id, [user_agent, referer]): (
            Uuid,
            Option<&'t Uuid>,
            &'t [Cow<'_, str>; 2],
        ),
    ) -> Scan<'t> {
        let is_head = request.method() == Method::HEAD;
        let settings = &self.app.settings;
        let address = client_address(request, &settings.server.trusted_proxies);
        Scan {
            id: ctx.id,
            code_id,
            placement_id,
            at: self.app.clock.now(),
            genuine: request
                .uri()
                .query()
                .is_some_and(|q| q.split('&').any(|p| p == GENUINE)),
            excluded: excluded_by_request(is_head, request.headers()),
            address: address.and_then(|a| kept_address(a, settings.scans.addresses)),
            country: self.country(request),
            user_agent,
            referer,
        }
    }
}

impl Redirect {
    /// The country that a trusted proxy names; `None` for any other peer.
    fn country(&self, request: &Request) -> Option<Country> {
        let name = self.app.settings.scans.country_header.as_ref()?;
        let value = request.headers().get(name)?;
        let trusted = &self.app.settings.server.trusted_proxies;
        is_behind_proxy(request, trusted)
            .then(|| Country::parse(value.as_bytes()))
            .flatten()
    }

    pub async fn answer(&self, ctx: &Ctx, request: &mut Request) -> Result<Response> {
        let answer = self.send(ctx, request).await;
        match &answer {
            Ok(response) if response.status().is_redirection() => &self.success,
            Ok(response) if response.status().is_success() => &self.password,
            Ok(_) => &self.closed,
            Err(e) if e.kind() == Kind::Gone => &self.closed,
            Err(e) if e.kind() == Kind::Forbidden => &self.password,
            Err(e) if matches!(e.kind(), Kind::NotFound | Kind::RateLimited) => &self.not_found,
            Err(e) if e.kind().is_fault() => &self.failure,
            Err(_) => &self.targetless,
        }
        .increment(1);
        Ok(answer?)
    }
}

/// A header as text (RFC 9110 §5.5: bytes beyond ASCII are opaque). UTF-8 stays; any other byte is taken
/// for Latin-1, which is what older programs send.
fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Cow<'h, str> {
    let bytes = headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
    if let Ok(text) = str::from_utf8(bytes) {
        return text.into();
    }
    let mut text = String::with_capacity(bytes.len() * 2);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().copied().map(char::from));
    }
    text.into()
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

/// The code and its target, if it has but one. A function, so that what it takes apart is not held while a scan is stored.
fn plain(destination: Destination) -> Result<(Uuid, HeaderValue), Destination> {
    match destination {
        Destination::Target { code_id, location } => Ok((code_id, location)),
        other => Err(other),
    }
}

fn unknown() -> Error {
    Error::not_found("no code has this address")
}

fn not_allowed() -> Error {
    let message = "this method is not allowed here; see the Allow header";
    Error::new(Kind::MethodNotAllowed, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_behind_and_capitals_name_the_same_code() {
        for path in ["/r/a1b2c3d4", "/r/a1b2c3d4/", "/R/a1b2c3d4"] {
            assert_eq!(Redirect::slug(path), Some("a1b2c3d4"), "{path}");
        }
        for path in [
            "/r", "/r/", "/r//", "/r/a//", "/r//a", "/r/a/b", "/r/a/b/", "/x/a",
        ] {
            assert_eq!(Redirect::slug(path), None, "{path}");
        }
    }

    #[test]
    fn headers_are_kept_whatever_their_bytes_are() {
        for (bytes, expected) in [
            (&b"https://example.org/"[..], "https://example.org/"),
            (
                "https://example.org/größe".as_bytes(),
                "https://example.org/größe",
            ),
            (
                b"https://example.org/gr\xf6\xdfe",
                "https://example.org/größe",
            ),
            // Cut in the middle of a character, and both at once.
            (b"\xc3\xa4 \xc3", "ä Ã"),
            (b"\xff\xc3\xa4\xe4", "ÿää"),
            (b"", ""),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::REFERER, HeaderValue::from_bytes(bytes).unwrap());
            assert_eq!(text(&headers, &header::REFERER), expected);
        }
        assert_eq!(text(&HeaderMap::new(), &header::REFERER), "");
    }
}
