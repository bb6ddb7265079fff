//! Modules as path data.
//!
//! Invariant: filled by the even-odd rule, the path is the dark modules, exactly.

use super::super::{
    number,
    outline::{self, Point},
};
use crate::Matrix;

/// `h-177`, a letter and how far: index 0 is -177. The last byte is how long that is.
type Tokens = [[u8; TOKEN]; 355];
const TOKEN: usize = 6;

const ACROSS: Tokens = tokens(b'h');
const DOWN: Tokens = tokens(b'v');

#[allow(clippy::cast_possible_truncation)] // Digits are below 10.
const fn tokens(letter: u8) -> Tokens {
    let mut table = [[0; TOKEN]; 355];
    let mut at = 0;
    while at < table.len() {
        let mut token = [letter, 0, 0, 0, 0, 0];
        let mut len = 1;
        if at < 177 {
            token[len] = b'-';
            len += 1;
        }
        let n = at.abs_diff(177);
        let mut unit = if n < 10 {
            1
        } else if n < 100 {
            10
        } else {
            100
        };
        while unit > 0 {
            token[len] = b'0' + (n / unit % 10) as u8;
            len += 1;
            unit /= 10;
        }
        token[TOKEN - 1] = len as u8;
        table[at] = token;
        at += 1;
    }
    table
}

/// The data of a path. The first module's corner is (0, 0), and a module is 1 wide. All commands but the first are
/// relative.
pub fn filled(matrix: &Matrix, out: &mut Vec<u8>) {
    let mut pen = None;
    outline::each(matrix, |line| {
        let first = line.first().copied().unwrap_or_default();
        begin(pen, first, out);
        edges(line, out);
        // Which takes the pen back to where the line began.
        out.push(b'z');
        pen = Some(first);
    });
}

fn begin(pen: Option<Point>, first: Point, out: &mut Vec<u8>) {
    let [x, y] = [first.x, first.y].map(i64::from);
    let (command, x, y) = match pen {
        None => (b'M', x, y),
        Some(pen) => (b'm', x - i64::from(pen.x), y - i64::from(pen.y)),
    };
    out.push(command);
    number::integer(out, x);
    if y >= 0 {
        out.push(b' ');
    }
    number::integer(out, y);
}

/// All but the last one, which closing draws. Each token is copied whole: a length that is known beforehand is one
/// instruction.
fn edges(line: &[Point], out: &mut Vec<u8>) {
    let mut end = out.len();
    out.resize(end + TOKEN * line.len(), 0);
    let mut put = |token: &[u8; TOKEN]| {
        if let Some(room) = out.get_mut(end..end + TOKEN) {
            room.copy_from_slice(token);
        }
        end += usize::from(token[TOKEN - 1]);
    };
    let (pairs, _) = line.as_chunks::<2>();
    for (at, [from, to]) in pairs.iter().enumerate() {
        put(&ACROSS[far(from.x, to.x)]);
        if let Some([next, _]) = pairs.get(at + 1) {
            put(&DOWN[far(to.y, next.y)]);
        }
    }
    out.truncate(end);
}

/// Index of the token. Both are at most 177.
fn far(from: u8, to: u8) -> usize {
    (177 + usize::from(to)).saturating_sub(from.into()).min(354)
}
