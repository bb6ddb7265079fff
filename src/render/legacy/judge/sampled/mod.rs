//! From a finished file back to its modules and their colours, knowing nothing but the file: what an arm says about its
//! answer cannot fool it.
//!
//! Invariant: no panic on any bytes, and no more memory than the pixels of an image of `limits::IMAGE_PX` need.

mod corner;
#[cfg(test)]
pub(super) mod drawn;
mod frame;
mod histogram;
mod metadata;
mod pixels;
mod raster;
mod reading;
mod svg;
#[cfg(test)]
mod tests;

pub use frame::{Frame, is_close};
pub use metadata::Metadata;
pub use reading::{Inks, contrast};

use crate::render::{Format, layout::CanvasLayout};

/// Red, green, blue, 0..=255 each.
pub type Rgb = [u8; 3];

/// What a file shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampled {
    pub frame: Frame,
    /// Pixels around the symbol that do not have the light colour of its upper left finder pattern. In a JPEG: that are
    /// at least half as far from it as the dark one is.
    pub stains_px: usize,
    /// Row by row, `frame.modules` each.
    pub cells: Vec<Cell>,
    /// False for a JPEG, whose colours are only about right: a cell is then the mean of its middle.
    pub is_exact: bool,
    pub picture: Picture,
    pub metadata: Metadata,
    /// SHA-256 of what an SVG says to a screen reader.
    pub texts: Option<[u8; 32]>,
}

/// One module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// In its middle.
    pub rgb: Rgb,
    /// It is not of one colour. Never so in a JPEG, where no module is.
    pub is_mixed: bool,
}

/// What is to be seen on the plate in the middle, whether it is a logo or modules like all others.
#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
    /// Means over a grid of squares that are at least four pixels wide, `side` (1..=8) along each side of the plate.
    Means { side: usize, rgb: Vec<Rgb> },
    /// The pictures an SVG embeds.
    Embedded(Vec<Embedded>),
}

/// A picture in an SVG.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// Left, top, width, height, in modules from the first one.
    pub place: [f64; 4],
    /// SHA-256 of its address.
    pub address: [u8; 32],
}

/// Why there are no modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// It is not a file of the media type, it is cut off, or larger than `limits::IMAGE_PX`.
    Broken(&'static str),
    /// An SVG that may be fine, but has something that is not understood here, at a byte of it.
    Unknown { what: &'static str, at: usize },
    /// No symbol is to be seen in it, or it does not say anything.
    Illegible(&'static str),
}

impl Sampled {
    /// # Errors
    /// Why no modules could be seen.
    pub fn of(file: &[u8], media_type: &str) -> Result<Self, Unclear> {
        let format = Format::ON_SCREENS.into_iter();
        match { format }.find(|f| f.media_type() == media_type) {
            Some(Format::Svg) => svg::sample(file),
            Some(raster) => raster::sample(file, raster),
            None => Err(Unclear::Broken("the media type is none of a picture")),
        }
    }

    /// Modules along one side.
    fn modules(&self) -> usize {
        // At most 177.
        self.frame.modules as usize
    }

    /// Outside is white.
    fn cell(&self, x: usize, y: usize) -> Cell {
        const OUTSIDE: Cell = Cell {
            rgb: [255; 3],
            is_mixed: false,
        };
        let cell = self.cells.get(y * self.modules() + x);
        cell.copied().unwrap_or(OUTSIDE)
    }
}

/// The plate in a symbol of `modules` along one side: its first module, and how many it has along one side.
fn plate(modules: usize) -> (usize, usize) {
    // At most 177.
    let layout = CanvasLayout::new(0, u32::try_from(modules).unwrap_or(177), 0);
    let plate = layout.plate_modules() as usize;
    (modules.saturating_sub(plate) / 2, plate)
}

/// How far two colours are apart: in the channel that tells most.
fn apart(a: Rgb, b: Rgb) -> u8 {
    let channels = a.into_iter().zip(b);
    channels.map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0)
}
