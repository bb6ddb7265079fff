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

pub trait Says {
    /// Asserts that each of the texts in `words` is in it. `|` stands between them.
    fn says(&self, words: &str);
}

impl Says for str {
    #[track_caller]
    fn says(&self, words: &str) {
        for word in words.split('|') {
            assert!(self.contains(word), "no '{word}' in: {self}");
        }
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
