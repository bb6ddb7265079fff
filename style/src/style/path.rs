//! A caller's finder pattern, as path data.

use std::fmt;

use svgtypes::{SimplePathSegment, SimplifyingPathParser};

use crate::geometry::{Contour, Outline, Point, Segment, units};

/// Characters of path data, at most.
const LENGTH: usize = 4096;
/// Pieces, at most.
const PIECES: usize = 500;
/// Width of the box, in modules.
const BOX: f64 = 7.0;

/// Arcs become curves that are at most a tenth of a module off.
const SLACK: f64 = 0.1;

/// Why path data is no outline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoOutline {
    /// More than 4096 characters or 500 pieces.
    Long,
    /// Not the `d` of a path (SVG 1.1 section 8.3). The position of what is not understood, in bytes.
    Malformed,
    /// Beyond the box of 7 modules.
    Outside,
    /// Nothing that could be filled.
    Empty,
}

impl fmt::Display for NoOutline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Long => write!(
                f,
                "must have at most {LENGTH} characters and {PIECES} pieces"
            ),
            Self::Malformed => f.write_str("must be the data of an SVG path, such as M0 0h7v7h-7z"),
            Self::Outside => write!(f, "must lie in a box from 0 0 to {BOX} {BOX}, in modules"),
            Self::Empty => f.write_str("must enclose an area"),
        }
    }
}

impl std::error::Error for NoOutline {}

impl Outline {
    /// From the `d` of a path (SVG 1.1 section 8.3) in a box of seven modules. Filled by the non-zero rule; contours may overlap.
    ///
    /// # Errors
    /// [`NoOutline`].
    pub fn from_path_data(data: &str) -> Result<Self, NoOutline> {
        if data.len() > LENGTH {
            return Err(NoOutline::Long);
        }
        // Control points may lie beyond the box. False for NaN, too.
        let is_near = |v: f64| (-BOX..=2.0 * BOX).contains(&v);
        let point = |x: f64, y: f64| {
            let point = (is_near(x) && is_near(y)).then(|| Point::modules(x, y));
            point.ok_or(NoOutline::Outside)
        };
        let mut outline = Self::default();
        for (n, segment) in SimplifyingPathParser::from(data).enumerate() {
            if n >= PIECES {
                return Err(NoOutline::Long);
            }
            let segment = match segment.map_err(|_| NoOutline::Malformed)? {
                SimplePathSegment::MoveTo { x, y } => {
                    let start = point(x, y)?;
                    outline.contours.push(Contour {
                        start,
                        segments: Vec::new(),
                    });
                    continue;
                }
                SimplePathSegment::LineTo { x, y } => Segment::Line(point(x, y)?),
                SimplePathSegment::Quadratic { x1, y1, x, y } => {
                    Segment::Quadratic(point(x1, y1)?, point(x, y)?)
                }
                SimplePathSegment::CurveTo {
                    x1,
                    y1,
                    x2,
                    y2,
                    x,
                    y,
                } => Segment::Cubic(point(x1, y1)?, point(x2, y2)?, point(x, y)?),
                SimplePathSegment::ClosePath => continue,
            };
            let last = outline.contours.last_mut().ok_or(NoOutline::Malformed)?;
            last.segments.push(segment);
        }
        outline
            .contours
            .retain(|contour| contour.segments.len() > 1);
        if outline.contours.is_empty() {
            return Err(NoOutline::Empty);
        }
        let inside = units(-SLACK)..=units(BOX + SLACK);
        let is_inside = |point: &Point| inside.contains(&point.x) && inside.contains(&point.y);
        let mut points = outline.contours.iter().flat_map(Contour::flattened);
        if !points.all(|point| is_inside(&point)) {
            return Err(NoOutline::Outside);
        }
        Ok(outline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_square_ring_and_its_centre_are_those_of_the_standard() {
        let ring = Outline::from_path_data("M0 0h7v7h-7zM1 1v5h5v-5zM2 2h3v3h-3z").unwrap();
        assert_eq!(ring.contours.len(), 3);
        assert_eq!(ring.contours[1].start, Point::modules(1.0, 1.0));
        let circle = Outline::from_path_data("M3.5 0A3.5 3.5 0 1 1 3.5 7A3.5 3.5 0 1 1 3.5 0z");
        assert_eq!(circle.map(|outline| outline.contours.len()), Ok(1));
    }

    #[test]
    fn what_is_no_outline_says_why() {
        for (data, why) in [
            ("", NoOutline::Empty),
            ("M1 1", NoOutline::Empty),
            ("M1 1L2 2", NoOutline::Empty),
            ("L1 1", NoOutline::Malformed),
            ("M1 1L", NoOutline::Malformed),
            ("hello", NoOutline::Malformed),
            ("M0 0h8v7z", NoOutline::Outside),
            ("M0 0h1e300v7z", NoOutline::Outside),
            ("M-1 0h3v3z", NoOutline::Outside),
        ] {
            assert_eq!(Outline::from_path_data(data), Err(why), "{data}");
        }
        let long = format!("M0 0{}z", "h1h-1".repeat(300));
        assert_eq!(Outline::from_path_data(&long), Err(NoOutline::Long));
        assert_eq!(
            Outline::from_path_data(&"h1".repeat(2049)),
            Err(NoOutline::Long)
        );
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(data in "[MmLlHhVvCcSsQqTtAaZz0-9eE., -]{0,60}") {
            let _ = Outline::from_path_data(&data);
        }
    }
}
