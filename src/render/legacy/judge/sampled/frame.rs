//! Where a symbol lies on its canvas.

use crate::render::Unit;

/// In CSS pixels for an SVG, which may then be fractions; else in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// What an SVG says if it is not in pixels; equal in both directions.
    pub paper: Option<(f64, Unit)>,
    pub width_px: f64,
    pub height_px: f64,
    pub module_px: f64,
    /// Modules along one side.
    pub modules: u32,
    /// From the edge of the canvas to the symbol: left, top, right, bottom.
    pub margins_px: [f64; 4],
}

impl Frame {
    /// Whole modules of quiet zone on the side that has least.
    #[must_use]
    pub fn quiet_modules(&self) -> u32 {
        let least = self.margins_px.into_iter().fold(f64::INFINITY, f64::min);
        // A cast saturates, and what is computed may be short of a whole module by a rounding.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let modules = (least / self.module_px + 1e-6) as u32;
        modules
    }

    /// The same, but for what computing with fractions loses, and for edges that are blurred by some pixels.
    #[must_use]
    pub fn agrees(&self, other: &Self, blur_px: f64) -> bool {
        let papers = match (self.paper, other.paper) {
            (Some((a, unit)), Some((b, other))) => unit == other && is_close(a, b),
            (None, None) => true,
            _ => false,
        };
        let [a, b] = [self, other].map(|frame| [frame.width_px, frame.height_px, frame.module_px]);
        let sizes = a.into_iter().zip(b);
        let mut margins = self.margins_px.into_iter().zip(other.margins_px);
        papers
            && self.modules == other.modules
            && { sizes }.all(|(a, b)| is_close(a, b))
            && margins.all(|(a, b)| (a - b).abs() <= blur_px || is_close(a, b))
    }
}

/// A millionth is far below what anybody sees, and far above what is lost.
#[must_use]
pub fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
}
