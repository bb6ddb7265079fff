//! Where codes, scans and accounts are kept.

/// The database that is shared by all nodes.
#[derive(Clone, Debug)]
pub struct Database {
    /// `DATABASE_URL`: `sqlite://path?mode=rwc` or `postgres://user:password@host/name`.
    pub url: String,
    /// `DATABASE_MAX_CONNECTIONS`, 1..=1000. SQLite uses at most one writer whatever this says.
    pub max_connections: u32,
    /// `DATABASE_TIMEOUT_MS`: how long to wait for a connection, and for a statement, before giving up.
    pub timeout_ms: u64,
}
