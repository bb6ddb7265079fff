//! Who may do what in which organization.

crate::dialect::migration!(
    "CREATE TABLE memberships (
        org_id {uuid} NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
        user_id {uuid} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        role {text} NOT NULL CHECK (role IN ('owner', 'admin', 'manager', 'analyst', 'member')),
        PRIMARY KEY (org_id, user_id)
    ) {clustered};
    CREATE INDEX memberships_by_user ON memberships (user_id);",
    "DROP TABLE memberships;"
);
