//! The provider of `tests/oidc/provider.mjs` as a process, and what its logout tokens are read from.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use oidc::{Provider, Settings};
use reqwest::{Client, ClientBuilder};
use serde_json::Value;

use crate::posts::Posts;

pub const CLIENT: &str = "qr";
pub const REDIRECT: &str = "http://127.0.0.1:8080/callback";

const SCRIPT: &str = include_str!("../../../tests/oidc/provider.mjs");

/// Seconds since 1970, as the provider's own clock counts them.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

pub fn client(builder: ClientBuilder) -> Client {
    // Whether by us or by another test of this process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    builder.no_proxy().build().unwrap()
}

pub struct Node {
    child: Child,
    pub issuers: Vec<String>,
}

impl Node {
    /// With arguments of the script; one provider for each `port=`.
    pub fn start(arguments: &[&str], more: &[String]) -> Self {
        let usual = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/test-node");
        let dir = std::env::var("TEST_NODE").unwrap_or_else(|_| usual.to_owned());
        let binary = Path::new(&dir).join("node");
        let shown = binary.display();
        assert!(
            binary.exists(),
            "no {shown}: run `scripts/test integration`"
        );
        let mut child = Command::new(binary)
            .args(["--input-type=module", "--eval", SCRIPT])
            .args(arguments)
            .args(more)
            .env_clear()
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It warns of keeping everything in memory.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.map(|l| l.unwrap().strip_prefix("ready ").unwrap().to_owned());
        let count = arguments.iter().filter(|a| a.starts_with("port=")).count();
        let issuers: Vec<String> = ready.take(count).collect();
        assert_eq!(issuers.len(), count, "the provider did not start");
        Self { child, issuers }
    }

    pub fn settings(&self, i: usize) -> Settings {
        Settings {
            issuer: self.issuers[i].clone(),
            client_id: CLIENT.to_owned(),
            client_secret: Some("secret with a space & more".to_owned()),
            redirect_uri: REDIRECT.to_owned(),
            scopes: vec!["profile".to_owned(), "email".to_owned()],
            trusted_audiences: Vec::new(),
        }
    }

    pub fn provider(&self, i: usize) -> Provider {
        Provider::new(self.settings(i)).unwrap()
    }

    /// An error on purpose.
    pub async fn admin(&self, i: usize, what: &str, body: &Value) {
        let url = format!("{}/admin/{what}", self.issuers[i]);
        let request = client(Client::builder()).post(url).body(body.to_string());
        let answer = request.send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    }

    pub fn kill(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The value of this field in the next form.
pub fn next(posts: &Posts, field: &str) -> String {
    let body = posts.next();
    let mut form = url::form_urlencoded::parse(body.as_bytes()).into_owned();
    form.find(|(name, _)| name == field).unwrap().1
}
