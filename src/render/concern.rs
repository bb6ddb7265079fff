//! What may keep a symbol from being read although it is drawn as asked.
//!
//! Invariant: follows from the request and the size of the answer alone, so every arm is told the same.

use std::fmt;

use super::{Color, Colors, Format, Size, Spec};

/// Light modules that a reader may count on (ISO/IEC 18004 §9.1).
const QUIET_ZONE: u8 = 4;
/// Symbol contrast in percent of full reflectance below which a symbol has grade F (ISO/IEC 15415 §7.8.2, table 4).
const CONTRAST: f64 = 20.0;

/// Something that a reader may stumble over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// Fewer light modules around than the standard asks for.
    QuietZone { modules: u8 },
    /// Darkest light less lightest dark, in percent of full reflectance, rounded down; 0 if they overlap.
    Contrast { percent: u8 },
    /// Fewer pixels were asked for than there are modules. A module is at least a pixel, so the image is that wide.
    Enlarged { width_px: u32 },
    /// Light on dark. Many readers only look for dark on light.
    Inverted,
}

/// An item of a structured field (RFC 9651 §3.1), e.g. `quiet-zone;modules=0`.
impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QuietZone { modules } => write!(f, "quiet-zone;modules={modules}"),
            Self::Contrast { percent } => write!(f, "contrast;percent={percent}"),
            Self::Enlarged { width_px } => write!(f, "enlarged;width={width_px}"),
            Self::Inverted => f.write_str("inverted"),
        }
    }
}

/// All of them, of an image of `width_px`. None for what any reader can read.
pub(super) fn of(spec: &Spec, width_px: u32) -> Vec<Concern> {
    let mut concerns = Vec::new();
    if spec.border < QUIET_ZONE {
        concerns.push(Concern::QuietZone {
            modules: spec.border,
        });
    }
    let inverted = luminance(spec.colors.dark) > luminance(spec.colors.light);
    let contrast = contrast(&spec.colors, inverted);
    if contrast < CONTRAST {
        // Below 20.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        concerns.push(Concern::Contrast {
            percent: contrast as u8,
        });
    }
    if inverted {
        concerns.push(Concern::Inverted);
    }
    let on_paper = matches!(spec.size, Size::Physical(_)) && spec.format == Format::Svg;
    if width_px > spec.size.pixels() && !on_paper {
        concerns.push(Concern::Enlarged { width_px });
    }
    concerns
}

/// As a camera sees it and as a scanner with a red light does, whichever is worse. Linear light.
fn contrast(colors: &Colors, inverted: bool) -> f64 {
    let dark = [colors.dark, colors.data_dark()];
    let light = [colors.light, colors.data_light()];
    let (low, high) = if inverted {
        (light, dark)
    } else {
        (dark, light)
    };
    let seen = |by: fn(Color) -> f64| {
        let lightest = low.map(by).into_iter().fold(0.0, f64::max);
        let darkest = high.map(by).into_iter().fold(1.0, f64::min);
        100.0 * (darkest - lightest).max(0.0)
    };
    seen(luminance).min(seen(red))
}

/// Relative luminance, 0..=1 (IEC 61966-2-1; the coefficients of ITU-R BT.709).
fn luminance(color: Color) -> f64 {
    let [r, g, b] = color.rgb.map(linear);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn red(color: Color) -> f64 {
    linear(color.rgb[0])
}

/// The inverse of sRGB's transfer function.
fn linear(channel: u8) -> f64 {
    let c = f64::from(channel) / 255.0;
    if c <= 0.040_45 {
        c / 12.92
    } else {
        ((c + 0.055) / 1.055).powf(2.4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concerns(change: impl FnOnce(&mut Spec)) -> Vec<String> {
        let mut spec = Spec::new("a");
        change(&mut spec);
        of(&spec, 250).iter().map(ToString::to_string).collect()
    }

    fn colors(dark: &str, light: &str) -> impl FnOnce(&mut Spec) {
        let (dark, light) = (dark.parse().unwrap(), light.parse().unwrap());
        move |spec| {
            spec.colors.dark = dark;
            spec.colors.light = light;
        }
    }

    #[test]
    fn what_any_reader_reads_is_no_concern() {
        assert!(concerns(|_| ()).is_empty());
        assert!(concerns(colors("#123", "#ffe")).is_empty());
        assert!(concerns(|spec| spec.border = 20).is_empty());
    }

    #[test]
    fn a_narrow_quiet_zone_is_told() {
        for border in 0..4 {
            let told = format!("quiet-zone;modules={border}");
            assert_eq!(concerns(|spec| spec.border = border), [told]);
        }
    }

    #[test]
    fn contrast_is_that_of_the_worst_light() {
        assert_eq!(concerns(colors("#777", "#888")), ["contrast;percent=6"]);
        // To the eye red on white is dark enough; under a red light it vanishes.
        assert_eq!(concerns(colors("#f00", "#fff")), ["contrast;percent=0"]);
        assert!(concerns(colors("#00f", "#fff")).is_empty());
        // A data colour between the others spoils it for all.
        let grey = |spec: &mut Spec| spec.colors.data_dark = Some("#eee".parse().unwrap());
        assert_eq!(concerns(grey), ["contrast;percent=14"]);
    }

    #[test]
    fn an_image_that_had_to_grow_is_told() {
        let tiny = |spec: &mut Spec| spec.size = Size::Pixels(25);
        assert_eq!(concerns(tiny), ["enlarged;width=250"]);
        assert!(concerns(|spec| spec.size = Size::Pixels(250)).is_empty());
    }

    #[test]
    fn light_on_dark_is_told() {
        assert_eq!(concerns(colors("#fff", "#000")), ["inverted"]);
        let mixed = |spec: &mut Spec| {
            colors("#fff", "#000")(spec);
            spec.colors.data_dark = Some(Color::BLACK);
            spec.colors.data_light = Some(Color::WHITE);
        };
        assert_eq!(concerns(mixed), ["contrast;percent=0", "inverted"]);
    }
}
