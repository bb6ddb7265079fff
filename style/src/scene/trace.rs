//! The edge of joined modules as closed curves.
//!
//! Invariant: the curves enclose what the tiles of the same modules cover, without an edge between two that are joined.
//! Modules that touch diagonally are not joined.

use symbol::Matrix;

use crate::geometry::{Contour, MODULE, Outline, Point, Segment};

/// Directions in turn: each is to the right of the one before.
const STEPS: [(i32, i32); 4] = [(1, 0), (0, 1), (-1, 0), (0, -1)];
/// From a corner, the modules ahead of whoever walks in a direction with the dark to the right: the one on the right and
/// the one on the left.
const AHEAD: [[(i32, i32); 2]; 4] = [
    [(0, 0), (0, -1)],
    [(-1, 0), (0, 0)],
    [(-1, -1), (-1, 0)],
    [(0, -1), (-1, -1)],
];

struct Corner {
    at: (i32, i32),
    /// How the line arrives.
    direction: usize,
    /// It turns around a module, not around a light one.
    is_convex: bool,
}

/// `is_soft`: corners of dark modules are quarters of a circle.
#[must_use]
pub fn trace(dark: &Matrix, is_soft: bool) -> Outline {
    let modules = dark.modules();
    // Upper edges that no line has followed yet.
    let mut upper = vec![false; modules * modules];
    for (y, x) in (0..modules).flat_map(|y| dark.runs(y).flatten().map(move |x| (y, x as usize))) {
        upper[y * modules + x] = y == 0 || !dark.is_dark(x, y - 1);
    }
    let mut contours = Vec::new();
    for start in 0..upper.len() {
        if upper[start] {
            let corners = walk(dark, &mut upper, start);
            contours.push(if is_soft {
                soft(&corners)
            } else {
                sharp(&corners)
            });
        }
    }
    Outline { contours }
}

/// Along the edge, clockwise around the dark, from the upper edge of a module.
fn walk(dark: &Matrix, upper: &mut [bool], start: usize) -> Vec<Corner> {
    let modules = dark.modules();
    let is_dark = |(x, y): (i32, i32), (dx, dy): (i32, i32)| {
        let module = usize::try_from(x + dx)
            .ok()
            .zip(usize::try_from(y + dy).ok());
        module.is_some_and(|(x, y)| dark.is_dark(x, y))
    };
    let mut corners = Vec::new();
    let mut at = ((start % modules) as i32, (start / modules) as i32);
    let mut direction = 0;
    loop {
        if direction == 0 {
            let edge = &mut upper[at.1 as usize * modules + at.0 as usize];
            if !std::mem::take(edge) {
                return corners;
            }
        }
        let (dx, dy) = STEPS[direction];
        at = (at.0 + dx, at.1 + dy);
        let [right, left] = AHEAD[direction];
        let is_convex = !is_dark(at, right);
        if is_convex || is_dark(at, left) {
            corners.push(Corner {
                at,
                direction,
                is_convex,
            });
            direction = (direction + if is_convex { 1 } else { 3 }) % 4;
        }
    }
}

const fn unit((x, y): (i32, i32)) -> Point {
    Point::new(x * MODULE, y * MODULE)
}

fn sharp(corners: &[Corner]) -> Contour {
    let mut points = corners.iter().map(|corner| unit(corner.at));
    Contour {
        start: points.next().unwrap_or_default(),
        segments: points.map(Segment::Line).collect(),
    }
}

fn soft(corners: &[Corner]) -> Contour {
    let half = |corner: &Corner, direction: usize, sign: i32| {
        let (dx, dy) = STEPS[direction];
        let reach = sign * MODULE / 2;
        unit(corner.at).plus(Point::new(dx * reach, dy * reach))
    };
    let leaves = |corner: &Corner| {
        if corner.is_convex {
            half(corner, (corner.direction + 1) % 4, 1)
        } else {
            unit(corner.at)
        }
    };
    let start = corners.last().map(leaves).unwrap_or_default();
    let mut segments = Vec::with_capacity(2 * corners.len());
    let mut pen = start;
    for corner in corners {
        let edge = if corner.is_convex {
            half(corner, corner.direction, -1)
        } else {
            unit(corner.at)
        };
        if edge != pen {
            segments.push(Segment::Line(edge));
        }
        pen = leaves(corner);
        if corner.is_convex {
            segments.push(Segment::Quadratic(unit(corner.at), pen));
        }
    }
    Contour { start, segments }
}
