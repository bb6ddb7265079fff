//! The one request of all dialects.
//!
//! Invariant: a [`Request`] is valid and normalised. Two requests that must give the same bytes have one digest, and a
//! field that cannot influence the bytes of the asked format has its neutral value.

use std::{
    ops::{Deref, RangeInclusive},
    sync::Arc,
};

use ::style::Style;
use bytes::Bytes;
use symbol::file::Paint;

use super::{
    Colors, Concern, Encoding, Fault, Faults, Field, Format, Level, Logo, Padding, Problem,
    Rendered, Size, Terminal, concern, digest, fit, styled,
};
use crate::kernel::{
    Result,
    id::Uuid,
    limits::{
        DEFAULT_SIZE_STEPS, DESCRIPTION_CHARS, DRAWN_BORDER_MODULES, EFFECTS_PX, IMAGE_PX, QUALITY,
        QUIET_ZONE_MODULES, SYMBOL_BYTES, TITLE_CHARS,
    },
};

/// Of a JPEG, if nothing else is asked for: edges of modules stay clean.
pub(super) const DEFAULT_QUALITY: u8 = 90;

/// What a dialect asks for, not yet checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// 1.. bytes, usually UTF-8.
    pub content: Bytes,
    /// Raised to `h` under a logo.
    pub level: Level,
    /// A Micro QR symbol (ISO/IEC 18004 §6.1). It has no level `h`.
    pub micro: bool,
    pub encoding: Encoding,
    pub format: Format,
    pub size: Size,
    /// Quiet zone in modules, within [`DRAWN_BORDER_MODULES`].
    pub border: u8,
    /// Around the square of `size`. Of a plain symbol on screens.
    pub padding: Padding,
    /// Of a JPEG, within [`QUALITY`]; `None` means 90. The other formats are lossless and ignore it.
    pub quality: Option<u8>,
    /// Of a document for print; the other formats are for screens and ignore it.
    pub paint: Paint,
    /// Of text; the other formats ignore it.
    pub terminal: Terminal,
    /// Of a plain symbol: a style has its own inks.
    pub colors: Colors,
    /// `None`: squares in two or four colours.
    pub style: Option<Arc<Style>>,
    /// In the middle of the symbol.
    pub logo: Option<Arc<Logo>>,
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
            micro: false,
            encoding: Encoding::default(),
            format: Format::Png,
            size: Size::of_steps(DEFAULT_SIZE_STEPS),
            border: QUIET_ZONE_MODULES,
            padding: Padding::default(),
            quality: None,
            paint: Paint::Rgb,
            terminal: Terminal::default(),
            colors: Colors::default(),
            style: None,
            logo: None,
            title: None,
            description: None,
        }
    }

    pub(super) fn has_effects(&self) -> bool {
        let style = self.style.as_ref();
        style.is_some_and(|style| !style.effects.is_empty())
    }

    fn faults(&self) -> Vec<Fault> {
        let most_px = if self.has_effects() {
            EFFECTS_PX
        } else {
            IMAGE_PX
        };
        let most_px = Some(most_px).filter(|_| !self.format.is_vector());
        let mut faults = self.size.faults(most_px);
        faults.extend(self.encoding.faults(self.micro));
        let mut fault = |field, problem| faults.push(Fault { field, problem });
        let outside = |range: RangeInclusive<u8>, unit| Problem::Outside {
            least: f64::from(*range.start()),
            most: f64::from(*range.end()),
            unit,
        };
        if self.content.is_empty() {
            fault(Field::Content, Problem::Empty);
        }
        if self.content.len() > SYMBOL_BYTES {
            fault(Field::Content, Problem::Huge);
        }
        if !DRAWN_BORDER_MODULES.contains(&self.border) {
            fault(Field::Border, outside(DRAWN_BORDER_MODULES, " modules"));
        }
        if let Some(problem) = self.padding.problem(self) {
            fault(Field::Border, problem);
        }
        if self.quality.is_some_and(|q| !QUALITY.contains(&q)) {
            fault(Field::Quality, outside(QUALITY, ""));
        }
        if let Some(style) = &self.style {
            for found in styled::faults(style) {
                fault(found.field, found.problem);
            }
        }
        let is_plain = self.style.is_none() && self.logo.is_none();
        if self.format == Format::Text && !is_plain {
            fault(Field::Format, Problem::NotAsText);
        }
        for (field, same) in self.colors.invisible() {
            fault(*field, Problem::Invisible(same));
        }
        for (field, text, most) in [
            (Field::Title, &self.title, TITLE_CHARS),
            (Field::Description, &self.description, DESCRIPTION_CHARS),
        ] {
            if text.as_ref().is_some_and(|t| t.chars().count() > most) {
                fault(field, Problem::Characters { most });
            }
        }
        faults
    }

    /// Fields that cannot influence the bytes of the asked format, though they are given.
    pub(super) fn ignored(&self) -> Vec<Field> {
        let is_svg = self.format == Format::Svg;
        let said = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let is_text = self.format == Format::Text;
        let is_colorless = is_text && self.terminal != Terminal::Color;
        let plain = Colors::default();
        let fields = [
            (
                Field::Quality,
                self.quality.is_some() && self.format != Format::Jpeg,
            ),
            (Field::Title, said(&self.title) && !is_svg),
            (Field::Description, said(&self.description) && !is_svg),
            (Field::Dark, is_colorless && self.colors.dark != plain.dark),
            (
                Field::Light,
                is_colorless && self.colors.light != plain.light,
            ),
            (
                Field::PhysicalSize,
                is_text && matches!(self.size, Size::Physical(_)),
            ),
        ];
        let ignored = fields.into_iter().filter(|(_, is_ignored)| *is_ignored);
        ignored.map(|(field, _)| field).collect()
    }

    fn normalised(self) -> Self {
        let svg = self.format == Format::Svg;
        let is_vector = self.format.is_vector();
        let is_for_print = self.format.is_for_print();
        let is_text = self.format == Format::Text;
        let terminal = if is_text {
            self.terminal
        } else {
            Terminal::default()
        };
        let text = |t: Option<String>| {
            let drawn = t.filter(|_| svg).map(|t| xml_text(&t));
            drawn.filter(|t| !t.is_empty())
        };
        Self {
            level: if self.logo.is_some() {
                Level::H
            } else {
                self.level
            },
            size: match self.size {
                // It has as many characters as modules.
                _ if is_text => Size::of_steps(DEFAULT_SIZE_STEPS),
                Size::Physical(physical) if is_vector => Size::Physical(super::Physical {
                    dpi: 72,
                    ..physical
                }),
                size => size,
            },
            quality: (self.format == Format::Jpeg).then(|| self.quality.unwrap_or(DEFAULT_QUALITY)),
            paint: if is_for_print { self.paint } else { Paint::Rgb },
            colors: if is_text && terminal != Terminal::Color {
                Colors::default()
            } else {
                self.colors.normalised()
            },
            encoding: self.encoding.normalised(self.micro),
            terminal,
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
    let text: String = text.chars().filter(|c| allowed(*c)).collect();
    text.trim().to_owned()
}

/// A checked and normalised [`Spec`], read through `Deref`.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    spec: Spec,
    /// Before a logo raised it.
    asked_level: Level,
    /// What was asked for and the format has no place for.
    ignored: Vec<Field>,
    digest: [u8; 32],
    code_id: Option<Uuid>,
}

impl Request {
    /// # Errors
    /// Everything that is wrong with the spec.
    pub fn new(spec: Spec) -> Result<Self, Faults> {
        let spec = styled::plain_if_it_is(spec);
        let faults = spec.faults();
        if !faults.is_empty() {
            return Err(Faults(faults));
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

    /// The symbol that it is about.
    ///
    /// # Errors
    /// `Invalid` when not even version 40 holds the content.
    pub fn symbol(&self) -> Result<symbol::Symbol> {
        fit::symbol(self)
    }

    /// SHA-256 of the canonical encoding: the sticky unit of experiments, the key of caches, part of the `ETag`.
    #[must_use]
    pub const fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// What may keep the answer from being read although it is drawn as asked, or is not quite as asked.
    #[must_use]
    pub fn concerns(&self, drawn: &Rendered) -> Vec<Concern> {
        concern::of(&self.spec, &self.ignored, drawn.facts.width_px)
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
