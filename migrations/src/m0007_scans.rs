//! Scans. `id` is the id of the request that caused the scan, so that delivering it twice stores it once.
//!
//! `excluded` says why a scan does not count as a person's; NULL is a person. `agent_id` has no foreign key:
//! agents are written once and never deleted, and every scan would pay for the check. The one index holds all
//! that analytics count by, so that a timeline never touches the rows.

crate::dialect::migration!(
    "CREATE TABLE scans (
        id {uuid} PRIMARY KEY NOT NULL,
        code_id {uuid} NOT NULL REFERENCES codes (id) ON DELETE CASCADE,
        at_us {i64} NOT NULL,
        genuine {bool} NOT NULL,
        excluded {text} CHECK (excluded IN ('head', 'prefetch', 'bot')),
        address {text},
        referer {text},
        agent_id {i64}
    ) {clustered};
    CREATE INDEX scans_by_code ON scans (code_id, at_us, genuine, excluded, agent_id);",
    "DROP TABLE scans;"
);
