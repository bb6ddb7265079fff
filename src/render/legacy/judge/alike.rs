//! Whether two pictures look the same where they need not be equal.

use super::fact::Seen;
use super::sampled::{Picture, contrast};

/// Levels of a channel that a JPEG may be off, besides twice its noise.
const COLOR: u8 = 8;
/// What a JPEG is off by at the root of the mean square is the sum of its quantisers by this: each coefficient is off by
/// at most half of its own, all amounts alike, and 8 × 8 pixels share 64 of them (ITU-T T.81 §A.3.3): 64 √12.
const ERROR: u32 = 222;
/// How many times that is so rare that not one of the modules is off by half of the contrast.
const RARE: u32 = 6;
/// Levels of a channel by which the means of a logo may differ because it is scaled in another way: rounded; and that
/// nobody would see in a square of a few pixels.
const ROUNDED: u8 = 2;
const SCALED: u8 = 40;

/// A JPEG so coarse that its errors can make dark of light and light of dark.
pub fn is_coarse(seen: &Seen) -> bool {
    // Blue takes 1.772 times of what the colours are off by (ITU-T T.871 §7).
    let [brightness, color] = seen.metadata.quantisers;
    !seen.is_exact && (brightness + 2 * color) * RARE * 2 > u32::from(contrast(&seen.inks)) * ERROR
}

/// `damage` or `quiet zone` if one of the pictures has what it should not have; `noise` if that may be because both are
/// coarse: then it is enough that both can be read.
pub fn faults(control: &Seen, candidate: &Seen) -> Option<&'static str> {
    let is_coarse = is_coarse(control) && is_coarse(candidate);
    let wrong = |seen: &Seen| seen.damaged + seen.strays;
    if wrong(control) + wrong(candidate) > 0 {
        Some(if is_coarse { "noise" } else { "damage" })
    } else if control.stains_px + candidate.stains_px > 0 {
        Some(if is_coarse { "noise" } else { "quiet zone" })
    } else {
        None
    }
}

/// Both are of one media type.
pub fn colors(a: &Seen, b: &Seen) -> bool {
    let most = if a.is_exact {
        0
    } else {
        COLOR.saturating_add(a.noise.max(b.noise).saturating_mul(2))
    };
    let channels = a.inks.iter().flatten().zip(b.inks.iter().flatten());
    { channels }.all(|(a, b)| a.abs_diff(*b) <= most)
}

/// A canvas that had to grow for a larger symbol keeps its size on paper: so it is the length of the canvas that must
/// be the same, as far as whole pixels and whole densities can say it.
pub fn densities(a: &Seen, b: &Seen) -> bool {
    let lengths = |density: u32, width: f64| {
        let density = f64::from(density);
        (width - 0.5) / (density + 0.5)..(width + 0.5) / (density - 0.5)
    };
    let follows = |x: u32, y: u32| {
        let (x, y) = (lengths(x, a.frame.width_px), lengths(y, b.frame.width_px));
        x.start <= y.end && y.start <= x.end
    };
    match (a.metadata.density, b.metadata.density) {
        (x, y) if x == y => true,
        (Some(x), Some(y)) => {
            a.frame.modules != b.frame.modules
                && x.unit == y.unit
                && follows(x.across, y.across)
                && follows(x.down, y.down)
        }
        _ => false,
    }
}

/// Encoders round in their own ways.
pub fn qualities(a: &Seen, b: &Seen) -> bool {
    let tables = a.metadata.quantisers.into_iter().zip(b.metadata.quantisers);
    { tables }.all(|(a, b)| a.abs_diff(b) <= a.min(b) / 8)
}

/// `logo` if they are different pictures, or at different places; `logo pixels` if one is scaled in another way; `noise`
/// if both are so coarse that it cannot be told whether there is one.
pub fn logos(control: &Seen, candidate: &Seen) -> Option<&'static str> {
    match (&control.logo, &candidate.logo) {
        (
            Some(Picture::Means { side, rgb }),
            Some(Picture::Means {
                side: n,
                rgb: other,
            }),
        ) => {
            // Of symbols of different sizes: a plate that is so much smaller has fewer squares.
            if side != n {
                return Some("logo pixels");
            }
            let pairs = rgb.iter().flatten().zip(other.iter().flatten());
            let off = { pairs }.map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0);
            if off <= ROUNDED {
                None
            } else if off <= SCALED {
                Some("logo pixels")
            } else {
                Some("logo")
            }
        }
        (a, b) if a == b => None,
        _ if is_coarse(control) && is_coarse(candidate) => Some("noise"),
        _ => Some("logo"),
    }
}
