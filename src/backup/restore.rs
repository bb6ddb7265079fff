//! Restoring: everything new beside everything old, compared, and then swapped.
//!
//! Invariant: an error, or an end of the process, before the swap changes no existing file and no existing table.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path, time::Duration};

use super::{
    BATCH, Contents, Installation, Progress, Sum,
    format::{self, BASELINE, Tally},
    input::Input,
    interrupt::interruptible,
    reader::{self, Piece, Reader},
};
use crate::{
    baseline,
    cache::{Pattern, Tiers},
    kernel::{Clock as _, Error, Kind, Result, SharedClock, SystemClock},
    store::backup::{Cell, ClaimedDatabase, Filling, Row, Snapshot, SqliteFile, TableLayout},
};

/// What was done.
pub struct Restored {
    pub contents: Contents,
    pub seconds: f64,
    /// Where the database that was there now is.
    pub replaced_database: Option<String>,
    /// Where the spool that was there now is.
    pub replaced_spool: Option<String>,
    /// Whether the baseline of the file was put where none was.
    pub baseline: bool,
    /// Whether Redis forgot what it remembered; `None` where none is configured.
    pub forgotten: Option<Result<()>>,
}

/// Reads `path`, or standard input for `-`, to its end, and then replaces the database and the spool by its content. Without
/// `force` both must be empty.
///
/// # Errors
/// As `reader::check`; `Conflict` when a server runs on this installation, or it is not empty and `force` is not set; those
/// of the database and the disk. Then nothing was changed.
pub async fn restore(
    of: &Installation<'_>,
    path: &Path,
    force: bool,
    mut progress: impl Progress,
) -> Result<Restored> {
    let start = SystemClock.instant();
    let input = Input::of(path, of.data_dir)?;
    let contents = reader::check(Reader::open(&input.file, &input.called)?)?;
    of.locks().refuse_server()?;
    let stamp = SystemClock.now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let mut old = Old::claim(of, &stamp).await?;
    old.refuse_unless(force).await?;
    let built = interruptible(old.build(&input, &contents, &mut progress)).await;
    let (has_spool, files) = match built {
        Ok(built) => built,
        Err(e) => {
            old.discard().await;
            return Err(e);
        }
    };
    let (replaced_database, replaced_spool) = old.swap(has_spool).await?;
    let baseline = files.is_some_and(|content| put_baseline(of.data_dir, &content));
    let took = SystemClock.instant().saturating_duration_since(start);
    Ok(Restored {
        contents,
        seconds: took.as_secs_f64(),
        replaced_database,
        replaced_spool,
        baseline,
        forgotten: forget(of).await,
    })
}

/// The existing database and spool, claimed.
struct Old {
    claimed: ClaimedDatabase,
    spool: SqliteFile,
}

impl Old {
    async fn claim(of: &Installation<'_>, stamp: &str) -> Result<Self> {
        Ok(Self {
            // The spool first: it is this machine's server that is most likely to run.
            spool: SqliteFile::claim(of.spool, stamp).await?,
            claimed: ClaimedDatabase::claim(of.database, stamp).await?,
        })
    }

    async fn refuse_unless(&mut self, force: bool) -> Result<()> {
        let held = [self.claimed.describe().await?, self.spool.describe().await?];
        let held: Vec<String> = held.into_iter().flatten().collect();
        if held.is_empty() || force {
            return Ok(());
        }
        let message = format!(
            "there is something already: {}; with --force it is kept aside and replaced",
            held.join(" and ")
        );
        Err(Error::new(Kind::Conflict, message))
    }

    /// Makes the new database and the new spool, and reads them again. Whether there is a spool, and the baseline.
    async fn build(
        &self,
        input: &Input,
        contents: &Contents,
        progress: &mut impl Progress,
    ) -> Result<(bool, Option<Vec<u8>>)> {
        let clock: SharedClock = std::sync::Arc::new(SystemClock);
        let mut reader = Reader::open(&input.file, &input.called)?;
        let (layouts, first) = reader.layouts();
        let (layouts, first) = (layouts.to_vec(), first);
        self.claimed
            .make(&contents.header.schema, SharedClock::clone(&clock))
            .await?;
        let has_spool = contents.tables[..first - 1].iter().any(|sum| sum.rows > 0);
        let mut building = Building {
            database: Filling::of_database(self.claimed.new_database()).await?,
            spool: if has_spool {
                Some(Filling::of_spool(&self.spool.beside()).await?)
            } else {
                None
            },
            baseline: None,
        };
        let (mut at, mut rows) = (0, 0);
        while let Some(piece) = reader.next()? {
            match piece {
                Piece::Begin(table) => {
                    at = table;
                    if at >= first {
                        building.database.clear(&layouts[at]).await?;
                    }
                }
                Piece::Rows(some) => {
                    building.put(&layouts[at], at, first, &some).await?;
                    rows += some.len() as u64;
                    progress(rows, contents.rows());
                }
                Piece::End => {}
            }
        }
        if reader.contents() != *contents {
            return Err(Error::new(Kind::Conflict, "the file was changed meanwhile"));
        }
        let baseline = building.close().await;
        let database = Snapshot::of_database(self.claimed.new_database()).await?;
        compare(database, &contents.tables[first..]).await?;
        if has_spool && let Some(spool) = Snapshot::of_spool(&self.spool.beside()).await? {
            compare(spool, &contents.tables[..first - 1]).await?;
        }
        self.claimed.bring_up(clock).await?;
        Ok((has_spool, baseline))
    }

    /// The database last: until then the spool can be put back.
    async fn swap(self, has_spool: bool) -> Result<(Option<String>, Option<String>)> {
        let spool = if has_spool {
            self.spool.swap().await
        } else {
            self.spool.vacate().await
        };
        let spool = match spool {
            Ok(spool) => spool,
            Err(e) => {
                self.claimed.discard().await;
                return Err(e);
            }
        };
        match self.claimed.swap().await {
            Ok(replaced) => Ok((replaced, spool.replaced.map(|k| k.display().to_string()))),
            Err(e) => {
                spool.undo()?;
                Err(e)
            }
        }
    }

    async fn discard(&self) {
        self.claimed.discard().await;
        self.spool.discard();
    }
}

struct Building {
    database: Filling,
    spool: Option<Filling>,
    baseline: Option<Vec<u8>>,
}

impl Building {
    async fn put(
        &mut self,
        layout: &TableLayout,
        at: usize,
        first: usize,
        rows: &[Row],
    ) -> Result<()> {
        if at >= first {
            return self.database.put(layout, rows).await;
        }
        if at + 1 < first {
            return match &self.spool {
                Some(spool) => spool.put(layout, rows).await,
                None => Ok(()),
            };
        }
        for row in rows {
            if let [Cell::Text(name), Cell::Bytes(content)] = row.as_slice()
                && name == BASELINE
            {
                self.baseline = Some(content.clone());
            }
        }
        Ok(())
    }

    async fn close(self) -> Option<Vec<u8>> {
        self.database.close().await;
        if let Some(spool) = self.spool {
            spool.close().await;
        }
        self.baseline
    }
}

/// Reads the new tables again and compares them with the file.
async fn compare(new: Snapshot, expected: &[Sum]) -> Result<()> {
    for (layout, expected) in new.layouts().iter().zip(expected) {
        let mut tally = Tally::default();
        let mut after: Option<Row> = None;
        loop {
            let rows = new.rows(layout, after.as_ref(), BATCH).await?;
            for row in &rows {
                let line = format::line(row).map_err(|_| Error::internal("a row has no line"))?;
                tally.add(line.as_bytes());
            }
            after = match rows.into_iter().last() {
                Some(last) => Some(last),
                None => break,
            };
        }
        if tally.sum(layout.name) != *expected {
            let message = format!("{} reads otherwise than it was written", layout.name);
            return Err(Error::internal(message));
        }
    }
    // A file that is renamed must not be open.
    new.close().await;
    Ok(())
}

/// One that is there is of this machine, and stays.
fn put_baseline(dir: &Path, content: &[u8]) -> bool {
    let path = baseline::path(dir);
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(dir)?;
        let mut options = fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o644)
            .open(&path)?;
        file.write_all(content)
    };
    write().is_ok()
}

/// What depends on rows; images follow from what they show.
const REMEMBERED: [&str; 2] = ["slug:*", "analytics_*"];
/// Tries to reach Redis, which connects in the background, and the pause between them.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// Has Redis forget what it knows of other rows.
async fn forget(of: &Installation<'_>) -> Option<Result<()>> {
    of.redis.access.as_ref()?;
    let clock: SharedClock = std::sync::Arc::new(SystemClock);
    let work = async {
        let tiers = Tiers::start(of.redis, &clock)?;
        for pattern in REMEMBERED {
            let pattern = Pattern::parse(pattern)?;
            let mut tries = 0;
            while let Err(e) = tiers.clear(&pattern).await {
                tries += 1;
                if tries > TRIES {
                    return Err(e);
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        tiers.stop(PAUSE).await;
        Ok(())
    };
    Some(work.await)
}
