//! Collects what is wrong with a body, so that all of it is told at once.

use std::{borrow::Cow, ops::RangeInclusive};

use symbol::file::Ink;

use super::word::{Vocabulary, Word};
use crate::{
    http::bounds::{Bound, Within},
    kernel::{Color, Error, Result, error::Detail},
};

#[derive(Default)]
pub struct Faults(Vec<Detail>);

impl Faults {
    pub fn add(
        &mut self,
        field: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) {
        self.push(Detail {
            field: field.into(),
            message: message.into(),
        });
    }

    pub fn push(&mut self, detail: Detail) {
        self.0.push(detail);
    }

    /// Those of a part of the body.
    pub fn below(&mut self, at: &str, other: Self) {
        self.0.extend(other.0.into_iter().map(|detail| Detail {
            field: format!("{at}.{}", detail.field).into(),
            ..detail
        }));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// # Errors
    /// `Invalid`, if there is any.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid_fields(self.0))
        }
    }

    pub fn word<V: Vocabulary>(
        &mut self,
        field: &'static str,
        word: Option<&Word<V>>,
    ) -> Option<V> {
        word.and_then(|word| word.get().map_err(|message| self.add(field, message)).ok())
    }

    pub fn color(&mut self, field: &'static str, text: Option<&String>) -> Option<Color> {
        let parsed = text?.parse::<Color>();
        parsed.map_err(|e| self.add(field, e.to_string())).ok()
    }

    pub fn ink(&mut self, field: &'static str, text: Option<&String>) -> Option<Ink> {
        self.color(field, text).map(|color| Ink::opaque(color.rgb))
    }

    /// Of a type that holds every number within the bounds.
    pub fn number<B: Bound<Of: Copy>, N: TryFrom<B::Of>>(
        &mut self,
        field: &'static str,
        value: Option<&Within<B>>,
    ) -> Option<N> {
        let value = value?;
        if !B::holds(&value.0) {
            self.add(field, B::expected());
        }
        N::try_from(value.0).ok()
    }

    /// As it was sent.
    pub fn text<B: Bound<Of = String>>(&mut self, field: &'static str, value: Within<B>) -> String {
        if !B::holds(&value.0) {
            self.add(field, B::expected());
        }
        value.0
    }

    pub fn within(
        &mut self,
        field: &'static str,
        value: Option<f32>,
        range: RangeInclusive<f32>,
        default: f32,
    ) -> f32 {
        let value = value.unwrap_or(default);
        // Not a number is outside, too.
        if !range.contains(&value) {
            let message = format!("must be between {} and {}", range.start(), range.end());
            self.add(field, message);
        }
        value
    }
}
