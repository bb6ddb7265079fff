//! The one error type. It says what was wrong, where in the input, what to do, and what caused it.
//!
//! Invariant: a message is written for the caller and never holds SQL, a path or a secret; the cause is for the log only.

use std::{borrow::Cow, error::Error as StdError, fmt, panic::Location, sync::Arc, time::Duration};

use super::QuotaLeft;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in the terms of RFC 9110 status classes. Kinds up to `RateLimited` are answers (the
/// caller's input decided them); the rest are faults (ours or a dependency's).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 400: the request could not be parsed.
    Malformed,
    /// 401: no valid credentials.
    Unauthenticated,
    /// 403: known, but not allowed.
    Forbidden,
    /// 404.
    NotFound,
    /// 405.
    MethodNotAllowed,
    /// 408: the client took too long to send its request.
    RequestTimeout,
    /// 409: collides with what exists.
    Conflict,
    /// 412: what was to be changed is not what the caller saw.
    PreconditionFailed,
    /// 410: it was here, and will not come back.
    Gone,
    /// 411, 413, 414, 431: larger than a limit.
    TooLarge,
    /// 415: a body of a type that is not spoken here.
    UnsupportedMediaType,
    /// 422: parsed, but a value is not acceptable.
    Invalid,
    /// 429.
    RateLimited,
    /// 500: a defect of ours.
    Internal,
    /// 501: this arm cannot do this input; another may.
    Unsupported,
    /// 503: a dependency is away; trying again may help.
    Unavailable,
    /// 504: a dependency did not answer within the deadline.
    Timeout,
}

impl Kind {
    /// The HTTP status code (RFC 9110 §15).
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::Conflict => 409,
            Self::Gone => 410,
            Self::PreconditionFailed => 412,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Invalid => 422,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::Unsupported => 501,
            Self::Unavailable => 503,
            Self::Timeout => 504,
        }
    }

    /// A fault is ours or a dependency's; anything else is an answer to what was asked.
    #[must_use]
    pub const fn is_fault(self) -> bool {
        self.status() >= 500
    }
}

/// One unacceptable value: which field, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Name of the field as the caller wrote it, e.g. `redirect_url`.
    pub field: Cow<'static, str>,
    pub message: Cow<'static, str>,
}

/// Cheap to clone: one `Arc`.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: Kind,
    message: Cow<'static, str>,
    details: Vec<Detail>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    retry_after: Option<Duration>,
    quota: Option<QuotaLeft>,
    location: &'static Location<'static>,
}

impl Error {
    #[track_caller]
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            details: Vec::new(),
            source: None,
            retry_after: None,
            quota: None,
            location: Location::caller(),
        }))
    }

    /// An error with its cause. The message is for the caller, the cause for the log.
    #[track_caller]
    pub fn caused(
        kind: Kind,
        message: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            details: Vec::new(),
            source: Some(source.into()),
            retry_after: None,
            quota: None,
            location: Location::caller(),
        }))
    }

    /// One field with an unacceptable value: 422.
    #[track_caller]
    pub fn invalid(
        field: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::invalid_fields(vec![Detail {
            field: field.into(),
            message: message.into(),
        }])
    }

    /// Several fields at once, so that the caller can mend all of them in one go: 422.
    /// The message names each field with what is wrong with it.
    #[track_caller]
    #[must_use]
    pub fn invalid_fields(details: Vec<Detail>) -> Self {
        let message = details
            .iter()
            .map(|d| format!("{}: {}", d.field, d.message))
            .collect::<Vec<_>>()
            .join("; ");
        Self(Arc::new(Inner {
            kind: Kind::Invalid,
            message: message.into(),
            details,
            source: None,
            retry_after: None,
            quota: None,
            location: Location::caller(),
        }))
    }

    #[track_caller]
    pub fn not_found(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::NotFound, what)
    }

    #[track_caller]
    pub fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Internal, message)
    }

    /// Too many requests: 429. `after`: when one more will be answered, in whole seconds.
    #[track_caller]
    pub fn rate_limited(message: impl Into<Cow<'static, str>>, after: Duration) -> Self {
        Self(Arc::new(Inner {
            kind: Kind::RateLimited,
            message: message.into(),
            details: Vec::new(),
            source: None,
            retry_after: Some(after),
            quota: None,
            location: Location::caller(),
        }))
    }

    /// A quota is used up: 429, to be tried again when there is one more.
    #[track_caller]
    pub fn over_quota(message: impl Into<Cow<'static, str>>, left: QuotaLeft) -> Self {
        Self(Arc::new(Inner {
            kind: Kind::RateLimited,
            message: message.into(),
            details: Vec::new(),
            source: None,
            retry_after: Some(Duration::from_secs(left.reset_s.into())),
            quota: Some(left),
            location: Location::caller(),
        }))
    }

    /// The quota that is used up.
    #[must_use]
    pub fn quota(&self) -> Option<QuotaLeft> {
        self.0.quota
    }

    /// When trying again will help; `None` where that is not known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// For the caller.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    #[must_use]
    pub fn details(&self) -> &[Detail] {
        &self.0.details
    }

    /// Where in our source the error was made: for the log.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.0.location
    }

    /// The chain of causes in one line: for the log, never for the caller.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut out = String::new();
        let mut next = StdError::source(self);
        while let Some(cause) = next {
            if !out.is_empty() {
                out.push_str(": ");
            }
            out.push_str(&cause.to_string());
            next = cause.source();
        }
        out
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} at {}: {}",
            self.0.kind, self.0.location, self.0.message
        )?;
        match self.chain() {
            chain if chain.is_empty() => Ok(()),
            chain => write!(f, ": {chain}"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_ref()
            .map(|s| &**s as &(dyn StdError + 'static))
    }
}

/// A value that could not be parsed. Says what would be right; the dialect knows what the field is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    pub expected: &'static str,
}

impl Malformed {
    /// As a 422 about the caller's field.
    #[track_caller]
    #[must_use]
    pub fn in_field(self, field: &'static str) -> Error {
        Error::invalid(field, self.expected)
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }
}

impl std::error::Error for Malformed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_never_holds_the_cause() {
        let e = Error::caused(
            Kind::Unavailable,
            "the database did not answer",
            std::io::Error::other("connect to 10.0.0.1: refused"),
        );
        assert_eq!(e.to_string(), "the database did not answer");
        assert_eq!(e.chain(), "connect to 10.0.0.1: refused");
        assert!(format!("{e:?}").contains("10.0.0.1"));
    }

    #[test]
    fn answers_are_not_faults() {
        for (kind, fault) in [
            (Kind::Invalid, false),
            (Kind::NotFound, false),
            (Kind::RateLimited, false),
            (Kind::Internal, true),
            (Kind::Timeout, true),
        ] {
            assert_eq!(kind.is_fault(), fault, "{kind:?}");
        }
    }

    #[test]
    fn every_bad_field_is_named() {
        let e = Error::invalid_fields(vec![
            Detail {
                field: "size".into(),
                message: "1..50".into(),
            },
            Detail {
                field: "border".into(),
                message: "0..20".into(),
            },
        ]);
        assert_eq!(e.message(), "size: 1..50; border: 0..20");
    }
}
