//! Symbols as files. One module per format; each writes bytes to the end of a `Vec`.
//!
//! Invariant: the same picture gives the same bytes. Nothing here depends on the symbol's content.

mod deflate;
pub mod eps;
mod frame;
pub mod gif;
pub mod jpeg;
mod layers;
mod length;
pub mod number;
mod outline;
pub mod pdf;
mod pixels;
pub mod png;
mod print;
pub mod svg;
pub mod terminal;
pub mod webp;

pub use length::{Length, OutOfRange, Unit};
pub use pixels::{Channels, PixelError, Pixels};
pub use print::{Paint, Sheet, components, on_paper};

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

/// The inks of a picture. `dark` and `light` are for function patterns, format information and the quiet zone;
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
///
/// 1 <= `module_px`, 1 <= `width_px` <= [`Canvas::MAX_WIDTH_PX`], and `offset_px` + `module_px` <= `width_px`: at least
/// one module fits.
#[expect(clippy::struct_field_names, reason = "units stand last in names")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canvas {
    width_px: u32,
    module_px: u32,
    offset_px: u32,
}

impl Canvas {
    /// The limit of GIF and JPEG. Two such scanlines fit into the window of deflate.
    pub const MAX_WIDTH_PX: u32 = 65_535;

    /// `None` unless a symbol of `modules` along one side lies within the canvas: 1 <= `modules`, 1 <= `module_px`,
    /// `offset_px + module_px * modules <= width_px <= MAX_WIDTH_PX`.
    #[must_use]
    pub fn new(modules: usize, width_px: u32, module_px: u32, offset_px: u32) -> Option<Self> {
        let across = u32::try_from(modules).ok()?.checked_mul(module_px)?;
        let fits = offset_px.checked_add(across)? <= width_px && width_px <= Self::MAX_WIDTH_PX;
        (fits && across > 0).then_some(Self {
            width_px,
            module_px,
            offset_px,
        })
    }

    /// The tightest canvas: `border` modules of quiet zone, `module_px` pixels per module. `None` as in [`Canvas::new`].
    #[must_use]
    pub fn tight(modules: usize, border: u8, module_px: u32) -> Option<Self> {
        let border = u32::from(border);
        let across = u32::try_from(modules).ok()?.checked_add(2 * border)?;
        let (width_px, offset_px) = (
            across.checked_mul(module_px)?,
            border.checked_mul(module_px)?,
        );
        Self::new(modules, width_px, module_px, offset_px)
    }

    /// The largest modules that leave `border` modules of quiet zone on a canvas of `width_px`; what is left over goes
    /// to the quiet zone. `None` when not even modules of one pixel fit, or as in [`Canvas::new`].
    #[must_use]
    pub fn fit(modules: usize, border: u8, width_px: u32) -> Option<Self> {
        let modules_wide = u32::try_from(modules).ok()?;
        let module_px = width_px / modules_wide.checked_add(2 * u32::from(border))?.max(1);
        let left_over = width_px.checked_sub(modules_wide.checked_mul(module_px)?)?;
        Self::new(modules, width_px, module_px, left_over / 2)
    }

    /// Width and height, 1..=[`Canvas::MAX_WIDTH_PX`].
    #[must_use]
    pub const fn width_px(&self) -> u32 {
        self.width_px
    }

    /// Width of a module, at least 1.
    #[must_use]
    pub const fn module_px(&self) -> u32 {
        self.module_px
    }

    /// From the left and the upper edge to the first module: the quiet zone, and half of what is left over.
    #[must_use]
    pub const fn offset_px(&self) -> u32 {
        self.offset_px
    }
}

/// A symbol with its canvas and inks.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// The dark modules.
    pub dark: &'a Matrix,
    /// The modules that are painted with `inks.data_dark` and `inks.data_light`. Ignored while those are the
    /// same as the others ([`Inks::are_two`]).
    pub data: &'a Matrix,
    pub canvas: Canvas,
    pub inks: Inks,
    /// Pixels per inch, in formats that have a field for it.
    pub dpi: Option<f64>,
}

impl Picture<'_> {
    /// How many modules along one side are drawn: those that lie wholly on the canvas. All of them if the canvas was
    /// made for `dark.modules()`.
    #[must_use]
    pub fn modules(&self) -> usize {
        let canvas = self.canvas;
        let room = (canvas.width_px - canvas.offset_px) / canvas.module_px;
        self.dark.modules().min(room as usize)
    }
}

#[cfg(test)]
mod tests;
