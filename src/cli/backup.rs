//! `qr-observatory backup`.

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use serde_json::{Value, json};

use super::output;
use crate::{
    app::operate,
    backup::{self, Contents},
    config::Config,
    kernel::Result,
};

#[derive(Args)]
pub struct Backup {
    /// File to write; `-` is standard output
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace FILE if it exists
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub async fn run(&self, settings: &Config) -> Result<ExitCode> {
        let mut bar = Bar::new();
        let taken = backup::take(
            &operate::installation(settings),
            &self.file,
            self.force,
            |done, of| {
                bar.at(done, of);
            },
        )
        .await;
        bar.end();
        let taken = taken?;
        if let Some(e) = &taken.unnoted {
            output::complain(&format!(
                "the backup is complete, but its time is not in the metrics: {}",
                e.message()
            ));
        }
        tell_left_out(&taken.contents);
        // Nothing but the backup itself.
        let say = if self.file == Path::new("-") {
            output::complain
        } else {
            output::say
        };
        if self.json {
            let mut value = shown(&taken.contents);
            value["file"] = self.file.display().to_string().into();
            value["seconds"] = taken.seconds.into();
            say(&output::pretty(&value));
        } else {
            say(&table(&taken.contents));
            say(&format!(
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

/// A backup that lacks something says so on standard error.
pub(super) fn tell_left_out(contents: &Contents) {
    let header = &contents.header;
    if header.unknown_migrations.is_empty() {
        return;
    }
    let left_out = match header.left_out.as_slice() {
        [] => "no table and no column".to_owned(),
        some => some.join(", "),
    };
    output::complain(&format!(
        "warning: the database was on a newer schema ({}) than the release that made this backup, {}, knows. \
         Not in it: {left_out}. Everything that this release knows is in it.",
        header.unknown_migrations.join(", "),
        header.version
    ));
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
        "unknown_migrations": header.unknown_migrations,
        "left_out": header.left_out,
        "bytes": contents.bytes,
        "rows": contents.rows(),
        "digest": contents.digest,
        "tables": tables,
    })
}

pub(super) fn table(contents: &Contents) -> String {
    let rows: Vec<[String; 3]> = contents
        .tables
        .iter()
        .map(|t| [t.table.to_owned(), t.rows.to_string(), t.sha256.clone()])
        .collect();
    output::aligned(["TABLE", "ROWS", "SHA-256"], &rows)
}

#[allow(clippy::cast_precision_loss)] // for people
pub(super) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Progress, on a terminal.
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
