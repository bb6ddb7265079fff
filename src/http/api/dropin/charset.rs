//! Character sets that other services let their callers choose.
//!
//! Invariant: a symbol in a chosen character set says the same text to a reader that guesses.

use bytes::Bytes;
use encoding_rs::SHIFT_JIS;

/// Of a parameter, or of the bytes in a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    Utf8,
    /// ISO/IEC 8859-1.
    Latin1,
    ShiftJis,
}

impl Charset {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Latin1 => "ISO-8859-1",
            Self::ShiftJis => "Shift_JIS",
        }
    }

    /// As a word of a parameter.
    pub const fn word(self) -> (&'static str, Self) {
        (self.label(), self)
    }

    /// `None` for bytes that are no text.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => str::from_utf8(bytes).ok().map(str::to_owned),
            Self::Latin1 => Some(bytes.iter().copied().map(char::from).collect()),
            Self::ShiftJis => {
                let text = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes);
                text.map(std::borrow::Cow::into_owned)
            }
        }
    }

    /// The content of a symbol. Bytes that readers would take for UTF-8 stay UTF-8, with its declaration.
    ///
    /// # Errors
    /// The first character that the set has not.
    pub fn encode(self, text: &str) -> Result<Bytes, char> {
        let bytes: Vec<u8> = match self {
            Self::Utf8 => text.into(),
            Self::Latin1 => {
                let byte = |c: char| u8::try_from(u32::from(c)).map_err(|_| c);
                text.chars().map(byte).collect::<Result<_, _>>()?
            }
            Self::ShiftJis => {
                let mut bytes = Vec::new();
                for c in text.chars() {
                    let mut one = [0; 4];
                    let (encoded, _, is_lossy) = SHIFT_JIS.encode(c.encode_utf8(&mut one));
                    if is_lossy {
                        return Err(c);
                    }
                    bytes.extend_from_slice(&encoded);
                }
                bytes
            }
        };
        let is_mistaken = str::from_utf8(&bytes).is_ok();
        Ok(if is_mistaken {
            text.to_owned().into()
        } else {
            bytes.into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_meaning() {
        assert_eq!(&*Charset::Latin1.encode("Grüße").unwrap(), b"Gr\xfc\xdfe");
        assert_eq!(Charset::Latin1.encode("a€"), Err('€'));
        assert_eq!(
            &*Charset::ShiftJis.encode("日本").unwrap(),
            b"\x93\xfa\x96\x7b"
        );
        assert_eq!(Charset::ShiftJis.encode("é"), Err('é'));
        // In Latin-1 these are the bytes of `é` in UTF-8.
        assert_eq!(&*Charset::Latin1.encode("Ã©").unwrap(), "Ã©".as_bytes());
        for charset in [Charset::Utf8, Charset::Latin1, Charset::ShiftJis] {
            assert_eq!(&*charset.encode("HTTP://A").unwrap(), b"HTTP://A");
            assert_eq!(charset.decode(b"abc").as_deref(), Some("abc"));
        }
        assert_eq!(Charset::ShiftJis.decode(b"\x93\xfa").as_deref(), Some("日"));
    }
}
