//! Text in Shift JIS: for Kanji mode (ISO/IEC 18004 §7.4.7) and behind ECI 20.
//!
//! Invariant: what is encoded here, every decoder of Windows-31J turns back into the same text.

use std::sync::OnceLock;

/// A character's double-byte code, or 0: Windows-31J without the second copies of characters that it has twice.
fn double_byte(c: char) -> u16 {
    static CODES: OnceLock<Vec<u16>> = OnceLock::new();
    let codes = CODES.get_or_init(invert);
    codes.get(c as usize).copied().unwrap_or(0)
}

/// The code table by character of the basic plane. Filled backwards: of two codes for a character, the lower one stays.
fn invert() -> Vec<u16> {
    let mut codes = vec![0; 1 << 16];
    // Not 0xED and 0xEE, where NEC repeats what IBM has from 0xFA on; nor user-defined characters, from 0xF0 on.
    let leads = (0xFA..=0xFC)
        .rev()
        .chain((0xE0..=0xEC).rev())
        .chain((0x81..=0x9F).rev());
    for lead in leads {
        for trail in (0x40..=0xFC).rev() {
            let mut decoder = encoding_rs::SHIFT_JIS.new_decoder_without_bom_handling();
            let mut units = [0; 4];
            let result =
                decoder.decode_to_utf16_without_replacement(&[lead, trail], &mut units, true);
            if let (encoding_rs::DecoderResult::InputEmpty, 2, 1) = result {
                codes[units[0] as usize] = u16::from_be_bytes([lead, trail]);
            }
        }
    }
    codes
}

/// Codes for which decoders have different characters: JIS X 0208 and Windows-31J are at odds over
/// `― ‾ ＼ 〜 ‖ − ￥ ¢ £ ¬` (or `— ￣ \ ～ ∥ － ¥ ￠ ￡ ￢`).
const DISPUTED: [u16; 10] = [
    0x8150, 0x815C, 0x815F, 0x8160, 0x8161, 0x817C, 0x818F, 0x8191, 0x8192, 0x81CA,
];

/// NEC's row 13, which JIS X 0208 leaves empty.
const NEC_ROW_13: std::ops::RangeInclusive<u16> = 0x8740..=0x879C;

/// Whether Kanji mode can be trusted with a double-byte code.
pub(super) fn is_undisputed(code: u16) -> bool {
    thirteen_bits(code).is_some() && !NEC_ROW_13.contains(&code) && !DISPUTED.contains(&code)
}

/// The Shift JIS code of a character that Kanji mode can be trusted with.
pub(super) fn kanji(c: char) -> Option<u16> {
    Some(double_byte(c)).filter(|&code| is_undisputed(code))
}

/// A double-byte code as Kanji mode has it: 0..8192 (§7.4.7).
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

/// One character: one byte or two. `None` if Shift JIS does not have it.
pub(super) fn encode(c: char, out: &mut Vec<u8>) -> Option<()> {
    match c {
        '\0'..='\x7F' => out.push(c as u8),
        // Half-width katakana, from 0xA1 on.
        '\u{FF61}'..='\u{FF9F}' => out.push((c as u32 - 0xFF61 + 0xA1).to_be_bytes()[3]),
        _ => match double_byte(c) {
            0 => return None,
            code => out.extend(code.to_be_bytes()),
        },
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_what_encoding_rs_makes_of_it() {
        for c in '\0'..='\u{FFFF}' {
            let text = c.to_string();
            let (expected, _, unmappable) = encoding_rs::SHIFT_JIS.encode(&text);
            // These two and U+2212 it squeezes in, and they come back as something else.
            let lossy =
                matches!(c, '¥' | '‾' | '−' | '\u{80}') || ('\u{E000}'..='\u{E757}').contains(&c);
            let mut found = Vec::new();
            match encode(c, &mut found) {
                Some(()) => assert_eq!(found, *expected, "{c:?}"),
                None => assert!(unmappable || lossy, "{c:?}"),
            }
        }
    }

    #[test]
    fn kanji_mode_holds_jis_x_0208_but_what_is_disputed() {
        let all = ('\0'..='\u{FFFF}').filter_map(kanji);
        assert_eq!(all.count(), 6879 - DISPUTED.len());
        assert_eq!(kanji('①'), None);
        assert_eq!(kanji('～'), None);
        // The standard's own examples.
        assert_eq!(kanji('点').and_then(thirteen_bits), Some(0xD9F));
        assert_eq!(kanji('茗').and_then(thirteen_bits), Some(0x1AAA));
    }
}
