//! Traces: the steps of one request and their durations, sent to an OpenTelemetry collector (OTLP over HTTP).
//!
//! Invariants: the edge decides once whether a request is traced; without a trace each step costs a comparison. With a slow or
//! absent collector only traces are lost.

use std::{
    collections::HashMap,
    fmt,
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::Either;
use metrics::Counter;
use opentelemetry::{
    propagation::TextMapPropagator as _,
    trace::{TraceContextExt as _, TracerProvider as _},
};
use opentelemetry_http::{HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use tracing::{Instrument as _, Span, Subscriber, field::Empty, instrument::Instrumented};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use super::{OBSERVED, catalogue, handles, handles::Outcome};
use crate::kernel::{Error, Kind, Result, id::Uuid, tls};

/// Target of all spans made here. Spans of libraries have other targets and stay out of traces.
const TARGET: &str = "qr_observatory::trace";
/// Time limit for sending one batch of spans.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Time limit for the last batch, when the process stops.
const LAST: Duration = Duration::from_secs(2);

/// Whether any request of this process is traced.
static ON: AtomicBool = AtomicBool::new(false);

/// Settings of the exporter.
pub struct Settings<'a> {
    /// URL of the collector; `/v1/traces` is added.
    pub endpoint: &'a str,
    /// Headers of its requests, such as an API key.
    pub headers: &'a [(&'a str, &'a str)],
    /// `service.name`.
    pub service: &'a str,
}

/// Sends traces. Stop it before the process ends, or the last ones are lost.
pub struct Exporter(SdkTracerProvider);

impl Exporter {
    /// Must be called within the runtime that is to send them.
    ///
    /// # Errors
    /// `Invalid` when the endpoint is no URL.
    pub fn new(settings: &Settings<'_>) -> Result<Self> {
        let refused =
            |e: &dyn fmt::Display| Error::invalid("OTEL_EXPORTER_OTLP_ENDPOINT", e.to_string());
        let endpoint = format!("{}/v1/traces", settings.endpoint.trim_end_matches('/'));
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let headers: HashMap<_, _> = settings.headers.iter().map(owned).collect();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Sender::new()?)
            .with_endpoint(endpoint)
            .with_protocol(Protocol::HttpBinary)
            .with_headers(headers)
            .with_timeout(TIMEOUT)
            .build()
            .map_err(|e| refused(&e))?;
        let resource = Resource::builder()
            .with_service_name(settings.service.to_owned())
            .with_attribute(opentelemetry::KeyValue::new(
                "service.version",
                env!("CARGO_PKG_VERSION"),
            ))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build();
        ON.store(true, Ordering::Relaxed);
        Ok(Self(provider))
    }

    /// The layer that passes our spans, and warnings within them, to it.
    pub(super) fn layer<S>(&self) -> impl Layer<S>
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("qr-observatory"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|meta| {
                if meta.is_span() {
                    meta.target() == TARGET
                } else {
                    *meta.level() <= tracing::Level::WARN
                }
            }))
    }

    /// Sends the pending spans; waits at most 2 s.
    pub fn stop(&self) {
        let _ = self.0.shutdown_with_timeout(LAST);
    }
}

/// Which requests are traced.
#[derive(Clone, Copy, Debug)]
pub struct Sampler {
    on: bool,
    /// Of 2³² requests.
    traced: u64,
}

impl Sampler {
    /// `ratio`: 0 to 1; without an [`Exporter`] none is traced.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0..=2³²
    pub fn new(ratio: f64) -> Self {
        Self {
            on: OBSERVED && ON.load(Ordering::Relaxed),
            traced: (ratio.clamp(0.0, 1.0) * 2_f64.powi(32)) as u64,
        }
    }

    /// The lower bits of our ids are random.
    const fn draws(&self, id: Uuid) -> bool {
        (id.as_u128() & u32::MAX as u128) < self.traced as u128
    }

    /// The span of a request, disabled if it is not traced. `caller`: headers of a trusted client (W3C Trace Context); a request that it
    /// traces is traced here as part of its trace.
    #[must_use]
    pub fn request<'h>(
        &self,
        id: Uuid,
        caller: impl FnOnce() -> Option<&'h http::HeaderMap>,
    ) -> Span {
        if !self.on {
            return Span::none();
        }
        let parent = caller().and_then(parent);
        if parent.is_none() && !self.draws(id) {
            return Span::none();
        }
        let span = tracing::info_span!(
            target: TARGET,
            parent: None,
            "request",
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = Empty,
            http.route = Empty,
            http.response.status_code = Empty,
            request_id = Empty,
        );
        if let Some(parent) = parent {
            let _ = span.set_parent(parent);
        }
        span
    }
}

/// The caller's span, if it traces this request.
fn parent(headers: &http::HeaderMap) -> Option<opentelemetry::Context> {
    let context = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    let sampled = context.span().span_context().is_sampled();
    sampled.then_some(context)
}

/// Sets the fields of a request span that are known at its end.
pub fn answered(span: &Span, (method, route): (&str, &str), (request_id, status): (&str, u16)) {
    // The layer takes a name that comes late for an attribute like any other.
    span.context()
        .span()
        .update_name(format!("{method} {route}"));
    span.record("http.request.method", method);
    span.record("http.route", route);
    span.record("request_id", request_id);
    span.record("http.response.status_code", status);
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// Work, in a span where it is traced: entering and leaving even a disabled one takes time at each poll.
pub type Traced<F> = Either<F, Instrumented<F>>;

/// Runs `work` within `span`.
pub fn within<F: Future>(span: &Span, work: F) -> Traced<F> {
    if span.is_none() {
        Either::Left(work)
    } else {
        Either::Right(work.instrument(span.clone()))
    }
}

/// Runs `work` as a step of the current trace, if there is one. `make` gives the step's span.
fn step<F: Future>(make: impl FnOnce() -> Span, work: F) -> Traced<F> {
    let is_traced = OBSERVED && ON.load(Ordering::Relaxed) && !Span::current().is_none();
    if is_traced {
        Either::Right(work.instrument(make()))
    } else {
        Either::Left(work)
    }
}

/// A named step.
pub fn of<F: Future>(name: &'static str, work: F) -> Traced<F> {
    let make = || tracing::info_span!(target: TARGET, "step", otel.name = name);
    step(make, work)
}

/// An operation of a database or of Redis; `operation` as in its metric.
pub fn of_store<F: Future>(
    (system, operation): (&'static str, &'static str),
    work: F,
) -> Traced<F> {
    let make = || {
        tracing::info_span!(
            target: TARGET,
            "store",
            otel.name = operation,
            otel.kind = "client",
            db.system.name = system,
            db.operation.name = operation,
        )
    };
    step(make, work)
}

/// A run of an arm.
pub fn of_arm<F: Future>((experiment, arm): (&'static str, &'static str), work: F) -> Traced<F> {
    let make = || tracing::info_span!(target: TARGET, "arm", otel.name = format!("{experiment} by {arm}"), experiment, arm);
    step(make, work)
}

/// Sends batches on the runtime: the SDK's own thread has none.
struct Sender {
    client: reqwest::Client,
    runtime: tokio::runtime::Handle,
    ok: Counter,
    error: Counter,
}

impl Sender {
    fn new() -> Result<Self> {
        // Traces are the first to use TLS in the process.
        tls::install();
        let client = reqwest::Client::builder().timeout(TIMEOUT).build();
        let count = |o: Outcome| handles::counter(&catalogue::TRACE_BATCHES, &[o.label()]);
        Ok(Self {
            client: client
                .map_err(|e| Error::caused(Kind::Internal, "traces cannot be sent over HTTP", e))?,
            runtime: tokio::runtime::Handle::current(),
            ok: count(Outcome::Ok),
            error: count(Outcome::Error),
        })
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

type Sending<'a> = Pin<
    Box<dyn Future<Output = std::result::Result<http::Response<Bytes>, HttpError>> + Send + 'a>,
>;

impl HttpClient for Sender {
    fn send_bytes<'l, 'a>(&'l self, request: http::Request<Bytes>) -> Sending<'a>
    where
        'l: 'a,
        Self: 'a,
    {
        Box::pin(async move {
            let sending = send(self.client.clone(), request);
            let sent = self.runtime.spawn(sending).await;
            let answer = sent.map_err(HttpError::from).and_then(|answer| answer);
            let taken = answer.as_ref().is_ok_and(|a| a.status().is_success());
            if taken { &self.ok } else { &self.error }.increment(1);
            answer
        })
    }
}

async fn send(
    client: reqwest::Client,
    request: http::Request<Bytes>,
) -> std::result::Result<http::Response<Bytes>, HttpError> {
    let mut answer = client.execute(request.try_into()?).await?;
    let mut told = http::Response::builder().status(answer.status());
    if let Some(headers) = told.headers_mut() {
        *headers = std::mem::take(answer.headers_mut());
    }
    Ok(told.body(answer.bytes().await?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_caller_that_traces_is_a_parent() {
        let headers = |value: &'static str| {
            let mut headers = http::HeaderMap::new();
            headers.insert("traceparent", http::HeaderValue::from_static(value));
            headers
        };
        for (value, traces) in [
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                true,
            ),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
                false,
            ),
            ("00-0-0-01", false),
            ("", false),
        ] {
            assert_eq!(parent(&headers(value)).is_some(), traces, "{value}");
        }
        assert!(parent(&http::HeaderMap::new()).is_none());
    }

    #[test]
    fn as_many_are_traced_as_asked_for() {
        let ids =
            crate::kernel::id::Ids::new(std::sync::Arc::new(crate::kernel::SystemClock)).unwrap();
        let share = |ratio: f64| {
            let sampler = Sampler::new(ratio);
            let hit = (0..20_000).filter(|_| sampler.draws(ids.next())).count();
            f64::from(u32::try_from(hit).unwrap()) / 20_000.0
        };
        assert!((share(0.25) - 0.25).abs() < 0.02);
        assert_eq!((share(0.0), share(1.0)), (0.0, 1.0));
    }
}
