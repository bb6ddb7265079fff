//! The verdict over all nodes, from a real Prometheus: a node that died is not forgotten until an operator says so.

use std::{
    fmt::Write as _,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    Client, Database, Server, Setup,
    command::Says as _,
    eventually,
    process::free_port,
    proxy::{Fault, Proxy},
};

/// Killed at its end.
struct Prometheus {
    child: Child,
    _dir: TempDir,
}

impl Prometheus {
    /// Asks these nodes every second.
    fn at(port: u16, nodes: &[Node]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let targets: Vec<String> = nodes.iter().map(Node::name).collect();
        let config = format!(
            "scrape_configs:\n  - job_name: qr-observatory\n    scrape_interval: 1s\n    scrape_timeout: 1s\n    \
             static_configs:\n      - targets: {}\n",
            Value::from(targets)
        );
        let file = dir.path().join("prometheus.yml");
        std::fs::write(&file, config).unwrap();
        // Unpacked by `scripts/observatory tools`, where the machine has none.
        let unpacked = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/target/observatory-bin/bin/prometheus"
        );
        let installed = !std::path::Path::new(unpacked).exists();
        let child = Command::new(if installed { "prometheus" } else { unpacked })
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}/data", dir.path().display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, _dir: dir }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What Prometheus sees of a node.
struct Node(Proxy);

impl Node {
    /// `behind`: where somebody accepts connections.
    async fn start(behind: u16) -> Self {
        let node = Self(Proxy::before(behind).await);
        node.says("go").await;
        node
    }

    /// As Prometheus calls it.
    fn name(&self) -> String {
        format!("127.0.0.1:{}", self.0.port)
    }

    async fn says(&self, verdict: &str) {
        let mut body = String::new();
        for experiment in ["render", "validate", "analytics"] {
            for label in ["go", "hold", "no-go"] {
                let value = u8::from(label == verdict && experiment == "render");
                let labels = format!("experiment=\"{experiment}\",verdict=\"{label}\"");
                writeln!(body, "qr_verdict{{{labels}}} {value}").unwrap();
            }
        }
        self.0.set(Fault::http("200 OK", &body)).await;
    }

    async fn dies(&self) {
        self.0.set(Fault::Refuse).await;
    }
}

/// `verdict render` until it is this, with its exit code.
async fn reaches(server: &Server, verdict: &str, code: i32) -> String {
    eventually(40, async || {
        let output = server.run(&["verdict", "render"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let is =
            said.starts_with(&format!("render: {verdict}")) && output.status.code() == Some(code);
        is.then(|| said.clone()).ok_or(format!("{said}{output:?}"))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_died_is_missed_until_it_is_retired() {
    let port = free_port();
    let nodes = [
        Node::start(port).await,
        Node::start(port).await,
        Node::start(port).await,
    ];
    let _prometheus = Prometheus::at(port, &nodes);
    let url = format!("http://127.0.0.1:{port}");
    let setup = Setup::on(Database::Sqlite).env("PROMETHEUS_URL", url);
    let server = setup.start().await;
    reaches(&server, "go: all of 3 nodes", 0).await;

    // One says no-go, is seen saying it, and is killed.
    nodes[2].says("no-go").await;
    reaches(&server, "no-go: 1 of 3 nodes", 4).await;
    nodes[2].dies().await;
    let dead = nodes[2].name();
    reaches(&server, &format!("no-go: {dead} said so"), 4).await;
    // One that said nothing against it dies, too. The first one is back, and knows nothing any more: it has said it.
    nodes[1].dies().await;
    nodes[2].says("go").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    reaches(&server, &format!("no-go: {dead} said so"), 4).await;

    // An operator decides about it.
    let retire = |node: &str| server.run_to(0, &["flags", "retire", node, "--reason", "disk"]);
    retire(&dead);
    let said = reaches(&server, "hold: seen earlier and gone", 3).await;
    said.says(&format!("`flags retire {}`", nodes[1].name()));
    retire(&nodes[1].name());
    reaches(&server, "go: all of 2 nodes", 0).await;
    // Seen again, it counts again.
    nodes[1].says("hold").await;
    reaches(&server, "hold: 1 of 3 nodes", 3).await;
    nodes[1].dies().await;
    reaches(&server, "hold: seen earlier and gone", 3).await;

    // A release forgets everything that was said before it.
    nodes[2].says("no-go").await;
    reaches(&server, "no-go", 4).await;
    nodes[2].dies().await;
    reaches(&server, &format!("no-go: {dead} said so"), 4).await;
    server.run_to(0, &["flags", "release", "render"]);
    reaches(&server, "go: all of 1 nodes", 0).await;

    let log = super::look(&Client::admin(&server), super::AUDIT).await;
    let items = log["items"].as_array().unwrap().iter();
    let retired = items.filter(|i| i["action"] == "rollout.retire");
    let subjects: Vec<&str> = retired.map(|i| i["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, [nodes[1].name(), dead]);
}
