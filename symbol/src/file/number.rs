//! Numbers as SVG, PDF and PostScript all read them: no exponent, no leading plus, `.5` for a half.
//!
//! Invariant: every value, also NaN and infinity, is written as a number.

/// A whole number.
pub fn integer(out: &mut Vec<u8>, n: i64) {
    if n < 0 {
        out.push(b'-');
    }
    let mut rest = n.unsigned_abs();
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        // Below 10.
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Rounded to a billionth, without trailing zeros. NaN is 0, and values beyond ±9e9 are clamped.
pub fn decimal(out: &mut Vec<u8>, value: f64) {
    const BILLION: u64 = 1_000_000_000;
    // A float cast saturates, and NaN becomes 0.
    #[allow(clippy::cast_possible_truncation)]
    let billionths = (value * 1e9).round() as i64;
    if billionths < 0 {
        out.push(b'-');
    }
    let (whole, mut fraction) = (
        billionths.unsigned_abs() / BILLION,
        billionths.unsigned_abs() % BILLION,
    );
    if whole > 0 || fraction == 0 {
        // At most 9.3e9.
        integer(out, whole.cast_signed());
    }
    if fraction > 0 {
        out.push(b'.');
        while fraction > 0 {
            integer(out, (fraction / (BILLION / 10)).cast_signed());
            fraction = fraction % (BILLION / 10) * 10;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn decimals_are_as_short_as_they_can_be() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1e-10, "0"),
            (-1e-10, "0"),
            (0.5, ".5"),
            (-0.5, "-.5"),
            (70.0, "70"),
            (2.000_000_001, "2.000000001"),
            (70.866_141_732_28, "70.866141732"),
            (0.999_999_999_9, "1"),
            (f64::NAN, "0"),
        ] {
            assert_eq!(text(|out| decimal(out, value)), expected);
        }
    }

    proptest! {
        #[test]
        fn integers_are_what_the_library_writes(n in any::<i64>()) {
            prop_assert_eq!(text(|out| integer(out, n)), n.to_string());
        }

        #[test]
        fn decimals_are_within_half_a_billionth(value in -1e4..1e4_f64) {
            let read: f64 = text(|out| decimal(out, value)).parse().unwrap();
            prop_assert!((read - value).abs() < 0.51e-9);
        }

        #[test]
        fn any_bits_become_a_number(value in any::<f64>()) {
            let text = text(|out| decimal(out, value));
            prop_assert!(text.parse::<f64>().is_ok() && !text.contains(['e', 'N', 'i']), "{}", text);
        }
    }
}
