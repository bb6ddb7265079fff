//! Around everything: makes the context, catches panics, turns errors into problem documents, sets the common
//! headers, and measures. One layer instead of eight, because a redirect has no time for eight.

use std::{
    borrow::Cow,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use ipnet::IpNet;
use metrics::Gauge;
use poem::{
    Endpoint, PathPattern, Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
};

use super::{route_table::RouteTable, site::Site};
use crate::{
    app::App,
    http::{
        client::is_behind_proxy,
        cookie,
        exercise::Exercise,
        problem::{Challenge, Problems, Shape, translate},
    },
    kernel::{Ctx, Error, ID_CHARS, Kind, QuotaLeft, SharedClock, clock::Instant, id::Ids},
    telemetry::{
        OBSERVED, catalogue, handles,
        trace::{self, Sampler},
    },
};

pub static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

static X_QR_EXPERIMENT: HeaderName = HeaderName::from_static("x-qr-experiment");
static X_QR_PATH: HeaderName = HeaderName::from_static("x-qr-path");

static RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
static RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Headers that are added to an answer with content. Without room for them the map would grow twice; others fit as they are.
const HEADERS: usize = 8;

/// What stands behind the edge.
pub trait Inside: Send + Sync {
    /// An answer, and the pattern of the route that gave it. By reference: each future that owns a request is larger by it.
    fn answer(
        &self,
        ctx: &Ctx,
        request: &mut Request,
    ) -> impl Future<Output = (Option<Arc<str>>, Result<Response>)> + Send;
}

/// The framework's routes; handlers find the context in the request's data.
pub struct Routed<E>(pub E);

impl<E: Endpoint<Output = Response>> Inside for Routed<E> {
    async fn answer(
        &self,
        ctx: &Ctx,
        request: &mut Request,
    ) -> (Option<Arc<str>>, Result<Response>) {
        let mut request = std::mem::take(request);
        request.set_data(ctx.clone());
        let answer = self.0.call(request).await;
        let pattern = match &answer {
            Ok(response) => response.data::<PathPattern>(),
            Err(error) => error.data::<PathPattern>(),
        };
        (pattern.map(|p| Arc::clone(&p.0)), answer)
    }
}

/// The parts of a request that are recorded after its answer.
struct Asked<'a> {
    method: &'a Method,
    /// `None` where it is not logged.
    path: Option<&'a str>,
    /// Of the route that answered.
    pattern: Option<&'a str>,
}

pub struct Edge<E> {
    inner: E,
    clock: SharedClock,
    ids: Arc<Ids>,
    timeout: Duration,
    site: Site,
    routes: RouteTable,
    problems: Problems,
    in_flight: Gauge,
    https: bool,
    log_every: u64,
    served: AtomicU64,
    sampler: Sampler,
    /// Proxies whose trace context is followed.
    trusted: Vec<IpNet>,
}

/// Counts a request as in flight until it is dropped, answered or not.
struct InFlight<'a>(&'a Gauge);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

impl<E> Edge<E> {
    pub fn new(app: &Arc<App>, routes: RouteTable, inner: E) -> Self {
        let server = &app.settings.server;
        Self {
            inner,
            clock: Arc::clone(&app.clock),
            ids: Arc::clone(&app.ids),
            timeout: Duration::from_millis(server.request_timeout_ms),
            site: Site::new(&server.base_url),
            routes,
            problems: Problems::new(),
            in_flight: handles::gauge(&catalogue::HTTP_IN_FLIGHT, &[]),
            https: server.base_url.starts_with("https:"),
            log_every: app.settings.logs.access_log_every,
            served: AtomicU64::new(0),
            sampler: Sampler::new(app.settings.traces.ratio),
            trusted: server.trusted_proxies.clone(),
        }
    }
}

impl<E: Inside> Endpoint for Edge<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let start = self.clock.instant();
        self.in_flight.increment(1.0);
        let _in_flight = InFlight(&self.in_flight);
        let ctx = self.context(start, &request);
        let method = request.method().clone();
        // The path is only kept when it may be logged.
        let logged = self.log_every > 0 && !ctx.exercise;
        let path = logged.then(|| logged_path(request.uri().path()));
        let challenge = challenge(&request);

        let answer = async {
            match self.site.check(&request) {
                Ok(()) => self.inner.answer(&ctx, &mut request).await,
                Err(refusal) => (None, Err(refusal.into())),
            }
        };
        let outcome = AssertUnwindSafe(trace::within(&ctx.span, answer))
            .catch_unwind()
            .await;
        let id = request_id(&ctx);
        let (mut response, pattern) = match outcome {
            Ok((pattern, Ok(response))) => (response, pattern),
            Ok((pattern, Err(error))) => {
                let place = (&method, pattern.as_deref());
                (self.refusal(&ctx, &error, place, challenge), pattern)
            }
            Err(_panic) => {
                let error = Error::internal("something went wrong here");
                let place = (&method, None);
                (
                    self.problems.answer(&error, &text(&id), place, challenge),
                    None,
                )
            }
        };
        self.common_headers(response.headers_mut(), id);
        // Answers about accounts and codes are nobody else's, unless they say otherwise.
        if pattern.as_deref().is_some_and(|p| p.starts_with("/api/")) {
            let headers = response.headers_mut();
            let unsaid = headers.entry(header::CACHE_CONTROL);
            unsaid.or_insert(HeaderValue::from_static("no-store"));
        }
        if let Some(left) = ctx.trail.quota() {
            quota_headers(left, response.headers_mut());
        }
        trail_headers(&ctx, response.headers_mut());
        if OBSERVED {
            let took = self.clock.instant().saturating_duration_since(start);
            let asked = Asked {
                method: &method,
                path: path.as_deref(),
                pattern: pattern.as_deref(),
            };
            self.note(&ctx, &asked, &response, took);
        }
        Ok(response)
    }
}

impl<E> Edge<E> {
    fn context(&self, start: Instant, request: &Request) -> Ctx {
        let mut ctx = Ctx::new(self.ids.next(), start + self.timeout);
        ctx.exercise = request.data::<Exercise>().is_some();
        ctx.request_id = request
            .headers()
            .get(&X_REQUEST_ID)
            .and_then(acceptable)
            .map(Into::into);
        // A request of the start belongs to no client.
        if !ctx.exercise {
            let trusted = || is_behind_proxy(request, &self.trusted).then(|| request.headers());
            ctx.span = self.sampler.request(ctx.id, trusted);
        }
        ctx
    }

    /// The answer to an error, with what its kind wants besides.
    fn refusal(
        &self,
        ctx: &Ctx,
        error: &poem::Error,
        (method, pattern): (&Method, Option<&str>),
        challenge: Challenge,
    ) -> Response {
        let expectation = |name: &str| self.routes.expectation(pattern, method, name);
        let shape = error.data::<Shape>();
        let error = translate(error, expectation);
        let id = request_id(ctx);
        let mut response = (self.problems).answer(&error, &text(&id), (method, pattern), challenge);
        if let Some(shape) = shape {
            shape.take_place(&error, &mut response);
        }
        let headers = response.headers_mut();
        if error.kind() == Kind::Unauthenticated && challenge == Challenge::Over {
            headers.insert(header::SET_COOKIE, cookie::clear(self.https));
        }
        if error.kind() == Kind::MethodNotAllowed
            && let Some(allow) = self.routes.allow(pattern)
        {
            headers.insert(header::ALLOW, allow);
        }
        if let Some(none_left) = error.quota() {
            ctx.trail.note_quota(none_left);
        }
        response
    }

    fn common_headers(&self, headers: &mut HeaderMap, request_id: HeaderValue) {
        let has_content = headers.contains_key(header::CONTENT_TYPE);
        if has_content {
            headers.reserve(HEADERS);
        }
        headers.insert(X_REQUEST_ID.clone(), request_id);
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        headers
            .entry(header::REFERRER_POLICY)
            .or_insert(HeaderValue::from_static("strict-origin-when-cross-origin"));
        if self.https {
            headers.insert(
                header::STRICT_TRANSPORT_SECURITY,
                HeaderValue::from_static("max-age=31536000"),
            );
        }
        // An answer without a body has nothing to frame or to run.
        if has_content {
            headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
            headers
                .entry(header::CONTENT_SECURITY_POLICY)
                .or_insert(HeaderValue::from_static(
                    "default-src 'none'; img-src data:; frame-ancestors 'none'",
                ));
        }
    }

    /// Records a request: its duration, its trace, its log line.
    fn note(&self, ctx: &Ctx, asked: &Asked<'_>, response: &Response, took: Duration) {
        let Asked {
            method,
            path,
            pattern,
        } = *asked;
        let metrics = self.routes.metrics(pattern);
        if !ctx.exercise
            && let Some(duration) = metrics.duration(method, response.status())
        {
            duration.record(took);
        }
        if !ctx.span.is_disabled() {
            let (status, mut buffer) = (response.status().as_u16(), [0; ID_CHARS]);
            let place = (method.as_str(), metrics.template());
            let id = ctx.shown_id(&mut buffer);
            trace::answered(&ctx.span, place, (id, status));
        }
        if let Some(path) = path {
            self.log(ctx, (method, path), response, took);
        }
    }

    /// One line for every n-th request that went well, and one for every fault.
    fn log(&self, ctx: &Ctx, (method, path): (&Method, &str), response: &Response, took: Duration) {
        let n = self.served.fetch_add(1, Ordering::Relaxed);
        let status = response.status();
        if n.is_multiple_of(self.log_every) || status.is_server_error() {
            tracing::info!(
                request_id = ctx.shown_id(&mut [0; ID_CHARS]),
                %method,
                path,
                status = status.as_u16(),
                took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
                "served"
            );
        }
    }
}

/// Secrets in paths, where they belong and where they do not, are not for the log.
fn logged_path(path: &str) -> String {
    let cut = ["/api/invitations/", "qro_"].iter().filter_map(|secret| {
        let at = path.find(secret)?;
        path.get(..at + secret.len())
    });
    cut.min()
        .map_or_else(|| path.to_owned(), |begin| format!("{begin}…"))
}

/// A dialog opens only where a person goes to an operators' page: scripts, and whoever has a session, get none.
fn challenge(request: &Request) -> Challenge {
    let (path, headers) = (request.uri().path(), request.headers());
    let is_page = path.starts_with("/ops/");
    if !is_page && !path.starts_with("/api/") {
        return Challenge::Quiet;
    }
    let is_by_cookie =
        headers.contains_key(header::COOKIE) && !headers.contains_key(header::AUTHORIZATION);
    if is_by_cookie && request.method().is_safe() {
        return Challenge::Over;
    }
    // With a cookie, a password in the body may have been wrong: that session goes on.
    if !is_by_cookie && is_page && navigates(headers) {
        return Challenge::Dialog;
    }
    Challenge::Quiet
}

/// Whether a person goes to a page, and no script fetches it.
fn navigates(headers: &HeaderMap) -> bool {
    if headers.contains_key("hx-request") {
        return false;
    }
    let is = |name: &str, fits: fn(&[u8]) -> bool| headers.get(name).map(|v| fits(v.as_bytes()));
    // Over plain HTTP browsers do not say it.
    is("sec-fetch-mode", |mode| mode == b"navigate")
        .or_else(|| is("accept", |types| types.starts_with(b"text/html")))
        .unwrap_or(false)
}

/// The quota that the request counted against (draft-ietf-httpapi-ratelimit-headers-10).
fn quota_headers(left: QuotaLeft, headers: &mut HeaderMap) {
    let policy = format!("\"{}\";q={};w={}", left.policy, left.quota, left.window_s);
    let now = format!(
        "\"{}\";r={};t={}",
        left.policy, left.remaining, left.reset_s
    );
    if let (Ok(policy), Ok(now)) = (policy.try_into(), now.try_into()) {
        headers.insert(RATELIMIT_POLICY.clone(), policy);
        headers.insert(RATELIMIT.clone(), now);
    }
}

/// Which arms answered: a list of experiments and, in their order, of paths.
fn trail_headers(ctx: &Ctx, headers: &mut HeaderMap) {
    let steps = ctx.trail.steps();
    let (experiments, paths) = match &**steps {
        [] => return,
        [(experiment, path)] => (
            HeaderValue::from_static(experiment),
            HeaderValue::from_static(path),
        ),
        steps => {
            let list = |part: fn(&(&'static str, &'static str)) -> &'static str| {
                HeaderValue::try_from(steps.iter().map(part).collect::<Vec<_>>().join(", "))
            };
            let (Ok(experiments), Ok(paths)) = (list(|s| s.0), list(|s| s.1)) else {
                return;
            };
            (experiments, paths)
        }
    };
    headers.insert(X_QR_EXPERIMENT.clone(), experiments);
    headers.insert(X_QR_PATH.clone(), paths);
}

/// The caller's request id, if it is one that can be logged and echoed as it is.
fn acceptable(value: &HeaderValue) -> Option<&str> {
    let text = value.to_str().ok()?;
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_.:/+=".contains(&b));
    (plain && (1..=128).contains(&text.len())).then_some(text)
}

fn request_id(ctx: &Ctx) -> HeaderValue {
    HeaderValue::from_str(ctx.shown_id(&mut [0; ID_CHARS])).unwrap_or(HeaderValue::from_static("-"))
}

fn text(id: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(id.as_bytes())
}
