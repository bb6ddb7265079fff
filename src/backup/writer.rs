//! Writes a backup, line by line.

use std::io::{self, BufWriter, Write};

use flate2::{Compression, GzBuilder, write::GzEncoder};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{
    Sum,
    format::{self, Begin, End, Header, Last, Tally},
};
use crate::{
    kernel::id::hex,
    store::backup::{Row, TableLayout},
};

pub struct Writer<W: Write> {
    out: BufWriter<GzEncoder<W>>,
    hash: Sha256,
    table: Option<(&'static str, Tally)>,
    sums: Vec<Sum>,
}

impl<W: Write> Writer<W> {
    pub fn new(out: W, header: &Header) -> io::Result<Self> {
        let gzip = GzBuilder::new().write(out, Compression::default());
        let mut writer = Self {
            out: BufWriter::with_capacity(64 << 10, gzip),
            hash: Sha256::new(),
            table: None,
            sums: Vec::new(),
        };
        writer.json(header)?;
        Ok(writer)
    }

    pub fn begin(&mut self, layout: &TableLayout) -> io::Result<()> {
        self.table = Some((layout.name, Tally::default()));
        self.json(&Begin::of(layout))
    }

    /// Of the table that was begun.
    pub fn rows(&mut self, rows: &[Row]) -> io::Result<()> {
        for row in rows {
            let line = format::line(row)?;
            if let Some((_, tally)) = &mut self.table {
                tally.add(line.as_bytes());
            }
            self.line(&line)?;
        }
        Ok(())
    }

    pub fn end(&mut self) -> io::Result<()> {
        let Some((table, tally)) = self.table.take() else {
            return Ok(());
        };
        let sum = tally.sum(table);
        self.json(&End {
            table: table.to_owned(),
            rows: sum.rows,
            sha256: sum.sha256.clone(),
        })?;
        self.sums.push(sum);
        Ok(())
    }

    /// The last line. `first`: the first table that is the database's. Returns what the file is written to, the sums, and
    /// their digest.
    pub fn finish(mut self, first: usize) -> io::Result<(W, Vec<Sum>, String)> {
        let digest = format::digest(self.sums.iter().skip(first));
        let last = Last {
            complete: true,
            tables: self.sums.len(),
            rows: self.sums.iter().map(|s| s.rows).sum(),
            digest: digest.clone(),
            sha256: hex(&self.hash.clone().finalize()),
        };
        self.json(&last)?;
        let gzip = self
            .out
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        Ok((gzip.finish()?, self.sums, digest))
    }

    fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        let line = serde_json::to_string(value)?;
        self.line(&line)
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        self.hash.update(line);
        self.hash.update(b"\n");
        self.out.write_all(line.as_bytes())?;
        self.out.write_all(b"\n")
    }
}
