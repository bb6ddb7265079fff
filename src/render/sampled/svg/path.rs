//! Path data as rectangles (SVG 1.1 §8.3).
//!
//! Invariant: what is painted is the union of the rectangles, or there are none: a filled path must be made of
//! rectangles that go round in one direction, a stroked one of lines along the axes.

use super::{number::Numbers, shape::Rect};
use crate::render::sampled::frame::is_close as is_same;

/// Half of the stroke's width, which is always 1.
const HALF: f64 = 0.5;

type Point = (f64, f64);

/// The corners of a part of a path, and whether its end is joined with its start.
struct Part {
    points: Vec<Point>,
    is_closed: bool,
}

/// What filling paints. `None`: it is not made of rectangles.
pub fn filled(data: &str) -> Option<Vec<Rect>> {
    let mut turn = 0.0;
    let mut rects = Vec::new();
    for part in parts(data)? {
        let (rect, area) = rectangle(&part.points)?;
        // In opposite directions they would cut holes into each other (§11.3, nonzero).
        if area * turn < 0.0 {
            return None;
        }
        turn = area;
        rects.push(rect);
    }
    Some(rects)
}

/// The rectangle between four corners, or four and the first again; and its area, negative if they go anticlockwise.
fn rectangle(points: &[Point]) -> Option<(Rect, f64)> {
    let corners = match points {
        [first, .., last] if points.len() == 5 && first == last => &points[..4],
        _ => points,
    };
    let &[a, b, c, d] = corners else {
        return None;
    };
    let is_level = |from: Point, to: Point| is_same(from.1, to.1);
    let is_plumb = |from: Point, to: Point| is_same(from.0, to.0);
    let across = is_level(a, b) && is_plumb(b, c) && is_level(c, d) && is_plumb(d, a);
    let down = is_plumb(a, b) && is_level(b, c) && is_plumb(c, d) && is_level(d, a);
    let area = (c.0 - a.0) * (c.1 - a.1) * if across { 1.0 } else { -1.0 };
    (across || down).then(|| (Rect::between(a, c), area))
}

/// What a stroke of width 1 with butt caps and miter joins paints. `None`: a line is not along an axis, or goes on
/// along the axis of the one before.
pub fn stroked(data: &str) -> Option<Vec<Rect>> {
    let mut rects = Vec::new();
    for part in parts(data)? {
        let mut points = part.points;
        if part.is_closed {
            points.extend(points.first().copied());
        }
        // A line without length has no direction, and paints nothing.
        points.dedup();
        let is_level = |at: usize| is_same(points[at].1, points[at + 1].1);
        let lines = points.len().saturating_sub(1);
        for at in 0..lines {
            if at > 0 && is_level(at) == is_level(at - 1) {
                return None;
            }
            let is_joined = [at > 0 || part.is_closed, at + 1 < lines || part.is_closed];
            rects.push(stroke(points[at], points[at + 1], is_joined)?);
        }
    }
    Some(rects)
}

/// A joined end reaches as far as the other line is wide: the miter of a right angle is a square.
fn stroke(from: Point, to: Point, is_joined: [bool; 2]) -> Option<Rect> {
    let [start, end] = is_joined.map(|is_joined| if is_joined { HALF } else { 0.0 });
    if is_same(from.1, to.1) {
        let sign = (to.0 - from.0).signum();
        Some(Rect::between(
            (from.0 - sign * start, from.1 - HALF),
            (to.0 + sign * end, to.1 + HALF),
        ))
    } else if is_same(from.0, to.0) {
        let sign = (to.1 - from.1).signum();
        Some(Rect::between(
            (from.0 - HALF, from.1 - sign * start),
            (to.0 + HALF, to.1 + sign * end),
        ))
    } else {
        None
    }
}

/// `None`: a command that is not understood, or not enough numbers behind one.
fn parts(data: &str) -> Option<Vec<Part>> {
    let mut numbers = Numbers::new(data);
    let mut parts: Vec<Part> = Vec::new();
    let (mut pen, mut start) = ((0.0, 0.0), (0.0, 0.0));
    while !numbers.is_done() {
        let command = numbers.command()?;
        let base = if command.is_ascii_lowercase() {
            |pen: f64| pen
        } else {
            |_| 0.0
        };
        match command {
            b'M' | b'm' => {
                pen = (base(pen.0) + numbers.next()?, base(pen.1) + numbers.next()?);
                start = pen;
                parts.push(Part::begin(pen));
                continue;
            }
            b'Z' | b'z' => {
                parts.last_mut()?.is_closed = true;
                pen = start;
                continue;
            }
            b'H' | b'h' => pen.0 = base(pen.0) + numbers.next()?,
            b'V' | b'v' => pen.1 = base(pen.1) + numbers.next()?,
            b'L' | b'l' => pen = (base(pen.0) + numbers.next()?, base(pen.1) + numbers.next()?),
            _ => return None,
        }
        // What follows a closed part begins a new one where that began.
        if parts.last()?.is_closed {
            parts.push(Part::begin(start));
        }
        parts.last_mut()?.points.push(pen);
    }
    // A part of a point only paints nothing.
    parts.retain(|part| part.points.len() > 1);
    Some(parts)
}

impl Part {
    fn begin(point: Point) -> Self {
        Self {
            points: vec![point],
            is_closed: false,
        }
    }
}
