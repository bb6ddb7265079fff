//! One word for each of the eight masks, side by side.

/// Word `i` belongs to mask `i`. The widest register that loads it never straddles two cache lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(align(64))]
pub(crate) struct Line(pub [u64; 8]);
