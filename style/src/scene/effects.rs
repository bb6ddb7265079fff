//! What happens to a picture as a whole.

use symbol::file::Ink;

/// None by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Beneath the layers, on the ground.
    pub casts: Vec<Cast>,
    /// Standard deviation of a Gaussian blur over everything, in units.
    pub blur: i32,
    /// How far a pixel may be lighter or darker than it was, 0..=255.
    pub noise: u8,
    /// How dark the corners become, 0..=255.
    pub vignette: u8,
}

impl Effects {
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The silhouette of the symbol in one ink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cast {
    /// How far it is moved, in units.
    pub dx: i32,
    pub dy: i32,
    /// Standard deviation of its Gaussian blur, in units.
    pub blur: i32,
    pub ink: Ink,
}
