//! Transactions that may write, and proof that they were committed.
//!
//! Invariants: a write is reported as done only if the database has committed it. A connection in doubt is closed, and the
//! next operation opens another one.
//!
//! SQLite rolls a transaction back by itself when it fails with FULL, IOERR, NOMEM or INTERRUPT, in a statement or in
//! COMMIT. The driver counts the depth of transactions itself and does not notice: its next "transaction" on that
//! connection is a SAVEPOINT, whose RELEASE succeeds and commits nothing. Three things keep that from happening:
//!
//! * The pool closes a connection that comes back with a depth other than 0 (`sqlite::replace_when_broken`), and one
//!   whose last write failed. At depth 0 SQLite is in autocommit mode: the depth leaves 0 only by a BEGIN after which
//!   SQLite said that it is in a transaction, and returns to 0 only by a COMMIT or ROLLBACK that succeeded. So a
//!   single statement outside of a transaction cannot end up in one; its success is reported after its own commit.
//! * [`Transaction::commit`] succeeds only if SQLite called its commit hook meanwhile, which it does for COMMIT
//!   and not for the RELEASE of an inner savepoint. The hook is a counter in memory and costs nothing that can be
//!   measured; a row that is written and read back would cost a page of the log and a query per transaction.
//! * Statements with RETURNING run inside transactions only: the driver stops after the row that it was asked for and
//!   drops the error of the commit that follows.
//!
//! PostgreSQL ends a transaction itself, and the driver asks it whether one is open. If the connection is lost in COMMIT
//! the outcome is unknown: the caller gets an error, and nothing is tried again that is not idempotent.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use sea_orm::{DatabaseTransaction, DbBackend, DbErr, RuntimeErr};

/// Outcome of writes to one database. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct WriteState(Arc<Inner>);

#[derive(Default)]
struct Inner {
    commits: AtomicU64,
    failing: AtomicBool,
}

impl WriteState {
    /// SQLite is about to commit.
    pub fn committing(&self) {
        self.0.commits.fetch_add(1, Ordering::AcqRel);
    }

    fn commits(&self) -> u64 {
        self.0.commits.load(Ordering::Acquire)
    }

    /// Something was written.
    pub fn succeeded(&self) {
        self.0.failing.store(false, Ordering::Release);
    }

    /// A write failed, or its outcome is unknown.
    pub fn failed(&self) {
        self.0.failing.store(true, Ordering::Release);
    }

    /// Whether the last write failed.
    pub fn are_failing(&self) -> bool {
        self.0.failing.load(Ordering::Acquire)
    }
}

/// A transaction that may write. Dropped before its commit, it is rolled back.
pub(super) struct Transaction {
    inner: DatabaseTransaction,
    backend: DbBackend,
    write_state: WriteState,
}

impl Transaction {
    /// `inner` must have begun with BEGIN IMMEDIATE on SQLite: a commit that wrote nothing then calls the hook, too.
    pub fn new(inner: DatabaseTransaction, backend: DbBackend, write_state: WriteState) -> Self {
        Self {
            inner,
            backend,
            write_state,
        }
    }

    pub async fn commit(self) -> Result<(), DbErr> {
        // No other transaction commits meanwhile: SQLite's writing pool has one connection, and this transaction holds it.
        let before = self.write_state.commits();
        self.inner.commit().await?;
        if self.backend == DbBackend::Sqlite && self.write_state.commits() == before {
            let message = "COMMIT succeeded, but SQLite has committed nothing".to_owned();
            return Err(DbErr::Conn(RuntimeErr::Internal(message)));
        }
        self.write_state.succeeded();
        Ok(())
    }

    pub async fn rollback(self) -> Result<(), DbErr> {
        self.inner.rollback().await
    }
}

impl Deref for Transaction {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

#[cfg(test)]
mod tests;
