//! What an arm answers: a file, and what is known about the symbol in it.

use std::sync::Arc;

use ::style::Report;
use bytes::Bytes;
use symbol::{
    Mask, Options, Version, encode,
    file::{Canvas, Inks, Picture, png, svg},
};

use super::{Format, Request};
use crate::kernel::{Level, id::hex};

/// A drawn symbol. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    pub facts: Facts,
    pub file: File,
    /// Not rendered for this request. Says nothing about the arm's speed.
    pub cached: bool,
}

/// The symbol in the file. The parts of an answer that is no file belong here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Facts {
    pub version: Version,
    pub level: Level,
    pub mask: Mask,
    /// Of the file. For an SVG with a physical size: in CSS pixels, of which an inch has 96.
    pub width_px: u32,
    pub height_px: u32,
    /// How well readers cope with the picture, and why.
    pub report: Report,
}

impl Facts {
    /// Modules along one side of the symbol, without its quiet zone: 21..=177.
    #[must_use]
    pub fn modules(&self) -> usize {
        self.version.modules()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub bytes: Bytes,
    pub media_type: &'static str,
    /// Strong (RFC 9110 §8.8.3), with its quotes: the request's digest, the arm and its version, and the fingerprint of a
    /// logo. It differs whenever the bytes may differ.
    pub etag: Arc<str>,
}

impl Rendered {
    /// A file just made by `arm` (its name and version, e.g. `legacy-1`).
    pub(super) fn new(request: &Request, arm: &str, facts: Facts, bytes: Vec<u8>) -> Self {
        let digest = hex(&request.digest());
        let etag = match &request.logo {
            None => format!("\"{digest}-{arm}\""),
            Some(logo) => format!("\"{digest}-{arm}-{}\"", logo.fingerprint()),
        };
        Self {
            facts,
            file: File {
                bytes: bytes.into(),
                media_type: request.format.media_type(),
                etag: etag.into(),
            },
            cached: false,
        }
    }

    /// The same file, served again.
    #[must_use]
    pub fn from_cache(self) -> Self {
        Self {
            cached: true,
            ..self
        }
    }

    /// Another picture in its place, for rehearsing a wrong answer.
    #[must_use]
    pub fn of_something_else(mut self) -> Self {
        let as_svg = self.file.media_type == Format::Svg.media_type();
        let file = something_else(self.facts.width_px, as_svg).unwrap_or_default();
        self.file.bytes = file.into();
        self.file.etag = "\"rehearsed\"".into();
        self
    }

    /// Bytes that it holds on the heap.
    #[must_use]
    pub fn weight(&self) -> u32 {
        u32::try_from(self.file.bytes.len() + self.file.etag.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
impl Rendered {
    /// The same answer with other bytes, for tests that tamper with it.
    #[must_use]
    pub fn with_bytes(&self, bytes: impl Into<Bytes>) -> Self {
        let mut other = self.clone();
        other.file.bytes = bytes.into();
        other
    }
}

/// A symbol that nobody asked for, `width_px` wide if that is enough. PNG in the place of the other raster formats: whoever
/// looks at bytes sees that, too.
fn something_else(width_px: u32, as_svg: bool) -> Option<Vec<u8>> {
    let symbol = encode("rehearsed", &Options::default()).ok()?;
    let modules = symbol.matrix().modules();
    let picture = Picture {
        dark: symbol.matrix(),
        data: symbol.data_area(),
        canvas: Canvas::fit(modules, 4, width_px).or_else(|| Canvas::tight(modules, 4, 1))?,
        inks: Inks::BLACK_ON_WHITE,
        dpi: None,
    };
    let mut file = Vec::new();
    if as_svg {
        svg::write(&picture, &svg::Options::default(), &mut file);
    } else {
        png::write(&picture, &mut file);
    }
    Some(file)
}
