//! Path data as rectangles (SVG 1.1 §8.3).
//!
//! Invariant: what is painted is the union of the rectangles, or there are none: all lines must be along the axes.

use super::super::frame::is_close as is_same;
use super::{
    number::Numbers,
    shape::{Rect, SHAPES},
};

type Point = (f64, f64);

/// The corners of a part of a path. It is filled as if its end was joined with its start.
struct Part {
    points: Vec<Point>,
    is_closed: bool,
}

/// What of the plane a path fills: by how often it goes around a point (SVG 1.1 §11.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    NonZero,
    EvenOdd,
}

impl Rule {
    fn is_inside(self, turns: i32) -> bool {
        match self {
            Self::NonZero => turns != 0,
            Self::EvenOdd => turns % 2 != 0,
        }
    }
}

/// A vertical line.
#[derive(Clone, Copy)]
struct Side {
    x: f64,
    top: f64,
    bottom: f64,
    /// 1 if it goes down, -1 if it goes up.
    turn: i32,
}

/// What filling paints, from top to bottom. `None`: a line is not along an axis, or there are more than [`SHAPES`].
pub fn filled(data: &str, rule: Rule) -> Option<Vec<Rect>> {
    let mut sides = Vec::new();
    for part in parts(data)? {
        let next = part.points.iter().cycle().skip(1);
        for (from, to) in part.points.iter().zip(next) {
            if is_same(from.0, to.0) {
                sides.push(Side {
                    x: from.0,
                    top: from.1.min(to.1),
                    bottom: from.1.max(to.1),
                    turn: if to.1 > from.1 { 1 } else { -1 },
                });
            } else if !is_same(from.1, to.1) {
                return None;
            }
        }
    }
    between(sides, rule)
}

/// The areas between sides. From one level on which a side begins or ends to the next, nothing changes.
fn between(mut sides: Vec<Side>, rule: Rule) -> Option<Vec<Rect>> {
    let mut levels: Vec<f64> = sides.iter().flat_map(|s| [s.top, s.bottom]).collect();
    levels.sort_unstable_by(f64::total_cmp);
    levels.dedup();
    sides.sort_unstable_by(|a, b| a.top.total_cmp(&b.top));
    let mut waiting = sides.into_iter().peekable();
    let mut crossed: Vec<Side> = Vec::new();
    let mut rects = Vec::new();
    for level in levels.windows(2) {
        let (top, bottom) = (level[0], level[1]);
        crossed.extend(std::iter::from_fn(|| {
            waiting.next_if(|side| side.top <= top)
        }));
        crossed.retain(|side| side.bottom > top);
        crossed.sort_unstable_by(|a, b| a.x.total_cmp(&b.x));
        let (mut turns, mut left) = (0, 0.0);
        for side in &crossed {
            let was_inside = rule.is_inside(turns);
            turns += side.turn;
            match (was_inside, rule.is_inside(turns)) {
                (false, true) => left = side.x,
                (true, false) if side.x > left => {
                    rects.push(Rect::between((left, top), (side.x, bottom)));
                }
                _ => {}
            }
        }
        if rects.len() > SHAPES {
            return None;
        }
    }
    Some(rects)
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
