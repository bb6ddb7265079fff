//! `scripts/enhanced_smoke_test.sh` and `scripts/rollback.sh`: on a product that is well, on servers that are not, and when
//! they are stopped halfway.

mod rollback;
mod smoke;

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::support::{
    Client,
    command::{self, Says as _, ended, script_path, text},
    python::PythonServer,
};

const LIAR: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/operate_scripts/liar.py"
);
const SMOKE: &str = "enhanced_smoke_test.sh";
const ROLLBACK: &str = "rollback.sh";
const EXPERIMENTS: [&str; 3] = ["render", "validate", "analytics"];

/// A script that has an address and a password, and nothing else of this process' environment.
fn script(name: &str, url: &str, password: &str) -> Command {
    let mut command = command::script(name, password);
    command.args(["--url", url]);
    command
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
fn executable(file: &Path, content: impl AsRef<[u8]>) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(file, content).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Another process' lock is waited for; anything else ends `scripts/apt_get` at once.
#[test]
fn a_locked_package_manager_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let fake = dir.path().join("apt-get");
    let program = "#!/bin/sh\n\
        case $* in *missing*) echo 'E: Unable to locate package missing' >&2; exit 100 ;; esac\n\
        [ -e \"$0.held\" ] && { echo \"$*\" >\"$0.asked\"; exit; }\n\
        touch \"$0.held\"\n\
        echo 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt-get)' >&2; exit 100\n";
    executable(&fake, program);
    let path = format!(
        "{}:{}",
        dir.path().display(),
        std::env::var("PATH").unwrap()
    );
    let run = |arguments: &[&str], code| {
        let mut command = Command::new(script_path("apt_get"));
        ended(command.args(arguments).env("PATH", &path), code)
    };
    run(&["update"], 0).says("Could not get lock /var/lib/apt/lists/lock");
    let asked = std::fs::read_to_string(dir.path().join("apt-get.asked")).unwrap();
    asked.says("DPkg::Lock::Timeout=600|update");
    run(&["install", "missing"], 1).says("Unable to locate package missing");
}
