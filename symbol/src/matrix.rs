//! A square of modules as bit sets.
//!
//! Invariant: bits beyond the square are 0.

use std::ops::Range;

/// A row of up to 177 modules: bit `x % 64` of word `x / 64` is set where module `x` is dark.
pub type Row = [u64; 3];

/// Dark and light modules, or any other set of modules, of one symbol. (0, 0) is the upper left corner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    rows: Vec<Row>,
}

impl Matrix {
    /// `rows.len()` is the number of modules along one side, at most 177. Bits beyond are cleared.
    #[must_use]
    pub fn from_rows(mut rows: Vec<Row>) -> Self {
        rows.truncate(177);
        let kept = first_bits(rows.len());
        for row in &mut rows {
            *row = std::array::from_fn(|word| row[word] & kept[word]);
        }
        Self { rows }
    }

    /// `modules`: along one side, at most 177.
    #[must_use]
    pub fn from_fn(modules: usize, is_dark: impl Fn(usize, usize) -> bool) -> Self {
        let modules = modules.min(177);
        let row = |y: usize| {
            let mut row = Row::default();
            for x in (0..modules).filter(|&x| is_dark(x, y)) {
                row[x / 64] |= 1 << (x % 64);
            }
            row
        };
        Self {
            rows: (0..modules).map(row).collect(),
        }
    }

    /// Modules along one side.
    #[must_use]
    pub fn modules(&self) -> usize {
        self.rows.len()
    }

    /// From top to bottom.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Modules outside are light.
    #[must_use]
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        let row = self.rows.get(y);
        row.and_then(|row| row.get(x / 64))
            .is_some_and(|word| word >> (x % 64) & 1 == 1)
    }

    /// No module is dark.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.iter().all(|row| *row == Row::default())
    }

    /// The dark runs of a row from left to right: first module, and the one after the last.
    #[must_use]
    pub fn runs(&self, y: usize) -> Runs {
        Runs {
            row: self.rows.get(y).copied().unwrap_or_default(),
        }
    }

    /// Those of `self` that are also in `other`.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.with(other, |a, b| a & b)
    }

    /// Those of `self` that are not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        self.with(other, |a, b| a & !b)
    }

    fn with(&self, other: &Self, f: impl Fn(u64, u64) -> u64) -> Self {
        let row = |(y, row): (usize, &Row)| {
            let other = other.rows.get(y).copied().unwrap_or_default();
            std::array::from_fn(|word| f(row[word], other[word]))
        };
        Self {
            rows: self.rows.iter().enumerate().map(row).collect(),
        }
    }
}

/// A row whose first `n` bits are set.
pub(crate) fn first_bits(n: usize) -> Row {
    std::array::from_fn(|word| match n.saturating_sub(64 * word) {
        0 => 0,
        bits @ 1..64 => (1 << bits) - 1,
        _ => u64::MAX,
    })
}

/// See [`Matrix::runs`].
#[derive(Clone, Debug)]
pub struct Runs {
    row: Row,
}

impl Iterator for Runs {
    type Item = Range<u32>;

    /// Finds the lowest run and clears it.
    fn next(&mut self) -> Option<Range<u32>> {
        let first = self.row.iter().position(|&word| word != 0)?;
        let start = 64 * first + self.row[first].trailing_zeros() as usize;
        let mut end = start;
        for word in first..3 {
            let from = end % 64;
            let ones = (self.row[word] >> from).trailing_ones() as usize;
            end += ones;
            if end < 64 * (word + 1) {
                break;
            }
        }
        let gone = first_bits(end);
        self.row = std::array::from_fn(|word| self.row[word] & !gone[word]);
        // At most 192.
        Some(u32::try_from(start).ok()?..u32::try_from(end).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn runs_are_what_a_walk_along_the_row_finds(words in any::<[u64; 3]>(), modules in 1_usize..=177) {
            let matrix = Matrix::from_rows(vec![words; modules]);
            let mut found = Vec::new();
            let mut x = 0;
            while x < modules {
                let start = x;
                while matrix.is_dark(x, 0) {
                    x += 1;
                }
                if x > start {
                    found.push(u32::try_from(start).unwrap()..u32::try_from(x).unwrap());
                }
                x += 1;
            }
            prop_assert_eq!(matrix.runs(0).collect::<Vec<_>>(), found);
        }
    }
}
