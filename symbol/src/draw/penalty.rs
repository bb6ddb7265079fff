//! Which mask disturbs reading least (ISO/IEC 18004 §7.8.3).
//!
//! Invariant: the whole symbol is scored, format information included, and what is outside counts as light. Where the
//! standard leaves room, the choice is that of `ZXing` and zint, which agree with each other:
//! - rule 3 counts every 1:1:3:1:1 pattern with four light modules before or after it once,
//! - the first of equally good masks is taken.

use fearless_simd::{Simd, prelude::*};

use super::{
    layout::{Plane, VersionLayout},
    lines::Line,
};
use crate::{Level, Mask, Row, mask::PERIOD};

/// Points for a 1:1:3:1:1 pattern (N₃).
const FINDER: u64 = 40;
/// Points for every 5 % of dark modules more or less than half (N₄).
const SHARE: u64 = 10;

/// Buffers for the mask scores: two planes, 23 KiB for version 40.
#[derive(Default)]
pub(crate) struct Scratch {
    plane: Vec<Line>,
    /// The right neighbour of `plane`.
    right: Vec<Line>,
}

/// A symbol before its mask.
pub(crate) struct Unmasked<'a> {
    pub layout: &'a VersionLayout,
    pub level: Level,
    pub rows: &'a [Row],
    /// The same modules as `rows`.
    pub columns: &'a [Row],
}

/// The lines of a plane, and of its right neighbour, which may be empty.
#[derive(Clone, Copy)]
struct Lines<'a> {
    own: &'a [Line],
    right: &'a [Line],
}

/// The scores of all masks.
#[inline(always)]
pub(crate) fn scores<S: Simd>(simd: S, symbol: &Unmasked<'_>, scratch: &mut Scratch) -> [u64; 8] {
    let Unmasked {
        layout,
        level,
        rows,
        columns,
    } = *symbol;
    let mut tally = Tally::default();
    for (index, plane) in layout.planes.iter().enumerate() {
        std::mem::swap(&mut scratch.plane, &mut scratch.right);
        fill(plane, level, (rows, columns), &mut scratch.plane);
        let right = if index == 0 { &[][..] } else { &scratch.right };
        let lines = Lines {
            own: &scratch.plane,
            right,
        };
        // As many masks at once as a register has words.
        for from in (0..8).step_by(S::u64s::LEN) {
            match (plane.rows != 0, right.is_empty()) {
                (true, true) => {
                    scan::<S, true, false>(simd, plane, lines, from, &mut tally);
                }
                (true, false) => {
                    scan::<S, true, true>(simd, plane, lines, from, &mut tally);
                }
                (false, _) => scan::<S, false, false>(simd, plane, lines, from, &mut tally),
            }
        }
    }
    let modules = (layout.side * layout.side) as u64;
    std::array::from_fn(|mask| {
        let twentieths = 10 * modules.abs_diff(2 * tally.dark.0[mask]) / modules;
        tally.runs.0[mask] + FINDER * tally.finders.0[mask] + SHARE * twentieths
    })
}

/// Points and counts of each mask, over all planes.
#[derive(Default)]
struct Tally {
    /// Rules 1 and 2, in points.
    runs: Line,
    /// Rule 3, in patterns.
    finders: Line,
    /// Dark modules.
    dark: Line,
}

/// The plane's lines under every mask.
#[inline(always)]
fn fill(plane: &Plane, level: Level, (rows, columns): (&[Row], &[Row]), lines: &mut Vec<Line>) {
    lines.clear();
    let mut pattern = 0;
    for (at, data) in plane.data.iter().enumerate() {
        let word = plane.source.word(rows, columns, at);
        let mut line = plane.patterns[pattern];
        for masked in &mut line.0 {
            *masked = word ^ (*masked & data);
        }
        lines.push(line);
        pattern = if pattern + 1 == PERIOD {
            0
        } else {
            pattern + 1
        };
    }
    for (at, dark) in &plane.format[level as usize] {
        for (line, dark) in lines[*at].0.iter_mut().zip(dark.0) {
            *line |= dark;
        }
    }
}

/// The words of as many masks as a register has, from `from` on.
#[inline(always)]
fn load<S: Simd>(simd: S, line: &Line, from: usize) -> S::u64s {
    S::u64s::from_slice(simd, &line.0[from..from + S::u64s::LEN])
}

/// Walks over the lines of a plane, and adds to the tally of the masks from `from` on. `ROWS`: blocks and dark modules
/// are counted too. `RIGHT`: a neighbouring plane goes on where this one's words end.
///
/// - Rule 1, from line to line: 3 points for 5 equal modules, and one for each more. The fifth and every later module
///   of a run give a point each, and the fifth two more.
/// - Rule 2: 3 points for every 2 × 2 block of equal modules. Overlapping ones count.
/// - Rule 3: dark, light, three dark, light, dark, with four light modules on one side.
#[inline(always)]
fn scan<S: Simd, const ROWS: bool, const RIGHT: bool>(
    simd: S,
    plane: &Plane,
    lines: Lines<'_>,
    from: usize,
    tally: &mut Tally,
) {
    let Lines { own: lines, right } = lines;
    let nothing = S::u64s::splat(simd, 0);
    let modules = S::u64s::splat(simd, plane.modules);
    let (mut runs, mut finders, mut dark) = (nothing, nothing, nothing);
    // Earlier lines, the last one first; equalities of neighbouring lines; the fifth of a run; equal to the right.
    let mut x = [nothing; 6];
    let mut equal = [nothing; 3];
    let mut fifth = nothing;
    let mut beside = nothing;
    // Either of two neighbouring lines dark; four light lines up to here; patterns that wait for light after them.
    let mut either = [nothing; 2];
    let mut light = [modules; 7];
    let mut waiting = [nothing; 4];
    // Before the first line nothing is equal.
    let mut inside = nothing;
    for (at, line) in lines.iter().enumerate() {
        let line = load(simd, line, from);
        let same = inside & !(line ^ x[0]);
        inside = modules;
        let run = same & equal[0] & equal[1] & equal[2];
        runs = runs + run.count_ones() + ((run & !fifth).count_ones() << 1);
        if ROWS {
            let mut next = line >> 1;
            if RIGHT {
                next |= load(simd, &right[at], from) << 63;
            }
            let across = !(line ^ next) & plane.pairs;
            let blocks = (across & beside & same).count_ones();
            runs = runs + blocks + (blocks << 1);
            dark += (line & plane.rows).count_ones();
            beside = across;
        }
        let one = line | x[0];
        let clear = modules & !(one | either[1]);
        let core = line & !x[0] & x[1] & x[2] & x[3] & !x[4] & x[5];
        finders = finders + (core & light[6]).count_ones() + (waiting[3] & clear).count_ones();
        waiting = [core & !light[6], waiting[0], waiting[1], waiting[2]];
        light = [
            clear, light[0], light[1], light[2], light[3], light[4], light[5],
        ];
        either = [one, either[0]];
        equal = [same, equal[0], equal[1]];
        fifth = run;
        x = [line, x[0], x[1], x[2], x[3], x[4]];
    }
    // Four more lines, which are light: those outside.
    for _ in 0..4 {
        let clear = modules & !(x[0] | either[1]);
        finders += (waiting[3] & clear).count_ones();
        waiting = [nothing, waiting[0], waiting[1], waiting[2]];
        either = [x[0], either[0]];
        x[0] = nothing;
    }
    for (sums, found) in [
        (&mut tally.runs, runs),
        (&mut tally.finders, finders),
        (&mut tally.dark, dark),
    ] {
        for (sum, found) in sums.0[from..].iter_mut().zip(found.as_slice()) {
            *sum += found;
        }
    }
}

/// The first of the masks with the lowest score.
#[inline(always)]
pub(crate) fn best(scores: &[u64; 8]) -> Mask {
    let mut best = 0;
    for (mask, score) in scores.iter().enumerate() {
        if *score < scores[best] {
            best = mask;
        }
    }
    Mask::all().nth(best).unwrap_or(Mask::FIRST)
}

#[cfg(test)]
mod tests;
