//! Where codes, scans and accounts are kept.

use super::{
    Reader,
    reader::{name, number},
};

/// The database that is shared by all nodes.
#[derive(Clone)]
pub struct Database {
    /// `DATABASE_URL`: `sqlite://path?mode=rwc` or `postgres://user:password@host/name`.
    pub url: String,
    /// `DATABASE_MAX_CONNECTIONS`, 1..=1000. `SQLite` uses at most one writer whatever this says.
    pub max_connections: u32,
    /// `DATABASE_TIMEOUT_MS`: how long to wait for a connection, and for a statement, before giving up.
    pub timeout_ms: u64,
}

impl Database {
    pub(super) fn read(r: &mut Reader) -> Self {
        Self {
            url: r.read(
                name("database.url", "DATABASE_URL"),
                "sqlite://data/qr-observatory.db?mode=rwc".to_owned(),
                url,
            ),
            max_connections: r.read(
                name("database.max_connections", "DATABASE_MAX_CONNECTIONS"),
                10,
                number(1..=1000),
            ),
            timeout_ms: r.read(
                name("database.timeout_ms", "DATABASE_TIMEOUT_MS"),
                5_000,
                number(50..=600_000),
            ),
        }
    }
}

/// The URL may hold a password, so it is never printed whole.
impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        f.debug_struct("Database")
            .field("url", &format_args!("{scheme}://…"))
            .field("max_connections", &self.max_connections)
            .field("timeout_ms", &self.timeout_ms)
            .finish()
    }
}

fn url(value: &str) -> Result<String, String> {
    if ["sqlite:", "postgres://", "postgresql://"]
        .iter()
        .any(|p| value.starts_with(p))
    {
        Ok(value.to_owned())
    } else {
        // Not echoed: it may hold a password.
        Err("must begin with sqlite:// or postgres://".to_owned())
    }
}
