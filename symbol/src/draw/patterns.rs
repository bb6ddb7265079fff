//! Function patterns (ISO/IEC 18004 §6.3): what a symbol of a version has before any data.

use super::format::{format_positions, version_bits, version_positions};
use crate::Version;

/// One module of a symbol that holds no data yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Module {
    Dark,
    Light,
    /// Filled in with the mask. Counts as light until then.
    Format,
    /// Holds a bit of a codeword.
    Data,
}

/// Row by row, `version.modules()` squared.
pub(crate) struct Patterns {
    side: usize,
    modules: Vec<Module>,
}

impl Patterns {
    pub(crate) fn of(version: Version) -> Self {
        let side = version.modules();
        let mut patterns = Self {
            side,
            modules: vec![Module::Data; side * side],
        };
        patterns.timing(version);
        patterns.finders(version);
        patterns.alignment(version);
        patterns.information(version);
        patterns
    }

    pub(crate) fn at(&self, x: usize, y: usize) -> Module {
        self.modules[y * self.side + x]
    }

    fn set(&mut self, x: usize, y: usize, dark: bool) {
        self.modules[y * self.side + x] = if dark { Module::Dark } else { Module::Light };
    }

    /// §6.3.5: alternating, through row and column 6; in Micro QR along the upper and the left edge.
    fn timing(&mut self, version: Version) {
        let line = if version.is_micro() { 0 } else { 6 };
        for i in 0..self.side {
            self.set(i, line, i % 2 == 0);
            self.set(line, i, i % 2 == 0);
        }
    }

    /// §6.3.3 and §6.3.4: 7 × 7 modules in three corners, with a light separator around.
    fn finders(&mut self, version: Version) {
        let far = self.side - 4;
        let all = [(3, 3), (far, 3), (3, far)];
        let count = if version.is_micro() { 1 } else { 3 };
        for &(x, y) in &all[..count] {
            self.rings(x, y, 4, |distance| distance != 2 && distance != 4);
        }
    }

    /// §6.3.6 and Annex E: 5 × 5 modules at every crossing of the version's lines that is not in a finder's corner.
    fn alignment(&mut self, version: Version) {
        let lines = alignment_lines(version);
        let last = lines.len().wrapping_sub(1);
        for (i, &x) in lines.iter().enumerate() {
            for (j, &y) in lines.iter().enumerate() {
                let in_corner = (i == 0 && (j == 0 || j == last)) || (i == last && j == 0);
                if !in_corner {
                    self.rings(x, y, 2, |distance| distance != 1);
                }
            }
        }
    }

    /// Concentric squares around a centre, as far as they lie in the symbol.
    fn rings(&mut self, x: usize, y: usize, radius: usize, dark: impl Fn(usize) -> bool) {
        let far = self.side - 1;
        let span = |centre: usize| centre.saturating_sub(radius)..=(centre + radius).min(far);
        for row in span(y) {
            for column in span(x) {
                self.set(column, row, dark(x.abs_diff(column).max(y.abs_diff(row))));
            }
        }
    }

    /// §7.9 and §7.10, and the one module beside the lower copy of the format information that is always dark.
    fn information(&mut self, version: Version) {
        for bit in 0..15 {
            for (x, y) in format_positions(version, bit) {
                self.modules[y * self.side + x] = Module::Format;
            }
        }
        if !version.is_micro() {
            self.set(8, self.side - 8, true);
        }
        if let Some(bits) = version_bits(version) {
            for bit in 0..18 {
                for (x, y) in version_positions(version, bit) {
                    self.set(x, y, bits >> bit & 1 == 1);
                }
            }
        }
    }
}

/// Centres of alignment patterns along one side (table E.1): 6, then evenly spaced from the far end, except that version
/// 32 rounds its step differently. None for version 1 and Micro QR.
fn alignment_lines(version: Version) -> Vec<usize> {
    let number = usize::from(version.number());
    if version.is_micro() || number == 1 {
        return Vec::new();
    }
    let count = number / 7 + 2;
    let step = match number {
        32 => 26,
        _ => (4 * number + 2 * count + 1) / (2 * count - 2) * 2,
    };
    let mut lines: Vec<usize> = (0..count - 1)
        .map(|i| version.modules() - 7 - i * step)
        .collect();
    lines.push(6);
    lines.reverse();
    lines
}
