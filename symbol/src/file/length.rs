//! Widths on paper.
//!
//! Invariant: a [`Length`] is finite, and a page of that width can be written in every format.

use std::fmt;

/// The unit of a [`Length`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    In,
    Cm,
    Mm,
}

impl Unit {
    /// As CSS and SVG write it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Cm => "cm",
            Self::Mm => "mm",
        }
    }

    const fn mm(self) -> f64 {
        match self {
            Self::In => 25.4,
            Self::Cm => 10.0,
            Self::Mm => 1.0,
        }
    }
}

/// 0.1 mm ..= 5080 mm. The upper end is the largest page of PDF 1.4 (14 400 points, appendix C.1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Length {
    value: f64,
    unit: Unit,
}

impl Length {
    pub const MIN_MM: f64 = 0.1;
    pub const MAX_MM: f64 = 5080.0;

    /// # Errors
    /// [`OutOfRange`] for anything else, NaN and infinity included.
    pub fn new(value: f64, unit: Unit) -> Result<Self, OutOfRange> {
        // What a caller writes as the limit in another unit may differ from it in the last bit.
        let slack = 1e-9;
        let mm = value * unit.mm();
        // False for NaN, too.
        if mm >= Self::MIN_MM - slack && mm <= Self::MAX_MM + slack {
            Ok(Self { value, unit })
        } else {
            Err(OutOfRange { value, unit })
        }
    }

    /// In [`Length::unit`].
    #[must_use]
    pub const fn value(self) -> f64 {
        self.value
    }

    #[must_use]
    pub const fn unit(self) -> Unit {
        self.unit
    }

    /// In points of 1/72 inch, as PDF and PostScript measure: 0.28..=14 400.
    #[must_use]
    pub fn points(self) -> f64 {
        self.value * self.unit.mm() * 72.0 / 25.4
    }
}

/// `2.5cm`
impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.value, self.unit.label())
    }
}

/// A width that no page has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutOfRange {
    pub value: f64,
    pub unit: Unit,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = self.unit;
        let (min, max) = (Length::MIN_MM / unit.mm(), Length::MAX_MM / unit.mm());
        write!(
            f,
            "a width of {value} {unit} cannot be made: it must be between {min:.4} and {max} {unit}",
            value = self.value,
            unit = unit.label(),
        )
    }
}

impl std::error::Error for OutOfRange {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_at_their_edges() {
        for (value, unit) in [
            (0.1, Unit::Mm),
            (0.01, Unit::Cm),
            (5080.0, Unit::Mm),
            (200.0, Unit::In),
        ] {
            assert!(Length::new(value, unit).is_ok(), "{value} {unit:?}");
        }
        let bad = [
            0.0,
            -1.0,
            0.099,
            5080.1,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            f64::MIN_POSITIVE,
        ];
        for value in bad {
            let error = Length::new(value, Unit::Mm).unwrap_err();
            assert!(
                error.to_string().contains("between 0.1000 and 5080 mm"),
                "{error}"
            );
        }
    }

    #[test]
    fn an_inch_is_72_points() {
        for (value, unit) in [(1.0, Unit::In), (2.54, Unit::Cm), (25.4, Unit::Mm)] {
            assert!((Length::new(value, unit).unwrap().points() - 72.0).abs() < 1e-12);
        }
        assert_eq!(Length::new(2.5, Unit::Cm).unwrap().to_string(), "2.5cm");
    }
}
