//! Closed curves in whole numbers.
//!
//! Invariant: an [`Outline`] is filled by the non-zero rule, contours go clockwise and holes the other way, and contours of
//! one direction do not overlap. So a sum of signed areas is its coverage.

/// Units in the width of a module.
pub const MODULE: i32 = 4096;

/// In units from an upper left corner; y grows downwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Point {
    pub x: i32,
    pub y: i32,
}

impl Point {
    #[must_use]
    pub const fn new(x: i32, y: i32) -> Self {
        Self { x, y }
    }

    /// From modules, rounded to the nearest unit.
    #[must_use]
    pub fn modules(x: f64, y: f64) -> Self {
        Self::new(units(x), units(y))
    }

    /// Of the middle of a module.
    #[must_use]
    pub const fn middle(x: usize, y: usize) -> Self {
        let half = MODULE / 2;
        Self::new(x as i32 * MODULE + half, y as i32 * MODULE + half)
    }

    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y)
    }
}

/// Modules in units, rounded to the nearest.
#[must_use]
pub fn units(modules: f64) -> i32 {
    (modules * f64::from(MODULE)).round() as i32
}

/// A piece of a contour, from where the piece before ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    Line(Point),
    /// Control point and end.
    Quadratic(Point, Point),
    /// Two control points and the end.
    Cubic(Point, Point, Point),
}

impl Segment {
    #[must_use]
    pub const fn end(&self) -> Point {
        match *self {
            Self::Line(end) | Self::Quadratic(_, end) | Self::Cubic(_, _, end) => end,
        }
    }

    fn map(self, f: impl Fn(Point) -> Point) -> Self {
        match self {
            Self::Line(end) => Self::Line(f(end)),
            Self::Quadratic(control, end) => Self::Quadratic(f(control), f(end)),
            Self::Cubic(first, second, end) => Self::Cubic(f(first), f(second), f(end)),
        }
    }

    /// The place at a share of the way, 0.0..=1.0, of a piece that began at `start`.
    fn at(&self, start: Point, share: f64) -> Point {
        let between = |a: Point, b: Point| {
            let on = |a: i32, b: i32| a + (f64::from(b - a) * share).round() as i32;
            Point::new(on(a.x, b.x), on(a.y, b.y))
        };
        match *self {
            Self::Line(end) => between(start, end),
            Self::Quadratic(control, end) => {
                between(between(start, control), between(control, end))
            }
            Self::Cubic(first, second, end) => {
                let middle = between(first, second);
                between(
                    between(between(start, first), middle),
                    between(middle, between(second, end)),
                )
            }
        }
    }

    /// The same piece from its end to `start`, where it began.
    const fn reversed(self, start: Point) -> Self {
        match self {
            Self::Line(_) => Self::Line(start),
            Self::Quadratic(control, _) => Self::Quadratic(control, start),
            Self::Cubic(first, second, _) => Self::Cubic(second, first, start),
        }
    }
}

/// A closed curve. A straight line leads from its last end to its start, if they differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contour {
    pub start: Point,
    pub segments: Vec<Segment>,
}

impl Contour {
    /// Its corners, and eight points on each curve.
    pub(crate) fn flattened(&self) -> Vec<Point> {
        const PIECES: i32 = 8;
        let mut points = vec![self.start];
        let mut pen = self.start;
        for segment in &self.segments {
            let between = (1..PIECES).map(|n| segment.at(pen, f64::from(n) / f64::from(PIECES)));
            if !matches!(segment, Segment::Line(_)) {
                points.extend(between);
            }
            pen = segment.end();
            points.push(pen);
        }
        points
    }

    fn reversed(&self) -> Self {
        let starts = std::iter::once(self.start).chain(self.segments.iter().map(Segment::end));
        let mut segments: Vec<_> = (self.segments.iter().zip(starts))
            .map(|(segment, start)| segment.reversed(start))
            .collect();
        segments.reverse();
        Self {
            start: self.segments.last().map_or(self.start, Segment::end),
            segments,
        }
    }
}

/// Of length 1.
fn direction(from: Point, to: Point) -> (f64, f64) {
    let (dx, dy) = (f64::from(to.x - from.x), f64::from(to.y - from.y));
    let length = (dx * dx + dy * dy).sqrt().max(1.0);
    (dx / length, dy / length)
}

/// A line of this width from one point to the other, with flat ends; a little longer, so that two that meet at a small angle leave no gap.
fn beam(from: Point, to: Point, width: i32) -> Contour {
    let half = f64::from(width) / 2.0;
    let (dx, dy) = direction(from, to);
    let beyond = half * 0.2;
    let corner = |at: Point, along: f64, aside: f64| {
        let x = dx * along - dy * aside;
        let y = dy * along + dx * aside;
        at.plus(Point::new(x.round() as i32, y.round() as i32))
    };
    Contour {
        start: corner(from, -beyond, -half),
        segments: vec![
            Segment::Line(corner(to, beyond, -half)),
            Segment::Line(corner(to, beyond, half)),
            Segment::Line(corner(from, -beyond, half)),
        ],
    }
}

/// A shape: contours and holes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    pub contours: Vec<Contour>,
}

/// Control points of a quarter of a circle lie at this share of the radius; the curve is then within 0.03 % of it.
const QUARTER: f64 = 0.552_284_749_8;

impl Outline {
    /// `corners`: in modules, clockwise.
    #[must_use]
    pub fn polygon(corners: &[(f64, f64)]) -> Self {
        let mut points = corners.iter().map(|&(x, y)| Point::modules(x, y));
        let Some(start) = points.next() else {
            return Self::default();
        };
        Self::of(start, points.map(Segment::Line).collect())
    }

    fn of(start: Point, segments: Vec<Segment>) -> Self {
        Self {
            contours: vec![Contour { start, segments }],
        }
    }

    /// `width`: in modules. Its upper left corner lies at (`inset`, `inset`).
    #[must_use]
    pub fn square(inset: f64, width: f64) -> Self {
        Self::rounded(inset, width, [0.0; 4])
    }

    /// A square with rounded corners. `radii`: from the upper left corner clockwise, in modules, each at most half of `width`, or
    /// two neighbours together at most `width`.
    #[must_use]
    pub fn rounded(inset: f64, width: f64, radii: [f64; 4]) -> Self {
        Self::rectangle((inset, inset), (width, width), radii)
    }

    /// As [`Outline::rounded`], with its upper left corner and its size.
    #[must_use]
    pub fn rectangle((x, y): (f64, f64), (w, h): (f64, f64), radii: [f64; 4]) -> Self {
        // Corner, direction of the edge that ends there, and of the one that begins.
        let corners = [
            ((x, y), (0.0, -1.0), (1.0, 0.0)),
            ((x + w, y), (1.0, 0.0), (0.0, 1.0)),
            ((x + w, y + h), (0.0, 1.0), (-1.0, 0.0)),
            ((x, y + h), (-1.0, 0.0), (0.0, -1.0)),
        ];
        let mut pieces = Vec::new();
        for ((corner, to, from), r) in corners.into_iter().zip(radii) {
            let at = |back: f64, on: f64| {
                Point::modules(
                    corner.0 - to.0 * back + from.0 * on,
                    corner.1 - to.1 * back + from.1 * on,
                )
            };
            pieces.push(Segment::Line(at(r, 0.0)));
            if r > 0.0 {
                let control = r * (1.0 - QUARTER);
                pieces.push(Segment::Cubic(
                    at(control, 0.0),
                    at(0.0, control),
                    at(0.0, r),
                ));
            }
        }
        let start = pieces.remove(0).end();
        Self::of(start, pieces)
    }

    /// `centre` and `radius` in modules.
    #[must_use]
    pub fn circle((x, y): (f64, f64), radius: f64) -> Self {
        let width = 2.0 * radius;
        Self::rectangle((x - radius, y - radius), (width, width), [radius; 4])
    }

    /// A closed chain of quadratic curves: (control, end) of each, in modules, clockwise; the last end is the start.
    #[must_use]
    pub fn chain(curves: &[[(f64, f64); 2]]) -> Self {
        let point = |(x, y)| Point::modules(x, y);
        let start = curves
            .last()
            .map_or(Point::default(), |&[_, end]| point(end));
        let pieces = curves.iter();
        Self::of(
            start,
            pieces
                .map(|&[control, end]| Segment::Quadratic(point(control), point(end)))
                .collect(),
        )
    }

    /// A square of one module whose corners are sharp or cut by a quadratic curve. `curves`: (corner, middle of the edge after it),
    /// clockwise.
    #[must_use]
    pub fn corners(curves: &[[(f64, f64); 2]], is_round: &[bool]) -> Self {
        let point = |(x, y)| Point::modules(x, y);
        let start = curves
            .last()
            .map_or(Point::default(), |&[_, middle]| point(middle));
        let pieces = curves
            .iter()
            .zip(is_round)
            .flat_map(|(&[corner, middle], &is_round)| {
                let (corner, middle) = (point(corner), point(middle));
                if is_round {
                    vec![Segment::Quadratic(corner, middle)]
                } else {
                    vec![Segment::Line(corner), Segment::Line(middle)]
                }
            });
        Self::of(start, pieces.collect())
    }

    /// `points` spikes, the first one up. `radii`: of the spikes and of the notches, in modules.
    #[must_use]
    pub fn star((x, y): (f64, f64), points: u32, [outer, inner]: [f64; 2]) -> Self {
        let corners = (0..2 * points).map(|n| {
            let r = if n % 2 == 0 { outer } else { inner };
            let (sin, cos) = (std::f64::consts::PI * f64::from(n) / f64::from(points)).sin_cos();
            (x + r * sin, y - r * cos)
        });
        Self::polygon(&corners.collect::<Vec<_>>())
    }

    /// Two bars that cross, of this length and width, in modules.
    #[must_use]
    pub fn plus((x, y): (f64, f64), length: f64, width: f64) -> Self {
        let (l, w) = (length / 2.0, width / 2.0);
        #[rustfmt::skip]
        let corners = [
            (-w, -l), (w, -l), (w, -w), (l, -w), (l, w), (w, w),
            (w, l), (-w, l), (-w, w), (-l, w), (-l, -w), (-w, -w),
        ];
        Self::polygon(&corners.map(|(dx, dy)| (x + dx, y + dy)))
    }

    /// Both; they must not overlap.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.contours.extend(other.contours);
        self
    }

    /// `hole` must lie inside.
    #[must_use]
    pub fn without(self, hole: &Self) -> Self {
        let contours = hole.contours.iter().map(Contour::reversed).collect();
        self.and(Self { contours })
    }

    /// What tells it from all others: the kind of each piece and its coordinates.
    #[must_use]
    pub fn numbers(&self) -> Vec<i32> {
        let mut numbers = Vec::new();
        for contour in &self.contours {
            numbers.extend([0, contour.start.x, contour.start.y]);
            for segment in &contour.segments {
                let (kind, points) = match *segment {
                    Segment::Line(end) => (1, vec![end]),
                    Segment::Quadratic(control, end) => (2, vec![control, end]),
                    Segment::Cubic(first, second, end) => (3, vec![first, second, end]),
                };
                numbers.push(kind);
                numbers.extend(points.iter().flat_map(|point| [point.x, point.y]));
            }
        }
        numbers
    }

    #[must_use]
    pub fn moved(&self, by: Point) -> Self {
        self.map(|point| point.plus(by))
    }

    /// By a share of its distance from (`centre`, `centre`), which is in modules.
    #[must_use]
    pub fn scaled(&self, centre: f64, by: f64) -> Self {
        let centre = units(centre);
        let scale = |v: i32| centre + (f64::from(v - centre) * by).round() as i32;
        self.map(|point| Point::new(scale(point.x), scale(point.y)))
    }

    /// Its mirror image in a box of `width` modules: left and right, up and down, or both, which is a half turn.
    #[must_use]
    pub fn mirrored(&self, width: f64, [across, down]: [bool; 2]) -> Self {
        let width = units(width);
        let mirrored = self.map(|p| {
            Point::new(
                if across { width - p.x } else { p.x },
                if down { width - p.y } else { p.y },
            )
        });
        // One mirror turns clockwise into the other way.
        if across == down {
            mirrored
        } else {
            Self {
                contours: mirrored.contours.iter().map(Contour::reversed).collect(),
            }
        }
    }

    /// Rows become columns.
    #[must_use]
    pub fn turned(&self) -> Self {
        let turned = self.map(|p| Point::new(p.y, p.x));
        Self {
            contours: turned.contours.iter().map(Contour::reversed).collect(),
        }
    }

    /// The line along it, as contours that overlap and all go clockwise: a sum of their areas is at least 1 where the line is.
    /// `width`: in units.
    #[must_use]
    pub fn stroked(&self, width: i32) -> Self {
        let mut all = Self::default();
        for contour in &self.contours {
            let points = contour.flattened();
            let pieces = points.iter().zip(points.iter().cycle().skip(1));
            let pieces: Vec<_> = pieces.filter(|(from, to)| from != to).collect();
            let turns = pieces.iter().zip(pieces.iter().cycle().skip(1));
            for (&(&from, &to), &(_, &next)) in turns {
                let (along, after) = (direction(from, to), direction(to, next));
                all.contours.push(beam(from, to, width));
                let is_sharp = along.0 * after.0 + along.1 * after.1 < 0.95;
                if is_sharp {
                    let scale = 1.0 / f64::from(MODULE);
                    let at = (f64::from(to.x) * scale, f64::from(to.y) * scale);
                    all = all.and(Self::circle(at, f64::from(width) / 2.0 * scale));
                }
            }
        }
        all
    }

    fn map(&self, f: impl Fn(Point) -> Point + Copy) -> Self {
        let contours = self.contours.iter().map(|contour| Contour {
            start: f(contour.start),
            segments: contour.segments.iter().map(|s| s.map(f)).collect(),
        });
        Self {
            contours: contours.collect(),
        }
    }
}
