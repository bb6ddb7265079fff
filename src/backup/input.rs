//! The source of a restore: a file, or standard input, which is copied into a file first.

use std::{
    fs,
    io::{self, BufReader, IsTerminal as _},
    path::{Path, PathBuf},
};

use super::{
    Contents, STANDARD,
    partial::Partial,
    reader::{self, Reader},
    unwritable,
};
use crate::kernel::{Error, Result};

/// What refusals call it.
const STANDARD_INPUT: &str = "standard input";

pub struct Input {
    pub file: PathBuf,
    pub called: PathBuf,
    copy: Option<Partial>,
}

impl Input {
    /// `-` is copied into `dir`, and goes when this is dropped.
    ///
    /// # Errors
    /// `Invalid` when standard input is a terminal; `Unavailable` when it cannot be copied.
    pub fn of(path: &Path, dir: &Path) -> Result<Self> {
        if path != Path::new(STANDARD) {
            let (file, called, copy) = (path.to_owned(), path.to_owned(), None);
            return Ok(Self { file, called, copy });
        }
        refuse_terminal()?;
        fs::create_dir_all(dir).map_err(unwritable)?;
        let copy = Partial::begin(&dir.join("standard-input"))?;
        let input = Self {
            file: copy.path.clone(),
            called: STANDARD_INPUT.into(),
            copy: Some(copy),
        };
        if let Some(copy) = &input.copy {
            let mut file = &copy.file;
            io::copy(&mut io::stdin().lock(), &mut file).map_err(unwritable)?;
        }
        Ok(input)
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        if let Some(copy) = &self.copy {
            copy.discard();
        }
    }
}

/// Reads the whole file, or standard input for `-`, and answers what it holds.
///
/// # Errors
/// `Invalid`, with the line and the table, when it is damaged, cut off or not ours; `Conflict` when a newer release made it;
/// `NotFound` when it is not there.
pub fn check(path: &Path) -> Result<Contents> {
    if path != Path::new(STANDARD) {
        return reader::check(Reader::open(path, path)?);
    }
    refuse_terminal()?;
    let input = BufReader::with_capacity(64 << 10, io::stdin());
    reader::check(Reader::new(Path::new(STANDARD_INPUT), input)?)
}

fn refuse_terminal() -> Result<()> {
    if io::stdin().is_terminal() {
        let message =
            "is a terminal, and no backup comes from there: qr-observatory restore - < FILE";
        return Err(Error::invalid(STANDARD_INPUT, message));
    }
    Ok(())
}
