//! Effects on the whole picture.

use symbol::file::Ink;

/// What is done to a picture. Lengths are in modules, intensities 0..=1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// Beneath the symbol.
    Shadow {
        dx: f32,
        dy: f32,
        /// Standard deviation.
        blur: f32,
        ink: Ink,
    },
    /// Around the symbol.
    Glow { intensity: f32, rgb: [u8; 3] },
    /// Over everything. `radius`: standard deviation.
    Blur { radius: f32 },
    /// Lighter and darker grains.
    Noise { intensity: f32 },
    /// Colours of old photographs, and dark corners.
    Vintage { sepia: f32, vignette: f32 },
}

impl Effect {
    pub const WORDS: [&str; 5] = ["shadow", "glow", "blur", "noise", "vintage"];

    /// One of [`Effect::WORDS`].
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Shadow { .. } => "shadow",
            Self::Glow { .. } => "glow",
            Self::Blur { .. } => "blur",
            Self::Noise { .. } => "noise",
            Self::Vintage { .. } => "vintage",
        }
    }

    /// Its numbers, in the order of its fields.
    pub(crate) fn numbers(&self) -> Vec<f32> {
        match *self {
            Self::Shadow { dx, dy, blur, .. } => vec![dx, dy, blur],
            Self::Glow { intensity, .. } | Self::Noise { intensity } => vec![intensity],
            Self::Blur { radius } => vec![radius],
            Self::Vintage { sepia, vignette } => vec![sepia, vignette],
        }
    }

    pub(crate) const fn ink(&self) -> Option<Ink> {
        match *self {
            Self::Shadow { ink, .. } => Some(ink),
            Self::Glow { rgb, .. } => Some(Ink::opaque(rgb)),
            Self::Blur { .. } | Self::Noise { .. } | Self::Vintage { .. } => None,
        }
    }
}
