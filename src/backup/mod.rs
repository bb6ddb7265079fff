//! `qr-observatory backup` and `restore`: everything that an installation knows, in one file that either database can be
//! restored from. The format and its reasons: `docs/adr/0012-backup-format.md`.
//!
//! Invariants: a file that has its name is whole, or refused. A restore reads its file to the end before it touches
//! anything, and what it replaces is kept.

mod counted;
mod format;
mod gauge;
mod input;
mod interrupt;
mod partial;
mod reader;
mod restore;
mod shell;
mod take;
mod writer;

use std::{io, path::Path};

use format::Header;

use crate::{
    config::{database::Database, redis::Redis},
    kernel::{Error, Kind},
    store::lock::LockFiles,
};

pub use gauge::Gauge;
pub use input::check;
pub use restore::{Restored, restore};
pub use take::{Taken, take};

/// Where an installation keeps what it knows.
#[derive(Clone, Copy)]
pub struct Installation<'a> {
    pub database: &'a Database,
    /// The file of the spool.
    pub spool: &'a Path,
    /// Holds the baseline, and the copy of a backup that comes through a pipe.
    pub data_dir: &'a Path,
    pub evidence_dir: &'a Path,
    pub redis: &'a Redis,
}

impl Installation<'_> {
    fn locks(&self) -> LockFiles {
        LockFiles::of(self.database, self.spool, self.evidence_dir)
    }
}

/// What a table holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    pub table: &'static str,
    pub rows: u64,
    /// SHA-256 of its rows, as they stand in the file.
    pub sha256: String,
}

/// What a whole file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    pub header: Header,
    /// In their order; the spool's and the files' first.
    pub tables: Vec<Sum>,
    /// SHA-256 over the sums of the database's tables: the same for the same rows, whatever the database.
    pub digest: String,
    /// Of the file.
    pub bytes: u64,
}

impl Contents {
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|t| t.rows).sum()
    }
}

/// Gets the number of rows that are done, and of all.
pub trait Progress: FnMut(u64, u64) {}
impl<F: FnMut(u64, u64)> Progress for F {}

/// Rows read or written at once.
const BATCH: u32 = 1000;

/// The name of standard input and standard output.
const STANDARD: &str = "-";

fn unwritable(e: io::Error) -> Error {
    Error::caused(Kind::Unavailable, "the backup could not be written", e)
}

fn display(path: &Path) -> String {
    path.display().to_string()
}
