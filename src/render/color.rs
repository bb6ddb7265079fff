//! The colours of a symbol's modules.

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
}
