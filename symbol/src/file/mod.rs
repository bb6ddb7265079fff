//! Symbols as files. One module per format; each writes bytes to the end of a `Vec`.
//!
//! Invariant: the same picture gives the same bytes. Nothing here knows what the symbol says.

pub mod eps;
mod frame;
mod layers;
mod length;
mod number;
pub mod pdf;
mod print;
pub mod svg;

pub use length::{Length, OutOfRange, Unit};
pub use print::{Paint, Sheet};

use crate::Matrix;

/// An sRGB colour with its opacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ink {
    /// Red, green, blue, 0..=255 each.
    pub rgb: [u8; 3],
    /// 0 (clear) ..= 255 (opaque).
    pub alpha: u8,
}

impl Ink {
    pub const BLACK: Self = Self::opaque([0; 3]);
    pub const WHITE: Self = Self::opaque([255; 3]);

    #[must_use]
    pub const fn opaque(rgb: [u8; 3]) -> Self {
        Self { rgb, alpha: 255 }
    }
}

/// What is painted with what. `dark` and `light` are for function patterns, format information and the quiet zone;
/// the data modules of a [`Picture`] that names them may have colours of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Inks {
    pub dark: Ink,
    pub light: Ink,
    pub data_dark: Ink,
    pub data_light: Ink,
}

impl Inks {
    pub const BLACK_ON_WHITE: Self = Self::two(Ink::BLACK, Ink::WHITE);

    /// The data like the rest.
    #[must_use]
    pub const fn two(dark: Ink, light: Ink) -> Self {
        Self {
            dark,
            light,
            data_dark: dark,
            data_light: light,
        }
    }

    /// Whether data modules look like the others.
    #[must_use]
    pub fn are_two(&self) -> bool {
        self.dark == self.data_dark && self.light == self.data_light
    }
}

/// Where the modules lie on a square canvas. A module is a whole number of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canvas {
    /// Width and height.
    pub width_px: u32,
    /// Width of a module, at least 1.
    pub module_px: u32,
    /// From the left and the upper edge to the first module: the quiet zone, and what is left over.
    /// `offset_px + module_px * modules <= width_px`.
    pub offset_px: u32,
}

impl Canvas {
    /// The tightest canvas: `border` modules of quiet zone, `module_px` pixels per module.
    #[must_use]
    pub fn tight(modules: usize, border: u8, module_px: u32) -> Self {
        let across = u32::try_from(modules).unwrap_or(177) + 2 * u32::from(border);
        Self {
            width_px: across * module_px,
            module_px,
            offset_px: u32::from(border) * module_px,
        }
    }
}

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// The dark modules.
    pub dark: &'a Matrix,
    /// The modules that are painted with `inks.data_dark` and `inks.data_light`. Not looked at while those are the
    /// same as the others ([`Inks::are_two`]).
    pub data: &'a Matrix,
    pub canvas: Canvas,
    pub inks: Inks,
    /// Pixels per inch, where the format can say so.
    pub dpi: Option<f64>,
}
