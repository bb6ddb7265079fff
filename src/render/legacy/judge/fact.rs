//! What is kept of an answer.
//!
//! Invariant: no payload and no pixels: digests, sizes, colours, and the means of a logo.

use sha2::{Digest as _, Sha256};
use symbol::{Level, Mask, Version};

use super::sampled::{Frame, Inks, Metadata, Picture, Sampled, Unclear};

use crate::{
    kernel::{Error, Kind, Result},
    render::{Faults, Rendered},
};

/// What must agree, of one answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact(pub(super) Answer);

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    Refused(Refusal),
    Drawn(Box<Drawn>),
}

/// An error, without what it says to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub kind: Kind,
    /// Names of fields, sorted, each once.
    pub fields: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Drawn {
    pub media_type: &'static str,
    /// What the arm says: width, height.
    pub told_px: [u32; 2],
    /// SHA-256 of the file.
    pub file: [u8; 32],
    pub seen: std::result::Result<Seen, Unclear>,
}

/// What the file shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    pub frame: Frame,
    pub stains_px: usize,
    /// False for a JPEG.
    pub is_exact: bool,
    pub inks: Inks,
    /// As `sampled` reads it, and so are the next two.
    pub noise: u8,
    pub damaged: usize,
    pub strays: usize,
    pub version: Version,
    pub level: Level,
    pub mask: Mask,
    /// SHA-256 of what the symbol says.
    pub payload: [u8; 32],
    /// What the plate shows, where it hides modules.
    pub logo: Option<Picture>,
    pub metadata: Metadata,
    pub texts: Option<[u8; 32]>,
}

impl Fact {
    pub(super) fn of(answer: &Result<Rendered>) -> Self {
        Self(match answer {
            Err(e) => Answer::Refused(Refusal::of(e)),
            Ok(image) => Answer::Drawn(Box::new(Drawn {
                media_type: image.file.media_type,
                told_px: [image.facts.width_px, image.facts.height_px],
                file: Sha256::digest(&image.file.bytes).into(),
                seen: Seen::of(image),
            })),
        })
    }
}

impl Refusal {
    fn of(e: &Error) -> Self {
        let faults = Faults::of(e).iter();
        let mut fields: Vec<_> = faults.map(|fault| format!("{:?}", fault.field)).collect();
        fields.sort_unstable();
        fields.dedup();
        Self {
            kind: e.kind(),
            fields,
        }
    }
}

impl Seen {
    fn of(image: &Rendered) -> std::result::Result<Self, Unclear> {
        let sampled = Sampled::of(&image.file.bytes, image.file.media_type)?;
        let reading = sampled.read()?;
        let symbol = &reading.said.symbol;
        Ok(Self {
            frame: sampled.frame,
            stains_px: sampled.stains_px,
            is_exact: sampled.is_exact,
            inks: reading.inks,
            noise: reading.noise,
            damaged: reading.damaged,
            strays: reading.strays,
            version: symbol.version(),
            level: symbol.level(),
            mask: symbol.mask(),
            payload: payload(&reading.said),
            logo: reading.has_logo.then_some(sampled.picture),
            metadata: sampled.metadata,
            texts: sampled.texts,
        })
    }
}

/// The text as a reader app shows it, however it is cut into segments; whether it claims to be more than text; and, of
/// text that is not ASCII, how a reader learns its character set: without that, readers show different texts.
fn payload(said: &symbol::read::DecodedSymbol) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([
        u8::from(said.append.is_some()),
        u8::from(said.fnc1.is_some()),
    ]);
    let text = said.text();
    if !text.is_ascii() {
        let mut charsets: Vec<_> = said.segments.iter().map(charset).collect();
        charsets.dedup();
        hash.update([u8::try_from(charsets.len()).unwrap_or(u8::MAX)]);
        for charset in charsets {
            hash.update(charset);
        }
    }
    hash.update(text);
    hash.finalize().into()
}

/// The mode, which some readers take for the character set, and the ECI: 0, or its assignment number plus 1.
fn charset(segment: &symbol::read::Segment) -> [u8; 5] {
    let eci = segment.eci.map_or(0, |eci| eci.assignment() + 1);
    let [a, b, c, d] = eci.to_be_bytes();
    [segment.mode as u8, a, b, c, d]
}
