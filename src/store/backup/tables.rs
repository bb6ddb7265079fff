//! Every table and column that a backup holds, with the migration that made it.
//!
//! Invariants: the list is the schema, at each of its versions; a test compares them. A table stands behind those that it
//! refers to. Tables that are left out are named in `LEFT_OUT`.

use std::collections::{BTreeMap, BTreeSet};

use ::migrations::MIGRATIONS;

use crate::kernel::label;

label! {
    /// The kind of a value, for both databases.
    Kind { Uuid = "uuid", Bytes = "bytes", Bool = "bool", I16 = "i16", I64 = "i64", Text = "text" }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    /// The migration that made it, where that is not its table's.
    since: &'static str,
}

impl Column {
    /// A column of the spool's table.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        let since = "";
        Self { name, kind, since }
    }
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
/// Sign-ins that have ended since must not come back with it: whoever was signed in signs in again.
const LEFT_OUT: [&str; 4] = [
    "pending_sign_ins",
    "sessions",
    "used_logout_tokens",
    "visitor_keys",
];

/// The database's tables. Of each: its name, the migration that made it, and its primary key; then its columns with their
/// kinds, and the migration of a column that came later. `rollup_state` stands behind `scans`: a row of a release without
/// rollups sets its code back while it is stored.
const TABLES: &str = "\
table organizations m0001_organizations id
  id uuid, name text, time_zone text, business_code uuid m0013_identity
table users m0002_users id
  id uuid, name text, password_hash text, created_at_us i64, epoch i64 m0013_identity, has_password bool m0013_identity
table memberships m0003_memberships org_id user_id
  org_id uuid, user_id uuid, role text, source text m0013_identity, joined_at_us i64 m0013_identity
table api_keys m0004_api_keys id
  id uuid, user_id uuid, name text, hash bytes, prefix text, created_at_us i64, last_used_at_us i64
  revoked_at_us i64, org_id uuid m0013_identity, scopes text m0013_identity, expires_at_us i64 m0013_identity
table codes m0005_codes id
  id uuid, org_id uuid, kind text, slug text, enabled bool, scan_count i64, last_scan_at_us i64
  genuine_scan_count i64, first_genuine_scan_at_us i64, last_genuine_scan_at_us i64, created_at_us i64
  updated_at_us i64, fill_color text, back_color text, size i16, border i16, error_level text, target text
  title text, description text, content text, search_text text, look text m0012_code_look
  plan text m0014_code_plans, payload text m0014_code_plans, style text m0014_code_plans
  style_name text m0014_code_plans, tags text m0014_code_plans
table placements m0014_code_plans id
  id uuid, code_id uuid, slug text, name text, created_at_us i64, scan_count i64, genuine_scan_count i64
  last_scan_at_us i64
table code_uses m0014_code_plans code_id
  code_id uuid, uses i64
table styles m0014_code_plans org_id name
  org_id uuid, name text, options text, is_default bool, created_at_us i64, updated_at_us i64
table agents m0006_agents id
  id i64, user_agent text, device_type text, device_family text, os_family text, os_version text
  browser_family text, browser_version text
table scans m0007_scans id
  id uuid, code_id uuid, at_us i64, genuine bool, excluded text, address text, referer text, agent_id i64
  country text m0009_scan_origin, rollup_version i16 m0009_scan_origin, placement_id uuid m0014_code_plans
table audit_log m0008_audit_log id
  id uuid, at_us i64, actor text, action text, subject text, reason text, detail text
  org_id uuid m0013_identity, via text m0013_identity
table key_scope_uses m0013_identity key_id scope
  key_id uuid, scope text, used_at_us i64
table invitations m0013_identity id
  id uuid, org_id uuid, role text, hash bytes, note text, made_by text, created_at_us i64, expires_at_us i64
  accepted_at_us i64, accepted_by text
table identities m0013_identity issuer subject
  issuer text, subject text, user_id uuid, linked_at_us i64
table rollup_state m0010_rollups code_id
  code_id uuid, counted_before_us i64, recorded i64
table rollup_days m0010_rollups code_id day_us
  code_id uuid, day_us i64, quarters bytes, agents bytes, countries bytes
table rollup_visitors m0010_rollups code_id day_us batch
  code_id uuid, day_us i64, batch i64, visitors bytes
table rollup_visits m0010_rollups code_id day_us
  code_id uuid, day_us i64, visitors i64
table dials m0011_dials experiment
  experiment text, candidate_percent i16, shadow_percent i16, killed bool, breaker text, version i64
  stage_at_us i64, changed_at_us i64, changed_by text, reason text
table event_keys m0015_events number
  number i16, secret bytes, not_before_us i64, retired_at_us i64
table events m0015_events id
  id uuid, org_id uuid, short_id i64, name text, starts_at_us i64, ends_at_us i64, created_at_us i64
table attendees m0015_events id
  id uuid, event_id uuid, kind text, registration_no text, name text, subject bytes, serial i64, is_blocked bool
  inside bool, moved_at_us i64, moved_gate text
table gates m0015_events id
  id uuid, event_id uuid, name text, is_open bool
table checkins m0015_events id
  id uuid, event_id uuid, attendee_id uuid, is_in bool, gate text, nonce text, made_by text, scanned_at_us i64
  stored_at_us i64, is_offline bool, counts bool, reason text, previous_at_us i64, previous_gate text
";

/// The tables of the spool's file. No migration makes them.
const SPOOL: &str = "\
table spool - id
  id i64, scans i64, payload bytes
table set_aside - id
  id i64, scans i64, at_us i64, reason text, payload bytes
";

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

/// Names of all tables of the database in any version, the one that lists migrations included.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let others = LEFT_OUT.into_iter().chain(["seaql_migrations"]);
    let heads = TABLES
        .lines()
        .filter_map(|line| line.strip_prefix("table "));
    let names = heads.filter_map(|head| head.split(' ').next());
    names.chain(others)
}

/// Tables and columns that a database has beyond `layouts`: `table x`, `column codes.x`.
///
/// # Errors
/// The first table or column of `layouts` that it lacks.
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

/// The layouts that `text` lists. `is_made`: whether a migration is in the schema.
fn layouts(text: &'static str, is_made: impl Fn(&str) -> bool) -> Vec<TableLayout> {
    let mut tables = Vec::new();
    for table in text.split("table ").skip(1) {
        let (head, columns) = table.split_once('\n').unwrap_or_default();
        let mut head = head.split(' ');
        let (name, since) = (head.next().unwrap_or_default(), head.next());
        let columns = columns.split([',', '\n']).filter_map(column);
        let columns: Vec<Column> = columns.filter(|c| is_made(c.since)).collect();
        let position = |key: &str| columns.iter().position(|c| c.name == key);
        let key = head.filter_map(position).collect();
        if since.is_some_and(&is_made) {
            tables.push(TableLayout { name, columns, key });
        }
    }
    tables
}

/// A column from its name, its kind, and the migration of one that came later.
fn column(text: &'static str) -> Option<Column> {
    let mut words = text.split_whitespace();
    let (name, kind) = (words.next()?, Kind::from_label(words.next()?)?);
    let since = words.next().unwrap_or_default();
    Some(Column { name, kind, since })
}

#[cfg(test)]
mod tests;
