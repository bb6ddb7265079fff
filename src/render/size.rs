//! How large the image shall be: in pixels, or on paper.
//!
//! Invariant: a valid size of a raster image is between 1 and `limits::IMAGE_PX` pixels.

pub use symbol::file::Unit;

use crate::kernel::{
    Error, Result,
    error::Detail,
    limits::{DPI, IMAGE_PX, PHYSICAL_SIZE, SIZE_STEPS, STEP_PX},
};

/// Width and height, which are equal, quiet zone included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// 1..=`limits::IMAGE_PX`.
    Pixels(u32),
    Physical(Physical),
}

/// A size on paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Physical {
    /// In `unit`, within [`PHYSICAL_SIZE`].
    pub width: f64,
    pub unit: Unit,
    /// Pixels per inch, within [`DPI`]. Does not matter for SVG.
    pub dpi: u16,
}

/// Not by way of millimetres: that would round once more, and could make an image a pixel wider.
const fn per_inch(unit: Unit) -> f64 {
    match unit {
        Unit::In => 1.0,
        Unit::Cm => 2.54,
        Unit::Mm => 25.4,
    }
}

impl Physical {
    #[must_use]
    pub fn inches(&self) -> f64 {
        self.width / per_inch(self.unit)
    }

    /// Pixels at a density, to the nearest, at least 1.
    #[must_use]
    pub fn pixels(&self, dpi: u16) -> u32 {
        // At most 100 in × 65 535 dpi: fits. A float cast saturates, and NaN becomes 0.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let px = (self.inches() * f64::from(dpi)).round() as u32;
        px.max(1)
    }
}

impl Size {
    /// Of a raster image, at its own density.
    pub(super) fn pixels(&self) -> u32 {
        match self {
            Self::Pixels(px) => *px,
            Self::Physical(physical) => physical.pixels(physical.dpi),
        }
    }

    /// Dialect v1's `size`, within [`SIZE_STEPS`]: multiples of [`STEP_PX`].
    ///
    /// # Errors
    /// `Invalid` naming `size`.
    pub fn steps(size: i64) -> Result<Self> {
        match u8::try_from(size) {
            Ok(n) if SIZE_STEPS.contains(&n) => Ok(Self::Pixels(u32::from(n) * STEP_PX)),
            _ => Err(Error::invalid(
                "size",
                format!(
                    "must be between {} and {} (steps of {STEP_PX} pixels)",
                    SIZE_STEPS.start(),
                    SIZE_STEPS.end()
                ),
            )),
        }
    }

    /// Everything that is wrong, by the names of dialect v1. `raster`: the pixels will really be made.
    pub(super) fn faults(&self, raster: bool) -> Vec<Detail> {
        let mut faults = Vec::new();
        let mut fault = |field: &'static str, message: String| {
            faults.push(Detail {
                field: field.into(),
                message: message.into(),
            });
        };
        match self {
            Self::Pixels(px) => {
                if !(1..=IMAGE_PX).contains(px) {
                    fault("size", format!("must be between 1 and {IMAGE_PX} pixels"));
                }
            }
            Self::Physical(physical) => {
                // `contains` is false for NaN, too.
                let width_ok = PHYSICAL_SIZE.contains(&physical.width);
                let dpi_ok = DPI.contains(&physical.dpi);
                if !width_ok {
                    fault("physical_size", "must be between 0.1 and 100".into());
                }
                if !dpi_ok {
                    fault("dpi", "must be between 72 and 1200".into());
                }
                let px = physical.pixels(physical.dpi);
                if width_ok && dpi_ok && raster && px > IMAGE_PX {
                    fault(
                        "physical_size",
                        format!(
                            "would be {px} pixels wide, at most {IMAGE_PX} are made: ask for a smaller size, a lower dpi, or image_format=svg"
                        ),
                    );
                }
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn physical(width: f64, unit: Unit, dpi: u16) -> Size {
        Size::Physical(Physical { width, unit, dpi })
    }

    #[test]
    fn units_become_pixels() {
        for (width, unit, dpi, px) in [
            (2.0, Unit::In, 300, 600),
            (2.54, Unit::Cm, 300, 300),
            (25.4, Unit::Mm, 72, 72),
            (0.1, Unit::Mm, 72, 1),
        ] {
            assert_eq!(Physical { width, unit, dpi }.pixels(dpi), px);
        }
    }

    #[test]
    fn limits_hold_at_their_edges() {
        assert!(Size::steps(0).is_err() && Size::steps(51).is_err() && Size::steps(-1).is_err());
        assert_eq!(Size::steps(50).unwrap(), Size::Pixels(1250));
        assert!(Size::Pixels(IMAGE_PX).faults(true).is_empty());
        assert_eq!(Size::Pixels(IMAGE_PX + 1).faults(true)[0].field, "size");
        assert_eq!(Size::Pixels(0).faults(true)[0].field, "size");
        assert!(physical(0.1, Unit::Mm, 72).faults(true).is_empty());
        for width in [0.09, 100.1, f64::NAN, f64::INFINITY, -1.0] {
            let faults = physical(width, Unit::In, 72).faults(true);
            assert_eq!(faults[0].field, "physical_size", "{width}");
        }
        assert_eq!(physical(1.0, Unit::In, 71).faults(true)[0].field, "dpi");
        assert_eq!(physical(1.0, Unit::In, 1201).faults(true)[0].field, "dpi");
    }

    #[test]
    fn only_a_raster_has_too_many_pixels() {
        let poster = physical(100.0, Unit::In, 1200);
        assert_eq!(poster.faults(true)[0].field, "physical_size");
        assert!(poster.faults(false).is_empty());
    }
}
