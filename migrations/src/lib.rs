//! The schema, one file per migration, up and down, for SQLite and for PostgreSQL. `src/store/migrations.rs` applies it.
//!
//! Invariants: a time is a BIGINT of microseconds since the Unix epoch, UTC, in a column that ends in `_us`; an
//! id is a UUIDv7 (native on PostgreSQL, 16 bytes in SQLite); text sorts by its bytes on both. A migration runs
//! in one transaction. A released migration is never edited: what changes is a new one, expand before contract.

mod dialect;

pub use dialect::{Database, Sql};

/// Id of the organization that every installation has from its first migration on.
pub const DEFAULT_ORGANIZATION: u128 = 0x0190_0000_0000_7000_8000_0000_0000_0001;

/// The table of applied migrations, as sea-orm-migration makes it: earlier releases used that.
pub const APPLIED: Sql = Sql::Both(
    "CREATE TABLE IF NOT EXISTS seaql_migrations (version varchar NOT NULL PRIMARY KEY, applied_at bigint NOT NULL)",
);

/// One step of the schema.
pub struct Migration {
    /// `m0005_codes`, the name of its file.
    pub name: &'static str,
    pub up: &'static [Sql],
    pub down: &'static [Sql],
}

macro_rules! migrations {
    ($($name:ident),* $(,)?) => {
        $(mod $name;)*

        /// Oldest first.
        pub const MIGRATIONS: &[Migration] = &[$(Migration {
            name: stringify!($name),
            up: $name::UP,
            down: $name::DOWN,
        }),*];
    };
}

migrations!(
    m0001_organizations,
    m0002_users,
    m0003_memberships,
    m0004_api_keys,
    m0005_codes,
    m0006_agents,
    m0007_scans,
    m0008_audit_log,
    m0009_scan_origin,
    m0010_rollups,
    m0011_dials,
    m0012_code_look,
    m0013_identity,
    m0014_code_plans,
    m0015_events,
);
