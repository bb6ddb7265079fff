//! Whole databases: read in one state, built anew beside the old database, and swapped with it.
//!
//! Invariants: rows are the same values in the same order on SQLite and on PostgreSQL, so that rows of one can be written to
//! the other and compared. Until [`ClaimedDatabase::swap`] the old database does not change; afterwards it still exists, under
//! another name. As with migrations there is no timeout: a long one must not be cut off halfway.

mod claimed_database;
mod file;
mod fill;
mod row;
mod schema;
mod snapshot;
mod tables;

pub use claimed_database::ClaimedDatabase;
pub use file::{SqliteFile, Swapped};
pub use fill::Filling;
pub use row::{Cell, Row};
pub use snapshot::{Beyond, Snapshot};
pub use tables::{Column, Kind, TableLayout, database, spool};
