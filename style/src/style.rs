//! What a caller chooses: the vocabulary of styles.
//!
//! Invariant: every word has one spelling here, kebab-case; [`parse`](Pattern::parse) also takes `snake_case`.

mod canonical;
mod effect;
mod eye;
mod gradient;
mod logo;
mod path;

pub use effect::Effect;
pub use eye::{Border, Centre, EyeInks, EyeShape, Eyes};
pub use gradient::{Gradient, Kind, Stop};
pub use logo::{Logo, LogoShape};
pub use path::NoOutline;

use symbol::file::Ink;

use crate::frame::Frame;

/// An enum of words: its list, the spelling of each, and the way back.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $spelling:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$word_doc])* $word,)* }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$word,)*];

            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$word => $spelling,)* }
            }

            /// `None` for another word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                let same = |label: &str| {
                    label.len() == word.len()
                        && label.bytes().zip(word.bytes()).all(|(a, b)| a == if b == b'_' { b'-' } else { b })
                };
                Self::ALL.iter().copied().find(|each| same(each.label()))
            }
        }
    };
}
pub(crate) use words;

words! {
    /// How data modules are drawn. Those that are joined depend on their neighbours.
    Pattern {
        /// Whole modules.
        Square = "square",
        /// Discs with a gap between them.
        Dots = "dots",
        /// Joined; corners that no neighbour touches are round.
        Rounded = "rounded",
        /// Bars with round ends down the columns.
        Vertical = "vertical",
        /// Bars with round ends along the rows.
        Horizontal = "horizontal",
        Diamond = "diamond",
        /// Discs that touch.
        Circular = "circular",
        /// With five points.
        Star = "star",
        /// Plus signs.
        Cross = "cross",
        /// Discs of four sizes. A size depends on the module's place only.
        Random = "random",
        /// Leaves whose direction alternates.
        Wave = "wave",
        /// Squares with a gap and one cut corner, which turns from module to module.
        Mosaic = "mosaic",
    }
}

/// All that makes a symbol look different from black squares on white.
#[derive(Clone, Debug, PartialEq)]
pub struct Style {
    pub pattern: Pattern,
    pub eyes: Eyes,
    /// Of everything that has no paint of its own.
    pub ink: Ink,
    /// Behind the symbol and its quiet zone. Clear: what the picture is put on shows through.
    pub ground: Ink,
    pub gradient: Option<Gradient>,
    /// A line around data modules.
    pub stroke: Option<Stroke>,
    pub logo: Option<Logo>,
    pub frame: Option<Frame>,
    /// In this order.
    pub effects: Vec<Effect>,
}

/// A line around shapes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// In modules; half of it lies beneath what it surrounds.
    pub width: f32,
    pub ink: Ink,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            pattern: Pattern::Square,
            eyes: Eyes::default(),
            ink: Ink::BLACK,
            ground: Ink::WHITE,
            gradient: None,
            stroke: None,
            logo: None,
            frame: None,
            effects: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_in_both_spellings() {
        for &shape in EyeShape::ALL {
            assert_eq!(EyeShape::parse(shape.label()), Some(shape));
            let snake = shape.label().replace('-', "_");
            assert_eq!(EyeShape::parse(&snake), Some(shape));
        }
        assert_eq!(Pattern::parse("dot"), None);
        assert_eq!(Border::parse("Quarter-round"), None);
    }
}
