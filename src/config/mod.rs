//! Settings: defaults < `qr-observatory.toml` (`--config`) < environment. One file per section; a section's
//! fields name their variable. Invariant: every fault is reported at once, and nothing starts on a faulty one.

mod reader;

pub mod auth;
pub mod cache;
pub mod database;
pub mod logs;
pub mod redis;
pub mod render;
pub mod rollout;
pub mod scans;
pub mod server;
pub mod single_sign_on;
pub mod targets;
pub mod traces;

use std::{fmt, path::Path};

pub use reader::Fault;
use reader::Reader;

/// The file that is read when it is there and `--config` names no other.
pub const DEFAULT_FILE: &str = "qr-observatory.toml";

/// Variables of the contract that this release does not act on yet. One that is set is warned about, because
/// silence would look like success.
const NOT_YET: &[&str] = &["RENDER_PUBLIC"];

/// Every setting of the product.
#[derive(Clone, Debug)]
pub struct Config {
    pub server: server::Server,
    pub database: database::Database,
    pub auth: auth::Auth,
    /// `None`: people sign in with passwords only.
    pub single_sign_on: Option<single_sign_on::SingleSignOn>,
    pub targets: targets::Targets,
    pub scans: scans::Scans,
    pub cache: cache::Cache,
    pub redis: redis::Redis,
    pub render: render::Render,
    pub rollout: rollout::Rollout,
    pub logs: logs::Logs,
    pub traces: traces::Traces,
    /// Variables that are set and that this release ignores.
    pub ignored: Vec<&'static str>,
}

/// Everything that is wrong with the settings, a line each.
#[derive(Debug)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} setting(s) cannot be used:", self.0.len())?;
        for fault in &self.0 {
            writeln!(f, "  {fault}")?;
        }
        f.write_str("Nothing was started. See docs/OPERATIONS.md for every setting.")
    }
}

impl std::error::Error for Faults {}

impl Config {
    /// Reads the file (the default one may be absent, a named one may not) and then the environment.
    ///
    /// # Errors
    /// Every unknown or malformed setting.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Faults> {
        let mut reader = Reader::new(environment);
        match file {
            Some(path) => reader.file(path),
            None if Path::new(DEFAULT_FILE).exists() => reader.file(Path::new(DEFAULT_FILE)),
            None => {}
        }
        Self::read(reader)
    }

    fn read(mut reader: Reader) -> Result<Self, Faults> {
        let r = &mut reader;
        let server = server::Server::read(r);
        let config = Self {
            database: database::Database::read(r),
            auth: auth::Auth::read(r, &server.data_dir),
            single_sign_on: single_sign_on::SingleSignOn::read(r, &server.base_url),
            targets: targets::Targets::read(r),
            scans: scans::Scans::read(r, &server.data_dir),
            cache: cache::Cache::read(r),
            redis: redis::Redis::read(r),
            render: render::Render::read(r),
            rollout: rollout::Rollout::read(r, &server.data_dir),
            logs: logs::Logs::read(r),
            traces: traces::Traces::read(r),
            ignored: NOT_YET
                .iter()
                .copied()
                .filter(|name| r.asks_for(name))
                .collect(),
            server,
        };
        let faults = reader.finish();
        if faults.is_empty() {
            Ok(config)
        } else {
            Err(Faults(faults))
        }
    }
}

#[cfg(test)]
mod tests;
