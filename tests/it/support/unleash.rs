//! A real Unleash server: the one from npm, on a database of its own.

use std::{
    fs::File,
    io::Write,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    postgres::{PostgresDatabase, signal},
    process::free_port,
};

pub const TOKEN: &str = "default:development.backend-secret";
const ADMIN: &str = "*:*.admin-secret";
/// It runs hundreds of migrations at its first start: 4 s on a quiet machine, 27 s on a busy one.
const START: Duration = Duration::from_mins(2);
const PUBLISH: Duration = Duration::from_secs(30);
const FEATURES: &str = "/api/admin/projects/default/features";

/// Started, and killed at the end of the test.
pub struct UnleashServer {
    pub port: u16,
    child: Child,
    http: reqwest::Client,
    dir: TempDir,
    // Only held: it is dropped after the process has ended.
    _database: PostgresDatabase,
}

impl UnleashServer {
    /// Ready, with no flags.
    pub async fn start() -> Self {
        let database = PostgresDatabase::create();
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let log = File::create(dir.path().join("log")).unwrap();
        let child = node(include_str!("../../node/unleash_server.mjs"))
            .env("DATABASE_URL", &database.url)
            .env("DATABASE_SSL", "false")
            .env("HTTP_HOST", "127.0.0.1")
            .env("HTTP_PORT", port.to_string())
            .env("LOG_LEVEL", "warn")
            // Nothing is asked of or told to the world outside.
            .env("CHECK_VERSION", "false")
            .env("SEND_TELEMETRY", "false")
            .env("INIT_ADMIN_API_TOKENS", ADMIN)
            .env("INIT_BACKEND_API_TOKENS", TOKEN)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Self {
            port,
            child,
            http: http(),
            dir,
            _database: database,
        };
        server.healthy().await;
        server
    }

    /// Of the client API.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/api", self.port)
    }

    /// Turns the flag on for `percent` of all units, in 0..=100; makes it if there is none. Returns when clients are
    /// told so.
    pub async fn set(&self, flag: &str, percent: u8) {
        let parameters = json!({
            "rollout": percent.to_string(), "stickiness": "default", "groupId": flag,
        });
        let gradual = json!({ "name": "flexibleRollout", "parameters": parameters });
        self.set_strategies(flag, &[gradual]).await;
    }

    /// The same, with any strategies, each with its parameters.
    pub async fn set_strategies(&self, flag: &str, wanted: &[Value]) {
        if !self.exists(flag).await {
            self.create(flag).await;
        }
        let strategies = strategies_of(flag);
        let old = self.admin("GET", &strategies, Value::Null).await;
        for strategy in wanted {
            self.admin("POST", &strategies, strategy.clone()).await;
        }
        for strategy in old.as_array().unwrap() {
            let path = format!("{strategies}/{}", strategy["id"].as_str().unwrap());
            self.admin("DELETE", &path, Value::Null).await;
        }
        self.turn_on(flag).await;
        self.published(flag, |feature| {
            let told = feature["strategies"].as_array();
            let told = told.map_or(&[][..], Vec::as_slice);
            let same = |(t, w): (&Value, &Value)| {
                t["name"] == w["name"] && t["parameters"] == w["parameters"]
            };
            feature["enabled"] == true
                && told.len() == wanted.len()
                && told.iter().zip(wanted).all(same)
        })
        .await;
    }

    /// A flag that is off, without strategies.
    pub async fn create(&self, flag: &str) {
        let feature = json!({ "name": flag, "type": "release" });
        self.admin("POST", FEATURES, feature).await;
    }

    /// One more strategy. What the server says, if it refuses it.
    pub async fn add_strategy(&self, flag: &str, strategy: Value) -> Result<Value, String> {
        let path = strategies_of(flag);
        self.try_admin("POST", &path, strategy).await
    }

    pub async fn turn_on(&self, flag: &str) {
        let path = format!("{FEATURES}/{flag}/environments/development/on");
        self.admin("POST", &path, Value::Null).await;
    }

    /// Turns the flag off.
    pub async fn turn_off(&self, flag: &str) {
        let path = format!("{FEATURES}/{flag}/environments/development/off");
        self.admin("POST", &path, Value::Null).await;
        self.published(flag, |feature| feature["enabled"] == false)
            .await;
    }

    /// Takes the flag out of use.
    pub async fn archive(&self, flag: &str) {
        let path = format!("{FEATURES}/{flag}");
        self.admin("DELETE", &path, Value::Null).await;
        self.published(flag, Value::is_null).await;
    }

    /// Waits until what clients are told of a flag (`Null` if nothing) is as it should be: the server looks for changes
    /// once a second, and answers clients from memory until then.
    async fn published(&self, flag: &str, is: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PUBLISH;
        loop {
            let request = self.http.get(format!("{}/client/features", self.url()));
            let answer = request.header("authorization", TOKEN).send().await.unwrap();
            let all: Value = answer.json().await.unwrap();
            let features = all["features"].as_array().unwrap();
            let feature = features.iter().find(|f| f["name"] == flag);
            if is(feature.unwrap_or(&Value::Null)) {
                return all;
            }
            assert!(Instant::now() < end, "clients are still told {feature:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// All that clients are told, once this flag is on.
    pub async fn told(&self, flag: &str) -> Value {
        self.published(flag, |feature| feature["enabled"] == true)
            .await
    }

    /// One request to the Admin API, which must succeed. `Null` is no body.
    pub async fn admin(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.try_admin(method, path, body).await;
        answer.unwrap_or_else(|refused| panic!("{path}: {refused}"))
    }

    /// The same, which may be refused.
    pub async fn try_admin(&self, method: &str, path: &str, body: Value) -> Result<Value, String> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let method = method.parse().unwrap();
        let request = self.http.request(method, url);
        let mut request = request.header("authorization", ADMIN);
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        if !status.is_success() {
            return Err(format!("{status} {text}"));
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// What Unleash's Node SDK decides for these units (without line feeds in them).
    pub fn decisions_of_node(&self, flag: &str, units: &[String]) -> Vec<bool> {
        let task = json!({ "url": self.url(), "token": TOKEN, "flag": flag });
        let script = include_str!("../../node/unleash_decide.mjs");
        let text = ask_node(script, &task, &units.join("\n"));
        text.trim().chars().map(|c| c == '1').collect()
    }

    /// Freezes the process: it accepts connections and says nothing.
    pub fn stop(&self) {
        signal("STOP", &[self.child.id()]);
    }

    pub fn cont(&self) {
        signal("CONT", &[self.child.id()]);
    }

    /// `kill -9`, and gone.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    async fn exists(&self, flag: &str) -> bool {
        let all = self.admin("GET", FEATURES, Value::Null).await;
        let features = all["features"].as_array().unwrap();
        features.iter().any(|f| f["name"] == flag)
    }

    async fn healthy(&mut self) {
        let url = format!("http://127.0.0.1:{}/health", self.port);
        let end = Instant::now() + START;
        while !matches!(self.http.get(&url).send().await, Ok(answer) if answer.status().is_success())
        {
            let ended = self.child.try_wait().unwrap();
            let log = || std::fs::read_to_string(self.dir.path().join("log")).unwrap();
            assert!(ended.is_none(), "Unleash ended: {}", log());
            assert!(Instant::now() < end, "not within {START:?}: {}", log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn strategies_of(flag: &str) -> String {
    format!("{FEATURES}/{flag}/environments/development/strategies")
}

impl Drop for UnleashServer {
    fn drop(&mut self) {
        // A stopped process dies of SIGKILL too.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Node with a script that finds the packages of `tests/node/package.json`.
pub fn node(script: &str) -> Command {
    let usual = concat!(env!("CARGO_MANIFEST_DIR"), "/target/test-node");
    let dir = std::env::var("TEST_NODE").unwrap_or_else(|_| usual.to_owned());
    let binary = Path::new(&dir).join("node");
    let shown = binary.display();
    assert!(
        binary.exists(),
        "no {shown}: run `scripts/test integration`"
    );
    let mut command = Command::new(binary);
    command
        .args(["--input-type=module", "--eval", script])
        .env_clear()
        // Where imports are looked for.
        .current_dir(dir);
    command
}

fn http() -> reqwest::Client {
    qr_observatory::kernel::tls::install();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// What a script prints that is given a task and this input.
pub fn ask_node(script: &str, task: &Value, input: &str) -> String {
    let mut child = node(script)
        .env("DECIDE", task.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
