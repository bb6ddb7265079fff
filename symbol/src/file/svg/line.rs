//! The text of one row's runs, written by table: this is where the time of an SVG goes.
//!
//! Invariant: a row has at most 89 runs, so its text fits.

use crate::Row;

/// Longest token of a run and the gap before it: `m1 0h1` is the shortest, so 89 of them are 534 bytes; and longer
/// numbers make fewer runs. A token is stored with what is behind it in its table.
const ROOM: usize = 1024;

/// The digits of a number. The last byte is how many there are.
#[allow(clippy::cast_possible_truncation)] // Digits are below 10.
const COUNTS: [[u8; 4]; 178] = {
    let mut table = [[0; 4]; 178];
    let mut n = 0;
    while n < table.len() {
        let [hundreds, tens, ones] = [
            b'0' + (n / 100) as u8,
            b'0' + (n / 10 % 10) as u8,
            b'0' + (n % 10) as u8,
        ];
        table[n] = match n {
            0..10 => [ones, 0, 0, 1],
            10..100 => [tens, ones, 0, 2],
            _ => [hundreds, tens, ones, 3],
        };
        n += 1;
    }
    table
};

/// `m{gap} 0h`: from the end of a run to the start of the next. The last byte is how long that is.
const GAPS: [[u8; 8]; 178] = {
    let mut table = [[0; 8]; 178];
    let mut gap = 0;
    while gap < table.len() {
        let [a, b, c, digits] = COUNTS[gap];
        table[gap] = match digits {
            1 => [b'm', a, b' ', b'0', b'h', 0, 0, 5],
            2 => [b'm', a, b, b' ', b'0', b'h', 0, 6],
            _ => [b'm', a, b, c, b' ', b'0', b'h', 7],
        };
        gap += 1;
    }
    table
};

/// `h7m2 0h1m3 0h7`, without what brings the pen to the first run.
pub struct Line {
    bytes: [u8; ROOM],
    len: usize,
}

impl Line {
    pub const fn new() -> Self {
        Self {
            bytes: [0; ROOM],
            len: 0,
        }
    }

    pub fn text(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Makes this the text of a row of which the edges are given: the first modules of its runs, and those after their
    /// last. Returns the outermost two, or nothing if there is no run.
    #[allow(clippy::cast_possible_truncation)] // A bit of 64.
    pub fn set(&mut self, edges: &Row) -> Option<(u8, u8)> {
        let mut found = [0; 192];
        let mut count = 0;
        for (base, &word) in (0..).step_by(64).zip(edges) {
            let mut word = word;
            while word != 0 {
                found[count] = base + word.trailing_zeros() as u8;
                count += 1;
                word &= word - 1;
            }
        }
        self.bytes[0] = b'h';
        self.len = 1;
        let found = &found[..count];
        for (at, run) in found.windows(2).enumerate() {
            let modules = usize::from(run[1] - run[0]);
            if at % 2 == 0 {
                self.put(&COUNTS[modules]);
            } else {
                self.put(&GAPS[modules]);
            }
        }
        Some((*found.first()?, *found.last()?))
    }

    /// Copies the whole token: a length that is known beforehand is one instruction.
    fn put<const N: usize>(&mut self, token: &[u8; N]) {
        if let Some(room) = self.bytes.get_mut(self.len..self.len + N) {
            room.copy_from_slice(token);
        }
        self.len += usize::from(token[N - 1]);
    }
}
