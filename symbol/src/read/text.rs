//! Segments as a reader app shows them.
//!
//! Invariant: never fails; bytes outside of the character set become U+FFFD.

use std::borrow::Cow;

use encoding_rs::{SHIFT_JIS, UTF_8};

use super::Segment;
use crate::{Eci, Mode};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Charset {
    Latin1,
    Utf8,
    ShiftJis,
    /// UTF-8 if it is, as encoders write it, else ISO/IEC 8859-1, as the standard says (§7.3.5).
    Unknown,
}

impl Charset {
    /// `None`: ASCII, the same in all of them.
    fn of(segment: &Segment) -> Option<Self> {
        match (segment.mode, segment.eci) {
            (Mode::Numeric | Mode::Alphanumeric, _) => None,
            (Mode::Kanji, _) | (_, Some(Eci::SHIFT_JIS)) => Some(Self::ShiftJis),
            (_, Some(Eci::LATIN_1)) => Some(Self::Latin1),
            (_, Some(Eci::UTF_8)) => Some(Self::Utf8),
            (Mode::Byte, _) => Some(Self::Unknown),
        }
    }

    fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Latin1 => encoding_rs::mem::decode_latin1(bytes),
            Self::Utf8 => UTF_8.decode_without_bom_handling(bytes).0,
            Self::ShiftJis => SHIFT_JIS.decode_without_bom_handling(bytes).0,
            Self::Unknown => match str::from_utf8(bytes) {
                Ok(text) => text.into(),
                Err(_) => Self::Latin1.decode(bytes),
            },
        }
    }
}

/// Neighbours of one character set are decoded together: an encoder may change modes in the middle of a character.
pub fn decode(segments: &[Segment]) -> String {
    let mut text = String::new();
    let mut run = Vec::new();
    let mut run_charset = None;
    for segment in segments {
        let charset = Charset::of(segment).or(run_charset);
        if run_charset.is_some() && charset != run_charset {
            text += &run_charset.unwrap_or(Charset::Unknown).decode(&run);
            run.clear();
        }
        run_charset = charset;
        run.extend_from_slice(&segment.bytes);
    }
    text + &run_charset.unwrap_or(Charset::Unknown).decode(&run)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(segments: &[(Mode, Option<Eci>, &[u8])]) -> String {
        let segment = |&(mode, eci, bytes): &(Mode, Option<Eci>, &[u8])| Segment {
            mode,
            eci,
            bytes: bytes.into(),
        };
        decode(&segments.iter().map(segment).collect::<Vec<_>>())
    }

    #[test]
    fn bytes_are_utf_8_or_latin_1_or_what_eci_says() {
        use Mode::Byte;
        assert_eq!(text(&[]), "");
        assert_eq!(text(&[(Byte, None, "ü".as_bytes())]), "ü");
        assert_eq!(text(&[(Byte, None, b"\xFC")]), "ü");
        assert_eq!(text(&[(Byte, Some(Eci::LATIN_1), "ü".as_bytes())]), "Ã¼");
        assert_eq!(text(&[(Byte, Some(Eci::UTF_8), b"\xFC")]), "\u{FFFD}");
        assert_eq!(text(&[(Byte, Some(Eci::SHIFT_JIS), b"\x93\x5F\\")]), "点\\");
        assert_eq!(text(&[(Byte, Eci::new(999), b"\xFC")]), "ü");
    }

    #[test]
    fn a_character_may_go_through_a_change_of_mode_but_not_of_character_set() {
        use Mode::{Alphanumeric, Byte, Kanji, Numeric};
        let cut = [
            (Numeric, None, &b"1"[..]),
            (Byte, None, b"\xE2\x82"),
            (Byte, None, b"\xAC"),
            (Alphanumeric, None, b"A"),
        ];
        assert_eq!(text(&cut), "1€A");
        let changed = [
            (Byte, None, &b"\xFC"[..]),
            (Kanji, None, b"\x93\x5F"),
            (Numeric, None, b"1"),
            (Byte, None, "ü".as_bytes()),
        ];
        assert_eq!(text(&changed), "ü点1ü");
    }
}
