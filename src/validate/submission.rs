//! What a dialect submits, and what is answered.
//!
//! Invariant: a submission is raw. Whatever a client can send in a field of the right type can stand here; only the
//! arm says what is wrong.

use std::borrow::Cow;

use super::{Concern, Reason, reason::Fault};
use crate::kernel::{Error, Result, error::Detail};

/// What is to be done with it: decides which fields must, may and must not be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// `content` must be there, `redirect_url` must not.
    #[default]
    CreateStatic,
    /// `redirect_url` must be there. `content` is ignored: a dynamic code's content is its own redirect.
    CreateDynamic,
    /// `redirect_url` must not be there.
    UpdateStatic,
    UpdateDynamic,
}

/// Fields by the names of dialect v1; `None` is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Submission {
    pub purpose: Purpose,
    pub content: Option<String>,
    pub redirect_url: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub style: Style,
}

impl Submission {
    /// The target to be checked, if any.
    ///
    /// # Errors
    /// Why there must be one, or must be none.
    pub(super) fn target(&self) -> Result<Option<&str>, Fault> {
        match (self.purpose, self.redirect_url.as_deref()) {
            (Purpose::CreateStatic | Purpose::UpdateStatic, Some(_)) => {
                let message = "a static code leads nowhere: leave it out, or make a dynamic code";
                Err(Fault::new(Reason::Misplaced, message))
            }
            (Purpose::CreateDynamic, None) => {
                let message = "is missing: give the page that the code shall open";
                Err(Fault::new(Reason::Missing, message))
            }
            (_, target) => Ok(target),
        }
    }
}

/// How a symbol looks. An absent value means the default of dialect v1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Style {
    pub fill_color: Option<String>,
    pub back_color: Option<String>,
    /// In steps of `limits::STEP_PX`, within `limits::SIZE_STEPS`.
    pub size: Option<i64>,
    /// Modules of quiet zone, within `limits::BORDER_MODULES`.
    pub border: Option<i64>,
    pub error_level: Option<String>,
}

/// The answer. A refusal is an answer, too, not an error of the arm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Each bad field, with what is wrong and what to do. Empty: accepted.
    pub details: Vec<Detail>,
    /// The normalised `redirect_url` (WHATWG URL Standard §4.5), if one was submitted and is acceptable.
    pub target: Option<String>,
    /// Why, one for each of `details`, for those that count refusals. An arm that cannot tell leaves it empty.
    pub reasons: Vec<Reason>,
    /// What is no reason to refuse. An arm that does not look for any leaves it empty.
    pub concerns: Vec<Concern>,
    /// Of the smallest symbol that holds a new static code's content, 1..=40. An arm that does not measure leaves it out.
    pub version: Option<u8>,
}

impl Verdict {
    pub(super) fn refuse(
        &mut self,
        field: &'static str,
        reason: Reason,
        message: impl Into<Cow<'static, str>>,
    ) {
        self.reasons.push(reason);
        self.details.push(Detail {
            field: field.into(),
            message: message.into(),
        });
    }

    /// A refusal in its place, for rehearsing a wrong answer: one that does no harm.
    #[must_use]
    pub fn refused_instead(mut self) -> Self {
        self.target = None;
        self.refuse(
            "content",
            Reason::Misplaced,
            "is refused by a rehearsal: try again later",
        );
        self
    }

    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.details.is_empty()
    }

    /// The normalised target of an accepted submission.
    ///
    /// # Errors
    /// `Invalid` naming every bad field.
    pub fn into_result(self) -> Result<Option<String>> {
        if self.is_accepted() {
            Ok(self.target)
        } else {
            Err(Error::invalid_fields(self.details))
        }
    }
}
