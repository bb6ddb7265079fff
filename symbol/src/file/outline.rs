//! Modules as closed lines around the dark ones.
//!
//! Invariant: every edge between a dark and a light module lies on exactly one line, and nothing else does, so filled by
//! the even-odd rule the lines are the dark modules, without a seam between any two of them.
//!
//! A corner is a point where one or three of the four modules around it are dark. Where two are, a line runs straight on:
//! so, too, at a point in which dark modules touch diagonally, where two lines cross. That takes a third fewer corners
//! than an outline of each region for itself would, and no search: in every row and in every column of points, the first
//! corner is the end of an edge to the second, the third to the fourth, and so on.
//!
//! Bytes of the ways to write one symbol of version 3, 13, 40 as an SVG path, measured to choose one (in brackets:
//! deflated). Rows leave seams between them where a renderer smooths edges, and strokes are no areas.
//!
//! | path | 3 | 13 | 40 |
//! |---|---|---|---|
//! | strokes along the runs of each row | 1316 (307) | 6972 (1289) | 46 337 (7190) |
//! | outlines of regions | 1596 (419) | 10 280 (2055) | 69 302 (11 707) |
//! | **lines that cross, relative** | 1076 (360) | 6103 (1721) | 39 654 (9763) |
//! | the same, absolute where that is shorter | 1021 (409) | 5927 (1888) | 39 152 (10 361) |

use crate::{Matrix, Row};

/// From the upper left corner of the first module, in modules: 0..=177.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    pub x: u8,
    pub y: u8,
}

struct Corner {
    at: Point,
    /// The other end of its vertical edge. That of its horizontal edge is its neighbour.
    vertical: u16,
    is_done: bool,
}

/// Calls `line` with the corners of each line, an even number. The first edge goes right from the first corner, they are
/// horizontal and vertical by turns, and the last one goes up to the first corner again.
pub fn each(matrix: &Matrix, mut line: impl FnMut(&[Point])) {
    let mut corners = corners(matrix);
    let mut points = Vec::new();
    // The second corner of an edge is never the first of a line.
    for start in (0..corners.len()).step_by(2) {
        if corners[start].is_done {
            continue;
        }
        points.clear();
        let mut at = start;
        loop {
            let across = at ^ 1;
            for corner in [at, across] {
                points.push(corners[corner].at);
                corners[corner].is_done = true;
            }
            at = corners[across].vertical.into();
            if at == start {
                break;
            }
        }
        line(&points);
    }
}

/// From left to right, row by row. Each row and each column has an even number of them.
#[allow(clippy::cast_possible_truncation)] // At most 178 × 178 corners; a bit of 192.
fn corners(matrix: &Matrix) -> Vec<Corner> {
    let rows = matrix.rows();
    let mut corners: Vec<Corner> = Vec::with_capacity((rows.len() + 1).pow(2) / 2);
    // By column, the upper end of an edge whose lower end has not come yet.
    let mut upper = [None; 192];
    let mut above = Row::default();
    for (y, row) in (0..=u8::MAX).zip(rows.iter().chain([&Row::default()])) {
        let differs = std::array::from_fn(|word| row[word] ^ above[word]);
        above = *row;
        for (base, mut word) in (0..).step_by(64).zip(starts_and_ends(&differs)) {
            while word != 0 {
                let x = base + word.trailing_zeros() as u8;
                word &= word - 1;
                let this = corners.len() as u16;
                let other = upper[usize::from(x)].take();
                if let Some(other) = other {
                    corners[usize::from(other)].vertical = this;
                } else {
                    upper[usize::from(x)] = Some(this);
                }
                corners.push(Corner {
                    at: Point { x, y },
                    vertical: other.unwrap_or(this),
                    is_done: false,
                });
            }
        }
    }
    corners
}

/// Bit `x` is set where bit `x` is not like the one before it: at the first of each run, and after its last.
fn starts_and_ends(row: &Row) -> Row {
    let carry = [0, row[0] >> 63, row[1] >> 63];
    std::array::from_fn(|word| row[word] ^ (row[word] << 1 | carry[word]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::tests::any_matrix;
    use proptest::prelude::*;

    /// Filled by the even-odd rule: along a row, what is behind an odd number of edges.
    fn filled(lines: &[Vec<Point>], modules: usize) -> Matrix {
        let mut crossed = vec![vec![false; modules + 1]; modules];
        for line in lines {
            for (from, to) in ends(line) {
                for y in from.y.min(to.y)..from.y.max(to.y) {
                    crossed[usize::from(y)][usize::from(from.x)] ^= true;
                }
            }
        }
        Matrix::from_fn(modules, |x, y| {
            crossed[y][..=x].iter().filter(|crossed| **crossed).count() % 2 == 1
        })
    }

    fn ends(line: &[Point]) -> impl Iterator<Item = (Point, Point)> {
        let next = line.iter().cycle().skip(1);
        line.iter().copied().zip(next.copied())
    }

    fn length(line: &[Point]) -> usize {
        let edges = ends(line).map(|(a, b)| a.x.abs_diff(b.x) + a.y.abs_diff(b.y));
        edges.map(usize::from).sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn filled_lines_are_the_dark_modules(matrix in any_matrix()) {
            let mut lines = Vec::new();
            each(&matrix, |line| lines.push(line.to_vec()));
            let modules = matrix.modules();
            prop_assert_eq!(&filled(&lines, modules), &matrix);
            for line in &lines {
                prop_assert!(line[0].y == line[1].y && line[0].x < line[1].x);
                for (at, (from, to)) in ends(line).enumerate() {
                    let is_right = if at % 2 == 0 { from.y == to.y && from.x != to.x } else { from.x == to.x && from.y != to.y };
                    prop_assert!(is_right, "{from:?} {to:?}");
                }
            }
            // No edge is drawn twice: all together are as long as what lies between dark and light.
            let edges = (0..=modules).flat_map(|y| (0..=modules).map(move |x| (x, y)));
            let is_dark = |x: usize, y: usize| x > 0 && y > 0 && matrix.is_dark(x - 1, y - 1);
            let edges = edges.map(|(x, y)| {
                let here = is_dark(x, y);
                usize::from(here != is_dark(x + 1, y)) + usize::from(here != is_dark(x, y + 1))
            });
            prop_assert_eq!(lines.iter().map(|line| length(line)).sum::<usize>(), edges.sum());
        }
    }

    #[test]
    fn lines_cross_where_modules_touch_at_a_corner() {
        let mut lines = Vec::new();
        let diagonal = Matrix::from_fn(2, |x, y| x == y);
        each(&diagonal, |line| {
            lines.push(line.iter().map(|at| (at.x, at.y)).collect::<Vec<_>>());
        });
        let crossing = [(0, 0), (1, 0), (1, 2), (2, 2), (2, 1), (0, 1)];
        assert_eq!(lines, [crossing]);
    }
}
