//! Storage of codes, scans, accounts and the audit log: SQLite or PostgreSQL. The local spool of scans, a file of its own, is
//! [`spool`].
//!
//! Invariants: an operation ends, well or with an error, within the configured timeout, also while the database
//! is stopped or unreachable. Errors of drivers become a [`kernel::Error`](crate::kernel::Error) here.
//! sea-orm's models never leave this module; repositories return plain structs.

pub mod audit;
mod audited;
pub mod backup;
mod batch;
pub mod codes;
mod connection;
pub mod dials;
mod entity;
pub mod events;
mod failure;
pub mod invitations;
pub mod keys;
pub mod lock;
pub mod migrations;
pub mod organizations;
mod pooler;
mod postgres;
pub mod scans;
pub mod sessions;
pub mod single_sign_on;
pub mod spool;
mod sqlite;
mod statement;
pub mod styles;
mod text;
mod transaction;
pub mod users;

use std::{path::PathBuf, sync::Arc};

use sea_orm::ConnectionTrait;

use crate::{
    config::database::Database,
    kernel::{Result, SharedClock},
    telemetry::StoreTimer,
};
use connection::Connections;
use migrations::Migrations;

/// The database that all nodes share. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub codes: codes::Codes,
    pub styles: styles::Styles,
    pub scans: scans::Scans,
    pub users: users::Users,
    pub keys: keys::Keys,
    pub sessions: sessions::Sessions,
    /// Behind a pointer: futures hold copies of a store, and few sign in this way.
    pub single_sign_on: Arc<single_sign_on::SingleSignOn>,
    pub organizations: organizations::Organizations,
    pub invitations: invitations::Invitations,
    pub audit: audit::Audit,
    pub dials: dials::Dials,
    pub events: events::Events,
    connections: Connections,
    settings: Database,
    ping: StoreTimer,
}

impl Store {
    /// Connects, and checks that the database answers. Does not check the schema: see [`Store::migrations`].
    ///
    /// # Errors
    /// `Invalid` when the URL is none; `Unavailable` when the database does not answer.
    pub async fn connect(settings: &Database, clock: SharedClock) -> Result<Self> {
        let connections = Connections::open(settings, clock).await?;
        let store = Self {
            codes: codes::Codes::new(&connections),
            styles: styles::Styles::new(&connections),
            scans: scans::Scans::new(&connections),
            users: users::Users::new(&connections),
            keys: keys::Keys::new(&connections),
            sessions: sessions::Sessions::new(&connections),
            single_sign_on: Arc::new(single_sign_on::SingleSignOn::new(&connections)),
            organizations: organizations::Organizations::new(&connections),
            invitations: invitations::Invitations::new(&connections),
            audit: audit::Audit::new(&connections),
            dials: dials::Dials::new(&connections),
            events: events::Events::new(&connections),
            ping: connections.timer("store.ping"),
            connections,
            settings: settings.clone(),
        };
        store.ping().await?;
        Ok(store)
    }

    /// One round trip to the writing connection. After a failed write it writes, too, to find out whether writes work again.
    ///
    /// # Errors
    /// `Unavailable` when no answer came within the timeout, or nothing can be written.
    pub async fn ping(&self) -> Result<()> {
        if self.connections.writes_are_failing() {
            return self.connections.try_to_write(&self.ping).await;
        }
        let work = async {
            let ask = self.connections.statement("SELECT 1", []);
            self.connections.writer.query_one_raw(ask).await.map(drop)
        };
        self.connections.run(&self.ping, work).await
    }

    /// Brings the gauges of its connections up to date.
    pub fn observe(&self) {
        self.connections.observe();
    }

    /// Opens every connection for reading. A connection to SQLite is a thread that keeps the priority of the thread that
    /// opened it, and shadows run at the lowest: a server opens all of them before the first shadow.
    ///
    /// # Errors
    /// `Unavailable` when one cannot be opened.
    pub async fn open_readers(&self) -> Result<()> {
        self.connections.open_readers().await
    }

    /// The schema's versions.
    #[must_use]
    pub fn migrations(&self) -> Migrations<'_> {
        Migrations::new(&self.connections, &self.settings)
    }

    /// Whether other nodes may write to it, too.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.connections.backend() != sea_orm::DbBackend::Sqlite
    }

    /// Whether a pooler hands each transaction to another connection of the server.
    #[must_use]
    pub fn is_pooled(&self) -> bool {
        self.connections.is_pooled
    }

    /// Closes every connection after what runs on it has ended; SQLite then folds its log into the file.
    pub async fn close(&self) {
        self.connections.close().await;
    }
}

/// The file of a SQLite database; `None` for PostgreSQL, and for a database in memory.
#[must_use]
pub fn file(settings: &Database) -> Option<PathBuf> {
    match connection::Backend::of(&settings.url) {
        Ok(connection::Backend::Sqlite) => sqlite::path(&settings.url).ok(),
        _ => None,
    }
}

#[cfg(test)]
impl Store {
    /// An empty SQLite database in `folder`.
    pub(crate) async fn for_test(folder: &std::path::Path) -> Self {
        let settings = Database {
            url: format!("sqlite://{}/test.db?mode=rwc", folder.display()),
            max_connections: 4,
            timeout_ms: 10_000,
        };
        let clock = std::sync::Arc::new(crate::kernel::SystemClock);
        let store = Self::connect(&settings, clock).await.unwrap();
        store.migrations().up().await.unwrap();
        store
    }
}
