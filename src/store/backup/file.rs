//! A SQLite file to be replaced by another one: the database, or the spool.
//!
//! Invariant: from the claim to the swap no other process can write to the file; a file that another process has open cannot be
//! claimed. The replaced database is whole, in one file, under the name that [`SqliteFile::swap`] returns.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    os::unix::fs::{MetadataExt as _, chown},
    path::{Path, PathBuf},
};

use sea_orm::sqlx::{self, Connection as _, SqliteConnection};

use crate::{
    kernel::{Error, Kind, Result},
    store::{failure, sqlite},
};

/// SQLite's primary result codes BUSY, CORRUPT and NOTADB.
const BUSY: i32 = 5;
const DAMAGED: [i32; 2] = [11, 26];
/// Suffixes of the files beside a database file.
const LOGS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A claimed path; there need not be a file yet.
pub struct SqliteFile {
    path: PathBuf,
    stamp: String,
    state: State,
}

enum State {
    Absent,
    Locked(Box<SqliteConnection>),
    /// SQLite cannot read it, so no other process has it open.
    Damaged,
}

/// A new file in the place of an old one, which can be taken back.
pub struct Swapped {
    path: PathBuf,
    /// Path of the old file.
    pub replaced: Option<PathBuf>,
}

impl SqliteFile {
    /// `stamp` becomes part of the names of the files beside it.
    ///
    /// # Errors
    /// `Conflict` when another process uses the file; `Unavailable` when it cannot be opened.
    pub async fn claim(path: &Path, stamp: &str) -> Result<Self> {
        sqlite::create_parent(path)?;
        // The target of a link is replaced, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let state = if path.exists() {
            match lock(&path).await {
                Ok(connection) => State::Locked(Box::new(connection)),
                Err(e) if code(&e).is_some_and(|c| DAMAGED.contains(&c)) => State::Damaged,
                Err(e) if code(&e) == Some(BUSY) => {
                    let message = format!(
                        "{} is in use: stop the server, and whatever else has it open",
                        path.display()
                    );
                    return Err(Error::caused(Kind::Conflict, message, e));
                }
                Err(e) => return Err(failure::classify_sqlx(e)),
            }
        } else {
            State::Absent
        };
        let stamp = stamp.to_owned();
        Ok(Self { path, stamp, state })
    }

    /// Path for the new file: beside the old one, so that it can be renamed.
    #[must_use]
    pub fn beside(&self) -> PathBuf {
        with_suffix(&self.path, &format!(".restoring-{}", self.stamp))
    }

    /// Path of the file, for people; `None` when it has no rows of ours.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be read.
    pub async fn describe(&mut self) -> Result<Option<String>> {
        let path = self.path.display();
        match &mut self.state {
            State::Absent => Ok(None),
            State::Damaged => Ok(Some(format!("{path} (damaged)"))),
            State::Locked(connection) => match is_empty(connection).await {
                Ok(true) => Ok(None),
                Ok(false) => Ok(Some(path.to_string())),
                // Parts of it may still be readable.
                Err(e) if code(&e).is_some_and(|c| DAMAGED.contains(&c)) => {
                    Ok(Some(format!("{path} (damaged)")))
                }
                Err(e) => Err(failure::classify_sqlx(e)),
            },
        }
    }

    /// Puts the file that was made [beside](Self::beside) into its place, with the owner and the mode of what was there.
    ///
    /// # Errors
    /// The disk's; then nothing was moved.
    pub async fn swap(mut self) -> Result<Swapped> {
        let swapped = self.put_new_in_place(true).await;
        self.discard();
        swapped
    }

    /// Moves the file away and puts nothing into its place.
    ///
    /// # Errors
    /// As [`SqliteFile::swap`].
    pub async fn vacate(mut self) -> Result<Swapped> {
        self.put_new_in_place(false).await
    }

    async fn put_new_in_place(&mut self, with_new: bool) -> Result<Swapped> {
        let keep = self.describe().await?.is_some();
        let is_folded = self.fold().await?;
        let replaced = with_suffix(&self.path, &format!(".replaced-{}", self.stamp));
        let moved = self.rename(&replaced, with_new);
        moved.map_err(|e| unwritable(&self.path, e))?;
        let swapped = Swapped {
            path: self.path.clone(),
            replaced: self.is_there().then(|| replaced.clone()),
        };
        // Only now: until here no other process could open it.
        if let State::Locked(connection) = std::mem::replace(&mut self.state, State::Absent) {
            let _ = connection.close().await;
        }
        if is_folded {
            for log in LOGS {
                let _ = fs::remove_file(with_suffix(&replaced, log));
            }
        }
        if keep {
            return Ok(swapped);
        }
        remove(&replaced);
        Ok(Swapped {
            replaced: None,
            ..swapped
        })
    }

    /// Moves the log into the file. A damaged file is moved together with its log.
    async fn fold(&mut self) -> Result<bool> {
        let State::Locked(connection) = &mut self.state else {
            return Ok(false);
        };
        let mode = sqlx::query_scalar::<_, String>("PRAGMA journal_mode = DELETE");
        match mode.fetch_one(&mut **connection).await {
            Ok(mode) => Ok(mode == "delete"),
            Err(e) if code(&e).is_some_and(|c| DAMAGED.contains(&c)) => Ok(false),
            Err(e) => Err(failure::classify_sqlx(e)),
        }
    }

    fn is_there(&self) -> bool {
        !matches!(self.state, State::Absent)
    }

    fn rename(&self, replaced: &Path, with_new: bool) -> io::Result<()> {
        let new = self.beside();
        if with_new {
            if with_suffix(&new, "-wal").exists() {
                return Err(io::Error::other("the new file is still open"));
            }
            take_after(&new, &self.path)?;
        }
        // A log without its file would be taken for the new one's.
        for log in LOGS {
            let from = with_suffix(&self.path, log);
            if from.exists() {
                fs::rename(from, with_suffix(replaced, log))?;
            }
        }
        if self.is_there() {
            fs::rename(&self.path, replaced)?;
        }
        if with_new && let Err(e) = fs::rename(&new, &self.path) {
            if self.is_there() {
                fs::rename(replaced, &self.path)?;
            }
            return Err(e);
        }
        File::open(folder(&self.path))?.sync_all()
    }

    /// Removes the new file.
    pub fn discard(&self) {
        remove(&self.beside());
    }
}

impl Swapped {
    /// Puts the old one back.
    ///
    /// # Errors
    /// The disk's.
    pub fn undo(&self) -> Result<()> {
        remove(&self.path);
        match &self.replaced {
            Some(replaced) => {
                fs::rename(replaced, &self.path).map_err(|e| unwritable(&self.path, e))
            }
            None => Ok(()),
        }
    }
}

async fn lock(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = sqlite::alone(path).await?;
    for step in ["BEGIN EXCLUSIVE", "COMMIT"] {
        sqlx::raw_sql(step).execute(&mut connection).await?;
    }
    Ok(connection)
}

async fn is_empty(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
               AND name <> 'seaql_migrations'";
    let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut *connection).await?;
    for table in tables {
        let quoted = table.replace('"', "\"\"");
        let others = match table.as_str() {
            // Every installation has it from its first migration on.
            "organizations" => {
                format!("WHERE id <> X'{:032x}'", ::migrations::DEFAULT_ORGANIZATION)
            }
            _ => String::new(),
        };
        let sql = format!("SELECT 1 FROM \"{quoted}\" {others} LIMIT 1");
        let row: Option<i64> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_optional(&mut *connection)
            .await?;
        if row.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn code(e: &sqlx::Error) -> Option<i32> {
    let sqlx::Error::Database(cause) = e else {
        return None;
    };
    let code: i32 = cause.code()?.parse().ok()?;
    Some(code & 0xff)
}

/// Gives the new file the old one's owner and mode: the server's user must be able to use a file that root restored.
fn take_after(new: &Path, old: &Path) -> io::Result<()> {
    let (like, mode) = match fs::metadata(old) {
        Ok(old) => (old.clone(), Some(old.permissions())),
        Err(_) => (fs::metadata(folder(old))?, None),
    };
    if let Some(mode) = mode {
        fs::set_permissions(new, mode)?;
    }
    let own = fs::metadata(new)?;
    if (own.uid(), own.gid()) != (like.uid(), like.gid()) && rustix::process::geteuid().is_root() {
        chown(new, Some(like.uid()), Some(like.gid()))?;
    }
    File::open(new)?.sync_all()
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn remove(path: &Path) {
    // A file that is absent or cannot be removed does no harm.
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let _ = fs::remove_file(with_suffix(path, suffix));
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn unwritable(path: &Path, e: io::Error) -> Error {
    let message = format!("{} cannot be replaced", path.display());
    Error::caused(Kind::Unavailable, message, e)
}
