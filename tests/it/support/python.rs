//! A server in Python with faults on purpose.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// Runs until it is dropped.
pub struct PythonServer {
    child: Child,
    pub url: String,
}

impl PythonServer {
    /// `arguments`: the script and what it is told. Its first line of output is its port.
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new("python3")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        lines.read_line(&mut port).unwrap();
        let url = format!("http://127.0.0.1:{}", port.trim());
        Self { child, url }
    }
}

impl Drop for PythonServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
