//! Who owns codes. The default organization exists from here on, so that a single-tenant installation needs
//! no set-up. `time_zone` is an IANA name: days of a timeline begin at its midnight.

crate::dialect::migration!(
    "CREATE TABLE organizations (
        id {uuid} PRIMARY KEY NOT NULL,
        name {text} NOT NULL,
        time_zone {text} NOT NULL DEFAULT 'UTC'
    ) {table};
    INSERT INTO organizations (id, name) VALUES ({default_organization}, 'Default');",
    "DROP TABLE organizations;"
);
