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

    /// A zero (a scanline's filter type) and the first `len` bytes of `words`, the highest byte of a word first, the
    /// two `times` times, at most 65 535; `len` is below 2^15.
    ///
    /// n bytes take a to a + s and b to b + n a + t, where s is their sum and t the sum of the sums of their
    /// beginnings. Done k times that is a + k s and b + k (n a + t) + k (k - 1) / 2 n s.
    pub(super) fn repeat(&mut self, words: &[u64], len: usize, times: u32) {
        let (s, t) = sums(words, len);
        let (n, k) = (len as u64 + 1, u64::from(times));
        // n < 2^15, k < 2^16, s < 2^23, t < 2^38, and so each term is below 2^54.
        let triangle = k * k.saturating_sub(1) / 2;
        self.b = (self.b + k * (n * self.a + t) + triangle * (n * s % MODULUS)) % MODULUS;
        self.a = (self.a + k * s) % MODULUS;
    }

    pub(super) fn finish(&self) -> u32 {
        // Both are below 2^16.
        u32::try_from(self.b << 16 | self.a).unwrap_or(0)
    }
}

/// The sum of the bytes, and the sum of the sums of their beginnings: the first byte counts `len` times, the last once.
fn sums(words: &[u64], len: usize) -> (u64, u64) {
    const LANES: u64 = 0x00FF_00FF_00FF_00FF;
    let (mut sum, mut sums) = (0, 0);
    let mut left = len as u64;
    for &word in &words[..len.div_ceil(8)] {
        let word = if left < 8 {
            word & !(u64::MAX >> (8 * left))
        } else {
            word
        };
        // Bytes 0, 2, 4, 6 and 1, 3, 5, 7, each with room for a sum. A product's highest lane is the sum of all lanes,
        // the highest weighted with the factor's lowest.
        let (even, odd) = (word >> 8 & LANES, word & LANES);
        let of_word = (even + odd).wrapping_mul(0x0001_0001_0001_0001) >> 48;
        let within = (even.wrapping_mul(0x0002_0004_0006_0008) >> 48)
            + (odd.wrapping_mul(0x0001_0003_0005_0007) >> 48);
        // Each byte counts once for every one from itself to the end: 8 to 1 times within the word, as if it were
        // full, and once for all those behind the word.
        sum += of_word;
        sums += within + of_word * left - 8 * of_word;
        left = left.saturating_sub(8);
    }
    (sum, sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn repeating_is_adding_byte_by_byte(
            lines in prop::collection::vec((prop::collection::vec(any::<u64>(), 0..300), 0_usize..8, 0_u32..70), 0..4),
        ) {
            let mut adler = Adler::new();
            let (mut a, mut b) = (1_u32, 0_u32);
            for (words, less, times) in &lines {
                let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
                let len = bytes.len().saturating_sub(*less);
                adler.repeat(words, len, *times);
                for byte in (0..*times).flat_map(|_| [0].into_iter().chain(bytes[..len].iter().copied())) {
                    a = (a + u32::from(byte)) % 65_521;
                    b = (b + a) % 65_521;
                }
            }
            prop_assert_eq!(adler.finish(), b << 16 | a);
        }
    }

    #[test]
    fn nothing_overflows_on_the_largest_canvas() {
        let mut adler = Adler::new();
        adler.repeat(&[u64::MAX; 2048], 16_384, 65_535);
        adler.repeat(&[u64::MAX; 2048], 16_384, 65_535);
        assert!(adler.a < MODULUS && adler.b < MODULUS);
    }
}
