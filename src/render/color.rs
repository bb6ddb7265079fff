//! The colours of a symbol's modules.

use super::Field;
use crate::kernel::Color;

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

    /// The fields whose colours hide modules, with the fields of the same colour. Both of two that are equal, because a caller
    /// may have given either of them.
    pub(super) fn invisible(&self) -> &'static [(Field, &'static [Field])] {
        use Field::{Dark, DataDark, DataLight, Light};
        let (dark, light) = (self.data_dark(), self.data_light());
        if self.dark == self.light {
            &[(Dark, &[Light]), (Light, &[Dark])]
        } else if dark == self.light || (dark == light && light != self.dark) {
            &[(DataDark, &[Light, DataLight])]
        } else if light == self.dark {
            &[(DataLight, &[Dark])]
        } else {
            &[]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_that_vanish_are_faults() {
        let grey = Color { rgb: [128; 3] };
        let colors = Colors::default();
        assert!(colors.invisible().is_empty());
        for (bad, field) in [
            (
                Colors {
                    light: Color::BLACK,
                    ..colors
                },
                Field::Dark,
            ),
            (
                Colors {
                    data_dark: Some(Color::WHITE),
                    ..colors
                },
                Field::DataDark,
            ),
            (
                Colors {
                    data_light: Some(Color::BLACK),
                    ..colors
                },
                Field::DataLight,
            ),
            (
                Colors {
                    data_dark: Some(grey),
                    data_light: Some(grey),
                    ..colors
                },
                Field::DataDark,
            ),
        ] {
            assert_eq!(bad.invisible()[0].0, field);
        }
    }
}
