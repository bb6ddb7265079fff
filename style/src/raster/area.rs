//! How much of each pixel a shape covers, exactly.
//!
//! The signed areas that a contour's edges cut off each pixel are summed up from left to right (Levien, "Inside the
//! fastest font renderer"). Sums are `f32` in a fixed order without fused operations, so every CPU gives the same bytes.

use crate::geometry::{Contour, Outline, Point, Segment};

/// Coverage 0..=255 of a rectangle of pixels.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    /// Of its upper left pixel in the picture.
    pub x: i32,
    pub y: i32,
    pub width: usize,
    pub height: usize,
    pub coverage: Vec<u8>,
}

impl Mask {
    pub fn row(&self, y: usize) -> &[u8] {
        &self.coverage[y * self.width..][..self.width]
    }

    /// The pixels that an outline touches, in a picture in which a unit is `scale` pixels wide. `offset`: of the picture's
    /// corner, in pixels. Parts that lie apart have masks of their own, so that none spans the picture: eyes do.
    pub fn all(
        outline: &Outline,
        scale: f32,
        (left, top): (f32, f32),
    ) -> impl Iterator<Item = Self> {
        let at = move |p: Point| (p.x as f32 * scale + left, p.y as f32 * scale + top);
        let mut groups: Vec<(Bounds, Vec<&Contour>)> = Vec::new();
        for contour in &outline.contours {
            let mut merged = (Bounds::of(contour, at), vec![contour]);
            let (near, far) = groups
                .into_iter()
                .partition(|(bounds, _)| bounds.meets(&merged.0));
            groups = far;
            for (bounds, contours) in near as Vec<(Bounds, Vec<&Contour>)> {
                merged.0 = merged.0.with(&bounds);
                // Into the longer list, so that many contours that touch take no quadratic time.
                let mut others = contours;
                if others.len() > merged.1.len() {
                    std::mem::swap(&mut others, &mut merged.1);
                }
                merged.1.extend(others);
            }
            groups.push(merged);
        }
        groups.into_iter().map(move |(bounds, contours)| {
            let (x, y) = (bounds.left.floor(), bounds.top.floor());
            let width = (bounds.right.ceil() - x) as usize;
            let height = (bounds.bottom.ceil() - y) as usize;
            let mut area = Area::new(width, height);
            for contour in contours {
                area.add(contour, |p| {
                    let (px, py) = at(p);
                    (px - x, py - y)
                });
            }
            Self {
                x: x as i32,
                y: y as i32,
                width,
                height,
                coverage: area.coverage(),
            }
        })
    }

    /// The part that lies in a picture of this width and height.
    pub fn within(self, width: usize, height: usize) -> Self {
        let kept = |from: i32, length: usize, end: usize| {
            let start = from.clamp(0, end as i32);
            start..(from + length as i32).clamp(start, end as i32)
        };
        let columns = kept(self.x, self.width, width);
        let rows = kept(self.y, self.height, height);
        if (columns.len(), rows.len()) == (self.width, self.height) {
            return self;
        }
        if columns.is_empty() || rows.is_empty() {
            return Self::default();
        }
        let row = |y: i32| {
            &self.row((y - self.y) as usize)[(columns.start - self.x) as usize..][..columns.len()]
        };
        Self {
            coverage: rows.clone().flat_map(row).copied().collect(),
            x: columns.start,
            y: rows.start,
            width: columns.len(),
            height: rows.len(),
        }
    }

    /// One module, `px` pixels wide.
    pub fn tile(outline: &Outline, px: usize) -> Self {
        let scale = px as f32 / crate::geometry::MODULE as f32;
        let mut area = Area::new(px, px);
        for contour in &outline.contours {
            area.add(contour, |p| (p.x as f32 * scale, p.y as f32 * scale));
        }
        Self {
            x: 0,
            y: 0,
            width: px,
            height: px,
            coverage: area.coverage(),
        }
    }
}

struct Bounds {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

impl Bounds {
    /// Curves lie within their control points.
    fn of(contour: &Contour, at: impl Fn(Point) -> Place) -> Self {
        let controls = contour.segments.iter().flat_map(|segment| match *segment {
            Segment::Line(end) => [end, end, end],
            Segment::Quadratic(control, end) => [control, control, end],
            Segment::Cubic(first, second, end) => [first, second, end],
        });
        let point = |place: Place| Self {
            left: place.0,
            top: place.1,
            right: place.0,
            bottom: place.1,
        };
        controls
            .map(|control| point(at(control)))
            .fold(point(at(contour.start)), |all, one| all.with(&one))
    }

    const fn with(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    fn meets(&self, other: &Self) -> bool {
        self.left <= other.right
            && other.left <= self.right
            && self.top <= other.bottom
            && other.top <= self.bottom
    }
}

type Place = (f32, f32);

/// Differences of coverage along each row. A row has a cell more than pixels, for an edge that ends on its last pixel.
struct Area {
    width: usize,
    height: usize,
    sums: Vec<f32>,
}

impl Area {
    fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            sums: vec![0.0; (width + 2) * height],
        }
    }

    /// Every point of it must lie within the rectangle.
    fn add(&mut self, contour: &Contour, at: impl Fn(Point) -> Place) {
        let start = at(contour.start);
        let mut pen = start;
        for segment in &contour.segments {
            let end = at(segment.end());
            match *segment {
                Segment::Line(_) => self.line(pen, end),
                Segment::Quadratic(control, _) => self.quadratic(pen, at(control), end),
                Segment::Cubic(first, second, _) => self.cubic([pen, at(first), at(second), end]),
            }
            pen = end;
        }
        self.line(pen, start);
    }

    fn quadratic(&mut self, from: Place, control: Place, to: Place) {
        let bend = (
            from.0 - 2.0 * control.0 + to.0,
            from.1 - 2.0 * control.1 + to.1,
        );
        self.curve(from, pieces(bend), |t| {
            let (a, b, c) = ((1.0 - t) * (1.0 - t), 2.0 * t * (1.0 - t), t * t);
            (
                a * from.0 + b * control.0 + c * to.0,
                a * from.1 + b * control.1 + c * to.1,
            )
        });
    }

    fn cubic(&mut self, [from, first, second, to]: [Place; 4]) {
        // The larger of the two second differences, three times as steep as those of a quadratic.
        let near = (
            from.0 - 2.0 * first.0 + second.0,
            from.1 - 2.0 * first.1 + second.1,
        );
        let far = (
            first.0 - 2.0 * second.0 + to.0,
            first.1 - 2.0 * second.1 + to.1,
        );
        let bend = (
            3.0 * near.0.abs().max(far.0.abs()),
            3.0 * near.1.abs().max(far.1.abs()),
        );
        self.curve(from, pieces(bend), |t| {
            let s = 1.0 - t;
            let weights = [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t];
            let sum = |p: [f32; 4]| {
                weights[0] * p[0] + weights[1] * p[1] + weights[2] * p[2] + weights[3] * p[3]
            };
            (
                sum([from.0, first.0, second.0, to.0]),
                sum([from.1, first.1, second.1, to.1]),
            )
        });
    }

    fn curve(&mut self, from: Place, pieces: u8, at: impl Fn(f32) -> Place) {
        let mut pen = from;
        for piece in 1..=pieces {
            let next = at(f32::from(piece) / f32::from(pieces));
            self.line(pen, next);
            pen = next;
        }
    }

    fn line(&mut self, from: Place, to: Place) {
        let (sign, upper, lower) = if from.1 < to.1 {
            (1.0, from, to)
        } else {
            (-1.0, to, from)
        };
        let (top, bottom) = (upper.1.max(0.0), lower.1.min(self.height as f32));
        if top >= bottom {
            return;
        }
        let slope = (lower.0 - upper.0) / (lower.1 - upper.1);
        let mut x = upper.0 + (top - upper.1) * slope;
        let mut y = top;
        for row in top as usize..(bottom.ceil() as usize).min(self.height) {
            let next_y = bottom.min((row + 1) as f32);
            let next_x = x + slope * (next_y - y);
            self.piece(row, (x, next_x), sign * (next_y - y));
            (x, y) = (next_x, next_y);
        }
    }

    /// An edge within one row of pixels, of a signed height.
    fn piece(&mut self, row: usize, (x, next_x): (f32, f32), height: f32) {
        let last = self.width as f32;
        let (left, right) = (
            x.min(next_x).clamp(0.0, last),
            x.max(next_x).clamp(0.0, last),
        );
        let cells = &mut self.sums[row * (self.width + 2)..][..self.width + 2];
        let (first, end) = (left as usize, right.ceil() as usize);
        if end <= first + 1 {
            // Within one pixel: a trapezium.
            let beside = 0.5 * (left + right) - first as f32;
            cells[first] += height * (1.0 - beside);
            cells[first + 1] += height * beside;
            return;
        }
        let per_px = height / (right - left);
        let mut covered = 0.0;
        for (column, cell) in cells.iter_mut().enumerate().take(end + 1).skip(first) {
            // The share of this pixel that lies to the right of the edge.
            let from = left.max(column as f32);
            let to = right.min((column + 1) as f32);
            let crossed = (to - from).max(0.0);
            let passed = ((from - left).max(0.0)).min(right - left);
            let beside = (column + 1) as f32 - 0.5 * (from + to);
            let share = passed * per_px + crossed * per_px * beside;
            *cell += share - covered;
            covered = share;
        }
    }

    fn coverage(&self) -> Vec<u8> {
        const CHUNK: usize = 16;
        let mut coverage = Vec::with_capacity(self.width * self.height);
        for row in self.sums.chunks_exact(self.width + 2) {
            let mut sum = 0.0_f32;
            for cells in row[..self.width].chunks(CHUNK) {
                let byte = |sum: f32| (sum.abs().min(1.0) * 255.0 + 0.5) as u8;
                // Between edges nothing changes.
                if cells.iter().fold(0, |all, cell| all | cell.to_bits()) == 0 {
                    coverage.resize(coverage.len() + cells.len(), byte(sum));
                    continue;
                }
                coverage.extend(cells.iter().map(|cell| {
                    sum += cell;
                    byte(sum)
                }));
            }
        }
        coverage
    }
}

/// Straight pieces of a curve with this second difference in pixels: none is more than a sixteenth of a pixel away.
fn pieces((x, y): Place) -> u8 {
    // The distance of a chord is an eighth of the second difference over the square of their number.
    let bend = (x * x + y * y).sqrt();
    ((bend * 2.0).sqrt().ceil() as u8).clamp(1, 64)
}
