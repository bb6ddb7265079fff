//! Reed–Solomon decoding of one block (ISO/IEC 18004 §7.5, annex B).
//!
//! Invariant: what is returned as corrected is a codeword, and differs from what was read in no more places than the
//! standard lets a reader correct.

use super::galois::{alpha, div, mul, shift, value};

/// A block that could be corrected.
#[derive(Debug, PartialEq, Eq)]
pub struct Corrected {
    pub codewords: Vec<u8>,
    /// How many codewords were wrong besides the hidden ones.
    pub errors: usize,
}

/// `read`: data, then error correction codewords, at most 255 together, of which `check` are for correction.
/// `hidden`: places in `read` known to be unreliable, no place twice. `capacity`: `hidden.len() + 2 * errors` must not
/// exceed it, and it does not exceed `check`.
pub fn correct(read: &[u8], check: usize, hidden: &[usize], capacity: usize) -> Option<Corrected> {
    if hidden.len() > capacity {
        return None;
    }
    let syndromes = syndromes(read, check);
    let mut codewords = read.to_vec();
    if syndromes.iter().all(|&syndrome| syndrome == 0) {
        return Some(Corrected {
            codewords,
            errors: 0,
        });
    }
    // The place with power p of alpha is p codewords before the last.
    let last = read.len() - 1;
    let hidden: Vec<_> = hidden.iter().map(|place| last - place).collect();
    let locator = locator(&syndromes, &hidden);
    let errors = degree(&locator).checked_sub(hidden.len())?;
    if hidden.len() + 2 * errors > capacity {
        return None;
    }
    let powers: Vec<_> = (0..=last)
        .filter(|&power| value(&locator, inverse(power)) == 0)
        .collect();
    if powers.len() != hidden.len() + errors {
        return None;
    }
    let evaluator = evaluator(&syndromes, &locator);
    for power in powers {
        codewords[last - power] ^= magnitude(&evaluator, &locator, power);
    }
    let is_codeword = self::syndromes(&codewords, check)
        .iter()
        .all(|&syndrome| syndrome == 0);
    is_codeword.then_some(Corrected { codewords, errors })
}

fn inverse(power: usize) -> u8 {
    alpha(255 - power % 255)
}

fn degree(polynomial: &[u8]) -> usize {
    polynomial
        .iter()
        .rposition(|&coefficient| coefficient != 0)
        .unwrap_or(0)
}

/// The values of the received polynomial at the roots of the generator: all 0 where nothing is wrong.
fn syndromes(codewords: &[u8], check: usize) -> Vec<u8> {
    // All roots abreast: one sum waits for its own last value only.
    let mut sums = vec![0; check];
    for &codeword in codewords {
        for (root, sum) in sums.iter_mut().enumerate() {
            *sum = shift(*sum, root) ^ codeword;
        }
    }
    sums
}

/// The polynomial, lowest coefficient first, whose roots are the inverses of the places in error: Berlekamp–Massey,
/// started from the product for the `hidden` places (as powers of alpha).
fn locator(syndromes: &[u8], hidden: &[usize]) -> Vec<u8> {
    let check = syndromes.len();
    let mut locator = vec![0; check + 1];
    locator[0] = 1;
    for &power in hidden {
        for i in (1..=check).rev() {
            locator[i] ^= shift(locator[i - 1], power);
        }
    }
    let mut before = locator.clone();
    let mut length = hidden.len();
    for step in hidden.len()..check {
        let terms = locator.iter().zip(syndromes[..=step].iter().rev());
        let discrepancy = terms.fold(0, |sum, (&a, &b)| sum ^ mul(a, b));
        before.rotate_right(1);
        // What fell off the end. It is 0 while the errors are within what can be corrected.
        before[0] = 0;
        if discrepancy == 0 {
            continue;
        }
        let shorter = locator.clone();
        for (a, &b) in locator.iter_mut().zip(&before) {
            *a ^= mul(discrepancy, b);
        }
        if 2 * length <= step + hidden.len() {
            length = step + 1 + hidden.len() - length;
            before = shorter.into_iter().map(|a| div(a, discrepancy)).collect();
        }
    }
    locator
}

/// The product of both, as far as there are syndromes.
fn evaluator(syndromes: &[u8], locator: &[u8]) -> Vec<u8> {
    let product = |degree: usize| {
        let terms = locator[..=degree]
            .iter()
            .zip(syndromes[..=degree].iter().rev());
        terms.fold(0, |sum, (&a, &b)| sum ^ mul(a, b))
    };
    (0..syndromes.len()).map(product).collect()
}

/// By how much the codeword at that place is wrong (Forney).
fn magnitude(evaluator: &[u8], locator: &[u8], power: usize) -> u8 {
    let x = inverse(power);
    // The formal derivative: even powers vanish, since 1 + 1 = 0.
    let odd: Vec<_> = locator.iter().skip(1).step_by(2).copied().collect();
    match value(&odd, mul(x, x)) {
        // A double root: what comes out is no codeword, and the caller sees that.
        0 => 0,
        slope => shift(div(value(evaluator, x), slope), power),
    }
}
