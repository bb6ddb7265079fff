//! Opaque colours, as CSS writes them in hexadecimal (CSS Color 4 §5.2), and their contrast as a reader sees it.
//!
//! Invariant: colours are opaque. The ground behind a printed symbol is unknown, so contrast must not depend on it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::Malformed;

/// Symbol contrast in percent of full reflectance below which a symbol has grade F (ISO/IEC 15415 §7.8.2, table 4).
pub const LEAST_CONTRAST_PERCENT: f64 = 20.0;

/// An opaque sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Color {
    /// Red, green, blue, 0..=255 each.
    pub rgb: [u8; 3],
}

impl Color {
    pub const BLACK: Self = Self { rgb: [0; 3] };
    pub const WHITE: Self = Self { rgb: [255; 3] };

    /// Red, green and blue are equal: one channel is enough to store it.
    #[must_use]
    pub const fn is_grey(self) -> bool {
        let [r, g, b] = self.rgb;
        r == g && g == b
    }
}

impl FromStr for Color {
    type Err = Malformed;

    /// `#RGB`, `#RRGGBB`, and `#RGBA` or `#RRGGBBAA` if fully opaque; in either case.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        const EXPECTED: Malformed = Malformed {
            expected: "must be a colour such as #RGB or #RRGGBB",
        };
        const OPAQUE: Malformed = Malformed {
            expected: "must be an opaque colour: what lies behind a symbol decides whether it can be read",
        };
        let hex = text.strip_prefix('#').ok_or(EXPECTED)?.as_bytes();
        let mut digits = [0; 8];
        if hex.len() > digits.len() {
            return Err(EXPECTED);
        }
        for (digit, &c) in digits.iter_mut().zip(hex) {
            *digit = nibble(c).ok_or(EXPECTED)?;
        }
        let short = |i: usize| digits[i] * 17;
        let long = |i: usize| digits[2 * i] * 16 + digits[2 * i + 1];
        let (rgb, alpha) = match hex.len() {
            3 => ([0, 1, 2].map(short), 255),
            4 => ([0, 1, 2].map(short), short(3)),
            6 => ([0, 1, 2].map(long), 255),
            8 => ([0, 1, 2].map(long), long(3)),
            _ => return Err(EXPECTED),
        };
        if alpha == 255 {
            Ok(Self { rgb })
        } else {
            Err(OPAQUE)
        }
    }
}

const fn nibble(c: u8) -> Option<u8> {
    match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        b'A'..=b'F' => Some(c - b'A' + 10),
        _ => None,
    }
}

/// Canonical: `#RRGGBB` in upper case, as dialect v1 prints its defaults.
impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.rgb;
        write!(f, "#{r:02X}{g:02X}{b:02X}")
    }
}

impl From<Color> for String {
    fn from(color: Color) -> Self {
        color.to_string()
    }
}

impl TryFrom<String> for Color {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

/// How well a reader tells dark modules from light ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    /// Darkest light less lightest dark, 0..=100 % of full reflectance; 0 if they overlap. The worse of two: as a camera
    /// sees it, and as a scanner with a red light does.
    pub percent: f64,
    /// The first light colour is darker than the first dark one.
    pub inverted: bool,
}

impl Contrast {
    /// Of all modules in these colours.
    #[must_use]
    pub fn between(dark: [Color; 2], light: [Color; 2]) -> Self {
        let inverted = luminance(dark[0]) > luminance(light[0]);
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
        Self {
            percent: seen(luminance).min(seen(red)),
            inverted,
        }
    }

    /// The percentage, rounded down, where it is below [`LEAST_CONTRAST_PERCENT`].
    #[must_use]
    pub fn too_low(&self) -> Option<u8> {
        // Below 20.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        (self.percent < LEAST_CONTRAST_PERCENT).then_some(self.percent as u8)
    }
}

/// Relative luminance in linear light, 0..=1 (IEC 61966-2-1; the coefficients of ITU-R BT.709).
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
    use proptest::prelude::*;

    #[test]
    fn css_hexadecimal_parses_and_prints_canonically() {
        for (text, canonical) in [
            ("#000000", "#000000"),
            ("#fff", "#FFFFFF"),
            ("#1a2B3c", "#1A2B3C"),
            ("#abcF", "#AABBCC"),
            ("#1A2B3CFF", "#1A2B3C"),
        ] {
            assert_eq!(text.parse::<Color>().unwrap().to_string(), canonical);
        }
        for text in [
            "",
            "#",
            "#12",
            "#12345",
            "#1234567",
            "#123456789",
            "123456",
            "#ggg",
            "red",
            "#é12",
            "#12345680",
            "#0000",
        ] {
            assert!(text.parse::<Color>().is_err(), "{text}");
        }
    }

    #[test]
    fn contrast_is_that_of_the_worst_light() {
        for (dark, light, too_low, inverted) in [
            (["#777"; 2], ["#888"; 2], Some(6), false),
            // To the eye red on white is dark enough; under a red light it vanishes.
            (["#f00"; 2], ["#fff"; 2], Some(0), false),
            (["#00f"; 2], ["#fff"; 2], None, false),
            (["#123"; 2], ["#ffe"; 2], None, false),
            (["#fff"; 2], ["#000"; 2], None, true),
            // A data colour between the others spoils it for all.
            (["#000", "#eee"], ["#fff"; 2], Some(14), false),
            (["#fff", "#010101"], ["#000", "#fefefe"], Some(0), true),
            (["#fff", "#000"], ["#000", "#fff"], Some(0), true),
        ] {
            let parsed = |colors: [&str; 2]| colors.map(|color| color.parse().unwrap());
            let contrast = Contrast::between(parsed(dark), parsed(light));
            let found = (contrast.too_low(), contrast.inverted);
            assert_eq!(found, (too_low, inverted), "{dark:?} on {light:?}");
        }
    }

    proptest! {
        #[test]
        fn every_colour_parses_back(rgb: [u8; 3]) {
            let color = Color { rgb };
            prop_assert_eq!(color.to_string().parse(), Ok(color));
        }

        #[test]
        fn no_text_panics(text in ".{0,12}") {
            let _ = text.parse::<Color>();
        }
    }
}
