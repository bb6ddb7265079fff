//! Which of PNG's pixel formats a picture needs.
//!
//! Invariant: a pixel is 1 or 2 bits: bit 0 says dark, bit 1 that the module has a data colour of its own.

use crate::file::{Ink, Inks};
use crate::{Matrix, Row};

/// A pixel format of PNG, third edition, §6.1.
pub(super) enum Colour<'a> {
    /// Colour type 0 at one bit, where 0 is black and 1 is white.
    Grey { light_is_white: bool },
    /// Colour type 3 at one bit: light, dark.
    Two([Ink; 2]),
    /// Colour type 3 at two bits: light, dark, light data, dark data.
    Four([Ink; 4], &'a Matrix),
}

impl<'a> Colour<'a> {
    pub(super) fn of(inks: &Inks, data: &'a Matrix) -> Self {
        match (inks.are_two(), inks.light, inks.dark) {
            (true, Ink::WHITE, Ink::BLACK) => Self::Grey {
                light_is_white: true,
            },
            (true, Ink::BLACK, Ink::WHITE) => Self::Grey {
                light_is_white: false,
            },
            (true, light, dark) => Self::Two([light, dark]),
            (false, light, dark) => {
                Self::Four([light, dark, inks.data_light, inks.data_dark], data)
            }
        }
    }

    pub(super) const fn colour_type(&self) -> u8 {
        match self {
            Self::Grey { .. } => 0,
            Self::Two(_) | Self::Four(..) => 3,
        }
    }

    /// 1 or 2.
    pub(super) const fn bits_per_pixel(&self) -> u8 {
        match self {
            Self::Grey { .. } | Self::Two(_) => 1,
            Self::Four(..) => 2,
        }
    }

    /// Whether 1 means light.
    pub(super) const fn is_flipped(&self) -> bool {
        matches!(
            self,
            Self::Grey {
                light_is_white: true
            }
        )
    }

    /// Empty if there is none.
    pub(super) fn palette(&self) -> &[Ink] {
        match self {
            Self::Grey { .. } => &[],
            Self::Two(inks) => inks,
            Self::Four(inks, _) => inks,
        }
    }

    /// Of the modules in row `y`, whose dark ones are `dark`: those with bit 1. Where the colour shows no difference
    /// they have none, for longer runs.
    pub(super) fn high_bits(&self, y: usize, dark: &Row) -> Row {
        let Self::Four([light, dark_ink, data_light, data_dark], data) = self else {
            return Row::default();
        };
        let data = data.rows().get(y).copied().unwrap_or_default();
        std::array::from_fn(|word| {
            let dark = dark[word];
            let seen_dark = if dark_ink == data_dark { 0 } else { dark };
            let seen_light = if light == data_light { 0 } else { !dark };
            data[word] & (seen_dark | seen_light)
        })
    }
}
