//! A picture in the middle of a symbol.

use std::sync::Arc;

use symbol::file::Ink;

use super::words;
use crate::scene::Picture;

words! {
    /// What a logo is cut to, and its plate.
    LogoShape {
        Square = "square",
        Circle = "circle",
        RoundedSquare = "rounded-square",
    }
}

impl LogoShape {
    /// Of a rounded square, in shares of its width.
    pub(crate) const ROUNDNESS: f64 = 0.2;

    /// Radius of the corners, in shares of the width.
    pub(crate) const fn radius(self) -> f64 {
        match self {
            Self::Square => 0.0,
            Self::Circle => 0.5,
            Self::RoundedSquare => Self::ROUNDNESS,
        }
    }
}

/// No module is drawn beneath it and its padding.
#[derive(Clone, Debug)]
pub struct Logo {
    picture: Arc<Picture>,
    digest: [u8; 32],
    shape: LogoShape,
    /// Its longer side, as a share of the symbol's width. 0.05..=0.3.
    pub share: f32,
    /// Around it, in modules.
    pub padding: f32,
    /// Of the plate. `None`: the ground.
    pub background: Option<Ink>,
}

/// Pictures are compared by their digests.
impl PartialEq for Logo {
    fn eq(&self, other: &Self) -> bool {
        let parts = |logo: &Self| {
            (
                logo.digest,
                logo.shape,
                logo.share,
                logo.padding,
                logo.background,
            )
        };
        parts(self) == parts(other)
    }
}

impl Logo {
    /// Cuts the picture to its shape. `digest`: equal digests, equal pictures.
    #[must_use]
    pub fn new(picture: Picture, digest: [u8; 32], shape: LogoShape) -> Self {
        Self {
            picture: Arc::new(cut(picture, shape)),
            digest,
            shape,
            share: 0.2,
            padding: 0.5,
            background: None,
        }
    }

    #[must_use]
    pub const fn picture(&self) -> &Arc<Picture> {
        &self.picture
    }

    #[must_use]
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    #[must_use]
    pub const fn shape(&self) -> LogoShape {
        self.shape
    }
}

/// Makes clear what lies beyond the corners: within a pixel of the edge in part.
fn cut(picture: Picture, shape: LogoShape) -> Picture {
    let (width, height) = (picture.width_px(), picture.height_px());
    let radius = shape.radius() * f64::from(width.min(height));
    if radius <= 0.0 {
        return picture;
    }
    let mut rgba = picture.rgba().to_vec();
    // How far a pixel lies within the square that the centres of the corners leave.
    let beyond = |at: u32, px: u32| {
        let at = f64::from(at) + 0.5;
        (radius - at).max(at - (f64::from(px) - radius)).max(0.0)
    };
    for (y, row) in (0..).zip(rgba.chunks_exact_mut(4 * width as usize)) {
        let dy = beyond(y, height);
        if dy <= 0.0 {
            continue;
        }
        for (x, pixel) in (0..).zip(row.as_chunks_mut::<4>().0) {
            let dx = beyond(x, width);
            let kept = (radius - (dx * dx + dy * dy).sqrt() + 0.5).clamp(0.0, 1.0);
            pixel[3] = (f64::from(pixel[3]) * kept + 0.5) as u8;
        }
    }
    Picture::new(width, height, rgba).unwrap_or(picture)
}
