//! The format of a value in Redis: version, checksum, generation, time, cost, kind, body.
//!
//! Invariant: bytes that this version of the format did not write under this very name are refused. Anybody may write to a Redis;
//! a wrong picture is worse than a miss.

use std::{
    io::{Read, Write},
    time::Duration,
};

use bytes::Bytes;
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use sha2::{Digest, Sha256};

/// First bytes of a value.
const MAGIC: &[u8; 3] = b"QRO";
/// Of the layout and the contents. A release that changes either increments it; other releases then see a miss.
const VERSION: u8 = 1;
const CHECK: usize = 16;
/// Flags, generation, times and lengths.
const HEAD: usize = 1 + 16 + 8 + 4 + 1 + 2;
const DEFLATED: u8 = 1;
/// Shortest body that is deflated, in bytes.
const WORTH_DEFLATING: usize = 1024;
/// Longest body, in bytes. One that inflates to more is refused.
const LARGEST: u64 = 32 << 20;

/// Which state of its thing a value was made from: random per change, 0 before the first.
pub(super) type Generation = [u8; 16];

/// The encoded value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    pub bytes: Bytes,
    /// Entity tag, or empty; at most 65 535 bytes.
    pub etag: String,
    /// Whether to deflate it: true for text, false for images.
    pub is_text: bool,
}

/// A value with its facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Label of its `CacheKind`.
    pub kind: String,
    pub generation: Generation,
    /// Milliseconds since the Unix epoch.
    pub made_at_ms: u64,
    /// The time that making it took.
    pub cost: Duration,
    pub body: Body,
}

/// Why bytes are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Foreign,
    /// Of another version of the format, as after a rollback.
    OtherVersion,
    Damaged,
}

impl Frame {
    /// Bytes for Redis. `name`: its key there.
    pub(super) fn write(&self, name: &str) -> Vec<u8> {
        let deflated = (self.body.is_text && self.body.bytes.len() >= WORTH_DEFLATING)
            .then(|| deflate(&self.body.bytes))
            .flatten();
        let flags = if deflated.is_some() { DEFLATED } else { 0 };
        let body = deflated.as_deref().unwrap_or(&self.body.bytes);
        let etag = self.body.etag.as_bytes();
        let cost_us = u32::try_from(self.cost.as_micros()).unwrap_or(u32::MAX);
        let length = MAGIC.len() + 1 + CHECK + HEAD + self.kind.len() + etag.len() + body.len();
        let mut out = Vec::with_capacity(length);
        out.extend_from_slice(MAGIC);
        out.push(VERSION);
        out.extend_from_slice(&[0; CHECK]);
        out.push(flags);
        out.extend_from_slice(&self.generation);
        out.extend_from_slice(&self.made_at_ms.to_be_bytes());
        out.extend_from_slice(&cost_us.to_be_bytes());
        // Labels and entity tags are ours, and far below these.
        out.push(u8::try_from(self.kind.len()).unwrap_or(u8::MAX));
        out.extend_from_slice(&u16::try_from(etag.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(self.kind.as_bytes());
        out.extend_from_slice(etag);
        out.extend_from_slice(body);
        let at = MAGIC.len() + 1;
        let check = check(name, &out[at + CHECK..]);
        out[at..at + CHECK].copy_from_slice(&check);
        out
    }

    /// # Errors
    /// When the bytes are not a value that was written under this name.
    pub(super) fn read(name: &str, bytes: &Bytes) -> Result<Self, Refused> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(Refused::Foreign)?;
        let (version, rest) = rest.split_first().ok_or(Refused::Foreign)?;
        if *version != VERSION {
            return Err(Refused::OtherVersion);
        }
        let (sum, rest) = rest.split_at_checked(CHECK).ok_or(Refused::Damaged)?;
        if sum != check(name, rest) {
            return Err(Refused::Damaged);
        }
        Self::parse(bytes, rest).ok_or(Refused::Damaged)
    }

    /// `rest` is a part of `whole`, and so is the body: an image is not copied.
    fn parse(whole: &Bytes, rest: &[u8]) -> Option<Self> {
        let (flags, rest) = rest.split_first()?;
        let (generation, rest) = rest.split_first_chunk::<16>()?;
        let (made_at_ms, rest) = rest.split_first_chunk()?;
        let (cost_us, rest) = rest.split_first_chunk()?;
        let (kind_length, rest) = rest.split_first()?;
        let (etag_length, rest) = rest.split_first_chunk()?;
        let (kind, rest) = rest.split_at_checked((*kind_length).into())?;
        let etag_length = u16::from_be_bytes(*etag_length);
        let (etag, body) = rest.split_at_checked(etag_length.into())?;
        let is_text = flags & DEFLATED != 0;
        let bytes = if is_text {
            inflate(body)?.into()
        } else {
            whole.slice_ref(body)
        };
        Some(Self {
            kind: std::str::from_utf8(kind).ok()?.to_owned(),
            generation: *generation,
            made_at_ms: u64::from_be_bytes(*made_at_ms),
            cost: Duration::from_micros(u32::from_be_bytes(*cost_us).into()),
            body: Body {
                bytes,
                etag: std::str::from_utf8(etag).ok()?.to_owned(),
                is_text,
            },
        })
    }
}

/// Covers the name: a value that was copied to another name is refused.
fn check(name: &str, rest: &[u8]) -> [u8; CHECK] {
    let mut hash = Sha256::new();
    hash.update((name.len() as u64).to_be_bytes());
    hash.update(name.as_bytes());
    hash.update(rest);
    let mut check = [0; CHECK];
    check.copy_from_slice(&hash.finalize()[..CHECK]);
    check
}

/// `None` if it does not get shorter.
fn deflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).ok()?;
    let deflated = encoder.finish().ok()?;
    (deflated.len() < bytes.len()).then_some(deflated)
}

fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut inflated = Vec::new();
    let mut decoder = DeflateDecoder::new(bytes).take(LARGEST + 1);
    decoder.read_to_end(&mut inflated).ok()?;
    (inflated.len() as u64 <= LARGEST).then_some(inflated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(bytes: Vec<u8>, is_text: bool) -> Frame {
        Frame {
            kind: "svg".to_owned(),
            generation: [7; 16],
            made_at_ms: 1_700_000_000_000,
            cost: Duration::from_micros(450),
            body: Body {
                bytes: bytes.into(),
                etag: "\"abc-engine-1\"".to_owned(),
                is_text,
            },
        }
    }

    fn read(name: &str, bytes: &[u8]) -> Result<Frame, Refused> {
        Frame::read(name, &Bytes::copy_from_slice(bytes))
    }

    #[test]
    fn large_text_is_deflated_and_pictures_are_not() {
        let svg = "<path d='M1 1h1v1z'/>".repeat(500).into_bytes();
        assert!(frame(svg.clone(), true).write("n").len() < svg.len() / 10);
        assert!(frame(svg.clone(), false).write("n").len() > svg.len());
        let read = read("n", &frame(svg.clone(), true).write("n")).unwrap();
        assert_eq!(read.body.bytes, svg);
    }

    #[test]
    fn foreign_and_damaged_bytes_are_refused() {
        let good = frame(vec![1, 2, 3], false).write("a");
        assert_eq!(read("b", &good), Err(Refused::Damaged), "of another name");
        assert_eq!(read("a", b"<svg/>"), Err(Refused::Foreign));
        assert_eq!(read("a", b""), Err(Refused::Foreign));
        let mut newer = good.clone();
        newer[3] = 2;
        assert_eq!(read("a", &newer), Err(Refused::OtherVersion));
        for length in 4..good.len() {
            assert_eq!(read("a", &good[..length]), Err(Refused::Damaged));
        }
    }

    #[test]
    fn a_bomb_is_refused() {
        let zeros = vec![0; usize::try_from(LARGEST).unwrap() + 1];
        let bomb = frame(zeros, true).write("n");
        assert!(bomb.len() < 1 << 20);
        assert_eq!(read("n", &bomb), Err(Refused::Damaged));
    }

    proptest! {
        #[test]
        fn a_written_frame_is_read(bytes in prop::collection::vec(any::<u8>(), 0..3000), generation: [u8; 16], made_at_ms: u64, cost_us: u32, etag in "\\PC{0,40}") {
            let mut written = frame(bytes, false);
            written.generation = generation;
            written.made_at_ms = made_at_ms;
            written.cost = Duration::from_micros(cost_us.into());
            written.body.etag = etag;
            prop_assert_eq!(read("name", &written.write("name")), Ok(written));
        }

        #[test]
        fn a_flipped_bit_is_seen(bytes in prop::collection::vec(any::<u8>(), 0..200), at: prop::sample::Index, bit in 0..8_u8) {
            let mut written = frame(bytes, false).write("n");
            let at = at.index(written.len());
            written[at] ^= 1 << bit;
            prop_assert!(read("n", &written).is_err());
        }

        #[test]
        fn random_bytes_are_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..300), ours: bool) {
            if ours {
                bytes.splice(0..0, *b"QRO\x01");
            }
            prop_assert!(read("n", &bytes).is_err());
        }
    }
}
