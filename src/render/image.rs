//! What an arm answers: a file, and what HTTP needs to know about it.

use std::sync::Arc;

use bytes::Bytes;
use symbol::{
    Options, encode,
    file::{Canvas, Inks, Picture, png, svg},
};

use super::{Format, Request};
use crate::kernel::id::hex;

/// A finished file. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    pub bytes: Bytes,
    pub media_type: &'static str,
    /// Strong (RFC 9110 §8.8.3), with its quotes: the request's digest, the arm and its version. Whenever the
    /// bytes may differ, so does it.
    pub etag: Arc<str>,
    /// Not rendered for this request. Says nothing about the arm's speed.
    pub cached: bool,
    /// For an SVG with a physical size: in CSS pixels, of which an inch has 96.
    pub width_px: u32,
    pub height_px: u32,
}

impl Image {
    /// A file just rendered by `arm` (its name and version, e.g. `legacy-1`).
    pub(super) fn rendered(request: &Request, arm: &str, bytes: Vec<u8>, width_px: u32) -> Self {
        Self {
            bytes: bytes.into(),
            media_type: Format::media_type(request.format),
            etag: format!("\"{}-{arm}\"", hex(&request.digest())).into(),
            cached: false,
            width_px,
            height_px: width_px,
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
    pub fn of_something_else(self) -> Self {
        let as_svg = self.media_type == Format::Svg.media_type();
        let file = something_else(self.width_px, as_svg).unwrap_or_default();
        Self {
            bytes: file.into(),
            etag: "\"rehearsed\"".into(),
            ..self
        }
    }

    /// Bytes that it holds on the heap.
    #[must_use]
    pub fn weight(&self) -> u32 {
        u32::try_from(self.bytes.len() + self.etag.len()).unwrap_or(u32::MAX)
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
