//! Colours of a symbol, as CSS writes them in hexadecimal (CSS Color 4 §5.2).
//!
//! Invariant: colours are opaque. What lies behind a printed symbol is unknown, so contrast must not depend on it.

use std::{fmt, str::FromStr};

use super::Malformed;

/// An opaque sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// What is painted with what.
///
/// `data_dark` and `data_light` colour the codewords and the version information. What a reader looks for first keeps
/// `dark` and `light`: the finder patterns with their separators and the format information beside them, the timing
/// and alignment patterns (ISO/IEC 18004 §5.3), and the quiet zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Colors {
    pub dark: Color,
    pub light: Color,
    /// `None`: as `dark`.
    pub data_dark: Option<Color>,
    /// `None`: as `light`.
    pub data_light: Option<Color>,
}

impl Default for Colors {
    fn default() -> Self {
        Self {
            dark: Color::BLACK,
            light: Color::WHITE,
            data_dark: None,
            data_light: None,
        }
    }
}

impl Colors {
    /// The colour of dark data modules.
    #[must_use]
    pub fn data_dark(&self) -> Color {
        self.data_dark.unwrap_or(self.dark)
    }

    /// The colour of light data modules.
    #[must_use]
    pub fn data_light(&self) -> Color {
        self.data_light.unwrap_or(self.light)
    }

    /// Every colour can be stored in one channel.
    #[must_use]
    pub fn are_grey(&self) -> bool {
        [self.dark, self.light, self.data_dark(), self.data_light()]
            .iter()
            .all(|c| c.is_grey())
    }

    /// A data colour that says what is so anyway is left out.
    pub(super) fn normalised(self) -> Self {
        Self {
            data_dark: self.data_dark.filter(|c| *c != self.dark),
            data_light: self.data_light.filter(|c| *c != self.light),
            ..self
        }
    }

    /// The fields whose colours make modules vanish, and why: both of two that are equal, because a caller may have given
    /// either of them.
    pub(super) fn faults(&self) -> &'static [(&'static str, &'static str)] {
        if self.dark == self.light {
            return &[
                (
                    "fill_color",
                    "must differ from back_color: the symbol would be invisible",
                ),
                (
                    "back_color",
                    "must differ from fill_color: the symbol would be invisible",
                ),
            ];
        }
        let (dark, light) = (self.data_dark(), self.data_light());
        if dark == self.light || (dark == light && light != self.dark) {
            return &[(
                "data_dark_color",
                "must differ from back_color and data_light_color: the data would be invisible",
            )];
        }
        if light == self.dark {
            return &[(
                "data_light_color",
                "must differ from fill_color: the data would be invisible",
            )];
        }
        &[]
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
    fn modules_that_vanish_are_faults() {
        let grey = Color { rgb: [128; 3] };
        let colors = Colors::default();
        assert!(colors.faults().is_empty());
        for (bad, field) in [
            (
                Colors {
                    light: Color::BLACK,
                    ..colors
                },
                "fill_color",
            ),
            (
                Colors {
                    data_dark: Some(Color::WHITE),
                    ..colors
                },
                "data_dark_color",
            ),
            (
                Colors {
                    data_light: Some(Color::BLACK),
                    ..colors
                },
                "data_light_color",
            ),
            (
                Colors {
                    data_dark: Some(grey),
                    data_light: Some(grey),
                    ..colors
                },
                "data_dark_color",
            ),
        ] {
            assert_eq!(bad.faults()[0].0, field);
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
