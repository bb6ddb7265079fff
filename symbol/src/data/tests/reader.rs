//! A reader of bit strings that knows nothing of the writer.
//!
//! Invariant: widths are written down here once more, from the standard.

use crate::{Fnc1, Mode, Version};

#[derive(Debug, Default)]
pub struct Message {
    pub segments: Vec<(Mode, Vec<u8>)>,
    pub eci: Option<u32>,
    pub fnc1: Option<Fnc1>,
    pub append: Option<(u8, u8, u8)>,
    /// Up to the terminator.
    pub bits: usize,
}

impl Message {
    /// All segments together; those in Kanji mode are Shift JIS, unless `kanji` makes something else of them.
    pub fn bytes(&self, kanji: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
        let bytes = |(mode, bytes): &(Mode, Vec<u8>)| match mode {
            Mode::Kanji => kanji(bytes),
            _ => bytes.clone(),
        };
        self.segments.iter().flat_map(bytes).collect()
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl Reader<'_> {
    fn left(&self) -> usize {
        self.end - self.at
    }

    fn take(&mut self, bits: usize) -> usize {
        assert!(bits <= self.left(), "a field is cut");
        let mut value = 0;
        for _ in 0..bits {
            value = value << 1 | usize::from(self.bytes[self.at / 8] >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        value
    }
}

/// Reads `end` bits of codewords and checks their padding.
pub fn read(codewords: &[u8], end: usize, version: Version) -> Message {
    assert_eq!(codewords.len(), end.div_ceil(8));
    let mut reader = Reader {
        bytes: codewords,
        at: 0,
        end,
    };
    let mut message = Message::default();
    let terminator = if version.is_micro() {
        2 * usize::from(version.number()) + 1
    } else {
        4
    };
    loop {
        message.bits = reader.at;
        if reader.left() < terminator {
            assert_eq!(reader.take(reader.left()), 0, "a terminator, cut");
            break;
        }
        if reader.take(terminator) == 0 {
            break;
        }
        reader.at = message.bits;
        let indicator = if version.is_micro() {
            usize::from(version.number()) - 1
        } else {
            4
        };
        let mode = match (version.is_micro(), reader.take(indicator)) {
            (true, 0) | (false, 1) => Mode::Numeric,
            (true, 1) | (false, 2) => Mode::Alphanumeric,
            (true, 2) | (false, 4) => Mode::Byte,
            (true, 3) | (false, 8) => Mode::Kanji,
            (false, other) => {
                header(&mut reader, other, &mut message);
                continue;
            }
            _ => panic!("no mode"),
        };
        let segment = segment(&mut reader, mode, version, message.fnc1.is_some());
        message.segments.push((mode, segment));
    }
    check_padding(reader);
    message
}

fn header(reader: &mut Reader, indicator: usize, message: &mut Message) {
    assert!(message.segments.is_empty());
    match indicator {
        3 => {
            assert!(message.eci.is_none() && message.fnc1.is_none());
            let mut byte = |bits| u8::try_from(reader.take(bits)).unwrap();
            message.append = Some((byte(4), byte(4) + 1, byte(8)));
        }
        7 => {
            assert!(message.fnc1.is_none());
            let first = reader.take(8);
            message.eci = u32::try_from(match first {
                0..0x80 => first,
                0x80..0xC0 => (first - 0x80) << 8 | reader.take(8),
                _ => (first - 0xC0) << 16 | reader.take(16),
            })
            .ok();
        }
        5 => message.fnc1 = Some(Fnc1::Gs1),
        9 => message.fnc1 = Some(Fnc1::Application(u8::try_from(reader.take(8)).unwrap())),
        other => panic!("no indicator: {other}"),
    }
}

fn segment(reader: &mut Reader, mode: Mode, version: Version, fnc1: bool) -> Vec<u8> {
    let class = match (version.is_micro(), version.number()) {
        (true, number) => usize::from(number) - 1,
        (_, ..=9) => 4,
        (_, ..=26) => 5,
        _ => 6,
    };
    let count = reader.take(match mode {
        Mode::Numeric => [3, 4, 5, 6, 10, 12, 14][class],
        Mode::Alphanumeric => [0, 3, 4, 5, 9, 11, 13][class],
        Mode::Byte => [0, 0, 4, 5, 8, 16, 16][class],
        Mode::Kanji => [0, 0, 3, 4, 8, 10, 12][class],
    });
    assert!(count > 0, "an empty segment");
    match mode {
        Mode::Numeric => numeric(reader, count),
        Mode::Alphanumeric => alphanumeric(reader, count, fnc1),
        Mode::Byte => (0..count)
            .map(|_| u8::try_from(reader.take(8)).unwrap())
            .collect(),
        Mode::Kanji => (0..count).flat_map(|_| kanji(reader.take(13))).collect(),
    }
}

fn numeric(reader: &mut Reader, count: usize) -> Vec<u8> {
    let mut digits = String::new();
    for start in (0..count).step_by(3) {
        let width = (count - start).min(3);
        let group = format!("{:0width$}", reader.take([4, 7, 10][width - 1]));
        assert_eq!(group.len(), width);
        digits += &group;
    }
    digits.into_bytes()
}

fn alphanumeric(reader: &mut Reader, count: usize, fnc1: bool) -> Vec<u8> {
    const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let mut text = Vec::new();
    for start in (0..count).step_by(2) {
        if start + 1 < count {
            let two = reader.take(11);
            text.extend([ALPHABET[two / 45], ALPHABET[two % 45]]);
        } else {
            text.push(ALPHABET[reader.take(6)]);
        }
    }
    if fnc1 {
        // In this order: what is left single is a separator.
        let text = String::from_utf8(text).unwrap();
        let text = text
            .replace("%%", "\0")
            .replace('%', "\x1D")
            .replace('\0', "%");
        return text.into_bytes();
    }
    text
}

fn kanji(code: usize) -> [u8; 2] {
    let code = code / 0xC0 * 0x100 + code % 0xC0;
    let code = code
        + if code + 0x8140 <= 0x9FFC {
            0x8140
        } else {
            0xC140
        };
    u16::try_from(code).unwrap().to_be_bytes()
}

/// 0 up to a codeword's end, then 0xEC and 0x11 in turn; half a codeword is 0.
fn check_padding(mut reader: Reader) {
    let rest = (8 - reader.at % 8) % 8;
    let rest = rest.min(reader.left());
    assert_eq!(reader.take(rest), 0);
    for pad in [0xEC, 0x11].into_iter().cycle().take(reader.left() / 8) {
        assert_eq!(reader.take(8), pad);
    }
    let half = reader.left();
    assert_eq!(reader.take(half), 0);
    let unused = reader.bytes.len() * 8 - reader.end;
    assert!(
        reader
            .bytes
            .last()
            .is_none_or(|last| last & ((1 << unused) - 1) == 0)
    );
}
