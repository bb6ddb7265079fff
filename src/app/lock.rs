//! One server at a time on one set of files: an advisory lock (flock(2)) on a file beside each. The kernel releases it when
//! its process ends, however that ends, so that a lock file which was left behind is in nobody's way.
//!
//! Invariant: only servers hold these locks. Commands that work beside a running server never take one.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    config::Config,
    kernel::{Clock, Error, Kind, Result},
    store,
};

/// For a process that is being stopped while the next one starts.
const WAIT: Duration = Duration::from_secs(5);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// Held until it is dropped.
pub struct Locks(#[allow(dead_code)] Vec<File>);

impl Locks {
    /// Locks the spool, the evidence, and a SQLite database, whose other users' changes no cache would hear of. A file system
    /// that has no locks is warned of.
    ///
    /// # Errors
    /// `Conflict` when another server still has one of them after 5 s.
    pub async fn take(settings: &Config, clock: &dyn Clock) -> Result<Self> {
        let until = clock.instant() + WAIT;
        let mut held = Vec::new();
        for path in files(settings) {
            let lock = match open(&path) {
                Ok(lock) => lock,
                Err(e) => {
                    unlocked(&path, &e);
                    continue;
                }
            };
            let mut is_told = false;
            while let Err(e) = lock.try_lock() {
                if let TryLockError::Error(e) = e {
                    unlocked(&path, &e);
                    break;
                }
                let owner = owner(&path);
                if clock.instant() >= until {
                    return Err(in_use(&path, &owner));
                }
                if !is_told {
                    is_told = true;
                    let (file, wait_s) = (path.display(), WAIT.as_secs());
                    tracing::warn!(%file, owner, wait_s, "another server uses this file: waiting for its end");
                }
                tokio::time::sleep(PAUSE).await;
            }
            sign(&lock);
            held.push(lock);
        }
        Ok(Self(held))
    }
}

/// Refuses what must not be done while a server runs.
///
/// # Errors
/// `Conflict`, with the server's process id, when one runs on these files.
pub fn refuse_server(settings: &Config) -> Result<()> {
    match files(settings).iter().find(|path| is_held(path)) {
        Some(path) => Err(in_use(path, &owner(path))),
        None => Ok(()),
    }
}

/// Whether a server runs that writes its evidence into `dir`.
#[must_use]
pub fn server_writes(dir: &Path) -> bool {
    is_held(&inside(dir))
}

/// The locks' files.
fn files(settings: &Config) -> Vec<PathBuf> {
    let database = store::file(&settings.database);
    let mut files = vec![beside(&settings.scans.spool), inside(&settings.rollout.dir)];
    files.extend(database.map(|file| beside(&file)));
    files
}

/// What a link leads to is locked, so that another name of the same file is.
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

/// Only looked at: nothing is made.
fn is_held(path: &Path) -> bool {
    let lock = File::open(path);
    lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Writes down whose it is. For people: a disk that is full does not keep a server from starting.
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

    fn settings(folder: &Path) -> Config {
        let dir = folder.display().to_string();
        let url = format!("sqlite://{dir}/x.db?mode=rwc");
        let environment = [("DATA_DIR", dir), ("DATABASE_URL", url)];
        let environment = environment.map(|(name, value)| (name.to_owned(), value));
        Config::load(None, environment).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_owner_waits_and_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let first = Locks::take(&settings, &SystemClock).await.unwrap();
        let pid = std::process::id().to_string();
        for refused in [
            Locks::take(&settings, &SystemClock).await.map(drop),
            refuse_server(&settings),
        ] {
            let e = refused.unwrap_err();
            assert_eq!(e.kind(), Kind::Conflict);
            assert!(e.message().contains(&pid), "{e}");
            assert!(e.message().contains("scan-spool.db is in use"), "{e}");
        }
        assert!(server_writes(&settings.rollout.dir));

        // One that ends meanwhile is waited for; the files that it leaves behind mean nothing.
        let (second, ()) = tokio::join!(Locks::take(&settings, &SystemClock), async {
            tokio::time::sleep(WAIT / 2).await;
            drop(first);
        });
        drop(second.unwrap());
        refuse_server(&settings).unwrap();
        assert!(!server_writes(&settings.rollout.dir));
        assert!(folder.path().join("scan-spool.db.lock").exists());
    }

    /// Another spool, another folder, the same database; and the same spool by another name.
    #[tokio::test(start_paused = true)]
    async fn each_file_alone_is_enough_to_refuse() {
        let [one, two] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let first = settings(one.path());
        fs::write(&first.scans.spool, "").unwrap();
        let _held = Locks::take(&first, &SystemClock).await.unwrap();
        let mut second = settings(two.path());
        second.database.url.clone_from(&first.database.url);
        assert!(Locks::take(&second, &SystemClock).await.is_err());
        let mut second = settings(two.path());
        second.rollout.dir.clone_from(&first.rollout.dir);
        assert!(Locks::take(&second, &SystemClock).await.is_err());
        let mut second = settings(two.path());
        second.scans.spool = two.path().join("link");
        std::os::unix::fs::symlink(&first.scans.spool, &second.scans.spool).unwrap();
        assert!(Locks::take(&second, &SystemClock).await.is_err());
        Locks::take(&settings(two.path()), &SystemClock)
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn what_cannot_be_locked_does_not_keep_a_server_from_starting() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings(folder.path());
        settings.rollout.dir = "/proc/nowhere".into();
        Locks::take(&settings, &SystemClock).await.unwrap();
    }
}
