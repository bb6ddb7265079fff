//! What each experiment is set to, on every node. `version` grows with every change.

crate::dialect::migration!(
    "CREATE TABLE dials (
        experiment {text} PRIMARY KEY NOT NULL,
        candidate_percent {i16} NOT NULL,
        shadow_percent {i16} NOT NULL,
        killed {bool} NOT NULL,
        breaker {text} NOT NULL,
        version {i64} NOT NULL,
        stage_at_us {i64} NOT NULL,
        changed_at_us {i64} NOT NULL,
        changed_by {text} NOT NULL,
        reason {text}
    ) {table};",
    "DROP TABLE dials;"
);
