//! `scripts/enhanced_smoke_test.sh` and `scripts/rollback.sh`: on a product that is well, on servers that are not, and when
//! they are stopped halfway.

mod rollback;
mod smoke;

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

use crate::support::{Client, python::PythonServer};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts");
const LIAR: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/operate_scripts/liar.py"
);
const SMOKE: &str = "enhanced_smoke_test.sh";
const ROLLBACK: &str = "rollback.sh";
const EXPERIMENTS: [&str; 3] = ["render", "validate", "analytics"];

/// A script that knows an address and a password, and nothing else of this process' environment.
fn script(name: &str, url: &str, password: &str) -> Command {
    let mut command = Command::new(format!("{SCRIPTS}/{name}"));
    command
        .args(["--url", url])
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("QR_PASSWORD", password)
        .stdin(Stdio::null());
    command
}

fn text(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

/// What it said; it must end with `code`.
#[track_caller]
fn ended(command: &mut Command, code: i32) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{}", text(&output));
    text(&output)
}

#[track_caller]
fn says(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "no '{word}' in: {said}");
    }
}

/// Turns the dials of all experiments.
async fn dials(client: &Client, percent: u8) {
    for experiment in EXPERIMENTS {
        let body = json!({ "candidate_percent": percent });
        let path = format!("/api/rollout/{experiment}");
        client.put(&path, &body).await.expect(200);
    }
}

async fn experiment(client: &Client, name: &str) -> Value {
    let path = format!("/api/rollout/{name}");
    client.get(&path).await.expect(200).json()
}

async fn release(client: &Client) {
    for name in EXPERIMENTS {
        let path = format!("/api/rollout/{name}/release");
        client.post(&path, &json!({})).await.expect(200);
    }
}

/// A proxy in front of a product that tells one lie; gone when dropped.
fn liar(before: u16, lie: &str) -> PythonServer {
    PythonServer::start(&[LIAR, &before.to_string(), lie])
}

/// An executable file.
fn executable(file: &Path, content: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(file, content).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
}
