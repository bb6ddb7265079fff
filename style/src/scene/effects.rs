//! What happens to a picture as a whole.

use std::sync::Arc;

use symbol::file::Ink;

use super::{Picture, Place};

/// None by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Beneath the layers, on the ground.
    pub casts: Vec<Cast>,
    /// Standard deviation of a Gaussian blur over casts and layers, in units.
    pub blur: i32,
    /// On top of all.
    pub overlays: Vec<(Arc<Picture>, Place)>,
}

impl Effects {
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The silhouette of the symbol and its logo in one ink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cast {
    /// How far it is moved, in units.
    pub dx: i32,
    pub dy: i32,
    /// Standard deviation of its Gaussian blur, in units.
    pub blur: i32,
    pub ink: Ink,
}
