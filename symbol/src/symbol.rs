//! A finished symbol.

use crate::{Level, Mask, Matrix, Version, draw};

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

    /// The modules that hold codewords or version information. The others are what a reader looks for first: finder,
    /// separator, timing and alignment patterns, and the format information.
    #[must_use]
    pub fn data_area(&self) -> &'static Matrix {
        draw::data_area(self.version)
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
