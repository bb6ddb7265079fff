//! The field GF(256) of QR's Reed–Solomon codes (ISO/IEC 18004 §7.5.2): polynomials over GF(2) modulo
//! x⁸ + x⁴ + x³ + x² + 1, of which 2 is a generator.

/// The field's polynomial without its highest term.
const REDUCTION: u8 = 0x1d;

/// `a · b`.
pub(crate) const fn multiply(a: u8, b: u8) -> u8 {
    let mut product = 0;
    let mut bit = 8;
    while bit > 0 {
        bit -= 1;
        let carry = product >> 7;
        product = (product << 1) ^ (carry * REDUCTION);
        product ^= (b >> bit & 1) * a;
    }
    product
}

/// (x − 1)(x − 2)(x − 4)… with `N` factors, from x^(N−1) down; the leading 1 is left out (Annex A).
pub(crate) const fn generator<const N: usize>() -> [u8; N] {
    let mut polynomial = [0; N];
    polynomial[N - 1] = 1;
    let mut root = 1;
    let mut factor = 0;
    while factor < N {
        let mut i = 0;
        while i < N {
            polynomial[i] = multiply(polynomial[i], root);
            if i + 1 < N {
                polynomial[i] ^= polynomial[i + 1];
            }
            i += 1;
        }
        root = multiply(root, 2);
        factor += 1;
    }
    polynomial
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generators_are_those_of_annex_a() {
        // Annex A gives exponents of 2: for 7 codewords 87, 229, 146, 149, 238, 102, 21.
        let power = |n: u8| (0..n).fold(1, |product, _| multiply(product, 2));
        assert_eq!(
            generator::<7>(),
            [87, 229, 146, 149, 238, 102, 21].map(power)
        );
        assert_eq!(generator::<2>(), [25, 1].map(power));
    }
}
