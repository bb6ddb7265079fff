//! How scans are kept from the moment a redirect is answered.

use std::path::{Path, PathBuf};

use http::HeaderName;

use super::{
    Reader,
    reader::{name, number, one_of},
};

/// What an acknowledged scan survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Loss of power: every commit is synced to the disk.
    Power,
    /// Death of the process: the operating system has it.
    Process,
}

/// How much of a visitor's address is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// IPv4 to /24, IPv6 to /48: a town, not a person.
    Truncated,
    Full,
    None,
}

#[derive(Clone, Debug)]
pub struct Scans {
    /// `SCAN_SPOOL`: the local file that holds scans until the database has them.
    pub spool: PathBuf,
    /// `SCAN_DURABILITY`.
    pub durability: Durability,
    /// `SCAN_ACK_TIMEOUT_MS`: a redirect is answered after this long even if its scan is not durable yet.
    pub ack_timeout_ms: u64,
    /// `SCAN_COMMIT_INTERVAL_MS`: commits begin at least this far apart, so that under load one sync serves many
    /// scans. A scan that comes alone is committed at once.
    pub commit_interval_ms: u64,
    /// `SCAN_QUEUE`: scans held in memory at most while the disk does not keep up.
    pub queue: usize,
    /// `SCAN_ADDRESSES`.
    pub addresses: Addresses,
    /// `COUNTRY_HEADER`: what a trusted proxy names the visitor's country in. `None`: countries are not kept.
    pub country_header: Option<HeaderName>,
    /// `SCAN_DRAIN_INTERVAL_MS`: pause between two looks into the spool, unless more waits there than one takes.
    pub drain_interval_ms: u64,
    /// `ANALYTICS_REFRESH_MS`: new scans are in analytics after this long; answers are remembered meanwhile.
    pub analytics_refresh_ms: u64,
    /// `SCAN_DRAIN`: `false` leaves scans in the spool (to measure, or to work on the database).
    pub drain: bool,
}

impl Scans {
    pub(super) fn read(r: &mut Reader, data_dir: &Path) -> Self {
        Self {
            spool: r.read(
                name("scans.spool", "SCAN_SPOOL"),
                data_dir.join("scan-spool.db"),
                |s| Ok(s.into()),
            ),
            durability: r.read(
                name("scans.durability", "SCAN_DURABILITY"),
                Durability::Power,
                one_of(&[
                    ("power", Durability::Power),
                    ("process", Durability::Process),
                ]),
            ),
            ack_timeout_ms: r.read(
                name("scans.ack_timeout_ms", "SCAN_ACK_TIMEOUT_MS"),
                250,
                number(1..=10_000),
            ),
            commit_interval_ms: r.read(
                name("scans.commit_interval_ms", "SCAN_COMMIT_INTERVAL_MS"),
                3,
                number(0..=1000),
            ),
            queue: r.read(
                name("scans.queue", "SCAN_QUEUE"),
                100_000,
                number(1..=10_000_000),
            ),
            addresses: r.read(
                name("scans.addresses", "SCAN_ADDRESSES"),
                Addresses::Truncated,
                one_of(&[
                    ("truncated", Addresses::Truncated),
                    ("full", Addresses::Full),
                    ("none", Addresses::None),
                ]),
            ),
            country_header: r.read(name("scans.country_header", "COUNTRY_HEADER"), None, |s| {
                let header = s.parse();
                header
                    .map(Some)
                    .map_err(|_| format!("`{s}` is not the name of a header such as CF-IPCountry"))
            }),
            drain_interval_ms: r.read(
                name("scans.drain_interval_ms", "SCAN_DRAIN_INTERVAL_MS"),
                200,
                number(10..=60_000),
            ),
            analytics_refresh_ms: r.read(
                name("scans.analytics_refresh_ms", "ANALYTICS_REFRESH_MS"),
                5000,
                number(100..=3_600_000),
            ),
            drain: r.read(name("scans.drain", "SCAN_DRAIN"), true, super::reader::flag),
        }
    }
}
