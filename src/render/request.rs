//! The one request of all dialects.
//!
//! Invariant: a [`Request`] is valid and normalised. Two requests that must give the same bytes have one digest, and a
//! field that cannot influence the bytes of the asked format has its neutral value.

use std::ops::Deref;

use bytes::Bytes;

use super::{Colors, Concern, Format, Image, Level, Size, concern, digest};
use crate::kernel::{
    Error, Result,
    error::Detail,
    id::Uuid,
    limits::{DESCRIPTION_CHARS, TITLE_CHARS},
};

/// Decimal digits in a version 40 symbol at level L: nothing longer fits in any mode (ISO/IEC 18004 table 7).
const CONTENT_BYTES: usize = 7089;
/// Modules of quiet zone. The standard asks for 4 (ISO/IEC 18004 §9.1); fewer is the caller's choice.
const BORDER_MODULES: u8 = 20;
/// Of a JPEG, if nothing else is asked for: edges of modules stay clean.
pub(super) const QUALITY: u8 = 90;

/// What a dialect asks for, not yet checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// 1.. bytes, usually UTF-8.
    pub content: Bytes,
    /// Raised to `h` under a logo.
    pub level: Level,
    pub format: Format,
    pub size: Size,
    /// Quiet zone in modules, 0..=20.
    pub border: u8,
    /// Of a JPEG, 1..=100; `None` means 90. The other formats are lossless and ignore it.
    pub quality: Option<u8>,
    pub colors: Colors,
    pub logo: bool,
    /// Of an SVG, at most `limits::TITLE_CHARS` characters: its accessible name.
    pub title: Option<String>,
    /// Of an SVG, at most `limits::DESCRIPTION_CHARS` characters.
    pub description: Option<String>,
}

impl Spec {
    /// With the defaults of dialect v1: a black and white PNG, 250 px wide, level m, border 4.
    #[must_use]
    pub fn new(content: impl Into<Bytes>) -> Self {
        Self {
            content: content.into(),
            level: Level::M,
            format: Format::Png,
            size: Size::Pixels(250),
            border: 4,
            quality: None,
            colors: Colors::default(),
            logo: false,
            title: None,
            description: None,
        }
    }

    fn faults(&self) -> Vec<Detail> {
        let mut faults = self.size.faults(self.format != Format::Svg);
        let mut fault = |field: &'static str, message: String| {
            faults.push(Detail {
                field: field.into(),
                message: message.into(),
            });
        };
        if self.content.is_empty() {
            fault("content", "must not be empty".into());
        }
        if self.content.len() > CONTENT_BYTES {
            let message = format!("no symbol holds more than {CONTENT_BYTES} characters");
            fault("content", message);
        }
        if self.border > BORDER_MODULES {
            let message = format!("must be between 0 and {BORDER_MODULES} modules");
            fault("border", message);
        }
        if self.quality.is_some_and(|q| !(1..=100).contains(&q)) {
            fault("image_quality", "must be between 1 and 100".into());
        }
        for (field, message) in self.colors.faults() {
            fault(field, (*message).into());
        }
        for (field, text, limit) in [
            ("svg_title", &self.title, TITLE_CHARS),
            ("svg_description", &self.description, DESCRIPTION_CHARS),
        ] {
            if text.as_ref().is_some_and(|t| t.chars().count() > limit) {
                fault(field, format!("must have at most {limit} characters"));
            }
        }
        faults
    }

    /// Fields that cannot influence the bytes of the asked format, though they are given.
    pub(super) fn ignored(&self) -> Vec<&'static str> {
        let is_svg = self.format == Format::Svg;
        let said = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let fields = [
            (
                "image_quality",
                self.quality.is_some() && self.format != Format::Jpeg,
            ),
            ("svg_title", said(&self.title) && !is_svg),
            ("svg_description", said(&self.description) && !is_svg),
        ];
        let ignored = fields.into_iter().filter(|(_, is_ignored)| *is_ignored);
        ignored.map(|(field, _)| field).collect()
    }

    fn normalised(self) -> Self {
        let svg = self.format == Format::Svg;
        let text = |t: Option<String>| {
            let kept = t.filter(|_| svg).map(|t| xml_text(&t));
            kept.filter(|t| !t.is_empty())
        };
        Self {
            level: if self.logo { Level::H } else { self.level },
            size: match self.size {
                Size::Physical(physical) if svg => Size::Physical(super::Physical {
                    dpi: 72,
                    ..physical
                }),
                size => size,
            },
            quality: (self.format == Format::Jpeg).then(|| self.quality.unwrap_or(QUALITY)),
            colors: self.colors.normalised(),
            title: text(self.title),
            description: text(self.description),
            ..self
        }
    }
}

/// What XML 1.0 §2.2 lets a document hold; the rest cannot even be escaped. Spaces around mean nothing.
fn xml_text(text: &str) -> String {
    let allowed = |c: char| {
        matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..) && c != '\u{7f}'
    };
    let kept: String = text.chars().filter(|c| allowed(*c)).collect();
    kept.trim().to_owned()
}

/// A checked and normalised [`Spec`], read through `Deref`.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    spec: Spec,
    /// Before a logo raised it.
    asked_level: Level,
    /// What was asked for and the format has no place for, by the names of dialect v1.
    ignored: Vec<&'static str>,
    digest: [u8; 32],
    code_id: Option<Uuid>,
}

impl Request {
    /// # Errors
    /// `Invalid` naming every bad field as dialect v1 spells it.
    pub fn new(spec: Spec) -> Result<Self> {
        let faults = spec.faults();
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        let (asked_level, ignored) = (spec.level, spec.ignored());
        let spec = spec.normalised();
        let digest = digest::of(&spec);
        Ok(Self {
            spec,
            asked_level,
            ignored,
            digest,
            code_id: None,
        })
    }

    /// The same, for a stored code: what is remembered of it goes when the code changes.
    #[must_use]
    pub fn of_code(self, id: Uuid) -> Self {
        Self {
            code_id: Some(id),
            ..self
        }
    }

    /// The stored code that it is asked for.
    #[must_use]
    pub const fn code_id(&self) -> Option<Uuid> {
        self.code_id
    }

    /// SHA-256 of the canonical encoding: the sticky unit of experiments, the key of caches, part of the `ETag`.
    #[must_use]
    pub const fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// What may keep the answer from being read although it is drawn as asked, or is not quite as asked.
    #[must_use]
    pub fn concerns(&self, image: &Image) -> Vec<Concern> {
        concern::of(&self.spec, &self.ignored, image.width_px)
    }

    /// The error level before a logo raised it.
    pub(super) const fn asked_level(&self) -> Level {
        self.asked_level
    }
}

impl Deref for Request {
    type Target = Spec;

    fn deref(&self) -> &Spec {
        &self.spec
    }
}

#[cfg(test)]
mod tests;
