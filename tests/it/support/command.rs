//! Commands and scripts as an operator runs them.

use std::process::{Command, Output, Stdio};

/// Standard output, then standard error.
pub fn text(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

/// The text of a command that must end with `code`.
#[track_caller]
pub fn ended(command: &mut Command, code: i32) -> String {
    let output = command.output().unwrap();
    let text = text(&output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

#[track_caller]
pub fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no '{word}' in: {text}");
    }
}

/// The path of a file in `scripts/`.
pub fn script_path(name: &str) -> String {
    format!("{}/scripts/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A script that has a PATH and a password, and nothing else of this process' environment.
pub fn script(name: &str, password: &str) -> Command {
    let mut command = Command::new(script_path(name));
    command
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("QR_PASSWORD", password)
        .stdin(Stdio::null());
    command
}
