//! Arithmetic on codewords: the field of 256 elements modulo x^8 + x^4 + x^3 + x^2 + 1 (ISO/IEC 18004 §7.5.2).
//!
//! Invariant: `EXP[LOG[a]] == a` for every `a` but 0, and `EXP` repeats after 255 so that a sum of two logarithms
//! needs no reduction.

const LOG_AND_EXP: ([u8; 256], [u8; 510]) = {
    let (mut log, mut exp) = ([0; 256], [0; 510]);
    let (mut power, mut value) = (0_u8, 1_u8);
    while power < 255 {
        exp[power as usize] = value;
        exp[power as usize + 255] = value;
        log[value as usize] = power;
        value = (value << 1) ^ if value >= 128 { 0x1D } else { 0 };
        power += 1;
    }
    (log, exp)
};
static LOG: [u8; 256] = LOG_AND_EXP.0;
static EXP: [u8; 510] = LOG_AND_EXP.1;

/// The generator 2 of the field, to a power below 510.
pub fn alpha(power: usize) -> u8 {
    EXP[power]
}

/// `a` times the generator to `power`, which is at most 255.
pub fn shift(a: u8, power: usize) -> u8 {
    if a == 0 {
        return 0;
    }
    alpha(usize::from(LOG[usize::from(a)]) + power)
}

pub fn mul(a: u8, b: u8) -> u8 {
    if b == 0 {
        return 0;
    }
    shift(a, LOG[usize::from(b)].into())
}

/// `a / b`; `b` is not 0.
pub fn div(a: u8, b: u8) -> u8 {
    shift(a, 255 - usize::from(LOG[usize::from(b)]))
}

/// A polynomial at `x`, its lowest coefficient first.
pub fn value(polynomial: &[u8], x: u8) -> u8 {
    polynomial
        .iter()
        .rev()
        .fold(0, |sum, &coefficient| mul(sum, x) ^ coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplication_is_that_of_polynomials_and_division_undoes_it() {
        let slow = |a: u8, b: u8| {
            let product = (0..8)
                .filter(|bit| b >> bit & 1 == 1)
                .fold(0_u32, |sum, bit| sum ^ u32::from(a) << bit);
            (8..16).rev().fold(product, |rest, bit| {
                rest ^ if rest >> bit & 1 == 1 {
                    0x11D << (bit - 8)
                } else {
                    0
                }
            })
        };
        for (a, b) in (0..=255).flat_map(|a| (0..=255).map(move |b| (a, b))) {
            assert_eq!(u32::from(mul(a, b)), slow(a, b));
            if b != 0 {
                assert_eq!(div(mul(a, b), b), a);
            }
        }
    }
}
