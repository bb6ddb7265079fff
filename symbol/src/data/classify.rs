//! Bytes to runs.
//!
//! Invariant: runs that are merged into a dearer neighbour are never worth a segment of their own.

use super::runs::{Class, Run, Runs};

const DIGIT: u64 = 1 << 32;
const ALPHANUMERIC: u64 = 1;

/// Bit 0: in alphanumeric mode. Bit 32: a digit. So 32 of them, each shifted one further, are two sets of 32 bits.
const CLASSES: [u64; 256] = {
    let mut table = [0; 256];
    let mut value = 0;
    while value < 45 {
        let digit = if value < 10 { DIGIT } else { 0 };
        table[ALPHABET[value] as usize] = ALPHANUMERIC | digit;
        value += 1;
    }
    table
};

/// Alphanumeric mode, in the order of its values (§7.4.5, table 5).
const ALPHABET: [u8; 45] = *b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Values in alphanumeric mode by ASCII, and 45 for what has none.
pub(super) const VALUES: [u8; 256] = {
    let mut table = [45; 256];
    let mut value = 0;
    while value < 45 {
        table[ALPHABET[value as usize] as usize] = value;
        value += 1;
    }
    table
};

/// 64 bytes as two sets; bit 0 is the first. Digits are alphanumeric too.
#[derive(Clone, Copy, Default)]
struct Sets {
    alphanumeric: u64,
    digits: u64,
}

impl Sets {
    /// At most 64 bytes.
    fn of(bytes: &[u8]) -> Self {
        let half = |bytes: &[u8]| {
            let classes = bytes.iter().zip(0..);
            classes.fold(0, |sets, (&byte, at)| sets | CLASSES[byte as usize] << at)
        };
        // Of known length, the loops are unrolled.
        let (low, high) = match bytes.as_chunks::<32>() {
            ([low, high], _) => (half(low), half(high)),
            ([low], rest) => (half(low), half(rest)),
            (_, rest) => (half(rest), 0),
        };
        Self {
            alphanumeric: low & 0xFFFF_FFFF | high << 32,
            digits: low >> 32 | high & !0xFFFF_FFFF,
        }
    }

    fn class(self, at: usize) -> Class {
        if self.digits >> (at % 64) & 1 == 1 {
            Class::Digit
        } else if self.alphanumeric >> (at % 64) & 1 == 1 {
            Class::Alphanumeric
        } else {
            Class::Byte
        }
    }
}

/// Runs of digits, other alphanumerics and other bytes, every one of them.
pub(super) fn every_run(bytes: &[u8]) -> Runs {
    let sets: Vec<Sets> = bytes.chunks(64).map(Sets::of).collect();
    collect(&sets, bytes.len())
}

/// The same without those for which no QR version would change the mode.
///
/// A run of digits, or of anything alphanumeric, pays only from 6 characters on; from 4 at an end of the content,
/// where one header less is spent. (A header has at least 12 bits, 14 in numeric mode, 13 in alphanumeric mode. Five
/// digits between bytes save 40 − 17 bits and cost 14 + 12, beside alphanumerics they save 28 − 17 for 14; five
/// alphanumerics between bytes save 40 − 28 for 13 + 12; three digits at an end save 24 − 10 for 14.) Most text ends
/// here: nothing pays, it is one segment of bytes.
pub(super) fn paying_runs(bytes: &[u8]) -> Runs {
    if bytes.len() < 2 {
        return every_run(bytes);
    }
    // Two bytes before the content and two behind it are taken for digits: then 4 at an end are 6, too.
    let words = (bytes.len() + 2).div_ceil(64);
    let (mut few, mut some, mut many);
    let sets = match words {
        0..=4 => {
            few = [Sets::default(); 4];
            &mut few[..words]
        }
        5..=48 => {
            some = [Sets::default(); 48];
            &mut some[..words]
        }
        _ => {
            many = vec![Sets::default(); words];
            &mut many[..]
        }
    };
    for behind in [bytes.len(), bytes.len() + 1] {
        sets[behind / 64].alphanumeric |= 1 << (behind % 64);
        sets[behind / 64].digits |= 1 << (behind % 64);
    }
    let mut sixes = Sixes::START;
    let mut paying = 0;
    let mut chunks = bytes.chunks(64);
    for set in &mut *sets {
        let found = Sets::of(chunks.next().unwrap_or_default());
        set.alphanumeric |= found.alphanumeric;
        set.digits |= found.digits;
        paying |= sixes.ends(set.alphanumeric);
    }
    if paying == 0 {
        return Runs::one(Run::new(Class::Byte, bytes.len(), bytes.len()));
    }
    keep_sixes(sets, |set| &mut set.alphanumeric);
    keep_sixes(sets, |set| &mut set.digits);
    collect(sets, bytes.len())
}

/// Looks for six members in a row, across words.
struct Sixes {
    before: u64,
    /// Where two members in a row ended.
    twos_before: u64,
}

impl Sixes {
    /// Behind two members.
    const START: Self = Self {
        before: 0b11 << 62,
        twos_before: 1 << 63,
    };

    /// The last ones of six members in a row.
    fn ends(&mut self, members: u64) -> u64 {
        let twos = members & later(members, self.before, 1);
        let sixes = twos & later(twos, self.twos_before, 2) & later(twos, self.twos_before, 4);
        self.before = members;
        self.twos_before = twos;
        sixes
    }
}

/// Moves a set on by `by` places; `before` is the word before it.
const fn later(word: u64, before: u64, by: u32) -> u64 {
    word << by | before >> (64 - by)
}

/// Removes members that stand in rows of less than six.
fn keep_sixes(sets: &mut [Sets], of: impl Fn(&mut Sets) -> &mut u64) {
    let mut sixes = Sixes::START;
    for set in &mut *sets {
        let word = of(set);
        *word = sixes.ends(*word);
    }
    // From each end back over its six.
    let (mut behind, mut twos_behind) = (0, 0);
    for set in sets.iter_mut().rev() {
        let word = of(set);
        let twos = *word | earlier(*word, behind, 1);
        behind = *word;
        *word = twos | earlier(twos, twos_behind, 2) | earlier(twos, twos_behind, 4);
        twos_behind = twos;
    }
}

/// Moves a set back by `by` places; `behind` is the word behind it.
const fn earlier(word: u64, behind: u64, by: u32) -> u64 {
    word >> by | behind << (64 - by)
}

fn collect(sets: &[Sets], len: usize) -> Runs {
    let mut runs = Runs::new();
    let Some(&first) = sets.first() else {
        return runs;
    };
    // Nothing changes at the start.
    let mut before = Sets {
        alphanumeric: first.alphanumeric << 63,
        digits: first.digits << 63,
    };
    let mut class = first.class(0);
    let mut start = 0;
    for (set, from) in sets.iter().zip((0..).step_by(64)) {
        let mut changes = set.alphanumeric ^ later(set.alphanumeric, before.alphanumeric, 1)
            | set.digits ^ later(set.digits, before.digits, 1);
        before = *set;
        while changes != 0 {
            let at = from + changes.trailing_zeros() as usize;
            if at >= len {
                break;
            }
            runs.push(Run::new(class, at - start, at - start));
            (class, start) = (set.class(at), at);
            changes &= changes - 1;
        }
    }
    runs.push(Run::new(class, len - start, len - start));
    runs
}
