//! Content in the character set it is sent in, and as runs.
//!
//! Invariant: the runs are those of `bytes`.

use std::borrow::Cow;

use crate::{Content, Eci, Error, Mode, Options, Unencodable};

use super::{
    classify::{self, VALUES},
    runs::{Class, Run, Runs},
    shift_jis,
};

const GS: u8 = 0x1D;

/// Content in the character set of byte mode.
pub(super) struct Source<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    /// The same, where it is UTF-8. Otherwise, Kanji mode finds Shift JIS in `bytes`.
    pub(super) text: Option<&'a str>,
    /// Shift JIS, whose second bytes look like ASCII: readers that decode segment by segment must find both in one.
    pairs: Option<Pairs>,
}

/// How the double-byte characters of Shift JIS may be sent.
#[derive(Clone, Copy)]
enum Pairs {
    Bytes,
    BytesOrKanji,
}

impl<'a> Source<'a> {
    pub(super) fn new(content: Content<'a>, options: &Options) -> Result<Self, Error> {
        let text = match content {
            Content::Text(text) => text,
            Content::Bytes(bytes) => {
                let pairs = options.eci.filter(|&eci| eci == Eci::SHIFT_JIS);
                return Ok(Self {
                    bytes: bytes.into(),
                    text: None,
                    pairs: pairs.map(|_| Pairs::Bytes),
                });
            }
        };
        // The other modes do not depend on the character set.
        let has_bytes = matches!(options.mode, None | Some(Mode::Byte));
        let octets = |bytes: Vec<u8>, pairs| Self {
            bytes: bytes.into(),
            text: None,
            pairs,
        };
        Ok(match options.eci.filter(|_| has_bytes) {
            Some(eci @ Eci::LATIN_1) if !text.is_ascii() => octets(transcode(text, eci)?, None),
            Some(eci @ Eci::SHIFT_JIS) => {
                let pairs = if options.kanji {
                    Pairs::BytesOrKanji
                } else {
                    Pairs::Bytes
                };
                octets(transcode(text, eci)?, Some(pairs))
            }
            _ => Self {
                bytes: text.as_bytes().into(),
                text: Some(text),
                pairs: None,
            },
        })
    }

    /// Runs without a forced mode. `only_qr`: no Micro QR symbol is wanted.
    pub(super) fn runs(&self, options: &Options, only_qr: bool) -> Runs {
        let fnc1 = options.fnc1.is_some();
        if let Some(pairs) = self.pairs {
            self.shift_jis_runs(pairs, fnc1)
        } else if fnc1 {
            let mut walk = Walk::new(fnc1);
            for &byte in &*self.bytes {
                walk.add_byte(byte);
            }
            walk.runs
        } else if only_qr {
            classify::paying_runs(&self.bytes)
        } else {
            classify::every_run(&self.bytes)
        }
    }

    /// Runs with everything that is not ASCII in Kanji mode. `None` where that cannot be, or must not: beside Kanji,
    /// readers take unlabelled bytes for Shift JIS; and under the label of another character set they take Kanji mode
    /// for that, too, though the standard says otherwise (zxing-cpp 3.1 and zbar 0.23 both do).
    pub(super) fn kanji_runs(&self, options: &Options) -> Option<Runs> {
        let may_be = options.kanji && options.eci.is_none() && options.mode.is_none();
        let text = self.text.filter(|text| may_be && !text.is_ascii())?;
        let mut walk = Walk::new(options.fnc1.is_some());
        for c in text.chars() {
            match u8::try_from(c) {
                Ok(byte @ 0..0x80) if shift_jis::is_same(byte) => walk.add_byte(byte),
                _ if shift_jis::double_byte(c).is_some() => {
                    walk.add(Class::KanjiOnly, c.len_utf8());
                }
                _ => return None,
            }
        }
        Some(walk.runs)
    }

    fn shift_jis_runs(&self, pairs: Pairs, fnc1: bool) -> Runs {
        // Text has been transcoded: there is no pair that Kanji mode does not have.
        let class = match pairs {
            Pairs::Bytes => Class::Byte,
            Pairs::BytesOrKanji => Class::Kanji,
        };
        let mut walk = Walk::new(fnc1);
        let mut rest = &*self.bytes;
        while let [first, behind @ ..] = rest {
            rest = match behind {
                [_, behind @ ..] if shift_jis::is_lead(*first) => {
                    walk.add(class, 2);
                    behind
                }
                _ => {
                    walk.add_byte(*first);
                    behind
                }
            };
        }
        walk.runs
    }

    /// Runs that all are in `mode`, or the first character that it does not have.
    pub(super) fn forced_runs(&self, mode: Mode, fnc1: bool) -> Result<Runs, Error> {
        let len = self.bytes.len();
        let (class, chars) = match mode {
            _ if len == 0 => return Ok(Runs::new()),
            Mode::Byte => (Class::Byte, len),
            Mode::Kanji => (Class::KanjiOnly, self.count_kanji()?),
            Mode::Numeric | Mode::Alphanumeric => return self.forced_ascii_runs(mode, fnc1),
        };
        Ok(Runs::one(Run::new(class, len, chars)))
    }

    fn forced_ascii_runs(&self, mode: Mode, fnc1: bool) -> Result<Runs, Error> {
        let mut walk = Walk::new(fnc1);
        for (at, &byte) in self.bytes.iter().enumerate() {
            if !class(byte, fnc1).has(mode) {
                return Err(self.not_in(mode, at));
            }
            walk.add_byte(byte);
        }
        Ok(walk.runs)
    }

    fn count_kanji(&self) -> Result<usize, Error> {
        let Some(text) = self.text else {
            let whole = self.bytes.chunks(2).position(|two| match *two {
                [lead, trail] => {
                    shift_jis::thirteen_bits(u16::from_be_bytes([lead, trail])).is_none()
                }
                _ => true,
            });
            return match whole {
                Some(pair) => Err(self.not_in(Mode::Kanji, 2 * pair)),
                None => Ok(self.bytes.len() / 2),
            };
        };
        match text
            .char_indices()
            .find(|&(_, c)| shift_jis::double_byte(c).is_none())
        {
            Some((at, _)) => Err(self.not_in(Mode::Kanji, at)),
            None => Ok(text.chars().count()),
        }
    }

    fn not_in(&self, mode: Mode, at: usize) -> Error {
        let character = self.text.and_then(|text| text.get(at..)?.chars().next());
        let found = match character {
            Some(c) => Unencodable::Character(c),
            None => Unencodable::Byte(self.bytes.get(at).copied().unwrap_or(0)),
        };
        Error::NotInMode { mode, at, found }
    }
}

/// Runs, character by character.
struct Walk {
    runs: Runs,
    fnc1: bool,
    after_gs: bool,
}

impl Walk {
    fn new(fnc1: bool) -> Self {
        Self {
            runs: Runs::new(),
            fnc1,
            after_gs: false,
        }
    }

    fn add(&mut self, class: Class, bytes: usize) {
        self.runs.add(class, bytes, false);
        self.after_gs = false;
    }

    fn add_byte(&mut self, byte: u8) {
        let apart = self.after_gs && matches!(byte, b'%' | GS);
        self.runs.add(class(byte, self.fnc1), 1, apart);
        self.after_gs = self.fnc1 && byte == GS;
    }
}

/// What an ASCII character, or a byte, may be sent as.
fn class(byte: u8, fnc1: bool) -> Class {
    match byte {
        b'0'..=b'9' => Class::Digit,
        b'%' if fnc1 => Class::Percent,
        GS if fnc1 => Class::Alphanumeric,
        _ if VALUES[byte as usize] < 45 => Class::Alphanumeric,
        _ => Class::Byte,
    }
}

fn transcode(text: &str, eci: Eci) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let done = if eci == Eci::SHIFT_JIS {
            shift_jis::encode(c, &mut bytes)
        } else {
            u8::try_from(c).ok().map(|byte| bytes.push(byte))
        };
        done.ok_or(Error::NotInCharset { eci, at, found: c })?;
    }
    Ok(bytes)
}
