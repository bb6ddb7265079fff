//! Characters of the four modes (ISO/IEC 18004 §7.4.4–§7.4.7).
//!
//! Invariant: a count of characters never reads more bits than there are.

use super::Fault;
use super::bits::Bits;
use crate::Mode;

/// The next `count` characters.
pub fn characters(bits: &mut Bits, mode: Mode, count: u32) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let mut left = count;
    while left > 0 {
        left -= match mode {
            Mode::Numeric => digits(bits, left.min(3), &mut bytes)?,
            Mode::Alphanumeric => alphanumeric(bits, left.min(2), &mut bytes)?,
            Mode::Byte => {
                bytes.push(bits.byte(8)?);
                1
            }
            Mode::Kanji => {
                kanji(bits.take(13)?, &mut bytes);
                1
            }
        };
    }
    Ok(bytes)
}

/// Three digits in 10 bits, two in 7, one in 4.
fn digits(bits: &mut Bits, count: u32, to: &mut Vec<u8>) -> Result<u32, Fault> {
    let value = bits.take(3 * count + 1)?;
    if value >= 10_u32.pow(count) {
        return Err(Fault::NoDigits(value));
    }
    let text = format!("{value:03}");
    to.extend_from_slice(&text.as_bytes()[3 - count as usize..]);
    Ok(count)
}

/// Two characters in 11 bits, one in 6.
fn alphanumeric(bits: &mut Bits, count: u32, to: &mut Vec<u8>) -> Result<u32, Fault> {
    const CHARACTERS: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let value = bits.take(5 * count + 1)?;
    if value >= 45_u32.pow(count) {
        return Err(Fault::NoCharacters(value));
    }
    if count == 2 {
        to.push(CHARACTERS[value as usize / 45]);
    }
    to.push(CHARACTERS[value as usize % 45]);
    Ok(count)
}

/// 0x8140..=0x9FFC and 0xE040..=0xEBBF of Shift JIS, squeezed into 13 bits.
fn kanji(value: u32, to: &mut Vec<u8>) {
    let packed = value / 0xC0 * 0x100 + value % 0xC0;
    let code = packed + if packed < 0x1F00 { 0x8140 } else { 0xC140 };
    let [.., high, low] = code.to_be_bytes();
    to.extend([high, low]);
}

/// §7.4.9.1: `%%` is `%`, and a single `%` is GS.
pub fn separators(sent: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = sent;
    while let Some((&first, tail)) = rest.split_first() {
        let (byte, tail) = match (first, tail.split_first()) {
            (b'%', Some((b'%', tail))) => (b'%', tail),
            (b'%', _) => (0x1D, tail),
            _ => (first, tail),
        };
        bytes.push(byte);
        rest = tail;
    }
    bytes
}
