//! How far a command came, on disk: an interruption costs one batch.
//!
//! Invariant: the order in which codes are gone through is fixed when it begins. Scans that come meanwhile change
//! counters, and so would move codes from the part that is left to the part that is done.

use std::{
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::kernel::{
    Error, Kind, Result,
    id::{Uuid, hex},
};

const PROGRESS: &str = "warm-progress.json";
/// Ids, 16 bytes each.
const ORDER: &str = "warm-order";
const ID: usize = 16;

/// What stands in the file.
#[derive(Serialize, Deserialize)]
struct Progress {
    /// Of which database, and into which Redis: a digest.
    database: String,
    /// SHA-256 of the order.
    order: String,
    codes: usize,
    /// The first that is not done.
    position: usize,
}

/// Where a run is.
pub(super) struct ResumableRun {
    dir: PathBuf,
    ids: Arc<[Uuid]>,
    progress: Progress,
}

impl ResumableRun {
    /// Where the last run was interrupted; `None` if none was, or it was about something else.
    pub(super) fn find(dir: &Path, database: &str) -> Option<Self> {
        let progress = std::fs::read(dir.join(PROGRESS)).ok()?;
        let progress: Progress = serde_json::from_slice(&progress).ok()?;
        let order = std::fs::read(dir.join(ORDER)).ok()?;
        let (ids, rest) = order.as_chunks::<ID>();
        let fits = rest.is_empty()
            && progress.database == database
            && progress.codes == ids.len()
            && progress.position <= ids.len()
            && progress.order == digest(&order);
        fits.then(|| Self {
            dir: dir.to_owned(),
            ids: ids.iter().map(|id| Uuid::from_bytes(*id)).collect(),
            progress,
        })
    }

    /// At the first of these.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub(super) fn begin(dir: &Path, database: &str, ids: &[Uuid]) -> Result<Self> {
        let order: Vec<u8> = ids.iter().flat_map(|id| *id.as_bytes()).collect();
        let run = Self {
            dir: dir.to_owned(),
            ids: ids.into(),
            progress: Progress {
                database: database.to_owned(),
                order: digest(&order),
                codes: ids.len(),
                position: 0,
            },
        };
        std::fs::create_dir_all(dir).map_err(|e| unwritable(dir, e))?;
        write(&dir.join(ORDER), &order)?;
        run.save()?;
        Ok(run)
    }

    /// All of them, and the first that is not done.
    pub(super) fn ids(&self) -> (Arc<[Uuid]>, usize) {
        (Arc::clone(&self.ids), self.progress.position)
    }

    /// So many more are done.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn advance(&mut self, by: usize) -> Result<()> {
        self.progress.position += by;
        self.save()
    }

    /// All are done: nothing is left to go on with.
    pub(super) fn finish(self) -> Result<()> {
        for name in [PROGRESS, ORDER] {
            let path = self.dir.join(name);
            match std::fs::remove_file(&path) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(unwritable(&path, e)),
                _ => {}
            }
        }
        Ok(())
    }

    fn save(&self) -> Result<()> {
        let text = serde_json::to_vec(&self.progress)
            .map_err(|e| Error::caused(Kind::Internal, "the progress cannot be written down", e))?;
        write(&self.dir.join(PROGRESS), &text)
    }
}

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// As a whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let new = path.with_extension("new");
    let written = std::fs::File::create(&new)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| std::fs::rename(&new, path));
    written.map_err(|e| unwritable(path, e))
}

fn unwritable(path: &Path, e: std::io::Error) -> Error {
    let message = format!("{} cannot be written", path.display());
    Error::caused(Kind::Internal, message, e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_where_it_was_and_only_there() {
        let dir = tempfile::tempdir().unwrap();
        let ids: Vec<Uuid> = (1..=5).map(Uuid::from_u128).collect();
        assert!(ResumableRun::find(dir.path(), "a").is_none());
        let mut run = ResumableRun::begin(dir.path(), "a", &ids).unwrap();
        run.advance(3).unwrap();
        drop(run);
        assert!(
            ResumableRun::find(dir.path(), "b").is_none(),
            "another database"
        );
        let run = ResumableRun::find(dir.path(), "a").unwrap();
        assert_eq!(run.ids(), (ids.clone().into(), 3));

        // Another order under the same progress.
        let order = dir.path().join(ORDER);
        let kept = std::fs::read(&order).unwrap();
        std::fs::write(&order, [&kept[ID..], &kept[..ID]].concat()).unwrap();
        assert!(ResumableRun::find(dir.path(), "a").is_none());
        std::fs::write(&order, &kept[1..]).unwrap();
        assert!(ResumableRun::find(dir.path(), "a").is_none());
        std::fs::write(&order, kept).unwrap();
        std::fs::write(dir.path().join(PROGRESS), "{").unwrap();
        assert!(ResumableRun::find(dir.path(), "a").is_none(), "torn");

        run.finish().unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
