//! Bits into bytes, lowest bit first (RFC 1951 §3.1.1).
//!
//! Invariant: fewer than 32 bits wait between calls.

pub(super) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    waiting: u64,
    waiting_bits: u32,
}

impl<'a> BitWriter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            waiting: 0,
            waiting_bits: 0,
        }
    }

    /// The lowest `count` bits of `bits`, 0..=32; those above are 0.
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        self.waiting |= u64::from(bits) << self.waiting_bits;
        self.waiting_bits += count;
        if self.waiting_bits >= 32 {
            let word = self.waiting & u64::from(u32::MAX);
            self.out.extend_from_slice(&word.to_le_bytes()[..4]);
            self.waiting >>= 32;
            self.waiting_bits -= 32;
        }
    }

    /// Fills the last byte up with zeros.
    pub(super) fn finish(self) {
        let bytes = self.waiting_bits.div_ceil(8) as usize;
        self.out
            .extend_from_slice(&self.waiting.to_le_bytes()[..bytes]);
    }
}
