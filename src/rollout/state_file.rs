//! A small file that survives a restart, e.g. the last good flags.
//!
//! Invariant: a reader gets the content of one whole write, or nothing. A damaged file is renamed and not read again.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::kernel::{Error, Kind, Result, Timestamp};

/// Far above every state: a longer file is not ours.
const LIMIT_BYTES: u64 = 16 << 20;

/// One file: a line of JSON, and a line with its SHA-256 in hexadecimal digits. Its methods block.
#[derive(Clone, Debug)]
pub struct StateFile {
    path: PathBuf,
}

impl StateFile {
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    #[must_use]
    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    /// The value that was written last; `None` without a readable file. A damaged file is renamed to
    /// `<name>.corrupt-<seconds since 1970>`, with a warning.
    #[must_use]
    pub fn read<T: DeserializeOwned>(&self, now: Timestamp) -> Option<T> {
        let shown = self.path.display();
        let text = match read_bounded(&self.path) {
            Ok(text) => text,
            Err(e) if e.kind() == ErrorKind::NotFound => return None,
            Err(e) => {
                tracing::warn!(file = %shown, "cannot be read ({e}); continuing without it");
                return None;
            }
        };
        match parse(&text) {
            Ok(value) => Some(value),
            Err(why) => {
                self.set_aside(now, &why);
                None
            }
        }
    }

    /// As [`StateFile::read`], but leaves a damaged file where it is.
    #[must_use]
    pub fn peek<T: DeserializeOwned>(&self) -> Option<T> {
        parse(&read_bounded(&self.path).ok()?).ok()
    }

    /// Replaces the file. After a power failure it is the old one or the new one, whole.
    ///
    /// # Errors
    /// The disk's; then the old file is still there.
    pub fn write<T: Serialize>(&self, value: &T) -> Result<()> {
        let text = serde_json::to_string(value)
            .map_err(|e| Error::caused(Kind::Internal, "a state could not be written down", e))?;
        self.replace(format!("{text}\n{}\n", sum(text.as_bytes())).as_bytes())
            .map_err(|e| Error::caused(Kind::Unavailable, "a state could not be stored", e))
    }

    fn replace(&self, bytes: &[u8]) -> std::io::Result<()> {
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        fs::create_dir_all(folder)?;
        let new = self.with_suffix(".new");
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        // Before the rename: else the name may be on the disk before the content.
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        File::open(folder)?.sync_all()
    }

    fn set_aside(&self, now: Timestamp, why: &str) {
        let shown = self.path.display();
        let aside = self.with_suffix(&format!(".corrupt-{}", now.as_second()));
        match fs::rename(&self.path, &aside) {
            Ok(()) => {
                tracing::warn!(file = %shown, kept = %aside.display(), "is damaged ({why}) and was set aside");
            }
            Err(e) => {
                tracing::warn!(file = %shown, "is damaged ({why}) and cannot be set aside: {e}");
            }
        }
    }

    fn with_suffix(&self, suffix: &str) -> PathBuf {
        let mut name = OsString::from(&self.path);
        name.push(suffix);
        name.into()
    }
}

fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(LIMIT_BYTES + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    if bytes.len() as u64 > LIMIT_BYTES {
        return Err("too large".to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "not text")?;
    let mut lines = text.split('\n');
    let (Some(value), Some(expected), Some(""), None) =
        (lines.next(), lines.next(), lines.next(), lines.next())
    else {
        return Err("not whole".to_owned());
    };
    if sum(value.as_bytes()) != expected {
        return Err("its checksum is another".to_owned());
    }
    // With a right checksum and a wrong shape it is of an older or newer release.
    serde_json::from_str(value).map_err(|e| e.to_string())
}

fn sum(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
}

#[cfg(test)]
mod tests;
