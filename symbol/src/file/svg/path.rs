//! Modules as the path of a stroke that is one module wide.
//!
//! Invariant: what the stroke covers are the dark modules, exactly.
//!
//! Bytes of the ways to write the same symbol of version 3, 13, 40, measured to choose one (in brackets: deflated):
//!
//! | path | 3 | 13 | 40 |
//! |---|---|---|---|
//! | outlines, filled by the even-odd rule | 1629 (425) | 9646 (2125) | 65 390 (13 098) |
//! | the runs of each row | 1462 (294) | 7118 (1254) | 46 479 (7151) |
//! | **those, but finder patterns as two strokes each** | 1316 (307) | 6972 (1289) | 46 337 (7190) |
//! | strokes that turn at any corner, greedily | 1039 (425) | 6263 (2088) | 40 762 (11 945) |
//!
//! Runs need one look at each row and deflate best. Turning at any corner needs a search at each, and deflates badly;
//! finder patterns are known, and save 15 runs each.

use super::{super::number, line::Line};
use crate::{Matrix, Row, matrix::first_bits};

/// A finder pattern (ISO/IEC 18004 §6.3.3.1), the left module in the lowest bit.
const FINDER: [u64; 7] = [0x7F, 0x41, 0x5D, 0x5D, 0x5D, 0x41, 0x7F];

/// It, from the left edge of its upper left module: the ring, then the square of nine modules.
const FINDER_STROKES: &[u8] = b"h6.5v6h-6v-6m1.5 2h2.5v2h-2v-1h1.5";

/// Where that leaves the pen, from where it began.
const FINDER_END: (i64, i64) = (4, 3);

/// The data of a path. The first module's corner is (0, 0); a module is 1 wide, and so must the stroke be.
///
/// The pen goes along the middle of a row: the first command makes that `y + 0.5`, and all others are relative.
pub fn strokes(matrix: &Matrix, out: &mut Vec<u8>) {
    out.extend_from_slice(b"M0 .5");
    let mut pen = (0, 0);
    let finders = Finders::of(matrix);
    for (x, y) in finders.corners() {
        move_pen(pen, (x, y), out);
        out.extend_from_slice(FINDER_STROKES);
        pen = (x + FINDER_END.0, y + FINDER_END.1);
    }
    let mut line = Line::new();
    for (y, row) in (0..).zip(matrix.rows()) {
        let edges = edges(&and_not(row, &finders.hidden(y)));
        let Some((first, last)) = line.set(&edges) else {
            continue;
        };
        move_pen(pen, (first.into(), y), out);
        out.extend_from_slice(line.text());
        pen = (last.into(), y);
    }
}

/// Bit `x` is set where module `x` is not like the one left of it: at the first module of each run, and after its last.
fn edges(row: &Row) -> Row {
    let carry = [0, row[0] >> 63, row[1] >> 63];
    std::array::from_fn(|word| row[word] ^ (row[word] << 1 | carry[word]))
}

fn and_not(row: &Row, other: &Row) -> Row {
    std::array::from_fn(|word| row[word] & !other[word])
}

/// Nothing if it is there already: runs of two rows may follow each other.
fn move_pen((x, y): (i64, i64), (to_x, to_y): (i64, i64), out: &mut Vec<u8>) {
    if (x, y) == (to_x, to_y) {
        return;
    }
    out.push(b'm');
    number::integer(out, to_x - x);
    if to_y >= y {
        out.push(b' ');
    }
    number::integer(out, to_y - y);
}

/// Which corners have a finder pattern. Any may be without: this is also used for parts of a symbol.
struct Finders {
    /// Along one side of the symbol.
    modules: i64,
    /// The modules of a finder pattern that is at the left, or at the right.
    columns: [Row; 2],
    /// Upper left, upper right, lower left.
    present: [bool; 3],
}

impl Finders {
    fn of(matrix: &Matrix) -> Self {
        let modules = matrix.modules();
        let right = modules.saturating_sub(7);
        let columns = [
            first_bits(7),
            and_not(&first_bits(modules), &first_bits(right)),
        ];
        let is_finder = |x: usize, y: usize| {
            let rows = matrix.rows().get(y..y + 7);
            rows.is_some_and(|rows| {
                rows.iter()
                    .zip(FINDER)
                    .all(|(row, bits)| window(row, x) == bits)
            })
        };
        // Narrower ones have at most one: two would overlap.
        let three = modules >= 14;
        Self {
            // At most 177.
            modules: i64::try_from(modules).unwrap_or(177),
            columns,
            present: [
                is_finder(0, 0),
                three && is_finder(right, 0),
                three && is_finder(0, right),
            ],
        }
    }

    fn corners(&self) -> impl Iterator<Item = (i64, i64)> {
        let far = self.modules - 7;
        let corners = [(0, 0), (far, 0), (0, far)].into_iter();
        corners
            .zip(self.present)
            .filter_map(|(corner, present)| present.then_some(corner))
    }

    /// The modules of row `y` that belong to them.
    fn hidden(&self, y: i64) -> Row {
        let [upper_left, upper_right, lower_left] = self.present;
        let (upper, lower) = (y < 7, y + 7 >= self.modules);
        let left = upper && upper_left || lower && lower_left;
        let pick = |is_there: bool, columns: &Row| if is_there { *columns } else { Row::default() };
        let (left, right) = (
            pick(left, &self.columns[0]),
            pick(upper && upper_right, &self.columns[1]),
        );
        std::array::from_fn(|word| left[word] | right[word])
    }
}

/// Seven modules from `x` on.
fn window(row: &Row, x: usize) -> u64 {
    let (word, bit) = (x / 64, x % 64);
    let low = row[word] >> bit;
    let high = match row.get(word + 1) {
        // Shifted twice, because 64 would be too far at once.
        Some(next) => next << 1 << (63 - bit),
        None => 0,
    };
    (low | high) & 0x7F
}
