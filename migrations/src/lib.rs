//! The schema, one file per migration, up and down, on SQLite and on PostgreSQL.
//!
//! Invariants: a time is a BIGINT of microseconds since the Unix epoch, UTC, in a column that ends in `_us`; an
//! id is a UUIDv7 (native on PostgreSQL, 16 bytes in SQLite); text sorts by its bytes on both. A migration runs
//! in one transaction. A released migration is never edited: what changes is a new one, expand before contract.

use sea_orm_migration::prelude::*;
pub use sea_orm_migration::{MigratorTrait, SchemaManager};

mod dialect;
mod m0001_organizations;
mod m0002_users;
mod m0003_memberships;
mod m0004_api_keys;
mod m0005_codes;
mod m0006_agents;
mod m0007_scans;
mod m0008_audit_log;
mod m0009_scan_origin;
mod m0010_rollups;
mod m0011_dials;
mod m0012_code_look;

/// Id of the organization that every installation has from its first migration on.
pub const DEFAULT_ORGANIZATION: u128 = 0x0190_0000_0000_7000_8000_0000_0000_0001;

pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_organizations::Migration),
            Box::new(m0002_users::Migration),
            Box::new(m0003_memberships::Migration),
            Box::new(m0004_api_keys::Migration),
            Box::new(m0005_codes::Migration),
            Box::new(m0006_agents::Migration),
            Box::new(m0007_scans::Migration),
            Box::new(m0008_audit_log::Migration),
            Box::new(m0009_scan_origin::Migration),
            Box::new(m0010_rollups::Migration),
            Box::new(m0011_dials::Migration),
            Box::new(m0012_code_look::Migration),
        ]
    }
}
