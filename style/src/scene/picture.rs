//! Pixels from outside, such as a logo.

use std::fmt;

/// Pixels with opacity.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width_px: u32,
    height_px: u32,
    /// Red, green, blue and opacity; the colours are not multiplied with it.
    rgba: Vec<u8>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({} x {})", self.width_px, self.height_px)
    }
}

impl Picture {
    /// Pixels along one side, at most.
    pub const MAX_PX: u32 = 2048;

    /// `None` unless there are `width_px` · `height_px` pixels of four bytes, and both are 1 ..= [`Picture::MAX_PX`].
    #[must_use]
    pub fn new(width_px: u32, height_px: u32, rgba: Vec<u8>) -> Option<Self> {
        let is_allowed = |px: u32| (1..=Self::MAX_PX).contains(&px);
        let bytes = 4 * u64::from(width_px) * u64::from(height_px);
        (is_allowed(width_px) && is_allowed(height_px) && rgba.len() as u64 == bytes).then_some(
            Self {
                width_px,
                height_px,
                rgba,
            },
        )
    }

    #[must_use]
    pub const fn width_px(&self) -> u32 {
        self.width_px
    }

    #[must_use]
    pub const fn height_px(&self) -> u32 {
        self.height_px
    }

    /// Row by row.
    #[must_use]
    pub fn rgba(&self) -> &[u8] {
        &self.rgba
    }
}

/// A rectangle of the scene, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}
