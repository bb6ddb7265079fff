//! Bits into bytes, lowest bit first (RFC 1951 §3.1.1).
//!
//! Invariant: fewer than 8 bits wait between calls, and the bits before them are in `out`.

pub(super) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    /// The first byte that is not whole.
    at: usize,
    waiting: u64,
    waiting_bits: u32,
}

impl<'a> BitWriter<'a> {
    /// For at most `capacity` bytes at the end of `out`.
    pub(super) fn new(out: &'a mut Vec<u8>, capacity: usize) -> Self {
        let at = out.len();
        // Whole words are written, so that nothing depends on how many bits there are.
        out.resize(at + capacity + 8, 0);
        Self {
            out,
            at,
            waiting: 0,
            waiting_bits: 0,
        }
    }

    /// The lowest `count` bits of `bits`, 0..=56; those above are 0.
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        self.waiting |= bits << self.waiting_bits;
        self.waiting_bits += count;
        self.out[self.at..self.at + 8].copy_from_slice(&self.waiting.to_le_bytes());
        let whole = self.waiting_bits / 8;
        self.at += whole as usize;
        // 64 bits cannot be shifted out at once; 63 can be waiting at most.
        self.waiting >>= 8 * whole;
        self.waiting_bits %= 8;
    }

    /// Fills the last byte up with zeros.
    pub(super) fn finish(self) {
        let last = usize::from(self.waiting_bits > 0);
        self.out.truncate(self.at + last);
    }
}
