//! A string of bits, read from the front.
//!
//! Invariant: a read that does not fit takes nothing.

use super::Fault;

pub struct Bits<'a> {
    bytes: &'a [u8],
    position: usize,
    len: usize,
}

impl<'a> Bits<'a> {
    /// The first `len` bits of `bytes`, highest bit first.
    pub fn new(bytes: &'a [u8], len: usize) -> Self {
        Self {
            bytes,
            position: 0,
            len: len.min(8 * bytes.len()),
        }
    }

    /// Bits taken.
    pub fn position(&self) -> usize {
        self.position
    }

    fn peek(&self, from: usize, count: usize) -> u32 {
        let bit = |at: usize| self.bytes[at / 8] >> (7 - at % 8) & 1;
        (from..from + count).fold(0, |value, at| value << 1 | u32::from(bit(at)))
    }

    /// The next `count` bits, at most 32, as a number.
    pub fn take(&mut self, count: u32) -> Result<u32, Fault> {
        let end = self.position + count as usize;
        if end > self.len {
            return Err(Fault::Cut);
        }
        let value = self.peek(self.position, count as usize);
        self.position = end;
        Ok(value)
    }

    /// The next `count` bits, at most 8.
    pub fn byte(&mut self, count: u32) -> Result<u8, Fault> {
        // At most 255.
        #[expect(clippy::cast_possible_truncation)]
        self.take(count.min(8)).map(|value| value as u8)
    }

    /// Whether the next `count` bits, at most 32, are 0, or all that are left are.
    pub fn are_zero(&self, count: u32) -> bool {
        let left = self.len - self.position;
        self.peek(self.position, left.min(count as usize)) == 0
    }
}
