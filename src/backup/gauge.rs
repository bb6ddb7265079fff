//! When this installation was last backed up: `last-backup.json` in `DATA_DIR`, shown as a metric.
//!
//! Invariant: the gauge is that of the file as it is; 0 where there is none, or a damaged one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Contents, display};
use crate::{
    kernel::{Clock as _, Error, Kind, Result, SystemClock},
    telemetry::{catalogue, handles},
};

const FILE: &str = "last-backup.json";

#[derive(Serialize, Deserialize)]
struct Note {
    finished_at_seconds: i64,
    file: String,
    bytes: u64,
    digest: String,
}

/// Writes down that a backup was made.
pub(super) fn note(dir: &Path, path: &Path, contents: &Contents) -> Result<()> {
    let note = Note {
        finished_at_seconds: SystemClock.now().as_second(),
        file: display(path),
        bytes: contents.bytes,
        digest: contents.digest.clone(),
    };
    let new = dir.join("last-backup.new");
    let written = serde_json::to_string_pretty(&note)
        .map_err(std::io::Error::from)
        .and_then(|text| fs::write(&new, format!("{text}\n")))
        .and_then(|()| fs::rename(&new, dir.join(FILE)));
    written.map_err(|e| {
        let message = format!("{} cannot be written", dir.join(FILE).display());
        Error::caused(Kind::Unavailable, message, e)
    })
}

/// Of the backups of this folder.
pub struct Gauge {
    path: PathBuf,
    timestamp: metrics::Gauge,
}

impl Gauge {
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        let gauge = Self {
            path: dir.join(FILE),
            timestamp: handles::gauge(&catalogue::BACKUP_TIMESTAMP, &[]),
        };
        gauge.observe();
        gauge
    }

    /// Called before a scrape.
    #[allow(clippy::cast_precision_loss)] // a gauge
    pub fn observe(&self) {
        let note = fs::read(&self.path).ok();
        let note = note.and_then(|text| serde_json::from_slice::<Note>(&text).ok());
        let at = note.map_or(0, |note| note.finished_at_seconds);
        self.timestamp.set(at as f64);
    }
}
