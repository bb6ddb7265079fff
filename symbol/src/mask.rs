//! Data mask patterns (ISO/IEC 18004 §7.8.2).

/// Which of the patterns is laid over the data: 0..=7, or 0..=3 for Micro QR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mask(u8);

impl Mask {
    /// 0..=7. Micro QR has only 0..=3, and those are patterns 1, 4, 6 and 7 of QR (table 10).
    #[must_use]
    pub const fn new(reference: u8) -> Option<Self> {
        if reference < 8 {
            Some(Self(reference))
        } else {
            None
        }
    }

    /// The mask pattern reference, as format information holds it.
    #[must_use]
    pub const fn reference(self) -> u8 {
        self.0
    }
}
