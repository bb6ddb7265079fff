//! A bit string, most significant bit first, written into codewords (ISO/IEC 18004 §7.4.11).
//!
//! Invariant: `out` was zero; nothing is written past the last bit that was pushed.

/// Fills a slice from its first bit on. Pushing more bits than it has is not allowed.
pub(super) struct Bits<'a> {
    out: &'a mut [u8],
    /// Bytes written.
    at: usize,
    /// Bits to be written: the low `held` ones.
    waiting: u64,
    /// 0..32.
    held: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(out: &'a mut [u8]) -> Self {
        Self {
            out,
            at: 0,
            waiting: 0,
            held: 0,
        }
    }

    /// The low `bits` of `value`, at most 32. The others must be 0.
    #[inline]
    pub(super) fn push(&mut self, value: u32, bits: u32) {
        self.waiting = self.waiting << bits | u64::from(value);
        self.held += bits;
        if self.held >= 32 {
            self.held -= 32;
            let four = (self.waiting >> self.held).to_be_bytes();
            self.out[self.at..self.at + 4].copy_from_slice(&four[4..]);
            self.at += 4;
        }
    }

    /// Whole bytes, eight at a time, each shifted to where the last one ended.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.flush();
        let held = self.held;
        let out = &mut self.out[self.at..];
        self.at += bytes.len();
        if held == 0 {
            out[..bytes.len()].copy_from_slice(bytes);
            return;
        }
        let mut last = self.waiting;
        let mut eights = bytes.chunks_exact(8);
        for (out, eight) in out.chunks_exact_mut(8).zip(&mut eights) {
            let eight = be(eight);
            out.copy_from_slice(&(last << (64 - held) | eight >> held).to_be_bytes());
            last = eight;
        }
        let rest = eights.remainder();
        for (out, &byte) in out[bytes.len() - rest.len()..].iter_mut().zip(rest) {
            let two = last << 8 | u64::from(byte);
            *out = (two >> held).to_be_bytes()[7];
            last = two;
        }
        self.waiting = last & ((1 << held) - 1);
    }

    /// Fills the last byte up with 0. Returns the number of bytes.
    pub(super) fn finish(mut self) -> usize {
        self.flush();
        if self.held > 0 {
            self.out[self.at] = (self.waiting << (8 - self.held)).to_be_bytes()[7];
            self.at += 1;
        }
        self.at
    }

    /// Writes whole bytes; less than a byte stays in `waiting`.
    fn flush(&mut self) {
        while self.held >= 8 {
            self.held -= 8;
            self.out[self.at] = (self.waiting >> self.held).to_be_bytes()[7];
            self.at += 1;
        }
    }
}

/// `eight` bytes as a number.
fn be(eight: &[u8]) -> u64 {
    eight
        .iter()
        .fold(0, |word, &byte| word << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn push(expected: &mut Vec<bool>, value: u32, bits: u32) {
        expected.extend((0..bits).rev().map(|bit| value >> bit & 1 == 1));
    }

    proptest! {
        #[test]
        fn bits_come_out_as_they_went_in(
            parts in prop::collection::vec((any::<u32>(), 1_u32..=32, prop::collection::vec(any::<u8>(), 0..30)), 0..20),
        ) {
            let mut expected = Vec::new();
            let mut out = vec![0; 20 * 34];
            let mut bits = Bits::new(&mut out);
            for (value, width, bytes) in &parts {
                let value = value >> (32 - width);
                bits.push(value, *width);
                push(&mut expected, value, *width);
                bits.extend(bytes);
                for &byte in bytes { push(&mut expected, byte.into(), 8); }
            }
            let written = bits.finish();
            prop_assert_eq!(written, expected.len().div_ceil(8));
            let mut found = Vec::new();
            for &byte in &out { push(&mut found, byte.into(), 8); }
            prop_assert!(found.starts_with(&expected));
            prop_assert!(!found[expected.len()..].contains(&true));
        }
    }
}
