//! One server at a time on one set of files: an advisory lock (flock(2)) on a file beside each. The kernel releases a lock when
//! its process ends, so a lock file that was left behind stops no later start.
//!
//! Invariant: only servers hold these locks. Commands that work beside a running server never take one.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    config::database::Database,
    kernel::{Clock, Error, Kind, Result},
};

/// Time for a process that is stopping while the next one starts.
const WAIT: Duration = Duration::from_secs(5);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// The lock files of an installation: beside the spool, in the folder of the evidence, and beside a SQLite database, because
/// one server's caches would not see the changes that another server makes in it.
pub struct LockFiles(Vec<PathBuf>);

/// Held until it is dropped.
pub struct Locks(#[allow(dead_code)] Vec<File>);

impl LockFiles {
    #[must_use]
    pub fn of(database: &Database, spool: &Path, evidence_dir: &Path) -> Self {
        let mut files = vec![beside(spool), inside(evidence_dir)];
        files.extend(super::file(database).map(|file| beside(&file)));
        Self(files)
    }

    /// Locks all of them. On a file system without locks it only warns.
    ///
    /// # Errors
    /// `Conflict` when another server still holds one of them after 5 s.
    pub async fn take(&self, clock: &dyn Clock) -> Result<Locks> {
        let until = clock.instant() + WAIT;
        let mut held = Vec::new();
        for path in &self.0 {
            let lock = match open(path) {
                Ok(lock) => lock,
                Err(e) => {
                    unlocked(path, &e);
                    continue;
                }
            };
            let mut is_warned = false;
            while let Err(e) = lock.try_lock() {
                if let TryLockError::Error(e) = e {
                    unlocked(path, &e);
                    break;
                }
                let owner = owner(path);
                if clock.instant() >= until {
                    return Err(in_use(path, &owner));
                }
                if !is_warned {
                    is_warned = true;
                    let (file, wait_s) = (path.display(), WAIT.as_secs());
                    tracing::warn!(%file, owner, wait_s, "another server uses this file: waiting for its end");
                }
                tokio::time::sleep(PAUSE).await;
            }
            sign(&lock);
            held.push(lock);
        }
        Ok(Locks(held))
    }

    /// Checks for operations that need the server stopped.
    ///
    /// # Errors
    /// `Conflict`, with the server's process id, when one runs on these files.
    pub fn refuse_server(&self) -> Result<()> {
        match self.0.iter().find(|path| is_held(path)) {
            Some(path) => Err(in_use(path, &owner(path))),
            None => Ok(()),
        }
    }
}

/// Whether a server runs that writes its evidence into `dir`.
#[must_use]
pub fn server_writes(dir: &Path) -> bool {
    is_held(&inside(dir))
}

/// Follows links, so that one file has one lock under all its names.
fn beside(file: &Path) -> PathBuf {
    let real = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let mut name = real.into_os_string();
    name.push(".lock");
    name.into()
}

fn inside(dir: &Path) -> PathBuf {
    dir.join("server.lock")
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false);
    match options.open(path) {
        // Another user's, e.g. root's: it can be locked all the same.
        Err(e) if e.kind() == ErrorKind::PermissionDenied => File::open(path),
        opened => opened,
    }
}

/// Makes no file.
fn is_held(path: &Path) -> bool {
    let lock = File::open(path);
    lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Writes the process id into the lock file, for people. A full disk does not keep a server from starting.
fn sign(mut lock: &File) {
    let signed = lock.set_len(0);
    let _ = signed.and_then(|()| writeln!(lock, "{}", std::process::id()));
}

/// `process 123`.
fn owner(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    match text.trim().parse::<u32>() {
        Ok(pid) => format!("process {pid}"),
        Err(_) => "another process".to_owned(),
    }
}

fn in_use(path: &Path, owner: &str) -> Error {
    let file = path.with_extension("");
    let message = format!(
        "{} is in use by another server ({owner}): stop that one, or give this one files of its own (DATA_DIR)",
        file.display()
    );
    Error::new(Kind::Conflict, message)
}

fn unlocked(path: &Path, e: &io::Error) {
    let file = path.display();
    tracing::warn!(%file, "cannot be locked ({e}): a second server on the same files would not be noticed");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::SystemClock;

    /// Database, spool and evidence of an installation in `folder`.
    fn places(folder: &Path) -> (Database, PathBuf, PathBuf) {
        let url = format!("sqlite://{}/x.db?mode=rwc", folder.display());
        let database = Database {
            url,
            max_connections: 1,
            timeout_ms: 1000,
        };
        (
            database,
            folder.join("scan-spool.db"),
            folder.join("rollout"),
        )
    }

    async fn take((database, spool, dir): &(Database, PathBuf, PathBuf)) -> Result<Locks> {
        LockFiles::of(database, spool, dir).take(&SystemClock).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_owner_waits_and_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let places = places(folder.path());
        let first = take(&places).await.unwrap();
        let pid = std::process::id().to_string();
        for refused in [
            take(&places).await.map(drop),
            LockFiles::of(&places.0, &places.1, &places.2).refuse_server(),
        ] {
            let e = refused.unwrap_err();
            assert_eq!(e.kind(), Kind::Conflict);
            assert!(e.message().contains(&pid), "{e}");
            assert!(e.message().contains("scan-spool.db is in use"), "{e}");
        }
        assert!(server_writes(&places.2));

        // One that ends meanwhile is waited for; the files that it leaves behind mean nothing.
        let (second, ()) = tokio::join!(take(&places), async {
            tokio::time::sleep(WAIT / 2).await;
            drop(first);
        });
        drop(second.unwrap());
        LockFiles::of(&places.0, &places.1, &places.2)
            .refuse_server()
            .unwrap();
        assert!(!server_writes(&places.2));
        assert!(folder.path().join("scan-spool.db.lock").exists());
    }

    /// Another spool, another folder, the same database; and the same spool by another name.
    #[tokio::test(start_paused = true)]
    async fn each_file_alone_is_enough_to_refuse() {
        let [one, two] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let first = places(one.path());
        fs::write(&first.1, "").unwrap();
        let _held = take(&first).await.unwrap();
        let mut second = places(two.path());
        second.0.url.clone_from(&first.0.url);
        assert!(take(&second).await.is_err());
        let mut second = places(two.path());
        second.2.clone_from(&first.2);
        assert!(take(&second).await.is_err());
        let mut second = places(two.path());
        second.1 = two.path().join("link");
        std::os::unix::fs::symlink(&first.1, &second.1).unwrap();
        assert!(take(&second).await.is_err());
        take(&places(two.path())).await.unwrap();
    }

    #[tokio::test]
    async fn what_cannot_be_locked_does_not_keep_a_server_from_starting() {
        let folder = tempfile::tempdir().unwrap();
        let mut places = places(folder.path());
        places.2 = "/proc/nowhere".into();
        take(&places).await.unwrap();
    }
}
