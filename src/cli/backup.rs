//! `qr-observatory backup`.

use std::{io::IsTerminal, path::PathBuf, process::ExitCode};

use clap::Args;
use serde_json::{Value, json};

use super::output;
use crate::{
    app::backup::{self, Contents},
    config::Config,
    kernel::Result,
};

#[derive(Args)]
pub struct Backup {
    /// Where to
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace FILE if it is there
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub async fn run(&self, settings: &Config) -> Result<ExitCode> {
        let mut bar = Bar::new();
        let taken = backup::take(settings, &self.file, self.force, |done, of| {
            bar.at(done, of);
        })
        .await;
        bar.end();
        let taken = taken?;
        if let Some(e) = &taken.unnoted {
            output::complain(&format!(
                "the backup is complete, but its time is not in the metrics: {}",
                e.message()
            ));
        }
        if self.json {
            let mut value = shown(&taken.contents);
            value["file"] = self.file.display().to_string().into();
            value["seconds"] = taken.seconds.into();
            output::json(&value);
        } else {
            table(&taken.contents);
            output::say(&format!(
                "\n{}: {} rows, {:.1} MB, {:.1} s\ndigest {}",
                self.file.display(),
                taken.contents.rows(),
                megabytes(taken.contents.bytes),
                taken.seconds,
                taken.contents.digest
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Of a file.
pub(super) fn shown(contents: &Contents) -> Value {
    let header = &contents.header;
    let tables: Vec<Value> = contents
        .tables
        .iter()
        .map(|t| json!({"table": t.table, "rows": t.rows, "sha256": t.sha256}))
        .collect();
    json!({
        "version": header.version,
        "schema": header.schema,
        "database": header.database,
        "taken_at": header.taken_at,
        "bytes": contents.bytes,
        "rows": contents.rows(),
        "digest": contents.digest,
        "tables": tables,
    })
}

pub(super) fn table(contents: &Contents) {
    let rows: Vec<[String; 3]> = contents
        .tables
        .iter()
        .map(|t| [t.table.to_owned(), t.rows.to_string(), t.sha256.clone()])
        .collect();
    output::table(["TABLE", "ROWS", "SHA-256"], &rows);
}

#[allow(clippy::cast_precision_loss)] // for people
pub(super) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// How far it is, where somebody looks.
pub(super) struct Bar {
    is_shown: bool,
    was_drawn: bool,
}

impl Bar {
    pub fn new() -> Self {
        Self {
            is_shown: std::io::stderr().is_terminal(),
            was_drawn: false,
        }
    }

    pub fn at(&mut self, done: u64, of: u64) {
        if self.is_shown {
            self.was_drawn = true;
            output::bar(done, of, &format!("{done} of {of} rows"));
        }
    }

    pub fn end(&self) {
        if self.was_drawn {
            output::complain("");
        }
    }
}
