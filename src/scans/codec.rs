//! The format of a batch of scans: one row of the spool.
//!
//! Format 2, little-endian: `u8` format, then per scan `u128` id, `u128` code, `i64` microseconds, `u8` flags,
//! country (two letters, or two zeros), address (`u8` length 0, 4 or 16, bytes), user agent and referer (`u16` length,
//! UTF-8). Format 1 has no country. In format 3, a `u128` placement follows the country of scans that have that flag; a batch
//! without one stays in format 2, which the release before reads. Written on the request's path into a shared buffer: no
//! allocation of its own.

use std::net::IpAddr;

use crate::{
    kernel::{
        Error, Kind, Result, Timestamp,
        clock::from_micros,
        id::Uuid,
        limits::{REFERER_BYTES, USER_AGENT_BYTES},
    },
    store::scans::{Country, Excluded},
};

/// First byte of every batch. Another format gets another number; old batches must stay readable, because a
/// spool survives an upgrade.
pub const FORMAT: u8 = 2;
const WITHOUT_COUNTRY: u8 = 1;
const WITH_PLACEMENTS: u8 = 3;

const GENUINE: u8 = 1;
const HEAD: u8 = 2;
const PREFETCH: u8 = 4;
const PLACED: u8 = 8;

/// One scan as a redirect saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan<'a> {
    /// The request's UUIDv7: what makes storing it twice harmless.
    pub id: Uuid,
    pub code_id: Uuid,
    pub at: Timestamp,
    /// Came from the symbol itself (`scan_ref=qr`), not from a shared link.
    pub genuine: bool,
    /// Not a person: why.
    pub excluded: Option<Excluded>,
    /// Already truncated.
    pub address: Option<IpAddr>,
    /// From the header of a proxy.
    pub country: Option<Country>,
    /// The placement whose slug was scanned.
    pub placement_id: Option<&'a Uuid>,
    /// Cut to [`USER_AGENT_BYTES`].
    pub user_agent: &'a str,
    /// Cut to [`REFERER_BYTES`].
    pub referer: &'a str,
}

impl Scan<'_> {
    /// Appends this scan to a batch.
    pub fn encode(&self, batch: &mut Vec<u8>) {
        if batch.is_empty() {
            batch.push(FORMAT);
        }
        batch.extend_from_slice(self.id.as_bytes());
        batch.extend_from_slice(self.code_id.as_bytes());
        batch.extend_from_slice(&self.at.as_microsecond().to_le_bytes());
        let excluded = match self.excluded {
            Some(Excluded::Head) => HEAD,
            Some(Excluded::Prefetch) => PREFETCH,
            // Told from the user agent, again, when the batch is drained.
            Some(Excluded::Bot) | None => 0,
        };
        let genuine = if self.genuine { GENUINE } else { 0 };
        let placed = self.placement_id.map_or(0, |_| PLACED);
        batch.push(excluded | genuine | placed);
        batch.extend_from_slice(&self.country.map_or([0; 2], Country::letters));
        if let Some(placement_id) = self.placement_id {
            batch[0] = WITH_PLACEMENTS;
            batch.extend_from_slice(placement_id.as_bytes());
        }
        match self.address {
            None => batch.push(0),
            Some(IpAddr::V4(a)) => {
                batch.push(4);
                batch.extend_from_slice(&a.octets());
            }
            Some(IpAddr::V6(a)) => {
                batch.push(16);
                batch.extend_from_slice(&a.octets());
            }
        }
        put_text(batch, cut(self.user_agent, USER_AGENT_BYTES));
        put_text(batch, cut(self.referer, REFERER_BYTES));
    }
}

fn put_text(batch: &mut Vec<u8>, text: &str) {
    // The limits are far below u16::MAX.
    let length = u16::try_from(text.len()).unwrap_or(0);
    batch.extend_from_slice(&length.to_le_bytes());
    batch.extend_from_slice(&text.as_bytes()[..usize::from(length)]);
}

/// The longest prefix of at most `bytes` bytes that ends between two characters.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// All scans of a batch, borrowing its texts.
///
/// # Errors
/// `Internal` when the bytes are not a batch that this release or an earlier one wrote.
pub fn decode(batch: &[u8]) -> Result<Vec<Scan<'_>>> {
    let mut rest = Reader(batch);
    let [format] = rest.array()?;
    if !matches!(format, FORMAT | WITHOUT_COUNTRY | WITH_PLACEMENTS) {
        return Err(damaged());
    }
    let mut scans = Vec::new();
    while !rest.0.is_empty() {
        scans.push(rest.scan(format)?);
    }
    Ok(scans)
}

#[track_caller]
fn damaged() -> Error {
    Error::new(Kind::Internal, "a batch in the scan spool cannot be read")
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn scan(&mut self, format: u8) -> Result<Scan<'a>> {
        let id = Uuid::from_bytes(self.array()?);
        let code_id = Uuid::from_bytes(self.array()?);
        let at = from_micros(i64::from_le_bytes(self.array()?));
        let [flags] = self.array()?;
        let country = match format {
            WITHOUT_COUNTRY => None,
            _ => Country::parse(&self.array::<2>()?),
        };
        let placement_id = match (format, flags & PLACED) {
            (WITH_PLACEMENTS, PLACED) => Some(Uuid::from_bytes_ref(self.chunk()?)),
            _ => None,
        };
        let address = match self.array()? {
            [0] => None,
            [4] => Some(IpAddr::from(self.array::<4>()?)),
            [16] => Some(IpAddr::from(self.array::<16>()?)),
            _ => return Err(damaged()),
        };
        let excluded = match flags & (HEAD | PREFETCH) {
            0 => None,
            PREFETCH => Some(Excluded::Prefetch),
            _ => Some(Excluded::Head),
        };
        Ok(Scan {
            id,
            code_id,
            at,
            genuine: flags & GENUINE != 0,
            excluded,
            address,
            country,
            placement_id,
            user_agent: self.text()?,
            referer: self.text()?,
        })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.chunk().copied()
    }

    fn chunk<const N: usize>(&mut self) -> Result<&'a [u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or_else(damaged)?;
        self.0 = rest;
        Ok(head)
    }

    fn text(&mut self) -> Result<&'a str> {
        let length = usize::from(u16::from_le_bytes(self.array()?));
        let (text, rest) = self.0.split_at_checked(length).ok_or_else(damaged)?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| damaged())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLACE: Uuid = Uuid::from_u128(77);

    fn any_address() -> impl Strategy<Value = Option<IpAddr>> {
        proptest::option::of(any::<IpAddr>())
    }

    proptest! {
        #[test]
        fn what_was_accepted_is_what_is_drained(
            ids in proptest::collection::vec((any::<u128>(), any::<u128>(), 0i64..4_000_000_000_000_000), 1..20),
            genuine: bool,
            (address, country) in (any_address(), "[A-W][A-Z]|"),
            agent in ".{0,80}",
            referer in ".{0,40}",
        ) {
            let scans: Vec<Scan> = ids.iter().map(|(id, code, at)| Scan {
                id: Uuid::from_u128(*id),
                code_id: Uuid::from_u128(*code),
                at: from_micros(*at),
                genuine,
                excluded: (id % 3 == 0).then_some(Excluded::Prefetch),
                address,
                country: Country::parse(country.as_bytes()),
                placement_id: (code % 5 == 0).then_some(&PLACE),
                user_agent: &agent,
                referer: &referer,
            }).collect();
            let mut batch = Vec::new();
            for scan in &scans {
                scan.encode(&mut batch);
            }
            prop_assert_eq!(decode(&batch).unwrap(), scans);
        }

        #[test]
        fn damaged_bytes_are_an_error_and_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn a_batch_of_the_release_before_can_be_read() {
        let mut batch = vec![1];
        for n in [7u8, 8] {
            batch.extend_from_slice(&[n; 32]);
            batch.extend_from_slice(&1_767_225_600_000_000i64.to_le_bytes());
            batch.extend_from_slice(&[GENUINE, 4, 198, 51, 100, 0, 3, 0]);
            batch.extend_from_slice(b"abc\x02\x00de");
        }
        let scans = decode(&batch).unwrap();
        assert_eq!(scans.len(), 2);
        assert_eq!(
            scans[1],
            Scan {
                id: Uuid::from_bytes([8; 16]),
                code_id: Uuid::from_bytes([8; 16]),
                at: from_micros(1_767_225_600_000_000),
                genuine: true,
                excluded: None,
                address: Some("198.51.100.0".parse().unwrap()),
                country: None,
                placement_id: None,
                user_agent: "abc",
                referer: "de",
            }
        );
        batch[0] = 4;
        assert!(decode(&batch).is_err());
    }

    #[test]
    fn a_long_user_agent_is_cut_between_characters() {
        let long = "ä".repeat(USER_AGENT_BYTES);
        assert_eq!(cut(&long, 511).len(), 510);
    }
}
