//! Errors as answers: the one place that makes a problem document (RFC 9457), the log line and the error metric.
//!
//! Invariant: an answer holds the error's message and never its cause.

use std::sync::Arc;

use metrics::Counter;
use poem::{
    IntoResponse, Response,
    error::{MethodNotAllowedError, NotFoundError, ParsePathError as PathNotText, ResponseError},
    http::{HeaderValue, Method, StatusCode, header},
};
use poem_openapi::error::{ContentTypeError, ParseParamError, ParsePathError};
use serde::Serialize;

use crate::{
    kernel::{Error, Kind},
    telemetry::{catalogue, handles},
};

/// Lets handlers use `?` on our errors; the answer itself is made by `Problems`.
impl ResponseError for Error {
    fn status(&self) -> StatusCode {
        status(self)
    }
}

fn status(error: &Error) -> StatusCode {
    StatusCode::from_u16(error.kind().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The document of RFC 9457, with the request's id and the fields that have to change.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Field<'a>>,
}

#[derive(Serialize)]
struct Field<'a> {
    field: &'a str,
    message: &'a str,
}

/// How a dialect of another service answers an error, in the place of a problem document.
#[derive(Clone)]
pub struct Shape(pub Arc<dyn Fn(&Error) -> Response + Send + Sync>);

impl Shape {
    /// Takes the place of a problem document; what that says in its headers stays, but for its type.
    pub fn take_place(&self, error: &Error, problem: &mut Response) {
        let mut told = (self.0)(error);
        problem.set_status(told.status());
        for (name, value) in told.headers().clone() {
            if let Some(name) = name {
                problem.headers_mut().insert(name, value);
            }
        }
        problem.set_body(told.take_body());
    }
}

/// How a 401 asks for credentials (RFC 9110 §11.6.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// A browser opens its dialog for name and password.
    Dialog,
    /// It does not: for scripts.
    Quiet,
    /// It does not, and forgets the cookie of a session that is over: the next time it may open the dialog.
    Over,
}

const KINDS: [(Kind, &str); 17] = [
    (Kind::Malformed, "malformed"),
    (Kind::Unauthenticated, "unauthenticated"),
    (Kind::Forbidden, "forbidden"),
    (Kind::NotFound, "not_found"),
    (Kind::MethodNotAllowed, "method_not_allowed"),
    (Kind::RequestTimeout, "request_timeout"),
    (Kind::Conflict, "conflict"),
    (Kind::Gone, "gone"),
    (Kind::PreconditionFailed, "precondition_failed"),
    (Kind::TooLarge, "too_large"),
    (Kind::UnsupportedMediaType, "unsupported_media_type"),
    (Kind::Invalid, "invalid"),
    (Kind::RateLimited, "rate_limited"),
    (Kind::Internal, "internal"),
    (Kind::Unsupported, "unsupported"),
    (Kind::Unavailable, "unavailable"),
    (Kind::Timeout, "timeout"),
];

/// Makes the answers to errors.
pub struct Problems {
    counters: Vec<(Kind, Counter)>,
}

impl Problems {
    pub fn new() -> Self {
        let counters = KINDS
            .iter()
            .map(|(k, label)| (*k, handles::counter(&catalogue::ERRORS, &[label])))
            .collect();
        Self { counters }
    }

    /// Logs, counts and answers one error.
    pub fn answer(
        &self,
        error: &Error,
        request_id: &str,
        (method, route): (&Method, Option<&str>),
        challenge: Challenge,
    ) -> Response {
        if let Some((_, counter)) = self.counters.iter().find(|(k, _)| *k == error.kind()) {
            counter.increment(1);
        }
        if error.kind().is_fault() {
            tracing::error!(request_id, %method, route, "{error:?}");
        } else {
            tracing::debug!(request_id, %method, route, "{error:?}");
        }
        let status = status(error);
        let problem = Problem {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: error.message(),
            request_id,
            errors: error
                .details()
                .iter()
                .map(|d| Field {
                    field: &d.field,
                    message: &d.message,
                })
                .collect(),
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match error.kind() {
            Kind::Unauthenticated => {
                let challenge = HeaderValue::from_static(match challenge {
                    Challenge::Dialog => {
                        r#"Basic realm="qr-observatory", charset="UTF-8", Bearer realm="qr-observatory""#
                    }
                    Challenge::Quiet | Challenge::Over => r#"Bearer realm="qr-observatory""#,
                });
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            Kind::Unavailable | Kind::RateLimited => {
                let after = error
                    .retry_after()
                    .map_or(1, |after| after.as_secs().max(1));
                headers.insert(header::RETRY_AFTER, after.into());
            }
            _ => {}
        }
        response
    }
}

/// The framework's own errors in our terms. `expectation`: what a parameter of the operation has to be.
pub fn translate<'e>(
    error: &poem::Error,
    expectation: impl FnOnce(&str) -> Option<&'e str>,
) -> Error {
    if let Some(ours) = error.downcast_ref::<Error>() {
        return ours.clone();
    }
    if let Some(e) = error.downcast_ref::<ParseParamError>() {
        let expected = expectation(e.name).unwrap_or("is not understood");
        return Error::invalid(e.name, expected.to_owned());
    }
    if error.is::<NotFoundError>() || error.is::<ParsePathError>() || error.is::<PathNotText>() {
        return Error::not_found("nothing is here");
    }
    if error.is::<MethodNotAllowedError>() {
        return Error::new(
            Kind::MethodNotAllowed,
            "this method is not allowed here; see the Allow header",
        );
    }
    if error.is::<ContentTypeError>() {
        return Error::new(
            Kind::UnsupportedMediaType,
            "the body must be application/json",
        );
    }
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::new(Kind::TooLarge, "the request is too large"),
        status if status.is_server_error() => Error::caused(
            Kind::Internal,
            "something went wrong here",
            error.to_string(),
        ),
        _ => Error::new(Kind::Malformed, error.to_string()),
    }
}
