//! The symbols of the standard's annex I, module by module.

use super::*;
use crate::{Mask, Matrix, Version, Versions};

/// Annex I.2: 1-M, mask 010.
const QR: [&str; 21] = [
    "#######..#.##.#######",
    "#.....#..####.#.....#",
    "#.###.#.#.....#.###.#",
    "#.###.#.##....#.###.#",
    "#.###.#.#.###.#.###.#",
    "#.....#.#...#.#.....#",
    "#######.#.#.#.#######",
    "........#..##........",
    "#.#####..#..#.#####..",
    "...#.#.##.#.#..#.##..",
    "..#...##.#.#.#..#####",
    "....#....#.....####..",
    "...######..#.#..#....",
    "........#.#####..##..",
    "#######..##.#.##.....",
    "#.....#.#.#####...#.#",
    "#.###.#.#...#..#.##..",
    "#.###.#.##..#..#.....",
    "#.###.#.#.##.#..#.#..",
    "#.....#........##.##.",
    "#######.####.#..#.#..",
];

/// Annex I.3: M2-L, mask 01.
const MICRO: [&str; 13] = [
    "#######.#.#.#",
    "#.....#.###.#",
    "#.###.#..##.#",
    "#.###.#..####",
    "#.###.#.###..",
    "#.....#.#...#",
    "#######..####",
    ".........##..",
    "##.#....#...#",
    ".##.#.#.#.#.#",
    "###..#######.",
    "...#.#....##.",
    "###.#..##.###",
];

fn matrix(rows: &[&str]) -> Matrix {
    Matrix::from_fn(rows.len(), |x, y| rows[y].as_bytes()[x] == b'#')
}

#[test]
fn annex_i_2() {
    let symbol = encode("01234567", &Options::default()).unwrap();
    assert_eq!(
        (symbol.version(), symbol.level()),
        (Version::MIN, crate::Level::M)
    );
    assert_eq!(symbol.mask().reference(), 2);
    assert_eq!(symbol.matrix(), &matrix(&QR));
}

#[test]
fn annex_i_3() {
    let options = Options {
        level: crate::Level::L,
        versions: Versions::Micro,
        mask: Mask::new(1),
        ..Options::default()
    };
    let symbol = encode("01234567", &options).unwrap();
    assert_eq!(Some(symbol.version()), Version::micro(2));
    assert_eq!(symbol.matrix(), &matrix(&MICRO));
    // It is also the best mask.
    let automatic = Options {
        mask: None,
        ..options
    };
    assert_eq!(encode("01234567", &automatic).unwrap(), symbol);
}

#[test]
fn what_is_measured_is_what_is_made() {
    let boosted = Options {
        boost: true,
        versions: Versions::MicroOrQr,
        ..Options::default()
    };
    for options in [Options::default(), boosted] {
        for length in [0, 1, 14, 15, 100, 2331, 2332] {
            let content = "a".repeat(length);
            let made = encode(&content, &options);
            let made = made.map(|symbol| (symbol.version(), symbol.level()));
            assert_eq!(measure(&content, &options), made);
        }
    }
}
