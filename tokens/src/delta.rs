//! What a device downloads to know which tokens are revoked.
//!
//! Bytes: format, number of the key, event (4), since (8), version (8), made at (4), number of entries (4); each entry is a
//! subject (12) and its least serial (3), in rising order of subjects; the signature (64). Numbers are big-endian.

use std::collections::BTreeMap;

use crate::{EventId, Reason, Ring, Serial, SigningKey, Subject};

/// Entries that a delta has at most: ten times the people of a large event, 3.9 MB.
pub const MAX_ENTRIES: usize = 1 << 18;

/// Stands before the bytes where they are signed.
const DOMAIN: &[u8] = b"qr-observatory:revocations:1:";
const FORMAT: u8 = 1;
const HEAD_BYTES: usize = 30;
const ENTRY_BYTES: usize = 15;
const SIGNATURE_BYTES: usize = 64;

/// What changed after version `since` up to `version`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    pub event: EventId,
    pub since: u64,
    pub version: u64,
    /// Minutes since 2020. A device says from it how fresh its revocations are.
    pub made_at: u32,
    /// The least serial of each subject that still counts.
    pub least: BTreeMap<Subject, Serial>,
}

impl Delta {
    /// Reads what [`SigningKey::delta`] wrote. `now`: seconds since 1970, for the keys.
    ///
    /// # Errors
    /// [`Reason::Malformed`] for all that would not be written so; for the key and the signature as tokens.
    pub fn read(bytes: &[u8], ring: &Ring, now: i64) -> Result<Self, Reason> {
        let (signed, signature) = bytes.split_last_chunk().ok_or(Reason::Malformed)?;
        let &[FORMAT, key, ref rest @ ..] = signed else {
            return Err(Reason::Malformed);
        };
        // A wrong length costs nothing; contents are not worth reading before they are known to be signed.
        let (head, entries) = split(rest).ok_or(Reason::Malformed)?;
        let key = ring.find(key, now)?;
        if !key.verifies(&[DOMAIN, signed].concat(), signature) {
            return Err(Reason::BadSignature);
        }
        let least = least(entries).ok_or(Reason::Malformed)?;
        Ok(Self { least, ..head })
    }

    pub(crate) fn sign(&self, key: &SigningKey) -> Vec<u8> {
        let size = HEAD_BYTES + self.least.len() * ENTRY_BYTES + SIGNATURE_BYTES;
        let mut bytes = Vec::with_capacity(DOMAIN.len() + size);
        bytes.extend(DOMAIN);
        bytes.extend([FORMAT, key.number().value()]);
        bytes.extend(self.event.0);
        bytes.extend(self.since.to_be_bytes());
        bytes.extend(self.version.to_be_bytes());
        bytes.extend(self.made_at.to_be_bytes());
        // Revocations hold no more than fits.
        let count = u32::try_from(self.least.len()).unwrap_or(u32::MAX);
        bytes.extend(count.to_be_bytes());
        for (subject, least) in &self.least {
            bytes.extend(subject.0);
            bytes.extend(least.to_bytes());
        }
        let signature = key.sign(&bytes);
        bytes.extend(signature);
        bytes.drain(..DOMAIN.len());
        bytes
    }
}

/// The head without its entries, and the entries, of which there are as many as the head says.
fn split(rest: &[u8]) -> Option<(Delta, &[[u8; ENTRY_BYTES]])> {
    let (event, rest) = rest.split_first_chunk()?;
    let (since, rest) = rest.split_first_chunk()?;
    let (version, rest) = rest.split_first_chunk()?;
    let (made_at, rest) = rest.split_first_chunk()?;
    let (count, rest) = rest.split_first_chunk()?;
    let (entries, []) = rest.as_chunks() else {
        return None;
    };
    let count = usize::try_from(u32::from_be_bytes(*count)).ok()?;
    let head = Delta {
        event: EventId(*event),
        since: u64::from_be_bytes(*since),
        version: u64::from_be_bytes(*version),
        made_at: u32::from_be_bytes(*made_at),
        least: BTreeMap::new(),
    };
    (entries.len() == count && count <= MAX_ENTRIES).then_some((head, entries))
}

/// `None` if the subjects do not rise: each delta has exactly one spelling.
fn least(entries: &[[u8; ENTRY_BYTES]]) -> Option<BTreeMap<Subject, Serial>> {
    if !entries.is_sorted_by(|a, b| a[..12] < b[..12]) {
        return None;
    }
    let entry = |bytes: &[u8; ENTRY_BYTES]| {
        let subject = Subject(*bytes.first_chunk()?);
        Some((subject, Serial::from_bytes(*bytes.last_chunk()?)))
    };
    entries.iter().map(entry).collect()
}
