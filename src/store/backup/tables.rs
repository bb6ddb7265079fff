//! Every table and column that a backup holds, with the migration that made it.
//!
//! Invariants: the list is the schema, at each of its versions; a test compares them. A table stands behind those that it
//! refers to. What is left out is named in `LEFT_OUT`.

use std::collections::{BTreeMap, BTreeSet};

use ::migrations::MIGRATIONS;

/// What a value is, in the terms of neither database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Uuid,
    Bytes,
    Bool,
    I16,
    I64,
    Text,
}

impl Kind {
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::Bytes => "bytes",
            Self::Bool => "bool",
            Self::I16 => "i16",
            Self::I64 => "i64",
            Self::Text => "text",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    /// The migration that made it, where that is not its table's.
    since: &'static str,
}

impl Column {
    /// One of a table that is none of the database's.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        column(name, kind)
    }
}

struct Table {
    name: &'static str,
    since: &'static str,
    /// Its primary key.
    key: &'static [&'static str],
    columns: &'static [Column],
}

/// A table as it is in one version of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableLayout {
    pub name: &'static str,
    pub columns: Vec<Column>,
    /// Positions of the primary key's columns, by which rows are ordered.
    pub key: Vec<usize>,
}

/// Keys under which a day's visitors are hashed are gone the next day: a backup must not keep them. Visitors who come
/// again on the day of a restore are counted again.
const LEFT_OUT: [&str; 1] = ["visitor_keys"];

const fn column(name: &'static str, kind: Kind) -> Column {
    later(name, kind, "")
}

const fn later(name: &'static str, kind: Kind, since: &'static str) -> Column {
    Column { name, kind, since }
}

use Kind::{Bool, Bytes, I16, I64, Text, Uuid};

const TABLES: &[Table] = &[
    Table {
        name: "organizations",
        since: "m0001_organizations",
        key: &["id"],
        columns: &[
            column("id", Uuid),
            column("name", Text),
            column("time_zone", Text),
        ],
    },
    Table {
        name: "users",
        since: "m0002_users",
        key: &["id"],
        columns: &[
            column("id", Uuid),
            column("name", Text),
            column("password_hash", Text),
            column("created_at_us", I64),
        ],
    },
    Table {
        name: "memberships",
        since: "m0003_memberships",
        key: &["org_id", "user_id"],
        columns: &[
            column("org_id", Uuid),
            column("user_id", Uuid),
            column("role", Text),
        ],
    },
    Table {
        name: "api_keys",
        since: "m0004_api_keys",
        key: &["id"],
        columns: &[
            column("id", Uuid),
            column("user_id", Uuid),
            column("name", Text),
            column("hash", Bytes),
            column("prefix", Text),
            column("created_at_us", I64),
            column("last_used_at_us", I64),
            column("revoked_at_us", I64),
        ],
    },
    Table {
        name: "codes",
        since: "m0005_codes",
        key: &["id"],
        columns: &[
            column("id", Uuid),
            column("org_id", Uuid),
            column("kind", Text),
            column("slug", Text),
            column("enabled", Bool),
            column("scan_count", I64),
            column("last_scan_at_us", I64),
            column("genuine_scan_count", I64),
            column("first_genuine_scan_at_us", I64),
            column("last_genuine_scan_at_us", I64),
            column("created_at_us", I64),
            column("updated_at_us", I64),
            column("fill_color", Text),
            column("back_color", Text),
            column("size", I16),
            column("border", I16),
            column("error_level", Text),
            column("target", Text),
            column("title", Text),
            column("description", Text),
            column("content", Text),
            column("search_text", Text),
            later("look", Text, "m0012_code_look"),
        ],
    },
    Table {
        name: "agents",
        since: "m0006_agents",
        key: &["id"],
        columns: &[
            column("id", I64),
            column("user_agent", Text),
            column("device_type", Text),
            column("device_family", Text),
            column("os_family", Text),
            column("os_version", Text),
            column("browser_family", Text),
            column("browser_version", Text),
        ],
    },
    Table {
        name: "scans",
        since: "m0007_scans",
        key: &["id"],
        columns: &[
            column("id", Uuid),
            column("code_id", Uuid),
            column("at_us", I64),
            column("genuine", Bool),
            column("excluded", Text),
            column("address", Text),
            column("referer", Text),
            column("agent_id", I64),
            later("country", Text, "m0009_scan_origin"),
            later("rollup_version", I16, "m0009_scan_origin"),
        ],
    },
    Table {
        name: "audit_log",
        since: "m0008_audit_log",
        key: &["id"],
        columns: &[
            column("id", Uuid),
            column("at_us", I64),
            column("actor", Text),
            column("action", Text),
            column("subject", Text),
            column("reason", Text),
            column("detail", Text),
        ],
    },
    // Behind the scans: a row of a release without rollups sets its code back while it is stored.
    Table {
        name: "rollup_state",
        since: "m0010_rollups",
        key: &["code_id"],
        columns: &[
            column("code_id", Uuid),
            column("counted_before_us", I64),
            column("recorded", I64),
        ],
    },
    Table {
        name: "rollup_days",
        since: "m0010_rollups",
        key: &["code_id", "day_us"],
        columns: &[
            column("code_id", Uuid),
            column("day_us", I64),
            column("quarters", Bytes),
            column("agents", Bytes),
            column("countries", Bytes),
        ],
    },
    Table {
        name: "rollup_visitors",
        since: "m0010_rollups",
        key: &["code_id", "day_us", "batch"],
        columns: &[
            column("code_id", Uuid),
            column("day_us", I64),
            column("batch", I64),
            column("visitors", Bytes),
        ],
    },
    Table {
        name: "rollup_visits",
        since: "m0010_rollups",
        key: &["code_id", "day_us"],
        columns: &[
            column("code_id", Uuid),
            column("day_us", I64),
            column("visitors", I64),
        ],
    },
    Table {
        name: "dials",
        since: "m0011_dials",
        key: &["experiment"],
        columns: &[
            column("experiment", Text),
            column("candidate_percent", I16),
            column("shadow_percent", I16),
            column("killed", Bool),
            column("breaker", Text),
            column("version", I64),
            column("stage_at_us", I64),
            column("changed_at_us", I64),
            column("changed_by", Text),
            column("reason", Text),
        ],
    },
];

/// The spool's file.
const SPOOL: &[Table] = &[
    Table {
        name: "spool",
        since: "",
        key: &["id"],
        columns: &[
            column("id", I64),
            column("scans", I64),
            column("payload", Bytes),
        ],
    },
    Table {
        name: "set_aside",
        since: "",
        key: &["id"],
        columns: &[
            column("id", I64),
            column("scans", I64),
            column("at_us", I64),
            column("reason", Text),
            column("payload", Bytes),
        ],
    },
];

/// The tables of the database as the migration `newest` left them, in the order in which they can be filled; `None` for a
/// migration that this binary does not know.
#[must_use]
pub fn database(newest: &str) -> Option<Vec<TableLayout>> {
    let names: Vec<&str> = MIGRATIONS.iter().map(|m| m.name).collect();
    let until = names.iter().position(|name| *name == newest)?;
    let is_made = |since: &str| since.is_empty() || names[..=until].contains(&since);
    Some(layouts(TABLES, is_made))
}

/// The tables of the spool's file.
#[must_use]
pub fn spool() -> Vec<TableLayout> {
    layouts(SPOOL, |_| true)
}

/// Names of all tables of the database, and of what migrations note down, in any version.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let others = LEFT_OUT.into_iter().chain(["seaql_migrations"]);
    TABLES.iter().map(|t| t.name).chain(others)
}

/// What a database has beyond `layouts`: `table x`, `column codes.x`.
///
/// # Errors
/// The first table or column of `layouts` that it has not.
pub(super) fn left_out(
    layouts: &[TableLayout],
    found: &BTreeMap<String, BTreeSet<String>>,
) -> Result<Vec<String>, String> {
    let mut beyond = Vec::new();
    for layout in layouts {
        let table = layout.name;
        let Some(columns) = found.get(table) else {
            return Err(format!("the table {table}"));
        };
        let has = |name: &str| layout.columns.iter().any(|c| c.name == name);
        if let Some(gone) = layout.columns.iter().find(|c| !columns.contains(c.name)) {
            return Err(format!("the column {table}.{}", gone.name));
        }
        let new = columns.iter().filter(|name| !has(name));
        beyond.extend(new.map(|name| format!("column {table}.{name}")));
    }
    let new = found
        .keys()
        .filter(|t| !names().any(|name| name == t.as_str()));
    beyond.extend(new.map(|name| format!("table {name}")));
    Ok(beyond)
}

fn layouts(tables: &[Table], is_made: impl Fn(&str) -> bool) -> Vec<TableLayout> {
    let layout = |table: &Table| {
        let columns = table.columns.iter().filter(|c| is_made(c.since));
        let columns: Vec<Column> = columns.copied().collect();
        let position = |key: &&str| columns.iter().position(|c| c.name == *key);
        TableLayout {
            name: table.name,
            key: table.key.iter().filter_map(position).collect(),
            columns,
        }
    };
    let made = tables.iter().filter(|t| is_made(t.since));
    made.map(layout).collect()
}

#[cfg(test)]
mod tests;
