//! Finder patterns: their borders, centres and inks.

use std::sync::Arc;

use symbol::file::Ink;

use super::words;
use crate::{geometry::Outline, grade::Grade};

words! {
    /// The dark ring of seven modules.
    Border {
        Square = "square",
        RoundedSquare = "rounded-square",
        Circle = "circle",
        /// The corner that points away from the symbol is a quarter of a circle.
        QuarterRound = "quarter-round",
        CutCorner = "cut-corner",
        /// A ring of 1.12 modules.
        ThickBorder = "thick-border",
        /// Two thin rings in the place of one.
        DoubleBorder = "double-border",
        Diamond = "diamond",
        Hexagon = "hexagon",
        Cross = "cross",
        Star = "star",
        Leaf = "leaf",
        /// Round but for the corner that points into the symbol.
        Arrow = "arrow",
        Shield = "shield",
        Flower = "flower",
    }
}

words! {
    /// The dark square of three modules.
    Centre {
        Square = "square",
        RoundedSquare = "rounded-square",
        Circle = "circle",
        Dot = "dot",
        Star = "star",
        Diamond = "diamond",
        Cross = "cross",
        Plus = "plus",
        Leaf = "leaf",
        Hexagon = "hexagon",
        Heart = "heart",
        Shield = "shield",
        Flower = "flower",
        BarsHorizontal = "bars-horizontal",
        BarsVertical = "bars-vertical",
    }
}

words! {
    /// A border and a centre that belong together.
    EyeShape {
        Square = "square",
        RoundedSquare = "rounded-square",
        Circle = "circle",
        Dot = "dot",
        Leaf = "leaf",
        BarsHorizontal = "bars-horizontal",
        BarsVertical = "bars-vertical",
        Star = "star",
        Diamond = "diamond",
        Cross = "cross",
        Hexagon = "hexagon",
        Heart = "heart",
        Shield = "shield",
        Crystal = "crystal",
        Flower = "flower",
        Arrow = "arrow",
    }
}

impl EyeShape {
    #[must_use]
    pub const fn parts(self) -> (Border, Centre) {
        match self {
            Self::Square => (Border::Square, Centre::Square),
            Self::RoundedSquare => (Border::RoundedSquare, Centre::RoundedSquare),
            Self::Circle => (Border::Circle, Centre::Circle),
            Self::Dot => (Border::RoundedSquare, Centre::Dot),
            Self::Leaf => (Border::Leaf, Centre::Leaf),
            Self::BarsHorizontal => (Border::Square, Centre::BarsHorizontal),
            Self::BarsVertical => (Border::Square, Centre::BarsVertical),
            Self::Star => (Border::Star, Centre::Star),
            Self::Diamond => (Border::Diamond, Centre::Diamond),
            Self::Cross => (Border::Cross, Centre::Cross),
            Self::Hexagon => (Border::Hexagon, Centre::Hexagon),
            Self::Heart => (Border::RoundedSquare, Centre::Heart),
            Self::Shield => (Border::Shield, Centre::Shield),
            Self::Crystal => (Border::CutCorner, Centre::Diamond),
            Self::Flower => (Border::Flower, Centre::Flower),
            Self::Arrow => (Border::Arrow, Centre::RoundedSquare),
        }
    }
}

impl Border {
    /// What readers make of it around a square. A: they read it as they read a square. D: zxing-cpp and zbar read at least 95 % of
    /// the symbols, `OpenCV` or rqrr fewer. F: one of the first two reads fewer. Measured: `docs/STYLES.md`.
    #[must_use]
    pub const fn worth(self) -> Grade {
        match self {
            Self::Square => Grade::A,
            Self::ThickBorder
            | Self::RoundedSquare
            | Self::Circle
            | Self::QuarterRound
            | Self::CutCorner
            | Self::Cross
            | Self::Leaf
            | Self::Arrow
            | Self::Shield
            | Self::Flower => Grade::D,
            Self::DoubleBorder | Self::Diamond | Self::Hexagon | Self::Star => Grade::F,
        }
    }
}

impl Centre {
    /// The same, inside of a square border.
    #[must_use]
    pub const fn worth(self) -> Grade {
        match self {
            Self::Square
            | Self::RoundedSquare
            | Self::Circle
            | Self::Cross
            | Self::Leaf
            | Self::Hexagon
            | Self::Heart
            | Self::Shield
            | Self::Flower => Grade::A,
            // rqrr loses the dot in colours.
            Self::Dot | Self::Star | Self::Diamond => Grade::D,
            Self::Plus | Self::BarsHorizontal | Self::BarsVertical => Grade::F,
        }
    }
}

/// Inks of the finder patterns. `None` leaves it to the gradient, if it covers eyes, else to the style's ink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EyeInks {
    /// Of the borders.
    pub outer: Option<Ink>,
    /// Of the centres.
    pub inner: Option<Ink>,
    /// Of border and centre of one eye, before the other two: upper left, upper right, lower left.
    pub each: [Option<Ink>; 3],
}

/// The finder patterns of a symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eyes {
    pub border: Border,
    pub centre: Centre,
    /// In the place of border and centre: an outline in a box of seven modules, for the upper left eye, in the ink of a border.
    pub custom: Option<Arc<Outline>>,
    pub inks: EyeInks,
}

impl Eyes {
    /// What readers make of the shapes. Nobody has measured a custom one.
    pub(crate) fn worth(&self) -> Grade {
        match self.custom {
            Some(_) => Grade::D,
            None => self.border.worth().min(self.centre.worth()),
        }
    }
}

impl Default for Eyes {
    fn default() -> Self {
        EyeShape::Square.into()
    }
}

impl From<EyeShape> for Eyes {
    fn from(shape: EyeShape) -> Self {
        let (border, centre) = shape.parts();
        Self {
            border,
            centre,
            custom: None,
            inks: EyeInks::default(),
        }
    }
}
