//! Finder patterns: their borders, centres and inks.

use symbol::file::Ink;

use super::words;

words! {
    /// The dark ring of seven modules.
    Border {
        Square = "square",
        RoundedSquare = "rounded-square",
        Circle = "circle",
        /// The corner that points away from the symbol is a quarter of a circle.
        QuarterRound = "quarter-round",
        CutCorner = "cut-corner",
        /// A ring of 1.2 modules.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eyes {
    pub border: Border,
    pub centre: Centre,
    pub inks: EyeInks,
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
            inks: EyeInks::default(),
        }
    }
}
