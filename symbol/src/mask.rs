//! Data mask patterns (ISO/IEC 18004 §7.8.2).

/// Which of the patterns is laid over the data: 0..=7, or 0..=3 for Micro QR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mask(u8);

impl Mask {
    pub(crate) const FIRST: Self = Self(0);

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

    pub(crate) fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        (0..8).map(Self)
    }

    /// The pattern's number among those of QR.
    pub(crate) const fn pattern(self, micro: bool) -> usize {
        if micro {
            [1, 4, 6, 7][(self.0 & 3) as usize]
        } else {
            self.0 as usize
        }
    }
}

/// Every pattern repeats after this many modules in both directions.
pub(crate) const PERIOD: usize = 12;

/// Whether `pattern`, 0..=7, turns module (x, y) over (table 10, where i is the row and j the column).
pub(crate) const fn inverts(pattern: usize, x: usize, y: usize) -> bool {
    let (i, j) = (y, x);
    match pattern {
        0 => (i + j).is_multiple_of(2),
        1 => i.is_multiple_of(2),
        2 => j.is_multiple_of(3),
        3 => (i + j).is_multiple_of(3),
        4 => (i / 2 + j / 3).is_multiple_of(2),
        5 => i * j % 2 + i * j % 3 == 0,
        6 => (i * j % 2 + i * j % 3).is_multiple_of(2),
        _ => ((i + j) % 2 + i * j % 3).is_multiple_of(2),
    }
}
