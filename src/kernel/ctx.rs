//! What travels with one request through every layer: made once by the HTTP middleware, passed by reference.

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use super::clock::Instant;

/// Context of one request (or of one run of a background task).
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Ours: unique, UUIDv7. Also the id of the scan that this request may record.
    pub id: Uuid,
    /// What is echoed as `X-Request-Id`: the caller's if it sent an acceptable one, else `id`.
    pub request_id: Option<Arc<str>>,
    /// When the answer must be on its way.
    pub deadline: Instant,
    /// What keeps a caller on one side of a split: the slug for redirects and analytics, the digest of the
    /// canonical request for rendering and validation. `None` until the request was parsed.
    pub unit: Option<Arc<str>>,
    /// Spans of this request nest in here. Disabled (free) unless the log level asks for debug.
    pub span: tracing::Span,
}

impl Ctx {
    #[must_use]
    pub fn new(id: Uuid, deadline: Instant) -> Self {
        let span = tracing::debug_span!("request", %id);
        Self {
            id,
            request_id: None,
            deadline,
            unit: None,
            span,
        }
    }

    /// The same context, bound to a sticky unit.
    #[must_use]
    pub fn with_unit(&self, unit: impl Into<Arc<str>>) -> Self {
        Self {
            unit: Some(unit.into()),
            ..self.clone()
        }
    }

    /// What is left until the deadline; zero once it passed.
    #[must_use]
    pub fn left(&self, now: Instant) -> Duration {
        self.deadline.saturating_duration_since(now)
    }
}
