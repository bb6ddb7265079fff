//! Taking a backup, beside a running server.
//!
//! Invariant: a scan that was answered before the backup began is in it. The spool is read first and the database after
//! it: a scan that moves between the two is in at least one, and one that is in both is stored once.

use std::{
    fs::{self, File},
    io::{self, IsTerminal as _, Write},
    os::fd::AsFd as _,
    path::Path,
    sync::atomic::Ordering,
};

use super::{
    BATCH, Contents, Installation, Progress, STANDARD,
    counted::Counted,
    display,
    format::{self, BASELINE, Header, VERSION},
    gauge,
    interrupt::interruptible,
    partial::Partial,
    unwritable,
    writer::Writer,
};
use crate::{
    baseline,
    kernel::{Clock as _, Error, Kind, Result, SystemClock},
    store::backup::{Cell, Row, Snapshot, TableLayout},
};

/// A backup that is on the disk under its name.
pub struct Taken {
    pub contents: Contents,
    pub seconds: f64,
    /// Why `qr_backup_last_success_timestamp_seconds` does not know of it.
    pub unnoted: Option<Error>,
}

/// Writes everything into `path`, or to standard output for `-`. With `force` a file of that name is replaced, once the new
/// one is whole.
///
/// # Errors
/// `Conflict` when there is such a file, or another backup writes it; `Invalid` when standard output is a terminal; those of
/// the database and the disk. Then nothing of that name was made or changed; what went to standard output has no last line.
pub async fn take(
    from: &Installation<'_>,
    path: &Path,
    force: bool,
    mut progress: impl Progress,
) -> Result<Taken> {
    let start = SystemClock.instant();
    let contents = if path == Path::new(STANDARD) {
        into_pipe(from, &mut progress).await?
    } else {
        into_file(from, path, force, &mut progress).await?
    };
    let took = SystemClock.instant().saturating_duration_since(start);
    let noted = gauge::note(from.data_dir, path, &contents);
    Ok(Taken {
        contents,
        seconds: took.as_secs_f64(),
        unnoted: noted.err(),
    })
}

async fn into_file(
    from: &Installation<'_>,
    path: &Path,
    force: bool,
    progress: &mut impl Progress,
) -> Result<Contents> {
    refuse_existing(path, force)?;
    let partial = Partial::begin(path)?;
    let written = interruptible(write(from, &partial.file, progress)).await;
    let finished = written.and_then(|contents| {
        refuse_existing(path, force)?;
        partial.finish(path)?;
        Ok(contents)
    });
    if finished.is_err() {
        partial.discard();
    }
    finished
}

/// A signal ends the process at once, also while the reader of the pipe waits: there is nothing to clean up.
async fn into_pipe(from: &Installation<'_>, progress: &mut impl Progress) -> Result<Contents> {
    let stdout = io::stdout();
    if stdout.is_terminal() {
        let message = "is a terminal, and a backup is binary: qr-observatory backup - > FILE";
        return Err(Error::invalid("standard output", message));
    }
    // Past the line buffer of the standard library.
    let file = stdout.as_fd().try_clone_to_owned().map_err(unwritable)?;
    let file = File::from(file);
    let contents = write(from, &file, progress).await?;
    if file.metadata().is_ok_and(|m| m.is_file()) {
        file.sync_all().map_err(unwritable)?;
    }
    Ok(contents)
}

async fn write(
    from: &Installation<'_>,
    file: &File,
    progress: &mut impl Progress,
) -> Result<Contents> {
    // Before a long time is spent on the spool.
    let schema = Snapshot::of_database(from.database).await?;
    let header = Header {
        format: VERSION,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        schema: schema.newest().to_owned(),
        database: schema.kind().to_owned(),
        taken_at: SystemClock.now().to_string(),
        unknown_migrations: schema.beyond().migrations.clone(),
        left_out: schema.beyond().left_out.clone(),
    };
    schema.close().await;
    let file = Counted::new(file);
    let bytes = file.count();
    let mut taking = Taking {
        writer: Writer::new(file, &header).map_err(unwritable)?,
        done: 0,
        of: 0,
        progress,
    };
    let spool = Snapshot::of_spool(from.spool).await?;
    for layout in crate::store::backup::spool() {
        taking.table(&layout, spool.as_ref()).await?;
    }
    if let Some(spool) = spool {
        spool.close().await;
    }
    taking.files(from.data_dir)?;
    let first = format::layouts(&header.schema).map_or(0, |(_, first)| first);

    let database = Snapshot::of_database(from.database).await?;
    let beyond = database.beyond();
    if database.newest() != header.schema
        || (&beyond.migrations, &beyond.left_out) != (&header.unknown_migrations, &header.left_out)
    {
        let message = "the database was migrated meanwhile: try again";
        return Err(Error::new(Kind::Conflict, message));
    }
    for layout in database.layouts() {
        taking.of += database.count(layout).await?;
    }
    for layout in database.layouts() {
        taking.table(layout, Some(&database)).await?;
    }
    database.close().await;
    let (_, tables, digest) = taking.writer.finish(first).map_err(unwritable)?;
    Ok(Contents {
        header,
        tables,
        digest,
        bytes: bytes.load(Ordering::Relaxed),
    })
}

struct Taking<'a, W: Write, P> {
    writer: Writer<W>,
    done: u64,
    of: u64,
    progress: &'a mut P,
}

impl<W: Write, P: Progress> Taking<'_, W, P> {
    async fn table(&mut self, layout: &TableLayout, from: Option<&Snapshot>) -> Result<()> {
        self.writer.begin(layout).map_err(unwritable)?;
        let mut after: Option<Row> = None;
        while let Some(from) = from {
            let rows = from.rows(layout, after.as_ref(), BATCH).await?;
            self.writer.rows(&rows).map_err(unwritable)?;
            self.done += rows.len() as u64;
            if self.of > 0 {
                (self.progress)(self.done, self.of.max(self.done));
            }
            after = match rows.into_iter().last() {
                Some(last) => Some(last),
                None => break,
            };
        }
        self.writer.end().map_err(unwritable)
    }

    fn files(&mut self, dir: &Path) -> Result<()> {
        self.writer.begin(&format::files()).map_err(unwritable)?;
        // A damaged baseline is left out.
        if let Ok(Some(_)) = baseline::read(dir)
            && let Ok(content) = fs::read(baseline::path(dir))
        {
            let row = vec![Cell::Text(BASELINE.to_owned()), Cell::Bytes(content)];
            self.writer.rows(&[row]).map_err(unwritable)?;
        }
        self.writer.end().map_err(unwritable)
    }
}

fn refuse_existing(path: &Path, force: bool) -> Result<()> {
    if path.is_dir() {
        let message = format!("{} is a folder: name the file", display(path));
        return Err(Error::new(Kind::Conflict, message));
    }
    if force || !path.exists() {
        return Ok(());
    }
    let message = format!(
        "{} is there already: another name, or --force",
        display(path)
    );
    Err(Error::new(Kind::Conflict, message))
}
