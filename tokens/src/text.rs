//! 90 bytes as text: Base45 (RFC 9285) for symbols, Base32 (RFC 4648) for URLs.
//!
//! Both are written out here. The crate `base45` allocates and takes any length; for 90 bytes it is 30 lines, and neither
//! alphabet needs padding or has spare bits, so that a token has exactly one text in each.
//!
//! Invariant: what reads is what would be written.

use crate::signed::TOKEN_BYTES;

/// Characters in a symbol: three for two bytes. All are of the alphanumeric mode.
pub const SYMBOL_CHARS: usize = TOKEN_BYTES / 2 * 3;
/// Characters in a URL: eight for five bytes. All are of the alphanumeric mode and stand for themselves in a path.
pub const URL_CHARS: usize = TOKEN_BYTES / 5 * 8;

const BASE45: [u8; 45] = *b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const BASE32: [u8; 32] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const NONE: u8 = u8::MAX;
const VALUES45: [u8; 256] = values(&BASE45);
const VALUES32: [u8; 256] = values(&BASE32);

/// The place of each character in an alphabet.
const fn values(alphabet: &[u8]) -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut value = 0u8;
    while (value as usize) < alphabet.len() {
        values[alphabet[value as usize] as usize] = value;
        value += 1;
    }
    values
}

pub(crate) fn to_base45(bytes: &[u8; TOKEN_BYTES]) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    let digits = pairs.iter().flat_map(|&pair| {
        let value = u16::from_be_bytes(pair);
        [value % 45, value / 45 % 45, value / 2025].map(|digit| BASE45[usize::from(digit)])
    });
    digits.map(char::from).collect()
}

/// `None` if the text is not what [`to_base45`] writes.
pub(crate) fn from_base45(text: &str) -> Option<[u8; TOKEN_BYTES]> {
    let (groups, []) = text.as_bytes().as_chunks::<3>() else {
        return None;
    };
    let mut bytes = [0; TOKEN_BYTES];
    let (pairs, _) = bytes.as_chunks_mut::<2>();
    if groups.len() != pairs.len() {
        return None;
    }
    for (pair, group) in pairs.iter_mut().zip(groups) {
        let digits = group.map(|character| VALUES45[usize::from(character)]);
        if digits.contains(&NONE) {
            return None;
        }
        let [low, middle, high] = digits.map(u32::from);
        // Three digits can be as much as 91 124.
        *pair = u16::try_from(low + middle * 45 + high * 2025)
            .ok()?
            .to_be_bytes();
    }
    Some(bytes)
}

pub(crate) fn to_base32(bytes: &[u8; TOKEN_BYTES]) -> String {
    let (groups, _) = bytes.as_chunks::<5>();
    let digits = groups.iter().flat_map(|group| {
        let value = group.iter().fold(0, |sum, &b| sum << 8 | u64::from(b));
        std::array::from_fn::<_, 8, _>(|place| {
            let [.., low] = (value >> (35 - 5 * place)).to_be_bytes();
            BASE32[usize::from(low & 31)]
        })
    });
    digits.map(char::from).collect()
}

/// `None` if the text is not what [`to_base32`] writes.
pub(crate) fn from_base32(text: &str) -> Option<[u8; TOKEN_BYTES]> {
    let (groups, []) = text.as_bytes().as_chunks::<8>() else {
        return None;
    };
    let mut bytes = [0; TOKEN_BYTES];
    let (parts, _) = bytes.as_chunks_mut::<5>();
    if groups.len() != parts.len() {
        return None;
    }
    for (part, group) in parts.iter_mut().zip(groups) {
        let digits = group.map(|character| VALUES32[usize::from(character)]);
        if digits.contains(&NONE) {
            return None;
        }
        let value = digits.iter().fold(0, |sum, &d| sum << 5 | u64::from(d));
        let [_, _, _, five @ ..] = value.to_be_bytes();
        *part = five;
    }
    Some(bytes)
}
