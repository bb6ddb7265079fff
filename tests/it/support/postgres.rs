//! PostgreSQL: a fresh database on the shared server, or a server of one's own that may be stopped and killed.

use std::{
    hash::{BuildHasher, RandomState},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::process::free_port;

/// A database that nobody else uses; dropped at the end of the test.
pub struct PostgresDatabase {
    pub url: String,
    name: String,
    admin: String,
}

impl PostgresDatabase {
    /// On the server that `scripts/test` started.
    pub fn create() -> Self {
        let admin = std::env::var("TEST_DATABASE_URL").unwrap_or_else(|_| {
            panic!(
                "TEST_DATABASE_URL is not set: run the tests through `scripts/test integration`, \
                 which starts a PostgreSQL for them"
            )
        });
        Self::create_on(&admin)
    }

    fn create_on(admin: &str) -> Self {
        let name = format!("test_{:016x}", RandomState::new().hash_one(0));
        let (server, _) = admin.rsplit_once('/').expect("a URL ends in /database");
        sql(admin, &format!("CREATE DATABASE {name}"));
        Self {
            url: format!("{server}/{name}"),
            name,
            admin: admin.to_owned(),
        }
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        // FORCE: a product that was killed leaves its connections for a moment.
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        let _ = psql(&self.admin, &drop);
    }
}

/// Runs one statement; returns its rows, a line each.
pub fn sql(url: &str, statement: &str) -> String {
    psql(url, statement).unwrap_or_else(|e| panic!("{statement}: {e}"))
}

fn psql(url: &str, statement: &str) -> Result<String, String> {
    run(Command::new("psql").args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement]))
}

/// A server of one's own: for tests that stop or kill it.
pub struct OwnPostgres {
    pub url: String,
    dir: TempDir,
    bin: PathBuf,
}

impl OwnPostgres {
    pub fn start() -> Self {
        let bin = bin_dir();
        // /tmp, because every parent folder must be open to the user postgres.
        let dir = tempfile::Builder::new()
            .prefix("qr-observatory-pg.")
            .tempdir_in("/tmp")
            .unwrap();
        if is_root() {
            run(Command::new("chown").arg("postgres:").arg(dir.path())).unwrap();
        }
        let port = free_port();
        let mut own = Self {
            url: String::new(),
            dir,
            bin,
        };
        let data = own.data();
        let init = ["-D", &data, "-U", "postgres", "--auth=trust", "--no-sync"];
        own.tool("initdb", &init);
        let log = format!("{data}.log");
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c fsync=off",
            own.dir.path().display()
        );
        let start = ["-D", &data, "-w", "-s", "-l", &log, "-o", &options, "start"];
        own.tool("pg_ctl", &start);
        own.url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        own
    }

    /// Freezes the server and every connection's process: it accepts TCP and says nothing, the worst kind of away.
    pub fn freeze(&self) {
        let mut pids = vec![self.postmaster()];
        signal("STOP", &pids);
        // After the parent stands still there are no new children.
        pids = children(pids[0]);
        if !pids.is_empty() {
            signal("STOP", &pids);
        }
    }

    pub fn thaw(&self) {
        let mut pids = children(self.postmaster());
        pids.push(self.postmaster());
        signal("CONT", &pids);
    }

    fn postmaster(&self) -> u32 {
        let file = std::fs::read_to_string(format!("{}/postmaster.pid", self.data())).unwrap();
        file.lines().next().unwrap().parse().unwrap()
    }

    fn data(&self) -> String {
        format!("{}/data", self.dir.path().display())
    }

    fn tool(&self, name: &str, arguments: &[&str]) {
        run(self.command(name, arguments)).unwrap_or_else(|e| panic!("{name}: {e}"));
    }

    /// PostgreSQL refuses to run as root.
    fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let tool = self.bin.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(tool);
            command
        } else {
            Command::new(tool)
        };
        command.args(arguments).current_dir(self.dir.path());
        command
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        self.thaw();
        let data = self.data();
        let stop = ["-D", &data, "-w", "-s", "-m", "immediate", "stop"];
        if let Err(e) = run(self.command("pg_ctl", &stop)) {
            eprintln!("the test's PostgreSQL was not stopped: {e}");
        }
    }
}

/// Sends a signal by name.
pub fn signal(name: &str, pids: &[u32]) {
    let mut command = Command::new("kill");
    command.arg(format!("-{name}"));
    command.args(pids.iter().map(ToString::to_string));
    // A server's backend may end between being listed and being signalled.
    match run(command) {
        Err(e) if !e.contains("No such process") => panic!("{e}"),
        _ => {}
    }
}

fn children(parent: u32) -> Vec<u32> {
    let pids = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let name = entry.ok()?.file_name();
        name.to_str()?.parse::<u32>().ok()
    });
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

/// The fourth field of `/proc/<pid>/stat`; the second, in brackets, may hold anything.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

fn bin_dir() -> PathBuf {
    if let Ok(dir) = std::env::var("TEST_POSTGRES_BIN") {
        return dir.into();
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .unwrap_or_else(|e| panic!("no PostgreSQL server is installed ({e}): run scripts/test"));
    let bins = versions.filter_map(|v| Some(v.ok()?.path().join("bin")));
    bins.filter(|bin| bin.join("initdb").exists())
        .max()
        .expect("no PostgreSQL server is installed: run scripts/test")
}

pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    let own = Path::new("/proc/self").metadata();
    own.is_ok_and(|m| m.uid() == 0)
}

/// Standard output of a command that must succeed, or what it complained about.
pub fn run(mut command: impl std::borrow::BorrowMut<Command>) -> Result<String, String> {
    let output = command.borrow_mut().output().map_err(|e| e.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let error = String::from_utf8_lossy(&output.stderr);
        Err(format!("{}: {}", output.status, error.trim()))
    }
}

#[test]
fn databases_are_fresh_and_go_away() {
    let database = PostgresDatabase::create();
    let (admin, name) = (database.admin.clone(), database.name.clone());
    let count = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(sql(&database.url, "SELECT current_database()").trim(), name);
    assert_eq!(sql(&admin, &count).trim(), "1");
    drop(database);
    assert_eq!(sql(&admin, &count).trim(), "0");
}

#[test]
fn a_frozen_server_says_nothing_until_it_is_thawed() {
    let own = OwnPostgres::start();
    let ask = || {
        let url = format!("{}?connect_timeout=2", own.url);
        psql(&url, "SELECT 1").map(|out| out.trim().to_owned())
    };
    assert_eq!(ask(), Ok("1".to_owned()));
    own.freeze();
    assert!(ask().is_err());
    own.thaw();
    assert_eq!(ask(), Ok("1".to_owned()));
}
