//! The real binary in a folder of its own, on a free port, with nothing inherited from the environment.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::Write as _,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{
    Client,
    command::{script_path, text},
    postgres::PostgresDatabase,
};

const BINARY: &str = env!("CARGO_BIN_EXE_qr-observatory");
pub const PASSWORD: &str = "correct-horse-battery";
/// A debug build that migrates a database beside another test needs a moment; a hang needs an end.
const START: Duration = Duration::from_secs(30);
const STOP: Duration = Duration::from_secs(40);
/// Ports of tests. Those from 20 000 on are taken by scripts, and by the second port of a node of a Redis cluster.
const PORTS: std::ops::Range<u32> = 10_240..20_000;
/// Tests that may run at the same time without sharing a range of ports.
const SLOTS: u32 = 8;
const PORTS_PER_SLOT: u32 = (PORTS.end - PORTS.start) / SLOTS;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// A product that has not been started yet.
pub struct Setup {
    env: BTreeMap<String, String>,
    database: Option<PostgresDatabase>,
}

impl Setup {
    /// On a fresh database, with a known administrator.
    pub fn on(database: Database) -> Self {
        let database = (database == Database::Postgres).then(PostgresDatabase::create);
        let mut setup = Self {
            env: BTreeMap::new(),
            database,
        };
        if let Some(database) = &setup.database {
            let url = database.url.clone();
            setup = setup.env("DATABASE_URL", url);
        }
        // As an installation that has codes starts.
        for service in ["QR_GENERATION", "VALIDATION", "ANALYTICS"] {
            setup = setup.env(&format!("USE_NEW_{service}_SERVICE"), "false");
        }
        setup.unlimited().env("ADMIN_PASSWORD", PASSWORD)
    }

    /// Tests ask more than people do; those of the limits set them.
    fn unlimited(self) -> Self {
        let limits = ["SIGN_IN", "API", "RENDER", "MISSES", "LINKS"];
        let none = |setup: Self, limit| setup.env(&format!("LIMIT_{limit}"), "0");
        limits.into_iter().fold(self, none)
    }

    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.env.remove(name);
        self
    }

    /// The folder and the settings, with nothing running.
    pub fn prepare(self) -> Server {
        let port = free_port();
        let env = self
            .env("BIND", format!("127.0.0.1:{port}"))
            .default("BASE_URL", format!("http://127.0.0.1:{port}"));
        Server {
            child: None,
            port,
            env: env.env,
            dir: tempfile::tempdir().unwrap(),
            _database: env.database,
        }
    }

    /// Started, and ready to answer.
    pub async fn start(self) -> Server {
        let mut server = self.prepare();
        server.start().await;
        server
    }

    fn default(mut self, name: &str, value: String) -> Self {
        self.env.entry(name.to_owned()).or_insert(value);
        self
    }
}

/// One product: its folder, its settings, and its process while it runs.
pub struct Server {
    child: Option<Child>,
    pub port: u16,
    env: BTreeMap<String, String>,
    dir: TempDir,
    // Only held: it is dropped after the process has ended.
    _database: Option<PostgresDatabase>,
}

impl Server {
    /// Starts the process (again, on the same data) and waits until it is ready.
    pub async fn start(&mut self) {
        self.spawn();
        self.ready().await;
    }

    /// The same, as `nohup` starts a process: SIGHUP is ignored.
    pub async fn start_without_hangup(&mut self) {
        let mut nohup = Command::new("/bin/sh");
        nohup
            .args(["-c", "trap '' HUP; exec \"$0\" serve", BINARY])
            .env_clear()
            .envs(&self.env)
            .current_dir(self.dir.path());
        self.spawn_as(nohup);
        self.ready().await;
    }

    async fn ready(&mut self) {
        let ready = Client::anonymous(self);
        let end = Instant::now() + START;
        loop {
            if let Ok(answer) = ready.try_get("/health/ready").await
                && answer.status == 200
            {
                return;
            }
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                panic!("the product ended ({status}) instead of becoming ready");
            }
            assert!(Instant::now() < end, "not ready within {START:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Starts the process without waiting for anything.
    pub fn spawn(&mut self) {
        self.spawn_as(self.command(&["serve"]));
    }

    fn spawn_as(&mut self, mut command: Command) {
        assert!(self.child.is_none(), "it runs already");
        let log = self.log_file();
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    /// Runs one command of the product with the same settings in the same folder.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// The text of a command that must end with `code`.
    #[track_caller]
    pub fn run_to(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = text(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        text
    }

    /// As [`Self::run`], with this on standard input.
    pub fn pipe(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            // One that refuses does not read to the end.
            scope.spawn(move || drop(stdin.write_all(input)));
            child.wait_with_output().unwrap()
        })
    }

    /// Runs one of our scripts with the same settings in the same folder.
    #[allow(clippy::disallowed_methods)] // what PATH is here
    pub fn script(&self, name: &str, arguments: &[&str]) -> Output {
        Command::new(script_path(name))
            .args(["--binary", BINARY])
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(&self.env)
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// The same, without waiting for its end.
    pub fn begin(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(self.log_file()).spawn().unwrap()
    }

    /// The same, as JSON from standard output; the command must succeed.
    pub fn run_json(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.run(arguments);
        let said = text(&output);
        assert!(output.status.success(), "{arguments:?}: {said}");
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{arguments:?} printed no JSON ({e}): {said}"))
    }

    /// Sends a signal by its name without `SIG`.
    pub fn signal(&self, name: &str) {
        super::postgres::signal(name, &[self.pid()]);
    }

    /// Waits for the process to end by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let end = Instant::now() + STOP;
        loop {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                self.child = None;
                return status;
            }
            assert!(Instant::now() < end, "it did not end within {STOP:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// `kill -9`, and gone.
    pub async fn kill(&mut self) {
        self.signal("KILL");
        self.ended().await;
    }

    /// SIGTERM, and a clean end.
    pub async fn stop(&mut self) {
        self.signal("TERM");
        let status = self.ended().await;
        assert!(status.success(), "SIGTERM ended it with {status}");
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it does not run").id()
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where it was started, and where `data/` is.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.dir.path().join(inside)
    }

    /// What a second connection to the same database needs.
    pub fn database_url(&self) -> String {
        match self.env.get("DATABASE_URL") {
            Some(url) => url.clone(),
            None => format!("sqlite://{}", self.path("data/qr-observatory.db").display()),
        }
    }

    /// Everything that it printed since the first start.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.path("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.env.insert(name.to_owned(), value.into());
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command
            .args(arguments)
            .env_clear()
            .envs(&self.env)
            .current_dir(self.dir.path());
        command
    }

    fn log_file(&self) -> File {
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // A stopped process dies of SIGKILL too.
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(40)..].join("\n");
            eprintln!("--- the end of the product's log ---\n{tail}\n---");
        }
    }
}

/// A port that nothing listens on. Below 32768, where outgoing connections do not take theirs from, so that it is still
/// free after a restart. Each test that runs at the same time has a range of its own, and gives no port out twice.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let slot: u32 = std::env::var("NEXTEST_TEST_GLOBAL_SLOT")
        .map_or(0, |slot| slot.parse().expect("a slot is a number"));
    let first = PORTS.start + slot % SLOTS * PORTS_PER_SLOT;
    // The next test in this slot begins elsewhere: a port of the last one may still be let go of.
    let begin = std::process::id() * 97;
    (0..PORTS_PER_SLOT)
        .map(|_| begin + NEXT.fetch_add(1, Ordering::Relaxed))
        .map(|n| u16::try_from(first + n % PORTS_PER_SLOT).unwrap())
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("no port is free")
}
