//! A finished symbol.

use crate::{Level, Mask, Matrix, Version};

/// A QR or Micro QR symbol without its quiet zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    pub(crate) matrix: Matrix,
    pub(crate) version: Version,
    pub(crate) level: Level,
    pub(crate) mask: Mask,
}

impl Symbol {
    /// The dark modules.
    #[must_use]
    pub const fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    #[must_use]
    pub const fn mask(&self) -> Mask {
        self.mask
    }
}
