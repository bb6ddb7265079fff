//! The lines of a backup: JSON, one value each, in a gzip file.
//!
//! ```text
//! {"qr_observatory_backup":1,"version":"0.1.0","schema":"m0011_dials","database":"sqlite","taken_at":"…"}
//! {"table":"spool","columns":["id i64","scans i64","payload bytes"]}
//! [1767225600000000,3,"AgD…"]
//! {"end":"spool","rows":1,"sha256":"…"}
//! …
//! {"complete":true,"tables":16,"rows":225014,"digest":"…","sha256":"…"}
//! ```
//!
//! Invariant: a row has one spelling, so that equal rows have equal digests. Whatever bytes are read, the answer is a row
//! or a refusal.

use base64ct::{Base64, Encoding as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Sum;
use crate::{
    kernel::id::{Uuid, hex},
    store::backup::{self, Cell, Column, Kind, Row, TableLayout},
};

/// What the first line begins with, and the only one there is.
pub const VERSION: u32 = 1;
/// Far above what a batch of scans takes that waited in memory for its commit.
pub const LINE_BYTES: u64 = 128 << 20;
/// The head of every gzip file that is written here (RFC 1952 §2.3): no name, no time, no system.
pub const GZIP_HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    #[serde(rename = "qr_observatory_backup")]
    pub format: u32,
    /// Of the binary that wrote it.
    pub version: String,
    /// The newest applied migration that this binary knew.
    pub schema: String,
    /// `sqlite` or `postgresql`.
    pub database: String,
    /// RFC 3339, UTC.
    pub taken_at: String,
    /// Applied migrations that the binary did not know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_migrations: Vec<String>,
    /// Tables and columns that it did not know, and which are not in the file: `table x`, `column codes.x`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// Before a table's rows.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    pub table: String,
    pub columns: Vec<String>,
}

/// Behind a table's rows.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    #[serde(rename = "end")]
    pub table: String,
    pub rows: u64,
    pub sha256: String,
}

/// The last line.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Last {
    pub complete: bool,
    pub tables: usize,
    pub rows: u64,
    pub digest: String,
    /// Of every byte before this line.
    pub sha256: String,
}

/// The files of `DATA_DIR` that are worth keeping, as a table.
const FILES: &str = "files";
/// What the captured baseline is called there.
pub const BASELINE: &str = "baseline.json";

/// All tables of a file in their order, and how many of them are not the database's. `None` for a schema that is not known.
pub fn layouts(schema: &str) -> Option<(Vec<TableLayout>, usize)> {
    let mut all = backup::spool();
    all.push(files());
    let first = all.len();
    all.extend(backup::database(schema)?);
    Some((all, first))
}

pub fn files() -> TableLayout {
    TableLayout {
        name: FILES,
        columns: vec![
            Column::new("name", Kind::Text),
            Column::new("content", Kind::Bytes),
        ],
        key: vec![0],
    }
}

impl Begin {
    pub fn of(layout: &TableLayout) -> Self {
        let column = |c: &Column| format!("{} {}", c.name, c.kind.label());
        Self {
            table: layout.name.to_owned(),
            columns: layout.columns.iter().map(column).collect(),
        }
    }
}

/// A row's one spelling, without the end of its line.
pub fn line(row: &Row) -> serde_json::Result<String> {
    let value = |cell: &Cell| match cell {
        Cell::Null => Value::Null,
        Cell::Uuid(id) => id.hyphenated().to_string().into(),
        Cell::Bytes(bytes) => Base64::encode_string(bytes).into(),
        Cell::Bool(flag) => (*flag).into(),
        Cell::Int(n) => (*n).into(),
        Cell::Text(text) => text.as_str().into(),
    };
    serde_json::to_string(&row.iter().map(value).collect::<Vec<_>>())
}

/// The row that a line is.
///
/// # Errors
/// Its fault.
pub fn row(line: &[u8], layout: &TableLayout) -> Result<Row, String> {
    let values: Vec<Value> = serde_json::from_slice(line).map_err(|e| format!("no row ({e})"))?;
    if values.len() != layout.columns.len() {
        let (n, of) = (values.len(), layout.columns.len());
        return Err(format!("a row of {n} values, not of {of}"));
    }
    let cells = values.into_iter().zip(&layout.columns);
    let cells = cells.map(|(value, column)| {
        cell(value, column.kind).ok_or_else(|| {
            let (name, kind) = (column.name, column.kind.label());
            format!("its {name} is no {kind}")
        })
    });
    cells.collect()
}

fn cell(value: Value, kind: Kind) -> Option<Cell> {
    Some(match (value, kind) {
        (Value::Null, _) => Cell::Null,
        (Value::Bool(flag), Kind::Bool) => Cell::Bool(flag),
        (Value::Number(n), Kind::I64) => Cell::Int(n.as_i64()?),
        (Value::Number(n), Kind::I16) => Cell::Int(i16::try_from(n.as_i64()?).ok()?.into()),
        (Value::String(text), Kind::Text) => Cell::Text(text),
        (Value::String(text), Kind::Bytes) => Cell::Bytes(Base64::decode_vec(&text).ok()?),
        (Value::String(text), Kind::Uuid) => {
            let id = Uuid::try_parse(&text).ok()?;
            // Other spellings of the same id exist.
            (id.hyphenated().to_string() == text).then_some(Cell::Uuid(id))?
        }
        _ => return None,
    })
}

/// Over the sums of tables.
pub fn digest<'a>(tables: impl IntoIterator<Item = &'a Sum>) -> String {
    let mut all = Sha256::new();
    for t in tables {
        all.update(format!("{} {} {}\n", t.table, t.rows, t.sha256));
    }
    hex(&all.finalize())
}

/// Counts a table's rows and takes their digest.
#[derive(Clone, Default)]
pub struct Tally {
    rows: u64,
    hash: Sha256,
}

impl Tally {
    pub fn add(&mut self, line: &[u8]) {
        self.rows += 1;
        self.hash.update(line);
        self.hash.update(b"\n");
    }

    pub fn sum(self, table: &'static str) -> Sum {
        Sum {
            table,
            rows: self.rows,
            sha256: hex(&self.hash.finalize()),
        }
    }
}

#[cfg(test)]
mod tests;
