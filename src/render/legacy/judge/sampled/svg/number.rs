//! Numbers of path data and transforms, which need nothing between them where a sign or a point begins the next
//! (SVG 1.1 §8.3.9).

/// Whole digits that are read; more are no coordinate.
const DIGITS: usize = 15;

/// Where reading has come to.
pub struct Numbers<'a> {
    rest: &'a [u8],
}

impl<'a> Numbers<'a> {
    pub const fn new(text: &'a str) -> Self {
        Self {
            rest: text.as_bytes(),
        }
    }

    /// The next number, and a comma or spaces before it. None if something else comes; an exponent is not understood.
    pub fn next(&mut self) -> Option<f64> {
        let mut rest = skip(self.rest);
        let is_negative = rest.first() == Some(&b'-');
        if let [b'-' | b'+', after @ ..] = rest {
            rest = after;
        }
        let whole = digits(rest);
        let (mut value, mut places) = (0_u64, whole.len());
        rest = &rest[whole.len()..];
        let mut fraction: &[u8] = &[];
        if let [b'.', after @ ..] = rest {
            fraction = digits(after);
            places += fraction.len();
            rest = &after[fraction.len()..];
        }
        if places == 0 || places > DIGITS || matches!(rest, [b'e' | b'E', ..]) {
            return None;
        }
        for digit in whole.iter().chain(fraction) {
            value = value * 10 + u64::from(digit - b'0');
        }
        self.rest = rest;
        // Below 10^15, which a float holds; and at most 15 places.
        #[allow(clippy::cast_precision_loss)]
        let value = value as f64;
        let divisor = fraction.iter().fold(1.0, |n, _| n * 10.0);
        Some(if is_negative {
            -value / divisor
        } else {
            value / divisor
        })
    }

    /// The next byte that is no space, if it is a letter.
    pub fn command(&mut self) -> Option<u8> {
        let rest = self.rest.trim_ascii_start();
        let (&first, after) = rest.split_first()?;
        first.is_ascii_alphabetic().then(|| {
            self.rest = after;
            first
        })
    }

    /// Nothing is left but spaces.
    pub fn is_done(&self) -> bool {
        self.rest.trim_ascii_start().is_empty()
    }
}

fn skip(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.trim_ascii_start();
    bytes.strip_prefix(b",").unwrap_or(bytes).trim_ascii_start()
}

fn digits(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|b| !b.is_ascii_digit());
    &bytes[..end.unwrap_or(bytes.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_as_close_as_they_may() {
        let mut numbers = Numbers::new("-3 1.5.25-.5,+7 , 0h");
        let read: Vec<f64> = std::iter::from_fn(|| numbers.next()).collect();
        assert_eq!(read, [-3.0, 1.5, 0.25, -0.5, 7.0, 0.0]);
        assert_eq!(numbers.command(), Some(b'h'));
        assert!(numbers.is_done());
        for bad in ["", "-", ".", "1e5", "1234567890123456", "x", ",,1"] {
            assert_eq!(Numbers::new(bad).next(), None, "{bad}");
        }
    }
}
