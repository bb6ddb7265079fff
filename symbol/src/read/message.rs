//! The bit string of a symbol as header and segments (ISO/IEC 18004 §7.4, §8).
//!
//! Invariant: nothing is read past the last bit, and no bits are guessed.

use super::bits::Bits;
use super::characters::{characters, separators};
use super::{Fault, Segment};
use crate::{Append, Eci, Fnc1, Mode, Version};

/// Header and segments.
#[derive(Debug, Default)]
pub struct Message {
    pub append: Option<Append>,
    pub fnc1: Option<Fnc1>,
    pub segments: Vec<Segment>,
    eci: Option<Eci>,
}

/// What a mode indicator announces (table 2).
enum Next {
    End,
    Append,
    Eci,
    Fnc1First,
    Fnc1Second,
    Segment(Mode),
}

/// The first `bits` bits of `data`. Otherwise: at which bit something stands that is wrong, and what.
pub fn parse(version: Version, data: &[u8], bits: usize) -> Result<Message, (usize, Fault)> {
    let mut bits = Bits::new(data, bits);
    let mut message = Message::default();
    loop {
        let at = bits.position();
        if step(version, &mut bits, &mut message).map_err(|fault| (at, fault))? {
            return Ok(message);
        }
    }
}

/// Reads what one indicator announces. Whether it was the end.
fn step(version: Version, bits: &mut Bits, message: &mut Message) -> Result<bool, Fault> {
    let next = if version.is_micro() {
        micro_indicator(version, bits)?
    } else {
        indicator(bits)?
    };
    match next {
        Next::End => return Ok(true),
        Next::Append => {
            let first = message.segments.is_empty() && message.eci.is_none();
            if !first || message.fnc1.is_some() || message.append.is_some() {
                return Err(Fault::TooLate);
            }
            message.append = append(bits)?;
        }
        Next::Eci => message.eci = Some(eci(bits)?),
        Next::Fnc1First | Next::Fnc1Second
            if message.fnc1.is_some() || !message.segments.is_empty() =>
        {
            return Err(Fault::TooLate);
        }
        Next::Fnc1First => message.fnc1 = Some(Fnc1::Gs1),
        Next::Fnc1Second => message.fnc1 = Some(application(bits)?),
        Next::Segment(mode) => {
            let count = bits.take(count_width(version, mode))?;
            let mut bytes = characters(bits, mode, count)?;
            if mode == Mode::Alphanumeric && message.fnc1.is_some() {
                bytes = separators(&bytes);
            }
            let eci = message.eci;
            message.segments.push(Segment { mode, eci, bytes });
        }
    }
    Ok(false)
}

fn indicator(bits: &mut Bits) -> Result<Next, Fault> {
    // A terminator may be cut short (§7.4.10).
    let Ok(indicator) = bits.take(4) else {
        return Ok(Next::End);
    };
    Ok(match indicator {
        0b0000 => Next::End,
        0b0001 => Next::Segment(Mode::Numeric),
        0b0010 => Next::Segment(Mode::Alphanumeric),
        0b0011 => Next::Append,
        0b0100 => Next::Segment(Mode::Byte),
        0b0101 => Next::Fnc1First,
        0b0111 => Next::Eci,
        0b1000 => Next::Segment(Mode::Kanji),
        0b1001 => Next::Fnc1Second,
        other => return Err(Fault::NoMode(other)),
    })
}

/// M`n` has indicators of `n - 1` bits, and a terminator of `2n + 1` that looks like no digits at all.
fn micro_indicator(version: Version, bits: &mut Bits) -> Result<Next, Fault> {
    let number = u32::from(version.number());
    if bits.are_zero(2 * number + 1) {
        return Ok(Next::End);
    }
    Ok(match bits.take(number - 1)? {
        0 => Next::Segment(Mode::Numeric),
        1 => Next::Segment(Mode::Alphanumeric),
        2 => Next::Segment(Mode::Byte),
        3 => Next::Segment(Mode::Kanji),
        other => return Err(Fault::NoMode(other)),
    })
}

/// Bits of the character count (table 3), at least 1. M1 and M2 have no indicator for the modes they lack.
fn count_width(version: Version, mode: Mode) -> u32 {
    let number = u32::from(version.number());
    if version.is_micro() {
        return match mode {
            Mode::Numeric => number + 2,
            Mode::Alphanumeric | Mode::Byte => number + 1,
            Mode::Kanji => number,
        };
    }
    let [to_9, to_26, above] = match mode {
        Mode::Numeric => [10, 12, 14],
        Mode::Alphanumeric => [9, 11, 13],
        Mode::Byte => [8, 16, 16],
        Mode::Kanji => [8, 10, 12],
    };
    match number {
        ..=9 => to_9,
        10..=26 => to_26,
        _ => above,
    }
}

/// §8.2: position and the last position, 4 bits each, then the parity. One symbol of one is a message of its own.
fn append(bits: &mut Bits) -> Result<Option<Append>, Fault> {
    let [position, last, parity] = [bits.byte(4)?, bits.byte(4)?, bits.byte(8)?];
    if (position, last) == (0, 0) {
        return Ok(None);
    }
    let total = last + 1;
    let append = Append::new(position, total, parity);
    append
        .map(Some)
        .ok_or(Fault::NoPosition { position, total })
}

/// §7.4.3.1, table 4: 7, 14 or 21 bits after as many 1 as there are bytes more.
fn eci(bits: &mut Bits) -> Result<Eci, Fault> {
    let first = bits.take(8)?;
    let assignment = match first {
        ..0x80 => first,
        0x80..0xC0 => (first & 0x3F) << 8 | bits.take(8)?,
        0xC0..0xE0 => (first & 0x1F) << 16 | bits.take(16)?,
        _ => return Err(Fault::NoEci(first)),
    };
    Eci::new(assignment).ok_or(Fault::NoEci(assignment))
}

/// §7.4.9.3.
fn application(bits: &mut Bits) -> Result<Fnc1, Fault> {
    match bits.byte(8)? {
        indicator @ (..=99 | 165..=190 | 197..=222) => Ok(Fnc1::Application(indicator)),
        other => Err(Fault::NoApplication(other.into())),
    }
}

#[cfg(test)]
mod tests;
