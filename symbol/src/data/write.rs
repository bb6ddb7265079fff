//! Headers and segments as bits (ISO/IEC 18004 §7.4.2–7.4.9, §8).
//!
//! Invariant: as many bits are written as were planned.

use std::borrow::Cow;

use crate::{Eci, Fnc1, Mode, Options, tables::Widths};

use super::{bits::Bits, classify::VALUES, plan, runs::Run, shift_jis, source::Source};

/// Structured append, ECI, FNC1: bits and how many they are, 0 for none. Only QR has them.
pub(super) fn symbol_headers(options: &Options) -> [(u32, u32); 3] {
    let append = options.append.map_or((0, 0), |append| {
        let sequence = u32::from(append.position()) << 4 | u32::from(append.total() - 1);
        (
            0b0011 << 16 | sequence << 8 | u32::from(append.parity()),
            20,
        )
    });
    let fnc1 = options.fnc1.map_or((0, 0), |fnc1| match fnc1 {
        Fnc1::Gs1 => (0b0101, 4),
        Fnc1::Application(indicator) => (0b1001 << 8 | u32::from(indicator), 12),
    });
    [append, options.eci.map_or((0, 0), designator), fnc1]
}

/// One byte, or two beginning with 10, or three beginning with 110 (§7.4.3, table 4).
fn designator(eci: Eci) -> (u32, u32) {
    match eci.assignment() {
        short @ ..0x80 => (0b0111 << 8 | short, 12),
        middle @ ..0x4000 => (0b0111 << 16 | 0x8000 | middle, 20),
        long => (0b0111 << 24 | 0xC0_0000 | long, 28),
    }
}

/// A segment for each mode that is planned.
pub(super) fn segments(
    bits: &mut Bits,
    source: &Source,
    runs: &[Run],
    options: &Options,
    widths: Widths,
) {
    let mut start = 0;
    for same in plan::segments(runs) {
        let Some(&Run { mode, .. }) = same.first() else {
            continue;
        };
        let end = start + same.iter().map(|run| run.bytes as usize).sum::<usize>();
        let bytes = &source.bytes[start..end];
        match mode {
            Mode::Numeric => {
                header(bits, mode, bytes.len(), widths);
                numeric(bits, bytes);
            }
            Mode::Alphanumeric => {
                let bytes = if options.fnc1.is_some() {
                    escaped(bytes)
                } else {
                    bytes.into()
                };
                header(bits, mode, bytes.len(), widths);
                alphanumeric(bits, &bytes);
            }
            Mode::Byte => {
                header(bits, mode, bytes.len(), widths);
                bits.extend(bytes);
            }
            Mode::Kanji => {
                let chars = same.iter().map(|run| run.chars as usize).sum();
                header(bits, mode, chars, widths);
                kanji(
                    bits,
                    bytes,
                    source.text.and_then(|text| text.get(start..end)),
                );
            }
        }
        start = end;
    }
}

/// Mode indicator and character count indicator. The count fits: what fits into a version, its field can count.
fn header(bits: &mut Bits, mode: Mode, count: usize, widths: Widths) {
    let indicator = widths.indicator_of(mode).unwrap_or(0);
    bits.push(indicator, widths.indicator());
    bits.push(u32::try_from(count).unwrap_or(0), widths.count(mode));
}

/// Three digits in 10 bits, two in 7, one in 4 (§7.4.4).
fn numeric(bits: &mut Bits, digits: &[u8]) {
    let number = |digits: &[u8]| {
        digits
            .iter()
            .fold(0, |n, digit| 10 * n + u32::from(digit - b'0'))
    };
    let (nines, rest) = digits.as_chunks::<9>();
    for nine in nines {
        let three = |at| number(&nine[at..at + 3]);
        bits.push(three(0) << 20 | three(3) << 10 | three(6), 30);
    }
    for three in rest.chunks(3) {
        bits.push(number(three), [4, 7, 10][three.len() - 1]);
    }
}

/// Two characters in 11 bits, one in 6 (§7.4.5).
fn alphanumeric(bits: &mut Bits, characters: &[u8]) {
    let value = |character: u8| u32::from(VALUES[character as usize]);
    let (fours, rest) = characters.as_chunks::<4>();
    for &[a, b, c, d] in fours {
        bits.push(
            (45 * value(a) + value(b)) << 11 | (45 * value(c) + value(d)),
            22,
        );
    }
    for two in rest.chunks(2) {
        match *two {
            [a, b] => bits.push(45 * value(a) + value(b), 11),
            _ => bits.push(value(two[0]), 6),
        }
    }
}

/// Beside FNC1, `%` stands for GS, and `%%` for itself (§7.4.9).
fn escaped(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.iter().any(|byte| matches!(byte, b'%' | 0x1D)) {
        return bytes.into();
    }
    let mut escaped = Vec::with_capacity(2 * bytes.len());
    for &byte in bytes {
        match byte {
            b'%' => escaped.extend(b"%%"),
            0x1D => escaped.push(b'%'),
            _ => escaped.push(byte),
        }
    }
    escaped.into()
}

/// 13 bits for each character of `text`, or of the Shift JIS in `bytes` (§7.4.7).
fn kanji(bits: &mut Bits, bytes: &[u8], text: Option<&str>) {
    let mut push = |code| {
        bits.push(u32::from(shift_jis::thirteen_bits(code).unwrap_or(0)), 13);
    };
    match text {
        Some(text) => text
            .chars()
            .filter_map(shift_jis::double_byte)
            .for_each(&mut push),
        None => bytes
            .as_chunks()
            .0
            .iter()
            .for_each(|&two| push(u16::from_be_bytes(two))),
    }
}
