//! Against a count module by module.

use super::*;
use crate::{Cpu, Matrix, Version, draw::draw, tables};
use proptest::prelude::*;

/// The rules as the standard words them, on a finished symbol.
fn naive(symbol: &Matrix) -> u64 {
    let side = symbol.modules();
    let dark = |x: isize, y: isize| {
        let inside = |i: isize| usize::try_from(i).ok();
        inside(x)
            .zip(inside(y))
            .is_some_and(|(x, y)| symbol.is_dark(x, y))
    };
    let last = isize::try_from(side).unwrap();
    let mut score = 0;
    for turned in [false, true] {
        let at = |along: isize, line: isize| {
            if turned {
                dark(line, along)
            } else {
                dark(along, line)
            }
        };
        for line in 0..last {
            let mut run = 0;
            for along in 0..last {
                let goes_on = along > 0 && at(along, line) == at(along - 1, line);
                run = if goes_on { run + 1 } else { 1 };
                score += match run {
                    5 => 3,
                    6.. => 1,
                    _ => 0,
                };
                let finder = [true, false, true, true, true, false, true];
                let found = (0..7)
                    .zip(finder)
                    .all(|(i, dark)| at(along + i, line) == dark);
                let before = (1..=4).all(|i| !at(along - i, line));
                let after = (7..=10).all(|i| !at(along + i, line));
                score += if found && (before || after) {
                    FINDER
                } else {
                    0
                };
            }
        }
    }
    for (x, y) in (1..last).flat_map(|y| (1..last).map(move |x| (x, y))) {
        let block = [(x - 1, y - 1), (x, y - 1), (x - 1, y)];
        score += if block.iter().all(|&(i, j)| dark(i, j) == dark(x, y)) {
            3
        } else {
            0
        };
    }
    let count: u32 = symbol
        .rows()
        .iter()
        .flatten()
        .map(|word| word.count_ones())
        .sum();
    let modules = (side * side) as u64;
    score + SHARE * (10 * modules.abs_diff(2 * u64::from(count)) / modules)
}

fn data(version: Version, level: Level, seed: u64) -> Vec<u8> {
    let bits = tables::data_bits(version, level).unwrap();
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // Bytes of one pattern now and then: long runs and finder-like stretches.
        if seed.is_multiple_of(3) && !state.is_multiple_of(4) {
            0x5d
        } else {
            state.to_be_bytes()[0]
        }
    };
    (0..bits / 8).map(|_| next()).collect()
}

fn check(version: Version, level: Level, seed: u64) {
    let data = data(version, level, seed);
    let under = |mask| draw(Cpu::Portable.level(), (version, level), Some(mask), &data);
    let scores: Vec<u64> = Mask::all()
        .map(|mask| naive(under(mask).matrix()))
        .collect();
    for cpu in Cpu::available() {
        let symbol = draw(cpu.level(), (version, level), None, &data);
        let chosen = usize::from(symbol.mask().reference());
        let lowest = scores.iter().min().unwrap();
        assert_eq!(
            Some(chosen),
            scores.iter().position(|s| s == lowest),
            "{version:?} {level:?} {cpu} {scores:?}"
        );
        assert_eq!(symbol, under(symbol.mask()));
    }
}

#[test]
fn every_version_has_the_mask_of_a_naive_count() {
    for version in Version::all_qr() {
        for (level, seed) in Level::ALL.into_iter().zip(u64::from(version.number())..) {
            check(version, level, seed);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn small_symbols_have_the_mask_of_a_naive_count(number in 1_u8..=14, level in 0_usize..4, seed: u64) {
        check(Version::qr(number).unwrap(), Level::ALL[level], seed);
    }
}
