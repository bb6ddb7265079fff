//! Text in Shift JIS: for Kanji mode (ISO/IEC 18004 §7.4.7) and behind ECI 20.
//!
//! Invariant: what is encoded here, every reader turns back into the same text.

use std::{ops::RangeInclusive, sync::OnceLock};

/// Codes for which readers have different characters: JIS X 0208 and Windows-31J are at odds over
/// `― ‾ ＼ 〜 ‖ − ￥ ¢ £ ¬` (or `— ￣ \ ～ ∥ － ¥ ￠ ￡ ￢`).
const DISPUTED: [u16; 10] = [
    0x8150, 0x815C, 0x815F, 0x8160, 0x8161, 0x817C, 0x818F, 0x8191, 0x8192, 0x81CA,
];

/// NEC's row 13 (`① ㈱ Ⅳ`), which only Windows-31J has.
const NEC_ROW_13: RangeInclusive<u16> = 0x8740..=0x879C;

/// The double-byte code of a character of JIS X 0208, all of which are in Kanji mode. Not of those that readers may
/// turn into something else.
pub(super) fn double_byte(c: char) -> Option<u16> {
    static CODES: OnceLock<Vec<u16>> = OnceLock::new();
    let code = *CODES.get_or_init(invert).get(c as usize)?;
    (code != 0).then_some(code)
}

/// Codes by characters of the basic plane; 0 where there is none.
fn invert() -> Vec<u16> {
    let mut codes = vec![0; 1 << 16];
    for code in (0x8140_u16..=0x9FFC).chain(0xE040..=0xEBBF) {
        let mut decoder = encoding_rs::SHIFT_JIS.new_decoder_without_bom_handling();
        let mut units = [0; 4];
        let bytes = code.to_be_bytes();
        let result = decoder.decode_to_utf16_without_replacement(&bytes, &mut units, true);
        let is_one = matches!(result, (encoding_rs::DecoderResult::InputEmpty, 2, 1));
        if is_one && !NEC_ROW_13.contains(&code) && !DISPUTED.contains(&code) {
            codes[units[0] as usize] = code;
        }
    }
    codes
}

/// A double-byte code as Kanji mode has it: 0..8192. `None` if it has not.
pub(super) fn thirteen_bits(code: u16) -> Option<u16> {
    let base = match code {
        0x8140..=0x9FFC => 0x8140,
        0xE040..=0xEBBF => 0xC140,
        _ => return None,
    };
    let [_, trail] = code.to_be_bytes();
    let [high, low] = (code - base).to_be_bytes();
    let is_trail = matches!(trail, 0x40..=0x7E | 0x80..=0xFC);
    is_trail.then_some(u16::from(high) * 0xC0 + u16::from(low))
}

/// Whether a byte is the first of two.
pub(super) const fn is_lead(byte: u8) -> bool {
    matches!(byte, 0x81..=0x9F | 0xE0..=0xFC)
}

/// Whether an ASCII character is the same in Shift JIS. To JIS X 0201, and so to readers that follow it, these two are
/// `¥` and `‾`.
pub(super) const fn is_same(ascii: u8) -> bool {
    !matches!(ascii, b'\\' | b'~')
}

/// One character: one byte or two. `None` if Shift JIS does not have it, or not for every reader.
pub(super) fn encode(c: char, out: &mut Vec<u8>) -> Option<()> {
    match u8::try_from(c) {
        Ok(ascii @ 0..0x80) if is_same(ascii) => out.push(ascii),
        Ok(0..0x80) => return None,
        _ => match c {
            // Half-width katakana, from 0xA1 on.
            '\u{FF61}'..='\u{FF9F}' => out.push((c as u32 - 0xFF61 + 0xA1).to_be_bytes()[3]),
            _ => out.extend(double_byte(c)?.to_be_bytes()),
        },
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_what_encoding_rs_makes_of_it() {
        for c in '\0'..='\u{FFFF}' {
            let text = c.to_string();
            let mut found = Vec::new();
            if encode(c, &mut found).is_some() {
                assert_eq!(found, *encoding_rs::SHIFT_JIS.encode(&text).0, "{c:?}");
            }
        }
    }

    #[test]
    fn all_of_jis_x_0208_is_there_but_what_is_disputed() {
        let all = ('\0'..='\u{FFFF}').filter_map(double_byte);
        assert_eq!(all.count(), 6879 - DISPUTED.len());
        assert_eq!(double_byte('①'), None);
        assert_eq!(double_byte('～'), None);
        // The standard's own examples.
        assert_eq!(double_byte('点').and_then(thirteen_bits), Some(0xD9F));
        assert_eq!(double_byte('茗').and_then(thirteen_bits), Some(0x1AAA));
    }
}
