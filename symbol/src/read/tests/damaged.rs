//! Up to what can be corrected, and beyond.

use super::*;

/// Every QR version and every Micro golden, with something in it.
fn symbol(which: usize, level: Level) -> Matrix {
    let micro = goldens::micro();
    micro.get(which).cloned().unwrap_or_else(|| {
        let version = Version::all_qr().cycle().nth(which - micro.len()).unwrap();
        let segments = [qrcodegen::QrSegment::make_alphanumeric("DAMAGE")];
        encode(&segments, version, level, 5).unwrap()
    })
}

/// One with wrong codewords: in each block, as many as asked for its capacity, at places and by amounts that follow from
/// `seed`. The first `hidden` of them of each block are told to be hidden, some of them being right after all.
struct Damaged {
    reading: DecodedSymbol,
    matrix: Matrix,
    hidden: Matrix,
}

fn damage(matrix: &Matrix, seed: u64, counts: impl Fn(&Blocks) -> (usize, usize)) -> Damaged {
    let reading = read(matrix).unwrap();
    let (version, level) = (reading.symbol.version, reading.symbol.level);
    let plan = Blocks::of(version, level).unwrap();
    let (hidden, wrong) = counts(&plan);
    let mut state = seed;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let (mut flips, mut told) = (Vec::new(), Vec::new());
    for block in &reading.blocks {
        let (mut flip, mut tell) = (vec![0; block.codewords()], vec![0; block.codewords()]);
        let mut places: Vec<_> = (0..block.codewords()).collect();
        for at in 0..hidden + wrong {
            places.swap(at, at + random(block.codewords() - at));
            if at < hidden {
                tell[places[at]] = 0xFF;
                flip[places[at]] = u8::try_from(random(256)).unwrap();
            } else {
                // In the upper half, which every codeword has.
                flip[places[at]] = u8::try_from(random(15) + 1).unwrap() << 4;
            }
        }
        flips.push(flip);
        told.push(tell);
    }
    let spread = |codewords: &[Vec<u8>]| {
        let dark: Vec<_> = VersionLayout::of(version)
            .order()
            .zip(plan.lay_out(codewords))
            .filter(|&(_, bit)| bit)
            .map(|(place, _)| place)
            .collect();
        let mut rows = vec![crate::Row::default(); matrix.modules()];
        for (x, y) in dark {
            rows[y][x / 64] |= 1 << (x % 64);
        }
        Matrix::from_rows(rows)
    };
    let flips = spread(&flips);
    Damaged {
        matrix: Matrix::from_fn(matrix.modules(), |x, y| {
            matrix.is_dark(x, y) != flips.is_dark(x, y)
        }),
        hidden: spread(&told),
        reading,
    }
}

fn count_wrong(a: &Matrix, b: &Matrix) -> usize {
    let ones = |m: Matrix| {
        m.rows()
            .iter()
            .flatten()
            .map(|word| word.count_ones() as usize)
            .sum::<usize>()
    };
    ones(a.without(b)) + ones(b.without(a))
}

fn cases() -> impl Strategy<Value = (Matrix, u64)> {
    let which = (0..goldens::micro().len() + 40, 0_usize..4, any::<u64>());
    which.prop_map(|(which, level, seed)| (symbol(which, Level::ALL[level]), seed))
}

proptest! {
    #[test]
    fn damage_up_to_the_capacity_is_corrected((matrix, seed) in cases(), share in 0_usize..=4) {
        let errors = |plan: &Blocks| plan.capacity() / 2 * share / 4;
        let damaged = damage(&matrix, seed, |plan| (0, errors(plan)));
        let found = read(&damaged.matrix).unwrap();
        prop_assert_eq!(&found.symbol, &damaged.reading.symbol);
        prop_assert_eq!(&found.segments, &damaged.reading.segments);
        let plan = Blocks::of(found.symbol.version, found.symbol.level).unwrap();
        prop_assert!(found.blocks.iter().all(|block| block.errors == errors(&plan)));
        prop_assert_eq!(found.damage.data, count_wrong(&matrix, &damaged.matrix));
        prop_assert_eq!(found.damage.function(), 0);
    }

    #[test]
    fn damage_beyond_is_refused_or_read_as_something_else((matrix, seed) in cases(), more in 1_usize..4) {
        let wrong = |plan: &Blocks| (plan.capacity() / 2 + more).min(plan.check());
        let damaged = damage(&matrix, seed, |plan| (0, wrong(plan)));
        if let Ok(found) = read(&damaged.matrix) {
            prop_assert_ne!(found.symbol, damaged.reading.symbol);
        }
    }

    #[test]
    fn hidden_codewords_cost_half((matrix, seed) in cases(), share in 0_usize..=4) {
        let counts = |plan: &Blocks| {
            let hidden = plan.capacity() * share / 4;
            (hidden, (plan.capacity() - hidden) / 2)
        };
        let damaged = damage(&matrix, seed, counts);
        let found = read_around(&damaged.matrix, &damaged.hidden).unwrap();
        prop_assert_eq!(&found.symbol, &damaged.reading.symbol);
        let plan = Blocks::of(found.symbol.version, found.symbol.level).unwrap();
        prop_assert!(found.blocks.iter().all(|block| (block.hidden, block.errors) == counts(&plan)));
    }

    #[test]
    fn flipped_modules_never_panic((matrix, _) in cases(), noise in prop::collection::vec(any::<[u64; 3]>(), 177), sparse in 0_u32..12) {
        // One module in 2, 4, 8, ….
        let thin = |row: [u64; 3]| (0..sparse).fold(row, |row, by| row.map(|word| word & word.rotate_left(by * 7 + 1)));
        let noise = Matrix::from_rows(noise.into_iter().map(thin).collect());
        let _ = read(&Matrix::from_fn(matrix.modules(), |x, y| matrix.is_dark(x, y) != noise.is_dark(x, y)));
    }
}

fn flipped(matrix: &Matrix, modules: &[(usize, usize)]) -> Matrix {
    Matrix::from_fn(matrix.modules(), |x, y| {
        matrix.is_dark(x, y) != modules.contains(&(x, y))
    })
}

#[test]
fn function_patterns_are_told_apart() {
    let matrix = symbol(goldens::micro().len() + 6, Level::M);
    let modules = [
        // Finder and its separator, timing, alignment, also where it crosses timing.
        &[(0, 0), (3, 41), (7, 7)][..],
        &[(8, 6), (6, 12)],
        &[(22, 22), (22, 6), (38, 36)],
        // Format, in three places, one of them always dark; version, in both; data.
        &[(8, 0), (8, 37), (44, 8)],
        &[(34, 0), (0, 36)],
        &[(44, 44)],
    ]
    .concat();
    let found = read(&flipped(&matrix, &modules)).unwrap();
    let expected = Damage {
        finder: 3,
        timing: 2,
        alignment: 3,
        format: 3,
        version: 2,
        data: 1,
    };
    assert_eq!(found.damage, expected);
    assert_eq!(found.symbol.matrix, matrix);
}

#[test]
fn one_copy_with_three_wrong_bits_is_enough() {
    let matrix = symbol(goldens::micro().len() + 6, Level::M);
    // One copy of each goes wholly; three bits of the others.
    let mut modules: Vec<_> = (0..6)
        .flat_map(|along| (34..37).map(move |across| (along, across)))
        .collect();
    modules.extend([(34, 0), (35, 1), (36, 5)]);
    let spared = flipped(&matrix, &modules);
    assert_eq!(read(&spared).unwrap().symbol.matrix, matrix);
    let lost = flipped(&spared, &[(35, 3)]);
    assert_eq!(
        read(&lost).unwrap_err(),
        Unreadable::Version {
            expected: Version::qr(7).unwrap()
        }
    );

    let corner: Vec<_> = (0..6).map(|y| (8, y)).collect();
    let spared = flipped(
        &matrix,
        &[&corner[..], &[(44, 8), (40, 8), (8, 42)]].concat(),
    );
    assert_eq!(read(&spared).unwrap().symbol.matrix, matrix);
}

/// The copy that is read without a flaw is wrong: another level fails, and the other copy is believed.
#[test]
fn copies_that_disagree_are_both_tried() {
    let [matrix, other] = [Level::M, Level::Q].map(|level| symbol(goldens::micro().len(), level));
    let mixed = Matrix::from_fn(21, |x, y| {
        if x == 8 && y >= 14 || y == 8 && x >= 13 {
            other.is_dark(x, y)
        } else {
            matrix.is_dark(x, y)
        }
    });
    let mixed = flipped(&mixed, &[(8, 0)]);
    assert_eq!(read(&mixed).unwrap().symbol.matrix, matrix);
}
