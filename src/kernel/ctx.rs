//! The context of one request: made once by the HTTP middleware, passed by reference through every layer.

use std::{sync::Arc, time::Duration};

use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};
use uuid::{Uuid, fmt::Hyphenated};

use super::clock::Instant;

/// What is left of a quota after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaLeft {
    /// The limit's name.
    pub policy: &'static str,
    /// Requests in `window_s`.
    pub quota: u32,
    pub window_s: u32,
    pub remaining: u32,
    /// Seconds until there is one more.
    pub reset_s: u32,
}

/// What the answer's headers tell of a request.
#[derive(Debug, Default)]
pub struct Trail(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    /// The distinct decisions about it, oldest first: the experiment, and the path that was taken.
    steps: Vec<(&'static str, &'static str)>,
    /// The quota that it counted against. Boxed: most requests have none.
    quota: Option<Box<QuotaLeft>>,
}

impl Trail {
    /// A step that was noted before is not noted again: a batch asks the same experiment many times.
    pub fn note(&self, what: &'static str, way: &'static str) {
        let steps = &mut self.0.lock().steps;
        if !steps.contains(&(what, way)) {
            // Most requests meet one experiment or two; a vector takes room for four by itself.
            if steps.is_empty() {
                steps.reserve_exact(2);
            }
            steps.push((what, way));
        }
    }

    pub fn steps(&self) -> MappedMutexGuard<'_, Vec<(&'static str, &'static str)>> {
        MutexGuard::map(self.0.lock(), |noted| &mut noted.steps)
    }

    pub fn note_quota(&self, left: QuotaLeft) {
        self.0.lock().quota = Some(Box::new(left));
    }

    pub fn quota(&self) -> Option<QuotaLeft> {
        self.0.lock().quota.as_deref().copied()
    }
}

/// Characters of an id as text.
pub const ID_CHARS: usize = Hyphenated::LENGTH;

/// Context of one request (or of one run of a background task).
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Ours: unique, UUIDv7. Also the id of the scan that this request may record.
    pub id: Uuid,
    /// The `X-Request-Id` of the answer: the caller's if it sent an acceptable one, else `id`.
    pub request_id: Option<Arc<str>>,
    /// When the answer must be on its way.
    pub deadline: Instant,
    /// Which way the request went; for the answer's headers.
    pub trail: Arc<Trail>,
    /// A request of the start, to warm up. Not counted, and not evidence in an experiment.
    pub exercise: bool,
    /// Steps of this request nest in here. Disabled (free) where it is not traced.
    pub span: tracing::Span,
}

impl Ctx {
    #[must_use]
    pub fn new(id: Uuid, deadline: Instant) -> Self {
        Self {
            id,
            request_id: None,
            deadline,
            trail: Arc::default(),
            exercise: false,
            span: tracing::Span::none(),
        }
    }

    /// For work after the answer: its time is not part of the request's.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self {
            span: tracing::Span::none(),
            ..self.clone()
        }
    }

    /// The `X-Request-Id` of the answer, which log lines name. `buffer`: for the text of `id`.
    pub fn shown_id<'a>(&'a self, buffer: &'a mut [u8; ID_CHARS]) -> &'a str {
        match &self.request_id {
            Some(theirs) => theirs,
            None => self.id.hyphenated().encode_lower(buffer),
        }
    }

    /// Time until the deadline; zero after it.
    #[must_use]
    pub fn left(&self, now: Instant) -> Duration {
        self.deadline.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_does_not_lengthen_the_trail() {
        let trail = Trail::default();
        for _ in 0..1000 {
            trail.note("validate", "control");
            trail.note("render", "candidate");
            trail.note("render", "fallback");
        }
        let steps = [
            ("validate", "control"),
            ("render", "candidate"),
            ("render", "fallback"),
        ];
        assert_eq!(*trail.steps(), steps);
    }
}
