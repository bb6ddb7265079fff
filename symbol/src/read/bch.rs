//! The short codes of format and version information (ISO/IEC 18004 annexes C and D).
//!
//! Invariant: a word is corrected to a codeword that differs from it in at most three bits, less than half of the distance
//! of both codes.

use crate::Matrix;

/// Bits that may be wrong: the codes have distances 7 and 8 (annexes C.3, D.3).
pub const MOST_WRONG: u32 = 3;

/// `value`, followed by the remainder of its division by `generator`.
pub const fn codeword(value: u32, generator: u32) -> u32 {
    let check_bits = generator.ilog2();
    let mut rest = value << check_bits;
    while rest >> check_bits != 0 {
        rest ^= generator << (rest.ilog2() - check_bits);
    }
    value << check_bits | (rest & ((1 << check_bits) - 1))
}

/// The word whose bit `i` is at the `i`-th place.
pub fn word(matrix: &Matrix, places: &[(usize, usize)]) -> u32 {
    places.iter().rev().fold(0, |word, &(x, y)| {
        word << 1 | u32::from(matrix.is_dark(x, y))
    })
}

/// The places where `word` has a 1.
pub fn dark(word: u32, places: &[(usize, usize)]) -> impl Iterator<Item = (usize, usize)> {
    let bits = places.iter().enumerate();
    bits.filter(move |&(bit, _)| word >> bit & 1 == 1)
        .map(|(_, &place)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard_come_out() {
        // Annex C.2: level M, mask 5.
        assert_eq!(codeword(0b00101, 0b101_0011_0111), 0b001_0100_1101_1100);
        // Annex D.2: version 7.
        assert_eq!(codeword(7, 0b1_1111_0010_0101), 0b00_0111_1100_1001_0100);
    }

    #[test]
    fn three_wrong_bits_are_never_nearer_to_another_codeword() {
        let distance = |count: u32, generator: u32| {
            let words: Vec<_> = (0..count).map(|value| codeword(value, generator)).collect();
            let pairs = words
                .iter()
                .enumerate()
                .flat_map(|(i, a)| words[..i].iter().map(move |b| (a ^ b).count_ones()));
            pairs.min().unwrap()
        };
        assert_eq!(distance(32, 0b101_0011_0111), 7);
        assert_eq!(distance(64, 0b1_1111_0010_0101), 8);
    }
}
