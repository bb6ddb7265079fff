//! Finder patterns as outlines, in a box of seven modules, for the upper left eye. The others are its mirror images.
//!
//! Invariant: along the two lines through its middle an eye is dark, light and dark as 1 : 1 : 3 : 1 : 1, as far as its
//! shape allows. What it is worth to readers, the grade says.

use crate::{
    geometry::Outline,
    style::{Border, Centre},
};

/// The middle of an eye.
const MIDDLE: (f64, f64) = (3.5, 3.5);
/// Width of a ring's hole against its outline.
const HOLE: f64 = 5.0 / 7.0;

/// The ring.
#[must_use]
pub fn border(border: Border) -> Outline {
    let ring = |outer: Outline| {
        let hole = outer.scaled(3.5, HOLE);
        outer.without(&hole)
    };
    // Outer radii; the hole's are smaller by the width of the ring.
    let rounded = |radii: [f64; 4]| {
        let inner = radii.map(|r| (r - 1.0).max(if r > 0.0 { 0.4 } else { 0.0 }));
        Outline::rounded(0.0, 7.0, radii).without(&Outline::rounded(1.0, 5.0, inner))
    };
    match border {
        Border::Square => rounded([0.0; 4]),
        Border::RoundedSquare => rounded([2.0; 4]),
        Border::Circle => rounded([3.5; 4]),
        Border::QuarterRound => rounded([3.5, 0.0, 0.0, 0.0]),
        Border::CutCorner => cut(0.0, 7.0, 1.6).without(&cut(1.0, 5.0, 1.0)),
        Border::ThickBorder => Outline::square(0.0, 7.0).without(&Outline::square(1.12, 4.76)),
        Border::DoubleBorder => {
            let thin = |inset: f64| {
                let hole = Outline::square(inset + 0.42, 7.0 - 2.0 * (inset + 0.42));
                Outline::square(inset, 7.0 - 2.0 * inset).without(&hole)
            };
            thin(0.0).and(thin(0.58))
        }
        Border::Diamond => ring(Outline::polygon(&[
            (3.5, 0.0),
            (7.0, 3.5),
            (3.5, 7.0),
            (0.0, 3.5),
        ])),
        Border::Hexagon => ring(hexagon(3.5)),
        Border::Cross => notched(0.0, 7.0, 0.6).without(&notched(1.0, 5.0, 0.6)),
        Border::Star => {
            Outline::star(MIDDLE, 16, [3.5, 3.25]).without(&Outline::circle(MIDDLE, 2.5))
        }
        Border::Leaf => rounded([0.0, 2.8, 0.0, 2.8]),
        Border::Arrow => rounded([2.8, 2.8, 0.0, 2.8]),
        Border::Shield => ring(shield(0.0, 7.0)),
        Border::Flower => {
            // Four petals: the middles of the sides are drawn in.
            let petals = Outline::chain(&[
                [(0.0, 0.0), (2.0, 0.0)],
                [(3.5, 0.3), (5.0, 0.0)],
                [(7.0, 0.0), (7.0, 2.0)],
                [(6.7, 3.5), (7.0, 5.0)],
                [(7.0, 7.0), (5.0, 7.0)],
                [(3.5, 6.7), (2.0, 7.0)],
                [(0.0, 7.0), (0.0, 5.0)],
                [(0.3, 3.5), (0.0, 2.0)],
            ]);
            petals.without(&Outline::rounded(1.0, 5.0, [1.2; 4]))
        }
    }
}

/// What lies inside of the ring.
#[must_use]
pub fn centre(centre: Centre) -> Outline {
    let rounded = |radii| Outline::rounded(2.0, 3.0, radii);
    match centre {
        Centre::Square => rounded([0.0; 4]),
        Centre::RoundedSquare => rounded([0.9; 4]),
        Centre::Circle => rounded([1.5; 4]),
        Centre::Dot => Outline::circle(MIDDLE, 1.3),
        Centre::Star => Outline::star(MIDDLE, 5, [1.9, 1.2]),
        Centre::Diamond => Outline::polygon(&[(3.5, 1.7), (5.3, 3.5), (3.5, 5.3), (1.7, 3.5)]),
        Centre::Cross => Outline::plus(MIDDLE, 3.0, 1.9),
        Centre::Plus => Outline::plus(MIDDLE, 3.2, 1.5),
        Centre::Leaf => rounded([0.0, 1.3, 0.0, 1.3]),
        Centre::Hexagon => hexagon(1.6),
        Centre::Heart => Outline::chain(&[
            [(3.9, 1.7), (4.5, 2.0)],
            [(5.5, 2.4), (4.9, 3.6)],
            [(4.5, 4.4), (3.5, 5.2)],
            [(2.5, 4.4), (2.1, 3.6)],
            [(1.5, 2.4), (2.5, 2.0)],
            [(3.1, 1.7), (3.5, 2.3)],
        ]),
        Centre::Shield => shield(2.0, 3.0),
        Centre::Flower => Outline::chain(&[
            [(1.8, 1.8), (3.1, 2.0)],
            [(3.5, 2.2), (3.9, 2.0)],
            [(5.2, 1.8), (5.0, 3.1)],
            [(4.8, 3.5), (5.0, 3.9)],
            [(5.2, 5.2), (3.9, 5.0)],
            [(3.5, 4.8), (3.1, 5.0)],
            [(1.8, 5.2), (2.0, 3.9)],
            [(2.2, 3.5), (2.0, 3.1)],
        ]),
        Centre::BarsHorizontal => bars(),
        Centre::BarsVertical => bars().turned(),
    }
}

/// Three bars with thin gaps, along the rows.
fn bars() -> Outline {
    let bars = [2.0, 3.05, 4.1].map(|y| Outline::rectangle((2.0, y), (3.0, 0.9), [0.3; 4]));
    bars.into_iter().fold(Outline::default(), Outline::and)
}

/// Corners cut straight.
fn cut(inset: f64, width: f64, by: f64) -> Outline {
    let (near, far) = (inset, inset + width);
    Outline::polygon(&[
        (near + by, near),
        (far - by, near),
        (far, near + by),
        (far, far - by),
        (far - by, far),
        (near + by, far),
        (near, far - by),
        (near, near + by),
    ])
}

/// Square corners taken out.
fn notched(inset: f64, width: f64, by: f64) -> Outline {
    let arms = width - 2.0 * by;
    let middle = inset + width / 2.0;
    Outline::plus((middle, middle), width, arms)
}

/// As wide as high, flat above and below.
fn hexagon(radius: f64) -> Outline {
    let corners = [
        (-0.72, -1.0),
        (0.72, -1.0),
        (1.0, 0.0),
        (0.72, 1.0),
        (-0.72, 1.0),
        (-1.0, 0.0),
    ];
    Outline::polygon(&corners.map(|(x, y)| (3.5 + x * radius, 3.5 + y * radius)))
}

/// Square above, round below.
fn shield(inset: f64, width: f64) -> Outline {
    let at = |x: f64, y: f64| (inset + x * width, inset + y * width);
    Outline::chain(&[
        [at(0.5, 0.0), at(1.0, 0.0)],
        [at(1.0, 0.3), at(1.0, 0.6)],
        [at(1.0, 0.96), at(0.5, 1.0)],
        [at(0.0, 0.96), at(0.0, 0.6)],
        [at(0.0, 0.3), at(0.0, 0.0)],
    ])
}
