//! The compression of GIF (`GIF89a` specification, appendix F) for pixels of two bits.
//!
//! Invariant: the table is what a decoder has built by the same code, one entry behind.

/// Code size for pixels of up to 2 bits; codes start one bit wider.
const PIXEL_BITS: u8 = 2;
const CLEAR: u16 = 1 << PIXEL_BITS;
const END: u16 = CLEAR + 1;
const FIRST_FREE: u16 = CLEAR + 2;
const MAX_CODES: u16 = 4096;

pub(super) struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    /// Where the length of the sub-block lies that is being filled.
    block: usize,
    waiting: u32,
    waiting_bits: u32,
    /// The code for what a code stands for and one pixel more; 0 if there is none yet.
    longer: Vec<[u16; 4]>,
    /// Stands for the pixels that are not written yet.
    current: Option<u16>,
    free: u16,
    code_bits: u32,
}

impl<'a> Encoder<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        out.push(PIXEL_BITS);
        let block = out.len();
        out.push(0);
        let mut encoder = Self {
            out,
            block,
            waiting: 0,
            waiting_bits: 0,
            longer: vec![[0; 4]; usize::from(MAX_CODES)],
            current: None,
            free: FIRST_FREE,
            code_bits: u32::from(PIXEL_BITS) + 1,
        };
        encoder.put(CLEAR);
        encoder
    }

    /// Colour indices, 0..4.
    pub(super) fn pixels(&mut self, indices: &[u8]) {
        let mut indices = indices.iter().map(|&index| index & 3);
        let Some(mut current) = self.current.or_else(|| indices.next().map(u16::from)) else {
            return;
        };
        for index in indices {
            let longer = self.longer[usize::from(current)][usize::from(index)];
            current = if longer == 0 {
                self.end_phrase(current, index)
            } else {
                longer
            };
        }
        self.current = Some(current);
    }

    /// Writes a phrase that has not been seen with this pixel behind it. Returns the phrase that starts with the pixel.
    #[cold]
    fn end_phrase(&mut self, phrase: u16, index: u8) -> u16 {
        self.put(phrase);
        if self.free < MAX_CODES {
            self.longer[usize::from(phrase)][usize::from(index)] = self.free;
            // The decoder is one entry behind, so that it needs the next bit only after this.
            if self.free == 1 << self.code_bits {
                self.code_bits += 1;
            }
            self.free += 1;
        } else {
            self.put(CLEAR);
            self.longer.fill([0; 4]);
            self.free = FIRST_FREE;
            self.code_bits = u32::from(PIXEL_BITS) + 1;
        }
        u16::from(index)
    }

    fn put(&mut self, code: u16) {
        self.waiting |= u32::from(code) << self.waiting_bits;
        self.waiting_bits += self.code_bits;
        while self.waiting_bits >= 8 {
            self.put_byte();
        }
    }

    fn put_byte(&mut self) {
        if self.out.len() - self.block == 256 {
            self.out[self.block] = 255;
            self.block = self.out.len();
            self.out.push(0);
        }
        self.out.push(self.waiting.to_le_bytes()[0]);
        self.waiting >>= 8;
        self.waiting_bits = self.waiting_bits.saturating_sub(8);
    }

    /// What is waiting, and the end of the data.
    pub(super) fn finish(mut self) {
        if let Some(current) = self.current {
            self.put(current);
            // The decoder takes in the entry that belongs to the last phrase, and may widen its codes for it.
            if self.free < MAX_CODES && self.free == 1 << self.code_bits {
                self.code_bits += 1;
            }
        }
        self.put(END);
        if self.waiting_bits > 0 {
            self.put_byte();
        }
        // At most 255, as it was checked with every byte.
        self.out[self.block] = u8::try_from(self.out.len() - self.block - 1).unwrap_or(255);
        self.out.push(0);
    }
}
