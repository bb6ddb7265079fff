//! Data mask patterns (ISO/IEC 18004 §7.8.2, table 10).
//!
//! Invariant: the conditions stand as the standard prints them.

use crate::{Mask, Version};

/// Whether the pattern turns the module in column `x` and row `y` over, if it is a data module.
pub fn turns_over(version: Version, mask: Mask, x: usize, y: usize) -> bool {
    let reference = usize::from(mask.reference());
    let pattern = if version.is_micro() {
        [1, 4, 6, 7].get(reference).copied().unwrap_or(0)
    } else {
        reference
    };
    let (i, j) = (y, x);
    let rest = match pattern {
        0 => (i + j) % 2,
        1 => i % 2,
        2 => j % 3,
        3 => (i + j) % 3,
        4 => (i / 2 + j / 3) % 2,
        5 => (i * j) % 2 + (i * j) % 3,
        6 => ((i * j) % 2 + (i * j) % 3) % 2,
        _ => ((i + j) % 2 + (i * j) % 3) % 2,
    };
    rest == 0
}
