//! A file while it is not whole: beside its place, readable by its owner alone, and one writer at a time.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::{display, unwritable};
use crate::kernel::{Error, Kind, Result};

pub struct Partial {
    pub path: PathBuf,
    pub file: File,
}

impl Partial {
    pub fn begin(of: &Path) -> Result<Self> {
        let mut name = of.as_os_str().to_owned();
        name.push(".partial");
        let path = PathBuf::from(name);
        let open = || {
            let mut options = OpenOptions::new();
            // It holds password hashes, so only the owner may read it from the first byte on. One that a killed process left
            // is taken over.
            let file = options.write(true).create(true).truncate(false).mode(0o600);
            let file = file.open(&path)?;
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
            Ok(file)
        };
        let file = open().map_err(|e: io::Error| {
            let message = format!("{} cannot be written", display(&path));
            Error::caused(Kind::Unavailable, message, e)
        })?;
        if file.try_lock().is_err() {
            let message = format!("another process is writing {}", display(&path));
            return Err(Error::new(Kind::Conflict, message));
        }
        file.set_len(0).map_err(unwritable)?;
        Ok(Self { path, file })
    }

    pub fn finish(&self, path: &Path) -> Result<()> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let finished = (&self.file).flush();
        // Before the rename: else the name may be on the disk before the content.
        let finished = finished.and_then(|()| self.file.sync_all());
        let finished = finished.and_then(|()| fs::rename(&self.path, path));
        let finished = finished.and_then(|()| File::open(folder)?.sync_all());
        finished.map_err(unwritable)
    }

    pub fn discard(&self) {
        let _ = fs::remove_file(&self.path);
    }
}
