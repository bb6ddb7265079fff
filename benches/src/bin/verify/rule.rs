//! Which mask is best, counted the slow way (ISO/IEC 18004 §7.8.3.1, as `ZXing` and zint read it).
//!
//! Invariant: looks at one module at a time and shares nothing with the encoder.

use symbol::Matrix;

/// The whole symbol is scored, format and version information included; what is outside is light.
pub fn penalty(matrix: &Matrix) -> usize {
    let modules = matrix.modules();
    let rows = (0..modules).map(|y| line(modules, |x| matrix.is_dark(x, y)));
    let columns = (0..modules).map(|x| line(modules, |y| matrix.is_dark(x, y)));
    let lines: usize = rows
        .chain(columns)
        .map(|line| runs(&line) + finders(&line))
        .sum();
    lines + blocks(matrix) + balance(matrix)
}

fn line(modules: usize, is_dark: impl Fn(usize) -> bool) -> Vec<bool> {
    (0..modules).map(is_dark).collect()
}

/// 3 for five in a row of one colour, 1 for each further one.
fn runs(line: &[bool]) -> usize {
    line.chunk_by(|a, b| a == b)
        .map(<[bool]>::len)
        .filter(|&length| length >= 5)
        .map(|length| length - 2)
        .sum()
}

/// 40 for each 1011101 with four light modules on either side, on both no more.
fn finders(line: &[bool]) -> usize {
    const FINDER: [bool; 7] = [true, false, true, true, true, false, true];
    let is_light = |at: isize| {
        let at = usize::try_from(at).ok();
        !at.and_then(|at| line.get(at)).is_some_and(|dark| *dark)
    };
    let found = line.windows(7).enumerate().filter(|(start, seven)| {
        let start = isize::try_from(*start).unwrap_or_default();
        seven == &FINDER
            && ((start - 4..start).all(is_light) || (start + 7..start + 11).all(is_light))
    });
    40 * found.count()
}

/// 3 for each 2 × 2 of one colour.
fn blocks(matrix: &Matrix) -> usize {
    let last = matrix.modules() - 1;
    let is_block = |x: usize, y: usize| {
        let first = matrix.is_dark(x, y);
        [(x + 1, y), (x, y + 1), (x + 1, y + 1)]
            .iter()
            .all(|&(x, y)| matrix.is_dark(x, y) == first)
    };
    3 * (0..last)
        .flat_map(|y| (0..last).map(move |x| (x, y)))
        .filter(|&(x, y)| is_block(x, y))
        .count()
}

/// 10 for each whole 5 % that the share of dark modules is away from half.
fn balance(matrix: &Matrix) -> usize {
    let modules = matrix.modules();
    let all = modules * modules;
    let dark = (0..all)
        .filter(|at| matrix.is_dark(at % modules, at / modules))
        .count();
    (2 * dark).abs_diff(all) * 10 / all * 10
}
