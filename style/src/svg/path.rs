//! The data of a path, in thousandths of a module.
//!
//! All commands but the first are relative. They lead from one rounded place to the next, so roundings do not add up.

use symbol::{Matrix, file::number};

use super::Filled;
use crate::{
    geometry::{MODULE, Outline, Point, Segment},
    scene::Axis,
};

/// Of a line that only has round ends. Several renderers skip one of no length.
const SHORT: i32 = 10;

#[derive(Default)]
pub struct Path {
    data: Vec<u8>,
    /// In thousandths of a module.
    pen: (i32, i32),
}

fn thousandths(point: Point) -> (i32, i32) {
    let rounded = |v: i32| {
        ((i64::from(v) * 1000 + i64::from(MODULE / 2)).div_euclid(i64::from(MODULE))) as i32
    };
    (rounded(point.x), rounded(point.y))
}

impl Path {
    pub fn outline(&mut self, outline: &Outline) {
        self.moved_outline(outline, Point::default());
    }

    pub fn moved_outline(&mut self, outline: &Outline, by: Point) {
        for contour in &outline.contours {
            let start = thousandths(contour.start.plus(by));
            self.move_to(start);
            for segment in &contour.segments {
                match *segment {
                    Segment::Line(end) => self.line_to(thousandths(end.plus(by))),
                    Segment::Quadratic(control, end) => self.curve(b'q', &[control, end], by),
                    Segment::Cubic(first, second, end) => {
                        self.curve(b'c', &[first, second, end], by);
                    }
                }
            }
            self.data.push(b'z');
            // Closing takes the pen back.
            self.pen = start;
        }
    }

    /// For a stroke with round ends.
    pub fn line(&mut self, from: Point, to: Point) {
        let (mut from, mut to) = (thousandths(from), thousandths(to));
        // Of one module.
        if from == to {
            from.0 -= SHORT / 2;
            to.0 += SHORT / 2;
        }
        self.move_to(from);
        self.line_to(to);
    }

    /// Lines along the runs of at least so many modules, from the middle of the first to that of the last.
    pub fn runs(&mut self, dark: &Matrix, axis: Axis, least: usize, origin: Point) {
        let size = dark.modules();
        let turned = Matrix::from_fn(size, |x, y| dark.is_dark(y, x));
        let (dark, place): (_, fn(usize, usize) -> Point) = match axis {
            Axis::Rows => (dark, Point::middle),
            Axis::Columns => (&turned, |x, y| Point::middle(y, x)),
        };
        for y in 0..size {
            for run in dark.runs(y).filter(|run| run.len() >= least) {
                let ends = [run.start, run.end - 1];
                let [from, to] = ends.map(|x| place(x as usize, y).plus(origin));
                self.line(from, to);
            }
        }
    }

    /// Of its `d` attribute: ASCII.
    pub fn into_data(self) -> String {
        String::from_utf8(self.data).unwrap_or_default()
    }

    pub const fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    fn move_to(&mut self, to: (i32, i32)) {
        let command = if self.data.is_empty() { b'M' } else { b'm' };
        self.data.push(command);
        self.pair(to);
        self.pen = to;
    }

    fn line_to(&mut self, to: (i32, i32)) {
        let (dx, dy) = (to.0 - self.pen.0, to.1 - self.pen.1);
        match (dx, dy) {
            (0, 0) => return,
            (_, 0) => {
                self.data.push(b'h');
                self.number(dx);
            }
            (0, _) => {
                self.data.push(b'v');
                self.number(dy);
            }
            _ => {
                self.data.push(b'l');
                self.pair(to);
            }
        }
        self.pen = to;
    }

    fn curve(&mut self, command: u8, points: &[Point], by: Point) {
        self.data.push(command);
        let mut end = self.pen;
        for (at, point) in points.iter().enumerate() {
            if at > 0 {
                self.data.push(b' ');
            }
            end = thousandths(point.plus(by));
            self.pair(end);
        }
        self.pen = end;
    }

    /// Relative to the pen.
    fn pair(&mut self, to: (i32, i32)) {
        let (dx, dy) = (to.0 - self.pen.0, to.1 - self.pen.1);
        self.number(dx);
        if dy >= 0 {
            self.data.push(b' ');
        }
        self.number(dy);
    }

    fn number(&mut self, thousandths: i32) {
        number::decimal(&mut self.data, f64::from(thousandths) / 1000.0);
    }

    /// The element, filled by the non-zero rule.
    pub fn filled(&self, filled: &Filled, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<path");
        filled.write("fill", out);
        self.end(out);
    }

    /// `width`: in modules. `round`: the attribute that makes round what is seen of it, its ends or its joins.
    pub fn stroked(&self, width: f64, round: &str, filled: &Filled, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"<path fill="none""#);
        filled.write("stroke", out);
        out.extend_from_slice(format!(r#" {round}="round" stroke-width=""#).as_bytes());
        number::decimal(out, width);
        out.push(b'"');
        self.end(out);
    }

    fn end(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#" d=""#);
        out.extend_from_slice(&self.data);
        out.extend_from_slice(br#""/>"#);
    }
}
