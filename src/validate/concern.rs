//! What is accepted although it may not work as its author hopes.
//!
//! Invariant: each names a field, what is wrong with it and what would be right.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concern {
    /// Fewer light modules around than readers may count on (ISO/IEC 18004 §9.1).
    QuietZone { modules: u8 },
    /// Symbol contrast in percent of full reflectance, below grade D (ISO/IEC 15415 §7.8.2, table 4).
    Contrast { percent: u8 },
    /// Light on dark. Many readers only look for dark on light.
    Inverted,
    /// Fewer pixels than modules: the image will be larger than asked. `size`: the smallest that gives each a pixel.
    Cramped { modules: u32, size: u32 },
    /// A part of the host that may be mistaken for another, in letters that its script really has.
    ReadsLike { label: String, reading: String },
    /// A part of the host in Latin and one other script (UTS #39 §5.2, moderately restrictive).
    Mixed { label: String, scripts: String },
    /// No DNS name is as long (RFC 1035 §2.3.4).
    LongName,
}

impl Concern {
    /// As dialect v1 spells it.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::QuietZone { .. } => "border",
            Self::Contrast { .. } | Self::Inverted => "fill_color",
            Self::Cramped { .. } => "size",
            Self::ReadsLike { .. } | Self::Mixed { .. } | Self::LongName => "redirect_url",
        }
    }
}

/// For the author.
impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QuietZone { modules } => {
                write!(f, "is {modules}: readers count on 4 or more light modules")
            }
            Self::Contrast { percent } => write!(
                f,
                "leaves {percent} % of contrast to back_color, to the eye or under a scanner's red light: \
                 make it darker, or back_color lighter, for 20 % or more"
            ),
            Self::Inverted => {
                f.write_str("is lighter than back_color: many readers only find dark on light")
            }
            Self::Cramped { modules, size } => write!(
                f,
                "gives {modules} modules less than a pixel each, so the image will be larger: \
                 ask for {size} or more, or shorten the content"
            ),
            Self::ReadsLike { label, reading } => write!(
                f,
                "has the part `{label}` in its host name, easily read as `{reading}`: make sure that it is meant"
            ),
            Self::Mixed { label, scripts } => write!(
                f,
                "has the part `{label}` in its host name, which mixes {scripts}: make sure that it is meant"
            ),
            Self::LongName => f.write_str(
                "has a host name that no DNS can hold: at most 253 characters, 63 between two dots",
            ),
        }
    }
}
