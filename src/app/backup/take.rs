//! Taking a backup, beside a running server.
//!
//! Invariant: a scan that was answered before the backup began is in it. The spool is read first and the database after
//! it: a scan that moves between the two is in at least one, and one that is in both is stored once.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::{
    BATCH, Contents, Progress, display,
    format::{self, BASELINE, Header, VERSION},
    gauge,
    interrupt::interruptible,
    writer::Writer,
};
use crate::{
    app::baseline,
    config::Config,
    kernel::{Clock as _, Error, Kind, Result, SystemClock},
    store::backup::{Cell, Layout, Row, Snapshot},
};

/// A backup that is on the disk under its name.
pub struct Taken {
    pub contents: Contents,
    pub seconds: f64,
    /// Why `qr_backup_last_success_timestamp_seconds` does not know of it.
    pub unnoted: Option<Error>,
}

/// Writes everything into `path`. With `force` a file of that name is replaced, once the new one is whole.
///
/// # Errors
/// `Conflict` when there is such a file, or another backup writes it; those of the database and the disk. Then nothing of
/// that name was made or changed.
pub async fn take(
    settings: &Config,
    path: &Path,
    force: bool,
    mut progress: impl Progress,
) -> Result<Taken> {
    let start = SystemClock.instant();
    refuse_existing(path, force)?;
    let partial = Partial::begin(path)?;
    let written = interruptible(write(settings, &partial.file, &mut progress)).await;
    let finished = written.and_then(|contents| {
        refuse_existing(path, force)?;
        partial.finish(path)?;
        Ok(contents)
    });
    let mut contents = match finished {
        Ok(contents) => contents,
        Err(e) => {
            partial.discard();
            return Err(e);
        }
    };
    contents.bytes = fs::metadata(path).map_or(0, |m| m.len());
    let took = SystemClock.instant().saturating_duration_since(start);
    let noted = gauge::note(&settings.server.data_dir, path, &contents);
    Ok(Taken {
        contents,
        seconds: took.as_secs_f64(),
        unnoted: noted.err(),
    })
}

async fn write(settings: &Config, file: &File, progress: &mut impl Progress) -> Result<Contents> {
    // Before a long time is spent on the spool.
    let schema = Snapshot::of_database(&settings.database).await?;
    let header = Header {
        format: VERSION,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        schema: schema.newest().to_owned(),
        database: schema.kind().to_owned(),
        taken_at: SystemClock.now().to_string(),
    };
    schema.close().await;
    let mut taking = Taking {
        writer: Writer::new(file, &header).map_err(unwritable)?,
        done: 0,
        of: 0,
        progress,
    };
    let spool = Snapshot::of_spool(&settings.scans.spool).await?;
    for layout in crate::store::backup::spool() {
        taking.table(&layout, spool.as_ref()).await?;
    }
    if let Some(spool) = spool {
        spool.close().await;
    }
    taking.files(&settings.server.data_dir)?;
    let first = format::layouts(&header.schema).map_or(0, |(_, first)| first);

    let database = Snapshot::of_database(&settings.database).await?;
    if database.newest() != header.schema {
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
        bytes: 0,
    })
}

struct Taking<'a, P> {
    writer: Writer<&'a File>,
    done: u64,
    of: u64,
    progress: &'a mut P,
}

impl<P: Progress> Taking<'_, P> {
    async fn table(&mut self, layout: &Layout, from: Option<&Snapshot>) -> Result<()> {
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
        // A damaged one is worth nothing.
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

/// The file while it is not whole.
struct Partial {
    path: PathBuf,
    file: File,
}

impl Partial {
    fn begin(of: &Path) -> Result<Self> {
        let mut name = of.as_os_str().to_owned();
        name.push(".partial");
        let path = PathBuf::from(name);
        let open = || {
            let mut options = OpenOptions::new();
            // It holds password hashes: nobody else's business from the first byte on. One that a killed process left
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
            let message = format!("another backup is writing {}", display(&path));
            return Err(Error::new(Kind::Conflict, message));
        }
        file.set_len(0).map_err(unwritable)?;
        Ok(Self { path, file })
    }

    fn finish(&self, path: &Path) -> Result<()> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let finished = (&self.file).flush();
        // Before the rename: else the name may be on the disk before what is in it.
        let finished = finished.and_then(|()| self.file.sync_all());
        let finished = finished.and_then(|()| fs::rename(&self.path, path));
        let finished = finished.and_then(|()| File::open(folder)?.sync_all());
        finished.map_err(unwritable)
    }

    fn discard(&self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn unwritable(e: io::Error) -> Error {
    Error::caused(Kind::Unavailable, "the backup could not be written", e)
}
