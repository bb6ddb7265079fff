//! The least number of bits, found the long way: character by character, in whole bits.
//!
//! Invariant: nothing here knows of runs, or of sixths.

use crate::{Eci, Mode, Options, tables::Widths};

/// What a character takes in each mode: numeric, alphanumeric and Kanji characters, bytes. 0: not in it.
#[derive(Clone, Copy)]
pub struct Character {
    numeric: u32,
    alphanumeric: u32,
    bytes: u32,
    kanji: u32,
    /// Would make `%%` of GS before it, which is a percent sign: so not in the same alphanumeric segment.
    apart: bool,
}

const ALPHANUMERIC: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const DISPUTED: &str = "―—‾￣＼〜～‖∥−－￥¢￠£￡¬￢";

/// Whether Kanji mode has the character, and decoders agree.
pub fn is_kanji(c: char) -> bool {
    let text = c.to_string();
    let (code, _, unmappable) = encoding_rs::SHIFT_JIS.encode(&text);
    let two = u16::from_be_bytes([code[0], *code.get(1).unwrap_or(&0)]);
    !unmappable
        && code.len() == 2
        && two <= 0xEBBF
        && !(0x8740..=0x879C).contains(&two)
        && !DISPUTED.contains(c)
}

/// A character whose bytes are `bytes` long.
pub fn character(c: char, bytes: usize, kanji: bool, fnc1: bool) -> Character {
    let alphanumeric = match c {
        '%' if fnc1 => 2,
        '\x1D' if fnc1 => 1,
        c => u32::from(ALPHANUMERIC.contains(c)),
    };
    Character {
        numeric: u32::from(c.is_ascii_digit()),
        alphanumeric,
        bytes: u32::try_from(bytes).unwrap(),
        kanji: u32::from(kanji),
        apart: false,
    }
}

/// What may be planned for text: the readings of which the shortest is to be taken.
pub fn readings(text: &str, options: &Options) -> Vec<Vec<Character>> {
    let fnc1 = options.fnc1.is_some();
    let sjis = options.eci == Some(Eci::SHIFT_JIS);
    let bytes = |c: char| match options.eci {
        Some(Eci::LATIN_1) => 1,
        Some(Eci::SHIFT_JIS) => encoding_rs::SHIFT_JIS.encode(&c.to_string()).0.len(),
        _ => c.len_utf8(),
    };
    let forced = options.mode == Some(Mode::Kanji);
    let kanji = |c| (forced || options.kanji && sjis) && is_kanji(c);
    let plain: Vec<_> = text
        .chars()
        .map(|c| character(c, bytes(c), kanji(c), fnc1))
        .collect();
    let mut readings = vec![plain];
    let all_kanji = text.chars().all(|c| {
        if c.is_ascii() {
            !"\\~".contains(c)
        } else {
            is_kanji(c)
        }
    });
    if options.kanji && options.eci.is_none() && all_kanji {
        let strict = |c: char| character(c, usize::from(c.is_ascii()), !c.is_ascii(), fnc1);
        readings.push(text.chars().map(strict).collect());
    }
    for reading in &mut readings {
        for (character, two) in reading
            .iter_mut()
            .skip(1)
            .zip(text.chars().zip(text.chars().skip(1)))
        {
            character.apart = fnc1 && matches!(two, ('\x1D', '\x1D' | '%'));
        }
    }
    readings
}

/// The least over all segmentations. `None` if the version lacks a mode that it takes.
pub fn least_bits(characters: &[Character], widths: Widths, forced: Option<Mode>) -> Option<u32> {
    // By mode and by how many characters of a group stand in it already.
    let mut open = [[None::<u32>; 3]; 4];
    let mut least = Some(0);
    for character in characters {
        let mut next = [[None::<u32>; 3]; 4];
        for mode in Mode::ALL {
            if forced.is_some_and(|forced| forced != mode) || widths.count(mode) == 0 {
                continue;
            }
            let fresh = least.map(|bits| bits + widths.indicator() + widths.count(mode));
            for (phase, begun) in open[mode as usize].into_iter().enumerate() {
                let begun = begun.filter(|_| !(character.apart && mode == Mode::Alphanumeric));
                let best = [begun, fresh.filter(|_| phase == 0)]
                    .into_iter()
                    .flatten()
                    .min();
                let Some(best) = best else { continue };
                if let Some((bits, phase)) = step(character, mode, phase) {
                    let place = &mut next[mode as usize][phase];
                    *place = Some(place.map_or(best + bits, |other| other.min(best + bits)));
                }
            }
        }
        open = next;
        least = open.iter().flatten().flatten().copied().min();
    }
    least
}

/// Bits of one character more, and how many then stand in the group.
fn step(character: &Character, mode: Mode, phase: usize) -> Option<(u32, usize)> {
    match mode {
        Mode::Numeric if character.numeric > 0 => Some(([4, 3, 3][phase], (phase + 1) % 3)),
        Mode::Alphanumeric if character.alphanumeric == 1 => Some(([6, 5, 0][phase], 1 - phase)),
        Mode::Alphanumeric if character.alphanumeric == 2 => Some((11, phase)),
        Mode::Byte if character.bytes > 0 => Some((8 * character.bytes, 0)),
        Mode::Kanji if character.kanji > 0 => Some((13, 0)),
        _ => None,
    }
}
