//! One random input: what is encoded, how, and the same as a segment of qrcodegen's.
//!
//! Invariant: the content is in the mode and fits the version at the level, often to the last bit.

use benches::{
    ours::{self, Content, Level, Mask, Mode, Options, Version, Versions},
    peers,
    random::Random,
};
use encoding_rs::SHIFT_JIS;
use qrcodegen::QrSegment;

const ALPHANUMERIC: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

pub struct Case {
    pub version: Version,
    pub level: Level,
    pub mode: Mode,
    bytes: Vec<u8>,
}

impl Case {
    /// The input number `index` of a run. Versions take turns.
    pub fn new(seed: u64, index: usize) -> Self {
        // Far apart, so that neighbouring seeds do not share inputs.
        let mut random = Random::new(
            seed.wrapping_mul(0x0100_0000_01b3)
                .wrapping_add(index as u64),
        );
        let version = ours::qr(1 + index % 40);
        let level = random.one_of(&Level::ALL);
        let mode = random.one_of(&Mode::ALL);
        let most = capacity(version, level, mode);
        let length = match random.below(4) {
            0 => most,
            1 => most.saturating_sub(random.below(8)),
            2 => random.between(1, most.max(1)),
            _ => random.between(1, most.clamp(1, 40)),
        };
        Self {
            version,
            level,
            mode,
            bytes: content(&mut random, mode, length.clamp(1, most.max(1))),
        }
    }

    pub fn content(&self) -> Content<'_> {
        match std::str::from_utf8(&self.bytes) {
            Ok(text) if self.mode != Mode::Byte => Content::Text(text),
            _ => Content::Bytes(&self.bytes),
        }
    }

    pub fn options(&self, mask: Option<Mask>) -> Options {
        Options {
            level: self.level,
            versions: Versions::Exactly(self.version),
            mode: Some(self.mode),
            mask,
            ..Options::default()
        }
    }

    pub fn segment(&self) -> Option<QrSegment> {
        let text = std::str::from_utf8(&self.bytes).ok();
        match self.mode {
            Mode::Numeric => text.map(QrSegment::make_numeric),
            Mode::Alphanumeric => text.map(QrSegment::make_alphanumeric),
            Mode::Byte => Some(QrSegment::make_bytes(&self.bytes)),
            Mode::Kanji => text.and_then(peers::kanji),
        }
    }

    /// For whoever wants to see it again.
    pub fn describe(&self) -> String {
        format!(
            "version {} level {:?} {} mode, bytes {}",
            self.version,
            self.level,
            self.mode,
            hex(&self.bytes)
        )
    }
}

/// How many characters fit.
fn capacity(version: Version, level: Level, mode: Mode) -> usize {
    let number = version.number();
    let count_bits = match (mode, number) {
        (Mode::Numeric, ..10) => 10,
        (Mode::Numeric, ..27) => 12,
        (Mode::Numeric, _) => 14,
        (Mode::Alphanumeric, ..10) => 9,
        (Mode::Alphanumeric, ..27) => 11,
        (Mode::Alphanumeric, _) => 13,
        (Mode::Byte | Mode::Kanji, ..10) => 8,
        (Mode::Byte, _) => 16,
        (Mode::Kanji, ..27) => 10,
        (Mode::Kanji, _) => 12,
    };
    let bits = peers::capacity_bits(number, level).saturating_sub(4 + count_bits);
    match mode {
        Mode::Numeric => bits / 10 * 3 + [0, 0, 0, 0, 1, 1, 1, 2, 2, 2][bits % 10],
        Mode::Alphanumeric => bits / 11 * 2 + usize::from(bits % 11 >= 6),
        Mode::Byte => bits / 8,
        Mode::Kanji => bits / 13,
    }
}

fn content(random: &mut Random, mode: Mode, length: usize) -> Vec<u8> {
    match mode {
        Mode::Numeric => random.letters(b"0123456789", length),
        Mode::Alphanumeric => random.letters(ALPHANUMERIC, length),
        Mode::Byte => (0..length).map(|_| random.byte()).collect(),
        Mode::Kanji => kanji(random, length).into_bytes(),
    }
}

/// Characters of JIS X 0208's rows 16–84: on those nobody disagrees.
pub fn kanji(random: &mut Random, length: usize) -> String {
    let mut text = String::new();
    let mut left = length;
    while left > 0 {
        let high = random.one_of(&[0x89, 0x8a, 0x8f, 0x93, 0x97, 0x9a, 0x9f, 0xe0, 0xe5, 0xe9]);
        let low = random.between(0x40, 0xfc);
        let pair = [high, u8::try_from(low).unwrap_or(0x40)];
        let decoded = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&pair);
        let mut found = decoded.iter().flat_map(|text| text.chars());
        // A pair that is no character decodes to nothing, or to two.
        if let (Some(kanji @ '\u{4e00}'..='\u{9fff}'), None) = (found.next(), found.next()) {
            text.push(kanji);
            left -= 1;
        }
    }
    text
}

pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}
