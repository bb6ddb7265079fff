//! The checksum of a zlib stream (RFC 1950 §8.2), for lines that repeat.
//!
//! Invariant: both sums stay below [`MODULUS`].

/// The largest prime below 2^16.
const MODULUS: u64 = 65_521;

pub(super) struct Adler {
    a: u64,
    b: u64,
}

impl Adler {
    pub(super) const fn new() -> Self {
        Self { a: 1, b: 0 }
    }

    /// The same line `times` times, at most 65 535; the line is shorter than 2^15.
    ///
    /// A line of n bytes takes a to a + s and b to b + n a + t, where s is the sum of its bytes and t that of the sums
    /// of its beginnings. Done k times that is a + k s and b + k (n a + t) + k (k - 1) / 2 n s.
    pub(super) fn repeat(&mut self, line: &[u8], times: u32) {
        let (mut s, mut t, mut left) = (0_u64, 0_u64, line.len());
        for chunk in line.chunks(1024) {
            left -= chunk.len();
            let sum: u32 = chunk.iter().map(|&byte| u32::from(byte)).sum();
            let weights = (1..=1024_u32).rev().skip(1024 - chunk.len());
            let weighted: u32 = chunk
                .iter()
                .zip(weights)
                .map(|(&byte, weight)| u32::from(byte) * weight)
                .sum();
            s += u64::from(sum);
            t += u64::from(weighted) + left as u64 * u64::from(sum);
        }
        let (n, k) = (line.len() as u64, u64::from(times));
        let (s, t) = (s % MODULUS, t % MODULUS);
        // Each product is below 2^62.
        let triangle = k * k.saturating_sub(1) / 2 % MODULUS;
        self.b =
            (self.b + k * ((n * self.a + t) % MODULUS) + triangle * (n * s % MODULUS)) % MODULUS;
        self.a = (self.a + k * s) % MODULUS;
    }

    pub(super) fn finish(&self) -> u32 {
        // Both are below 2^16.
        u32::try_from(self.b << 16 | self.a).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn repeating_is_adding_byte_by_byte(
            lines in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..3000), 0_u32..70), 0..4),
        ) {
            let mut adler = Adler::new();
            let (mut a, mut b) = (1_u32, 0_u32);
            for (line, times) in &lines {
                adler.repeat(line, *times);
                for byte in (0..*times).flat_map(|_| line) {
                    a = (a + u32::from(*byte)) % 65_521;
                    b = (b + a) % 65_521;
                }
            }
            prop_assert_eq!(adler.finish(), b << 16 | a);
        }
    }

    #[test]
    fn nothing_overflows_on_the_largest_canvas() {
        let mut adler = Adler::new();
        adler.repeat(&[255; 16_385], 65_535);
        adler.repeat(&[255; 16_385], 65_535);
        assert!(adler.a < MODULUS && adler.b < MODULUS);
    }
}
