//! Reads a backup, and refuses whatever is not exactly what was written.
//!
//! Invariant: memory stays bounded whatever the file is; `None` only comes after the last line, at the end of the file,
//! with every count and digest right.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::{
    BATCH, Contents, Sum,
    counted::Counted,
    display,
    format::{self, Begin, End, Header, LINE_BYTES, Last, Tally, VERSION},
    shell,
};
use crate::{
    kernel::{Error, Kind, Result, id::hex},
    store::backup::{Row, TableLayout},
};

/// What comes next.
pub enum Piece {
    /// The table at this position begins.
    Begin(usize),
    /// Some of its rows.
    Rows(Vec<Row>),
    End,
}

/// A file, from its first line to its last.
pub struct Reader<'a> {
    /// What refusals call it.
    path: PathBuf,
    lines: Lines<'a>,
    header: Header,
    layouts: Vec<TableLayout>,
    /// The first table that is the database's.
    first: usize,
    table: Option<Tally>,
    sums: Vec<Sum>,
}

/// Reads all of it, and answers what it holds.
///
/// # Errors
/// `Invalid`, with the line and the table, when it is damaged, cut off or not ours; `Conflict` when a newer release made it.
pub fn check(mut reader: Reader<'_>) -> Result<Contents> {
    while reader.next()?.is_some() {}
    Ok(reader.contents())
}

impl<'a> Reader<'a> {
    /// `called`: its name in refusals.
    pub fn open(path: &Path, called: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| {
            let message = format!("{} cannot be read", display(path));
            Error::caused(Kind::NotFound, message, e)
        });
        Self::new(called, BufReader::with_capacity(64 << 10, file?))
    }

    /// `path`: its name in refusals.
    pub fn new(path: &Path, file: impl BufRead + 'a) -> Result<Self> {
        let begun = begin(file).map_err(|why| refusal(path, 1, "", &why));
        let (lines, header) = begun?;
        let Some((layouts, first)) = format::layouts(&header.schema) else {
            let message = format!(
                "{} was made on the schema {:?}, which this release does not know: use a newer release",
                display(path),
                header.schema
            );
            return Err(Error::new(Kind::Conflict, message));
        };
        Ok(Self {
            path: path.to_owned(),
            lines,
            header,
            layouts,
            first,
            table: None,
            sums: Vec::new(),
        })
    }

    /// Every table, in order, and the position of the database's first one.
    pub fn layouts(&self) -> (&[TableLayout], usize) {
        (&self.layouts, self.first)
    }

    /// `None` after the last line.
    ///
    /// # Errors
    /// As [`check`].
    pub fn next(&mut self) -> Result<Option<Piece>> {
        self.step().map_err(|why| self.refused(why))
    }

    fn step(&mut self) -> Result<Option<Piece>, Why> {
        let at = self.sums.len();
        if self.table.is_some() {
            return self.rows(at).map(Some);
        }
        if at == self.layouts.len() {
            self.last()?;
            return Ok(None);
        }
        let begin: Begin = json(self.lines.next()?)?;
        if begin != Begin::of(&self.layouts[at]) {
            return Err("it begins another table than the schema has here".into());
        }
        self.table = Some(Tally::default());
        Ok(Some(Piece::Begin(at)))
    }

    fn rows(&mut self, at: usize) -> Result<Piece, Why> {
        let layout = &self.layouts[at];
        let mut rows = Vec::new();
        let mut bytes = 0;
        while rows.len() < BATCH as usize && bytes < BATCH_BYTES {
            if self.lines.peek()? != Some(b'[') {
                break;
            }
            let line = self.lines.next()?;
            rows.push(format::row(line, layout)?);
            bytes += line.len();
            if let Some(tally) = &mut self.table {
                tally.add(line);
            }
        }
        if !rows.is_empty() {
            return Ok(Piece::Rows(rows));
        }
        let end: End = json(self.lines.next()?)?;
        let sum = self.table.take().unwrap_or_default().sum(layout.name);
        if end.table != sum.table {
            return Err("it ends another table".into());
        }
        if end.rows != sum.rows {
            let (found, said) = (sum.rows, end.rows);
            return Err(format!("{found} rows were found, and {said} written").into());
        }
        if end.sha256 != sum.sha256 {
            return Err("the digest of its rows is another".into());
        }
        self.sums.push(sum);
        Ok(Piece::End)
    }

    fn last(&mut self) -> Result<(), Why> {
        let sha256 = self.lines.digest();
        let last: Last = json(self.lines.next()?)?;
        let expected = Last {
            complete: true,
            tables: self.sums.len(),
            rows: self.sums.iter().map(|s| s.rows).sum(),
            digest: self.digest(),
            sha256,
        };
        if last != expected {
            return Err("the digest of the whole is another".into());
        }
        self.lines.end()
    }

    /// Over the database's tables that were read.
    fn digest(&self) -> String {
        format::digest(self.sums.iter().skip(self.first))
    }

    /// After the last line.
    pub fn contents(self) -> Contents {
        Contents {
            digest: self.digest(),
            bytes: self.lines.bytes(),
            header: self.header,
            tables: self.sums,
        }
    }

    #[allow(clippy::needless_pass_by_value)] // as map_err gives it
    fn refused(&self, why: Why) -> Error {
        let layout = self.layouts.get(self.sums.len());
        let table = layout.map(|l| format!(", table {}", l.name));
        refusal(
            &self.path,
            self.lines.number,
            &table.unwrap_or_default(),
            &why,
        )
    }
}

fn begin<'a>(file: impl BufRead + 'a) -> Result<(Lines<'a>, Header), Why> {
    let mut lines = Lines::new(file)?;
    let header: Header = json(lines.next()?).map_err(|_| "it is no backup of ours")?;
    if header.format != VERSION {
        let format = header.format;
        return Err(format!("its format is {format}, and only {VERSION} is known here").into());
    }
    Ok((lines, header))
}

fn refusal(path: &Path, line: u64, table: &str, why: &Why) -> Error {
    let message = format!(
        "{} is refused: line {line}{table}: {}",
        display(path),
        why.0
    );
    Error::new(Kind::Invalid, message)
}

/// Rows together take no more than this, and one.
const BATCH_BYTES: usize = 16 << 20;

/// Why a file is refused, for people.
pub struct Why(String);

impl<T: Into<String>> From<T> for Why {
    fn from(why: T) -> Self {
        Self(why.into())
    }
}

fn json<T: DeserializeOwned>(line: &[u8]) -> Result<T, Why> {
    serde_json::from_slice(line).map_err(|e| format!("it is not what belongs here ({e})").into())
}

/// Lines out of a file.
struct Lines<'a> {
    inner: BufReader<Box<dyn Read + 'a>>,
    hash: Sha256,
    line: Vec<u8>,
    /// Of the line that was read last.
    number: u64,
    bytes: Arc<AtomicU64>,
}

impl<'a> Lines<'a> {
    fn new(file: impl BufRead + 'a) -> Result<Self, Why> {
        let file = Counted::new(file);
        let bytes = file.count();
        Ok(Self {
            inner: shell::open(file)?,
            hash: Sha256::new(),
            line: Vec::new(),
            number: 0,
            bytes,
        })
    }

    /// Of the file, as far as it was read.
    fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn peek(&mut self) -> Result<Option<u8>, Why> {
        let buffer = self.inner.fill_buf().map_err(torn)?;
        Ok(buffer.first().copied())
    }

    /// Without its end.
    fn next(&mut self) -> Result<&[u8], Why> {
        self.number += 1;
        self.line.clear();
        let mut bounded = (&mut self.inner).take(LINE_BYTES);
        bounded.read_until(b'\n', &mut self.line).map_err(torn)?;
        self.hash.update(&self.line);
        match self.line.pop() {
            Some(b'\n') => Ok(&self.line),
            Some(_) if self.line.len() as u64 + 1 >= LINE_BYTES => Err("it is too long".into()),
            _ => Err("the file is cut off here".into()),
        }
    }

    /// Of everything that was read.
    fn digest(&self) -> String {
        hex(&self.hash.clone().finalize())
    }

    /// Nothing follows.
    fn end(&mut self) -> Result<(), Why> {
        match self.peek()? {
            Some(_) => Err("something follows the last line".into()),
            None => Ok(()),
        }
    }
}

#[allow(clippy::needless_pass_by_value)] // as map_err gives it
fn torn(e: std::io::Error) -> Why {
    format!("the file is damaged or cut off here ({e})").into()
}

#[cfg(test)]
mod tests;
