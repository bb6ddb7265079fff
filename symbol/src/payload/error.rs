//! What is wrong with the fields of a payload.
//!
//! Invariant: at most one fault per field, in the order in which the fields were checked, and never a field's value:
//! it may be a password.

use std::{borrow::Cow, fmt};

use super::{BYTES_MAX, Limits, Payload, check};

/// One field that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The name of the struct's field; `phones[1].number` for one inside a list. `payload` is the whole.
    pub field: Cow<'static, str>,
    /// What is wrong, after "it": `is 40 bytes long`.
    pub wrong: Cow<'static, str>,
    /// What would be right, after "it": `must be 1 to 32 bytes`.
    pub right: Cow<'static, str>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}; {}", self.field, self.wrong, self.right)
    }
}

/// Every field that cannot be used. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    faults: Vec<Fault>,
}

impl Error {
    /// The first fault of each bad field.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.faults.iter().enumerate() {
            if i > 0 {
                f.write_str(". ")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// A fault without its field's name.
#[derive(Debug)]
pub(super) struct Wrong {
    wrong: Cow<'static, str>,
    right: Cow<'static, str>,
}

impl Wrong {
    pub(super) fn new(
        wrong: impl Into<Cow<'static, str>>,
        right: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            wrong: wrong.into(),
            right: right.into(),
        }
    }
}

pub(super) type Checked<T> = Result<T, Wrong>;

/// Collects the faults of one payload.
#[derive(Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, field: impl Into<Cow<'static, str>>, wrong: Wrong) {
        let field = field.into();
        if self.0.iter().all(|fault| fault.field != field) {
            self.0.push(Fault {
                field,
                wrong: wrong.wrong,
                right: wrong.right,
            });
        }
    }

    /// The value; for a bad one an empty value, so that the fields after it are checked, too.
    pub(super) fn keep<T: Default>(
        &mut self,
        field: impl Into<Cow<'static, str>>,
        checked: Checked<T>,
    ) -> T {
        checked.unwrap_or_else(|wrong| {
            self.add(field, wrong);
            T::default()
        })
    }

    /// [`Faults::keep`] for a field that may be left out.
    pub(super) fn keep_some<T: Default>(
        &mut self,
        field: impl Into<Cow<'static, str>>,
        value: Option<&str>,
        check: impl FnOnce(&str) -> Checked<T>,
    ) -> Option<T> {
        value.map(|value| self.keep(field, check(value)))
    }

    pub(super) fn finish(self, text: String) -> Result<Payload, Error> {
        self.finish_with(text, Limits::default(), false)
    }

    pub(super) fn finish_with(
        mut self,
        text: String,
        limits: Limits,
        gs1: bool,
    ) -> Result<Payload, Error> {
        if self.0.is_empty() {
            self.keep("payload", check::at_most_bytes(&text, BYTES_MAX));
        }
        if self.0.is_empty() {
            Ok(Payload { text, limits, gs1 })
        } else {
            Err(Error { faults: self.0 })
        }
    }
}
