//! `PgBouncer` in front of a database: a real process.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{
    postgres::{PostgresDatabase, is_root, run, signal},
    process::free_port,
};

/// Debian puts it where not every user looks.
const PROGRAM: &str = "/usr/sbin/pgbouncer";
const START: Duration = Duration::from_secs(10);

/// In front of a database of its own. Ended at the end of the test.
pub struct PgBouncer {
    /// Of the database, through the pooler.
    pub url: String,
    child: Child,
    _dir: TempDir,
    // Dropped after the process has ended.
    pub database: PostgresDatabase,
}

impl PgBouncer {
    /// `lines` go into its section of settings.
    pub fn start(pool_mode: &str, lines: &str) -> Self {
        let database = PostgresDatabase::create();
        let (server, name) = database.url.rsplit_once('/').unwrap();
        let address = server.rsplit_once('@').unwrap().1;
        let (host, server_port) = address.split_once(':').unwrap();
        let dir = tempfile::Builder::new()
            .prefix("qr-observatory-pgbouncer.")
            .tempdir_in("/tmp")
            .unwrap();
        let port = free_port();
        let settings = format!(
            "[databases]\n{name} = host={host} port={server_port} user=postgres\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = {pool_mode}\n{lines}\n"
        );
        let file = dir.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        // It refuses to run as root.
        let mut command = if is_root() {
            run(Command::new("chown")
                .args(["-R", "postgres:"])
                .arg(dir.path()))
            .unwrap();
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--", PROGRAM]);
            command
        } else {
            Command::new(PROGRAM)
        };
        let log = std::fs::File::create(dir.path().join("log")).unwrap();
        let child = command
            .arg(&file)
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|e| panic!("{PROGRAM}: {e}: run scripts/test"));
        let started = Self {
            url: format!("postgres://postgres@127.0.0.1:{port}/{name}"),
            child,
            _dir: dir,
            database,
        };
        let end = Instant::now() + START;
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "PgBouncer does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        started
    }

    /// Whether it can keep prepared statements in transaction mode.
    pub fn keeps_statements() -> bool {
        let said = run(Command::new(PROGRAM).arg("--version")).unwrap();
        let version = said.split_whitespace().nth(1).unwrap();
        let minor = version.split('.').nth(1).unwrap();
        minor.parse::<u32>().unwrap() >= 21
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // `runuser` hands it on.
        signal("TERM", &[self.child.id()]);
        let _ = self.child.wait();
    }
}
