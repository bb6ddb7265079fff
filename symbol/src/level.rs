//! Error correction level (ISO/IEC 18004 §7.5.1).

/// How much of the symbol may be lost: about 7, 15, 25, 30 %.
///
/// Micro QR M1 only detects errors and counts as [`Level::L`]; M2 and M3 have L and M; M4 has L, M and Q.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    L,
    #[default]
    M,
    Q,
    H,
}

impl Level {
    /// From weak to strong.
    pub const ALL: [Self; 4] = [Self::L, Self::M, Self::Q, Self::H];
}
