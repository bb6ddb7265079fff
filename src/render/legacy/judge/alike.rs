//! Whether two pictures look the same where they need not be equal.

use super::fact::Seen;
use crate::render::sampled::{Density, Picture};

/// Levels of a channel that a JPEG may be off, besides twice its noise.
const COLOR: u8 = 8;
/// Modules that the candidate's JPEG may lose, besides twice as many as the control's.
const LOST: usize = 4;
/// Levels of a channel by which the means of a logo may differ because it is scaled in another way: rounded; and that
/// nobody would see in a square of a few pixels.
const ROUNDED: u8 = 2;
const SCALED: u8 = 40;

/// `damage` if modules of one are wrong; `noise` if that may be because of a coarse JPEG.
pub fn damage(control: &Seen, candidate: &Seen) -> Option<&'static str> {
    let (lost, more) = (control.damaged, candidate.damaged);
    let strays = control.strays + candidate.strays;
    match (lost, more, strays) {
        (0, 0, 0) => None,
        _ if control.is_exact || more > LOST + 2 * lost => Some("damage"),
        _ => Some("noise"),
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
/// be the same, as far as whole numbers can say it.
pub fn densities(a: &Seen, b: &Seen) -> bool {
    let close = |(density, width): (u32, f64), (other, other_width): (u32, f64)| {
        let [lower, upper] = [-0.5, 0.5].map(|off| (f64::from(density) + off) * other_width);
        let [other_lower, other_upper] = [-0.5, 0.5].map(|off| (f64::from(other) + off) * width);
        lower <= other_upper && other_lower <= upper
    };
    let follows = |a_density: Density, b_density: Density| {
        let (a_px, b_px) = (a.frame.width_px, b.frame.width_px);
        a_density.unit == b_density.unit
            && close((a_density.across, a_px), (b_density.across, b_px))
            && close((a_density.down, a_px), (b_density.down, b_px))
    };
    match (a.metadata.density, b.metadata.density) {
        (a, b) if a == b => true,
        (Some(a_density), Some(b_density)) => {
            a.frame.modules != b.frame.modules && follows(a_density, b_density)
        }
        _ => false,
    }
}

/// Encoders round in their own ways.
pub fn qualities(a: Option<u32>, b: Option<u32>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.abs_diff(b) <= a.min(b) / 8,
        _ => a == b,
    }
}

/// `logo` if they are different pictures, or at different places; `logo pixels` if one is scaled in another way.
pub fn logos(a: Option<&Picture>, b: Option<&Picture>) -> Option<&'static str> {
    match (a, b) {
        (Some(Picture::Means { side, rgb }), Some(Picture::Means { side: n, rgb: other }))
            // Of symbols of different sizes: a plate that is so much smaller has fewer squares.
            if side == n => {
                let pairs = rgb.iter().flatten().zip(other.iter().flatten());
                match { pairs }.map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0) {
                    0..=ROUNDED => None,
                    ..=SCALED => Some("logo pixels"),
                    _ => Some("logo"),
                }
            }
        (Some(Picture::Means { .. }), Some(Picture::Means { .. })) => Some("logo pixels"),
        _ => (a != b).then_some("logo"),
    }
}
