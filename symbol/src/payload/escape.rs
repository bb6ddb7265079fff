//! The two ways in which payloads say a character that means something else: a backslash, and percent-encoding.
//!
//! Invariant: no character that is to be escaped leaves here bare.

/// A backslash before every backslash and every one of `special`.
pub(super) fn backslash(text: &str, special: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\\' || special.contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// `%XX` for every byte of the UTF-8 that is not one of those that `keep` (RFC 3986 §2.1). `keep` is asked about ASCII
/// only.
pub(super) fn percent(text: &str, keep: impl Fn(u8) -> bool) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii() && keep(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

/// RFC 3986 §2.3: the characters that mean nothing anywhere in a URI.
pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}
