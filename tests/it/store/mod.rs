//! The store, on SQLite and on PostgreSQL: every test of a repository runs on both.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test fails by panicking

mod accounts;
mod backlog;
mod codes;
mod databases;
mod look;
mod migrations;
mod outage;
mod pace;
mod priority;
mod record;
mod rollups;
mod scans;
mod spool;
