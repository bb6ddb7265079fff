//! Streams read back by an inflater that is not ours.

use miniz_oxide::inflate::decompress_to_vec;
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Said {
    Literal(u8),
    Copy(usize, usize),
}

fn any_said() -> impl Strategy<Value = Vec<Said>> {
    let narrow = (0_u8..3).prop_map(Said::Literal);
    let literal = prop_oneof![any::<u8>().prop_map(Said::Literal), narrow];
    let copy =
        (MIN_COPY..2000, 1..=WINDOW).prop_map(|(length, distance)| Said::Copy(length, distance));
    prop_oneof![
        prop::collection::vec(literal.clone(), 0..300),
        prop::collection::vec(prop_oneof![literal, copy], 0..300),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn an_inflater_finds_what_was_said(said in any_said()) {
        let mut deflate = Deflate::with_capacity(0);
        let mut wanted = Vec::new();
        for said in said {
            match said {
                Said::Copy(length, distance) if !wanted.is_empty() => {
                    let distance = distance.min(wanted.len());
                    deflate.copy(length, distance);
                    for _ in 0..length {
                        wanted.push(wanted[wanted.len() - distance]);
                    }
                }
                Said::Copy(..) => (),
                Said::Literal(byte) => {
                    deflate.literals([byte].into_iter());
                    wanted.push(byte);
                }
            }
        }
        let mut block = Vec::new();
        deflate.finish(&mut block);
        prop_assert_eq!(decompress_to_vec(&block).unwrap(), wanted);
    }

    #[test]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    fn no_code_is_longer_than_allowed_or_wastes_words(
        rises in 0.0_f64..3.0,
        used in 2_usize..=286,
        max_bits in prop_oneof![Just(9_usize), Just(15)],
    ) {
        let mut counts = [0_u32; 286];
        for (symbol, count) in counts.iter_mut().take(used).enumerate() {
            *count = rises.powi(i32::try_from(symbol).unwrap()).clamp(1.0, 1e6) as u32;
        }
        let code = Code::new(&counts, max_bits);
        let lengths = code.0.map(|word| word.bits);
        let kraft: usize = lengths.iter().filter(|&&bits| bits > 0).map(|&bits| 1 << (15 - bits)).sum();
        prop_assert_eq!(kraft, 1 << 15);
        prop_assert!(lengths.iter().all(|&bits| usize::from(bits) <= max_bits));
        prop_assert!(counts.iter().zip(&lengths).all(|(count, bits)| (*count > 0) == (*bits > 0)));
    }
}
