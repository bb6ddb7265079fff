//! Whole databases: read in one state, written anew beside what is there, and put in its place.
//!
//! Invariants: rows are the same values in the same order on SQLite and on PostgreSQL, so that what was read from one can be
//! written to the other and compared. Until [`ClaimedDatabase::swap`] nothing of what is there changes; afterwards it is still
//! there, under another name. As with migrations there is no timeout: a long one must not be cut off halfway.

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
