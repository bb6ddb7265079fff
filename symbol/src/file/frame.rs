//! Where things lie on a canvas, for formats that have no pixels.
//!
//! Invariant: `module_px` is at least 1.

use super::Canvas;

/// A canvas in numbers that can be subtracted. The only reader of its fields among the vector formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_field_names)] // Units are a part of the name.
pub struct Frame {
    pub width_px: i64,
    pub module_px: i64,
    pub offset_px: i64,
}

impl Frame {
    pub fn of(canvas: Canvas) -> Self {
        Self {
            width_px: canvas.width_px.into(),
            module_px: i64::from(canvas.module_px).max(1),
            offset_px: canvas.offset_px.into(),
        }
    }

    /// The quiet zone at the left and above, and the width of the canvas, if both are whole modules.
    pub fn in_modules(&self) -> Option<(i64, i64)> {
        let is_whole = |px: i64| px % self.module_px == 0;
        (is_whole(self.offset_px) && is_whole(self.width_px)).then(|| {
            (
                self.offset_px / self.module_px,
                self.width_px / self.module_px,
            )
        })
    }
}
