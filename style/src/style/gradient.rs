//! Paint that changes across the symbol.
//!
//! Invariant: one gradient is one object across the whole symbol, never one per module.

use super::words;
use crate::scene::Square;

words! {
    Kind {
        Linear = "linear",
        Radial = "radial",
        /// Linear, corner to corner.
        Diagonal = "diagonal",
        /// Around its centre, clockwise.
        Conic = "conic",
        /// Squares on their corners around its centre.
        Diamond = "diamond",
        /// Once around its centre per radius.
        Spiral = "spiral",
    }
}

/// A colour at a place of the gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// 0.0..=1.0.
    pub at: f32,
    pub rgb: [u8; 3],
}

#[derive(Clone, Debug, PartialEq)]
pub struct Gradient {
    pub kind: Kind,
    /// 2..=5, in their order.
    pub stops: Vec<Stop>,
    /// Clockwise from left to right, in degrees. Of linear, conic and spiral ones.
    pub angle_deg: f32,
    /// In shares of the symbol's width and height, 0.0..=1.0. Of radial, conic, diamond and spiral ones.
    pub centre: (f32, f32),
    pub on_data: bool,
    pub on_eyes: bool,
}

impl Gradient {
    /// Evenly spaced colours over data and eyes, from the left or from the middle.
    #[must_use]
    pub fn new(kind: Kind, colors: &[[u8; 3]]) -> Self {
        let last = colors.len().saturating_sub(1).max(1) as f32;
        let stops = colors.iter().enumerate();
        Self {
            kind,
            stops: stops
                .map(|(n, &rgb)| Stop {
                    at: n as f32 / last,
                    rgb,
                })
                .collect(),
            angle_deg: 0.0,
            centre: (0.5, 0.5),
            on_data: true,
            on_eyes: true,
        }
    }

    /// Where it begins and ends on a square: two points of a line, or its middle and a point on the last circle.
    #[must_use]
    pub fn ends(&self, square: Square) -> [(f64, f64); 2] {
        let Square { x, y, width: w } = square;
        let degrees = match self.kind {
            Kind::Diagonal => 45.0,
            _ => f64::from(self.angle_deg),
        };
        if matches!(self.kind, Kind::Linear | Kind::Diagonal) {
            let (sin, cos) = degrees.to_radians().sin_cos();
            // As long as the square is wide in this direction, so that both ends lie on its outline.
            let half = (sin.abs() + cos.abs()) * w / 2.0;
            let (cx, cy) = (x + w / 2.0, y + w / 2.0);
            return [
                (cx - cos * half, cy - sin * half),
                (cx + cos * half, cy + sin * half),
            ];
        }
        let (cx, cy) = (f64::from(self.centre.0), f64::from(self.centre.1));
        // To the farthest corner.
        let reach = |c: f64| c.max(1.0 - c);
        let radius = match self.kind {
            Kind::Diamond => reach(cx) + reach(cy),
            _ => reach(cx).hypot(reach(cy)),
        };
        let middle = (x + cx * w, y + cy * w);
        [middle, (middle.0 + radius * w, middle.1)]
    }

    /// The share of the way at a point, for a gradient with these [`ends`](Gradient::ends).
    #[must_use]
    pub fn at(&self, (x, y): (f64, f64), [from, to]: [(f64, f64); 2]) -> f32 {
        let (dx, dy) = (x - from.0, y - from.1);
        let (ex, ey) = (to.0 - from.0, to.1 - from.1);
        let length = ex.hypot(ey).max(1.0);
        let turns = || {
            let turns = dy.atan2(dx) / std::f64::consts::TAU;
            (turns - f64::from(self.angle_deg) / 360.0).rem_euclid(1.0)
        };
        let share = match self.kind {
            Kind::Linear | Kind::Diagonal => (dx * ex + dy * ey) / (length * length),
            Kind::Radial => dx.hypot(dy) / length,
            Kind::Diamond => (dx.abs() + dy.abs()) / length,
            Kind::Conic => turns(),
            Kind::Spiral => (turns() + dx.hypot(dy) / length).rem_euclid(1.0),
        };
        share.clamp(0.0, 1.0) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::Ramp;

    #[test]
    fn colours_lie_between_their_stops() {
        let gradient = Gradient::new(Kind::Linear, &[[0; 3], [200, 100, 50], [255; 3]]);
        let ramp = Ramp(gradient.stops);
        for (at, rgb) in [
            (0.0, [0; 3]),
            (0.25, [100, 50, 25]),
            (0.5, [200, 100, 50]),
            (1.0, [255; 3]),
            (f32::NAN, [255; 3]),
        ] {
            assert_eq!(ramp.color(at), rgb);
        }
    }

    #[test]
    fn a_line_reaches_from_edge_to_edge_at_every_angle() {
        let mut gradient = Gradient::new(Kind::Linear, &[[0; 3], [255; 3]]);
        for angle in [0.0, 30.0, 45.0, 90.0, 200.0, 359.0] {
            gradient.angle_deg = angle;
            let square = Square {
                x: 10.0,
                y: 10.0,
                width: 100.0,
            };
            let ends = gradient.ends(square);
            let corners = [(10.0, 10.0), (110.0, 10.0), (110.0, 110.0), (10.0, 110.0)];
            let shares = corners.map(|corner| gradient.at(corner, ends));
            let least = shares.into_iter().fold(1.0, f32::min);
            let most = shares.into_iter().fold(0.0, f32::max);
            assert!(least < 1e-3 && most > 0.999, "{angle}: {shares:?}");
        }
    }
}
