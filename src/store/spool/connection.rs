//! One of the spool's connections, which is opened anew after anything failed on it.
//!
//! Invariant: a connection is used only after all earlier operations on it have ended without an error. After a failed COMMIT the
//! state of the transaction is unknown; an abandoned operation still runs.

use std::ops::{Deref, DerefMut};

use sea_orm::sqlx::{self, ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{Mutex, MutexGuard};

pub(super) struct Connection {
    options: SqliteConnectOptions,
    /// Empty during a use, and after a use that failed.
    place: Mutex<Option<SqliteConnection>>,
}

impl Connection {
    pub fn new(options: SqliteConnectOptions, open: SqliteConnection) -> Self {
        Self {
            options,
            place: Mutex::new(Some(open)),
        }
    }

    /// Waits until it is free. Dropped without [`Taken::put_back`], it is closed.
    ///
    /// # Errors
    /// The driver's, when it cannot be opened anew.
    pub async fn take(&self) -> Result<Taken<'_>, sqlx::Error> {
        let mut place = self.place.lock().await;
        let connection = match place.take() {
            Some(open) => open,
            None => self.options.connect().await?,
        };
        Ok(Taken { place, connection })
    }
}

/// The connection during one operation.
pub(super) struct Taken<'a> {
    place: MutexGuard<'a, Option<SqliteConnection>>,
    connection: SqliteConnection,
}

impl Taken<'_> {
    /// After everything on it has succeeded.
    pub fn put_back(mut self) {
        *self.place = Some(self.connection);
    }
}

impl Deref for Taken<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &Self::Target {
        &self.connection
    }
}

impl DerefMut for Taken<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.connection
    }
}
