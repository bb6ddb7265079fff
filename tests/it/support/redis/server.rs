//! One process: a server, a node of a cluster, or a sentinel.

use std::{
    fs::OpenOptions,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{RedisSetup, Role};
use crate::support::{
    eventually,
    postgres::{run, signal},
    process::free_port,
};

/// It is ready within some 30 ms on a quiet machine.
const START: Duration = Duration::from_secs(30);
/// A frozen server never answers.
const ANSWER_SECS: u64 = 5;

/// What takes long to load.
const FILLERS: u32 = 5000;

/// Killed at the end of the test.
pub struct RedisServer {
    pub port: u16,
    child: Option<Child>,
    setup: RedisSetup,
    dir: TempDir,
}

impl RedisServer {
    /// Started, and answering.
    pub async fn start(setup: RedisSetup) -> Self {
        let mut why = String::new();
        // Between being found free and being listened on, a port may go to another test.
        for _ in 0..5 {
            let mut server = Self::prepare(setup.clone());
            server.spawn();
            match server.ready().await {
                Ok(()) => return server,
                Err(log) => why = log,
            }
        }
        panic!("no Redis starts: {why}");
    }

    fn prepare(setup: RedisSetup) -> Self {
        let port = match setup.role {
            Role::ClusterNode => free_port_pair(),
            Role::Server | Role::Sentinel => free_port(),
        };
        let dir = tempfile::tempdir().unwrap();
        let server = Self {
            port,
            child: None,
            setup,
            dir,
        };
        let config = server.config().join("\n");
        std::fs::write(server.dir.path().join("redis.conf"), config).unwrap();
        server
    }

    fn config(&self) -> Vec<String> {
        let setup = &self.setup;
        let mut lines = vec![
            "bind 127.0.0.1".to_owned(),
            format!("dir {}", self.dir.path().display()),
        ];
        if let Some(tls) = &setup.tls {
            lines.extend(["port 0".to_owned(), format!("tls-port {}", self.port)]);
            lines.extend(tls.lines());
        } else {
            lines.push(format!("port {}", self.port));
        }
        if let Some(password) = self.password() {
            lines.push(format!("requirepass {password}"));
        }
        if setup.role != Role::Sentinel {
            // A replica is not made to wait for others that might want the same copy.
            lines.extend(
                ["save \"\"", "appendonly no", "repl-diskless-sync-delay 0"].map(Into::into),
            );
            lines.extend(setup.password.iter().map(|p| format!("masterauth {p}")));
        }
        lines.extend(setup.lines.iter().cloned());
        lines
    }

    /// What this process asks for.
    fn password(&self) -> Option<&String> {
        match self.setup.role {
            Role::Sentinel => self.setup.sentinel_password.as_ref(),
            Role::Server | Role::ClusterNode => self.setup.password.as_ref(),
        }
    }

    fn spawn(&mut self) {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.path().join("log"))
            .unwrap();
        let mut command = Command::new("redis-server");
        command.arg("redis.conf");
        if self.setup.role == Role::Sentinel {
            command.arg("--sentinel");
        }
        let child = command
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|e| panic!("redis-server ({e}): run scripts/test"));
        self.child = Some(child);
    }

    /// `Err` with its log when it ends instead.
    async fn ready(&mut self) -> Result<(), String> {
        let end = Instant::now() + START;
        // Its own number: another process may have the port.
        let own = format!("process_id:{}", self.pid());
        loop {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                self.child = None;
                return Err(format!("{status}\n{}", self.log()));
            }
            match self.ask(&["INFO", "server"]).await {
                Ok(info) if info.lines().any(|l| l.trim() == own) => return Ok(()),
                Ok(_) | Err(_) if Instant::now() < end => {}
                other => return Err(format!("{other:?}\n{}", self.log())),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// For `REDIS_URL`.
    pub fn url(&self) -> String {
        let scheme = ["redis", "rediss"][usize::from(self.setup.tls.is_some())];
        let password = self.password().map(|password| format!(":{password}@"));
        let password = password.unwrap_or_default();
        format!("{scheme}://{password}127.0.0.1:{}", self.port)
    }

    /// For `REDIS_CA_FILE`; only with TLS.
    pub fn ca_file(&self) -> PathBuf {
        let tls = self.setup.tls.as_ref().expect("it was started without TLS");
        tls.authority()
    }

    /// What `redis-cli` prints; an error answer is a failure. Waits at most 5 s.
    pub fn cli(&self, arguments: &[&str]) -> String {
        self.try_cli(arguments)
            .unwrap_or_else(|e| panic!("{arguments:?}: {e}"))
    }

    pub fn try_cli(&self, arguments: &[&str]) -> Result<String, String> {
        run(self.cli_command(ANSWER_SECS, arguments))
    }

    /// The same, while other tasks go on.
    pub async fn ask(&self, arguments: &[&str]) -> Result<String, String> {
        self.ask_for(ANSWER_SECS, arguments).await
    }

    pub(super) async fn ask_for(&self, secs: u64, arguments: &[&str]) -> Result<String, String> {
        let command = self.cli_command(secs, arguments);
        tokio::task::spawn_blocking(|| run(command)).await.unwrap()
    }

    fn cli_command(&self, secs: u64, arguments: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command
            .arg(secs.to_string())
            .args(["redis-cli", "-e", "-h", "127.0.0.1", "-p"])
            .arg(self.port.to_string())
            .env_remove("REDISCLI_AUTH");
        if let Some(tls) = &self.setup.tls {
            command.args(["--tls", "--cacert"]).arg(tls.authority());
        }
        if let Some(password) = self.password() {
            command.env("REDISCLI_AUTH", password);
        }
        command.args(arguments).stdin(Stdio::null());
        command
    }

    /// One line of `INFO`, without its name.
    pub async fn info(&self, name: &str) -> Result<String, String> {
        let info = self.ask(&["INFO", "everything"]).await?;
        let mut lines = info.lines();
        let value = lines.find_map(|l| l.strip_prefix(name)?.strip_prefix(':'));
        let value = value.map(|value| value.trim().to_owned());
        value.ok_or_else(|| format!("INFO says nothing of {name}"))
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it does not run").id()
    }

    pub fn runs(&self) -> bool {
        self.child.is_some()
    }

    /// `kill -9`, and gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // A stopped process dies of SIGKILL too.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// On the same port, empty; killed before if it runs.
    pub async fn restart(&mut self) {
        self.kill();
        self.spawn();
        if let Err(log) = self.ready().await {
            panic!("Redis does not start again: {log}");
        }
    }

    /// As [`Self::restart`], from a dump that takes at least so long to load; returns when it answers LOADING. Then it
    /// has what it had, and some thousand keys `filler:*`.
    pub async fn restart_loading(&mut self, lasts: Duration) {
        let fill = format!(
            "for i = 1, {FILLERS} do redis.call('SET', 'filler:' .. i, string.rep('x', 100)) end"
        );
        self.cli(&["CONFIG", "SET", "rdbcompression", "no"]);
        self.cli(&["EVAL", &fill, "0"]);
        self.cli(&["SAVE"]);
        let config = self.dir.path().join("redis.conf");
        let before = std::fs::read_to_string(&config).unwrap();
        // It sleeps after every key, and looks at its clients after so many bytes.
        let delay_us = lasts.as_micros() / u128::from(FILLERS);
        let slow = format!("key-load-delay {delay_us}\nloading-process-events-interval-bytes 1024");
        std::fs::write(&config, format!("{before}\n{slow}\n")).unwrap();
        self.restart().await;
        // The next start is quick, and empty.
        std::fs::write(&config, before).unwrap();
        std::fs::remove_file(self.dir.path().join("dump.rdb")).unwrap();
    }

    /// It accepts TCP and says nothing.
    pub fn freeze(&self) {
        signal("STOP", &[self.pid()]);
    }

    pub fn thaw(&self) {
        signal("CONT", &[self.pid()]);
    }

    /// The end of what it printed.
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let (port, log) = (self.port, self.log());
            eprintln!("--- the end of the log of the Redis on {port} ---\n{log}\n---");
        }
    }
}

/// A node of a cluster also listens 10 000 higher.
fn free_port_pair() -> u16 {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    (0..1000)
        .map(|_| free_port())
        .find(|port| free(port + 10_000))
        .expect("no two ports are free")
}

#[tokio::test]
async fn a_server_answers_and_goes_away() {
    let setup = RedisSetup::default()
        .password("secret")
        .line("maxmemory 3mb")
        .line("maxmemory-policy noeviction");
    let mut server = RedisServer::start(setup).await;
    let (port, pid, dir) = (server.port, server.pid(), server.dir.path().to_owned());
    assert_eq!(server.url(), format!("redis://:secret@127.0.0.1:{port}"));
    assert_eq!(server.cli(&["SET", "a", "1"]).trim(), "OK");
    assert_eq!(server.info("maxmemory").await.unwrap(), "3145728");
    let large = "x".repeat(100_000);
    let full = (0..100).find_map(|n| server.try_cli(&["SET", &n.to_string(), &large]).err());
    assert!(full.unwrap().contains("OOM"));

    server.setup.password = None;
    let refused = server.try_cli(&["GET", "a"]).unwrap_err();
    assert!(refused.contains("NOAUTH"), "{refused}");
    server.setup.password = Some("secret".to_owned());

    server.kill();
    assert!(!server.runs());
    assert!(server.try_cli(&["PING"]).is_err());
    server.restart().await;
    assert_eq!(server.port, port);
    assert_ne!(server.pid(), pid);
    assert_eq!(server.cli(&["DBSIZE"]).trim(), "0");

    let pid = server.pid();
    drop(server);
    assert!(!PathBuf::from(format!("/proc/{pid}")).exists());
    assert!(!dir.exists());
}

#[tokio::test]
async fn a_frozen_server_says_nothing_until_it_is_thawed() {
    let server = RedisServer::start(RedisSetup::default()).await;
    assert_eq!(server.cli(&["PING"]).trim(), "PONG");
    server.freeze();
    assert!(server.ask_for(1, &["PING"]).await.is_err());
    server.thaw();
    assert_eq!(server.cli(&["PING"]).trim(), "PONG");
}

#[tokio::test]
async fn a_server_that_loads_says_so() {
    let mut server = RedisServer::start(RedisSetup::default()).await;
    server.cli(&["SET", "a", "1"]);
    let start = Instant::now();
    server.restart_loading(Duration::from_secs(1)).await;
    let refused = server.try_cli(&["GET", "a"]).unwrap_err();
    assert!(refused.contains("LOADING"), "{refused}");
    eventually(20, async || server.ask(&["GET", "a"]).await).await;
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.cli(&["GET", "a"]).trim(), "1");
    server.restart().await;
    assert_eq!(server.cli(&["DBSIZE"]).trim(), "0");
}

#[tokio::test]
async fn a_server_with_tls_shows_a_certificate_of_its_authority() {
    let server = RedisServer::start(RedisSetup::default().tls()).await;
    assert_eq!(server.url(), format!("rediss://127.0.0.1:{}", server.port));
    assert_eq!(server.cli(&["PING"]).trim(), "PONG");
    let port = server.port.to_string();
    let plain = |arguments: &[&str]| {
        let mut command = Command::new("timeout");
        command.args(["5", "redis-cli", "-e", "-p", &port]);
        run(command.args(arguments).arg("PING").stdin(Stdio::null()))
    };
    let trusted = server.ca_file().display().to_string();
    let answer = plain(&["--tls", "--cacert", &trusted]).unwrap();
    assert_eq!(answer.trim(), "PONG");
    let other = super::tls::Certificates::make();
    let other = other.authority().display().to_string();
    assert!(plain(&["--tls", "--cacert", &other]).is_err());
    assert!(plain(&[]).is_err(), "TLS and nothing else");
}

#[tokio::test]
async fn what_redis_refuses_is_said() {
    let setup = RedisSetup::default().line("no-such-setting 1");
    let started = tokio::spawn(RedisServer::start(setup)).await;
    let panic = started.err().unwrap().into_panic();
    let said = panic.downcast_ref::<String>().unwrap();
    assert!(said.contains("no-such-setting"), "{said}");
}
