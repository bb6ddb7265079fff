//! Certificates that nobody else trusts.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::support::postgres::run;

/// An authority, and what it signed for 127.0.0.1 and localhost.
pub struct Certificates {
    dir: TempDir,
}

impl Certificates {
    pub fn make() -> Self {
        let dir = tempfile::tempdir().unwrap();
        openssl(
            dir.path(),
            &["-subj", "/CN=qr-observatory test authority"],
            "ca",
        );
        // One that signs others is no server's: rustls refuses it (CaUsedAsEndEntity).
        let leaf = [
            "-subj",
            "/CN=localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-addext",
            "subjectAltName=IP:127.0.0.1,DNS:localhost",
            "-CA",
            "ca.crt",
            "-CAkey",
            "ca.key",
        ];
        openssl(dir.path(), &leaf, "server");
        Self { dir }
    }

    /// What a client has to trust, as PEM.
    pub fn authority(&self) -> PathBuf {
        self.dir.path().join("ca.crt")
    }

    /// Lines of redis.conf.
    pub fn lines(&self) -> Vec<String> {
        let path = |name: &str| self.dir.path().join(name).display().to_string();
        vec![
            format!("tls-cert-file {}", path("server.crt")),
            format!("tls-key-file {}", path("server.key")),
            format!("tls-ca-cert-file {}", path("ca.crt")),
            "tls-auth-clients no".to_owned(),
            "tls-replication yes".to_owned(),
        ]
    }
}

/// Makes `<name>.crt` and `<name>.key`.
fn openssl(dir: &Path, arguments: &[&str], name: &str) {
    let mut command = Command::new("openssl");
    command
        .args(["req", "-x509", "-days", "2", "-nodes"])
        .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
        .args(["-keyout", &format!("{name}.key")])
        .args(["-out", &format!("{name}.crt")])
        .args(arguments)
        .current_dir(dir);
    run(command).unwrap_or_else(|e| panic!("openssl: {e}"));
}
