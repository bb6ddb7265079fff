//! The sheet and its inks, for PDF and EPS.
//!
//! Invariant: the sheet is exactly as wide as asked for, to a billionth of a point.

use super::{Ink, Length, Picture, frame::Frame, number};

/// The colour space of the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Paint {
    /// sRGB numbers as the device's RGB.
    #[default]
    Rgb,
    /// By the plain formula K = 1 − max(R, G, B), C = (1 − R − K) / (1 − K), and so on. Black is black ink only, so that
    /// the edges of modules do not suffer when plates are out of register. No colour profile is used: for an
    /// exact tint leave the conversion to the printer, with [`Paint::Rgb`].
    Cmyk,
}

/// A sheet of paper that is the picture's canvas. Its height follows from the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sheet<'a> {
    pub width: Length,
    pub paint: Paint,
    /// Empty: none.
    pub title: &'a str,
}

/// Modules on a sheet.
pub struct Grid {
    /// Width of the sheet in points.
    pub points: f64,
    /// Width of a module in points.
    pub module: f64,
    /// From the left and the upper edge to the first module, in points.
    pub offset: f64,
    /// The canvas, and the symbol on it: corner and width in modules from the first module's corner.
    squares: [[f64; 2]; 2],
}

impl Grid {
    // Pixels and modules are far below 2^52.
    #[allow(clippy::cast_precision_loss)]
    pub fn of(picture: &Picture, width: Length) -> Self {
        let frame = Frame::of(picture.canvas);
        let points = width.points();
        let [width_px, module_px, offset_px] =
            [frame.width_px, frame.module_px, frame.offset_px].map(|px| px as f64);
        // Avoids a division by 0; a canvas without pixels is empty anyway.
        let point_px = points / width_px.max(1.0);
        Self {
            points,
            module: module_px * point_px,
            offset: offset_px * point_px,
            squares: [
                [-offset_px / module_px, width_px / module_px],
                [0.0, picture.dark.modules() as f64],
            ],
        }
    }

    /// The ground, filled by the even-odd rule: the canvas, and if it is hollow the symbol.
    pub fn squares(&self, is_hollow: bool) -> &[[f64; 2]] {
        &self.squares[..if is_hollow { 2 } else { 1 }]
    }
}

/// The numbers of an opaque ink: three or four, each followed by a space.
pub fn components(rgb: [u8; 3], paint: Paint, out: &mut Vec<u8>) {
    let [r, g, b] = rgb.map(|byte| f64::from(byte) / 255.0);
    let mut put = |share: f64| {
        // Four digits tell 256 steps apart.
        number::decimal(out, (share * 1e4).round() / 1e4);
        out.push(b' ');
    };
    match paint {
        Paint::Rgb => [r, g, b].map(&mut put),
        Paint::Cmyk => {
            let brightest = r.max(g).max(b);
            // Nothing but black ink makes black, where the formula divides by 0.
            let share = |c: f64| {
                if brightest > 0.0 {
                    (brightest - c) / brightest
                } else {
                    0.0
                }
            };
            let inks = [r, g, b].map(|c| put(share(c)));
            put(1.0 - brightest);
            inks
        }
    };
}

/// A translucent ink blended with white paper.
#[must_use]
pub fn on_paper(ink: Ink) -> [u8; 3] {
    let alpha = u16::from(ink.alpha);
    ink.rgb.map(|byte| {
        let sum = u16::from(byte) * alpha + 255 * (255 - alpha);
        // At most 255, as both are.
        u8::try_from((sum + 127) / 255).unwrap_or(255)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Matrix,
        file::{Canvas, Inks, Unit, eps, pdf},
    };
    use proptest::prelude::*;

    #[test]
    fn colours_in_ink() {
        for (rgb, expected) in [
            ([0, 0, 0], "0 0 0 1 "),
            ([255, 255, 255], "0 0 0 0 "),
            ([51, 51, 51], "0 0 0 .8 "),
            ([255, 0, 51], "0 1 .8 0 "),
            ([0, 0, 128], "1 1 0 .498 "),
        ] {
            let mut out = Vec::new();
            components(rgb, Paint::Cmyk, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
        let half = Ink {
            rgb: [0, 255, 100],
            alpha: 51,
        };
        assert_eq!(on_paper(half), [204, 255, 224]);
    }

    proptest! {
        #[test]
        fn no_canvas_is_too_odd(
            (width_px, module_px, offset_px) in any::<(u32, u32, u32)>(), modules in 0_usize..30,
            mm in Length::MIN_MM..=Length::MAX_MM, alpha in any::<u8>(),
        ) {
            let dark = Matrix::from_fn(modules, |x, y| x > y);
            let picture = Picture {
                dark: &dark,
                data: &dark,
                canvas: Canvas { width_px, module_px, offset_px },
                inks: Inks::two(Ink { alpha, ..Ink::BLACK }, Ink::WHITE),
                dpi: None,
            };
            let width = Length::new(mm, Unit::Mm).unwrap();
            let sheet = Sheet { width, paint: Paint::Rgb, title: "" };
            for write in [pdf::write, eps::write] {
                let mut out = Vec::new();
                write(&picture, &sheet, &mut out);
                prop_assert!(out.ends_with(b"%%EOF\n"));
            }
        }
    }
}
