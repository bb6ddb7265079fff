//! Which mask disturbs reading least (ISO/IEC 18004 §7.8.3).
//!
//! Invariant: the whole symbol is scored, format information included, and what is outside counts as light. Where the
//! standard leaves room, the choice is that of `ZXing` and zint, which agree with each other:
//! - rule 3 counts every 1:1:3:1:1 pattern with four light modules before or after it once,
//! - the first of equally good masks is taken.

use crate::{
    Level, Mask, Row,
    lanes::Lanes,
    layout::{Layout, Plane},
    mask::PERIOD,
};

/// Points for a 1:1:3:1:1 pattern (N₃).
const FINDER: u64 = 40;
/// Points for every 5 % of dark modules more or less than half (N₄).
const SHARE: u64 = 10;

/// What the masks' scores are worked out in. Holds two planes: 23 KiB for version 40.
#[derive(Default)]
pub(crate) struct Scratch {
    plane: Vec<Lanes>,
    /// The right neighbour of `plane`.
    right: Vec<Lanes>,
}

/// What a plane adds to each mask's score.
#[derive(Clone, Copy, Default)]
struct Tally {
    /// Rules 1 and 2, in points.
    runs: Lanes,
    /// Rule 3, in patterns.
    finders: Lanes,
    /// Dark modules.
    dark: Lanes,
}

impl Tally {
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self {
            runs: self.runs.plus(other.runs),
            finders: self.finders.plus(other.finders),
            dark: self.dark.plus(other.dark),
        }
    }
}

/// The scores of all masks. `rows` and `columns` are the same symbol, not masked yet.
#[inline(always)]
pub(crate) fn scores(
    layout: &Layout,
    level: Level,
    (rows, columns): (&[Row], &[Row]),
    scratch: &mut Scratch,
) -> [u64; 8] {
    let mut tally = Tally::default();
    let mut first = true;
    for plane in &layout.planes {
        std::mem::swap(&mut scratch.plane, &mut scratch.right);
        fill(plane, level, (rows, columns), &mut scratch.plane);
        let found = match (plane.rows != 0, first) {
            (true, true) => scan::<true, false>(plane, &scratch.plane, &[]),
            (true, false) => scan::<true, true>(plane, &scratch.plane, &scratch.right),
            (false, _) => scan::<false, false>(plane, &scratch.plane, &[]),
        };
        tally = tally.plus(found);
        first = false;
    }
    let modules = (layout.side * layout.side) as u64;
    std::array::from_fn(|mask| {
        let twentieths = 10 * modules.abs_diff(2 * tally.dark.0[mask]) / modules;
        tally.runs.0[mask] + FINDER * tally.finders.0[mask] + SHARE * twentieths
    })
}

/// The plane's lines under every mask.
#[inline(always)]
fn fill(plane: &Plane, level: Level, (rows, columns): (&[Row], &[Row]), lines: &mut Vec<Lanes>) {
    lines.clear();
    let mut pattern = 0;
    for (at, data) in plane.data.iter().enumerate() {
        let word = Lanes::splat(plane.source.word(rows, columns, at));
        lines.push((plane.patterns[pattern] & Lanes::splat(*data)) ^ word);
        pattern = if pattern + 1 == PERIOD {
            0
        } else {
            pattern + 1
        };
    }
    for &(at, dark) in &plane.format[level as usize] {
        lines[at] = lines[at] | dark;
    }
}

/// Walks over the lines of a plane. `ROWS`: blocks and dark modules are counted too. `RIGHT`: a neighbouring plane goes on
/// where this one's words end.
///
/// - Rule 1, from line to line: 3 points for 5 equal modules, and one for each more. The fifth and every later module
///   of a run give a point each, and the fifth two more.
/// - Rule 2: 3 points for every 2 × 2 block of equal modules. Overlapping ones count.
/// - Rule 3: dark, light, three dark, light, dark, with four light modules on one side.
#[inline(always)]
fn scan<const ROWS: bool, const RIGHT: bool>(
    plane: &Plane,
    lines: &[Lanes],
    right: &[Lanes],
) -> Tally {
    let nothing = Lanes::default();
    let modules = Lanes::splat(plane.modules);
    let rows = Lanes::splat(plane.rows);
    let pairs = Lanes::splat(plane.pairs);
    let mut tally = Tally::default();
    // Earlier lines, the last one first; equalities of neighbouring lines; the fifth of a run.
    let mut x = [nothing; 6];
    let mut equal = [nothing; 3];
    let mut fifth = nothing;
    let mut level = nothing;
    // Either of two neighbouring lines dark; four light lines up to here; patterns that wait for light after them.
    let mut either = [nothing; 2];
    let mut light = [modules; 7];
    let mut waiting = [nothing; 4];
    // Before the first line nothing is equal.
    let mut inside = nothing;
    for (at, &line) in lines.iter().enumerate() {
        let same = inside.without(line ^ x[0]);
        inside = modules;
        let run = same & equal[0] & equal[1] & equal[2];
        let points = run.ones().plus(run.without(fifth).ones().shift_up(1));
        tally.runs = tally.runs.plus(points);
        if ROWS {
            let beside = if RIGHT {
                line.shift_down(1) | right[at].shift_up(63)
            } else {
                line.shift_down(1)
            };
            let across = pairs.without(line ^ beside);
            let block = (across & level & same).ones();
            tally.runs = tally.runs.plus(block.plus(block.shift_up(1)));
            tally.dark = tally.dark.plus((line & rows).ones());
            level = across;
        }
        let one = line | x[0];
        let clear = modules.without(one | either[1]);
        let core = line.without(x[0]) & x[1] & x[2] & x[3].without(x[4]) & x[5];
        let found = (core & light[6]).ones().plus((waiting[3] & clear).ones());
        tally.finders = tally.finders.plus(found);
        waiting = [core.without(light[6]), waiting[0], waiting[1], waiting[2]];
        light = [
            clear, light[0], light[1], light[2], light[3], light[4], light[5],
        ];
        either = [one, either[0]];
        equal = [same, equal[0], equal[1]];
        fifth = run;
        x = [line, x[0], x[1], x[2], x[3], x[4]];
    }
    for _ in 0..4 {
        let one = x[0];
        let clear = modules.without(one | either[1]);
        tally.finders = tally.finders.plus((waiting[3] & clear).ones());
        waiting = [nothing, waiting[0], waiting[1], waiting[2]];
        either = [one, either[0]];
        x[0] = nothing;
    }
    tally
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
