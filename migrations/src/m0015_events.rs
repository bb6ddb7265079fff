//! Events: who is invited, who is inside, and the ledger of check-ins.
//!
//! A subject is what a token names: 12 random bytes. `inside` and `moved_…` are what the ledger's counting rows come to; they change in
//! the transaction that appends to it. `counts` is false for what was refused, and for scans of devices without network that another
//! one came before. `short_id` is the four bytes by which tokens name the event. `event_keys` holds the secrets that sign tokens.
//!
//! The release before works on it: it reads none of these tables.

crate::dialect::migration!(
    "CREATE TABLE event_keys (
        number {i16} PRIMARY KEY NOT NULL,
        secret {bytes} NOT NULL,
        not_before_us {i64} NOT NULL,
        retired_at_us {i64}
    ) {table};
    CREATE TABLE events (
        id {uuid} PRIMARY KEY NOT NULL,
        org_id {uuid} NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
        short_id {i64} NOT NULL UNIQUE,
        name {text} NOT NULL,
        starts_at_us {i64} NOT NULL,
        ends_at_us {i64} NOT NULL,
        created_at_us {i64} NOT NULL
    ) {table};
    CREATE INDEX events_by_org ON events (org_id, starts_at_us, id);
    CREATE TABLE attendees (
        id {uuid} PRIMARY KEY NOT NULL,
        event_id {uuid} NOT NULL REFERENCES events (id) ON DELETE CASCADE,
        kind {text} NOT NULL,
        registration_no {text} NOT NULL,
        name {text} NOT NULL,
        subject {bytes} NOT NULL,
        serial {i64} NOT NULL,
        is_blocked {bool} NOT NULL,
        inside {bool} NOT NULL,
        moved_at_us {i64},
        moved_gate {text},
        UNIQUE (event_id, kind, registration_no),
        UNIQUE (event_id, subject)
    ) {table};
    CREATE TABLE gates (
        id {uuid} PRIMARY KEY NOT NULL,
        event_id {uuid} NOT NULL REFERENCES events (id) ON DELETE CASCADE,
        name {text} NOT NULL,
        is_open {bool} NOT NULL,
        UNIQUE (event_id, name)
    ) {table};
    CREATE TABLE checkins (
        id {uuid} PRIMARY KEY NOT NULL,
        event_id {uuid} NOT NULL REFERENCES events (id) ON DELETE CASCADE,
        attendee_id {uuid} NOT NULL REFERENCES attendees (id) ON DELETE CASCADE,
        is_in {bool} NOT NULL,
        gate {text} NOT NULL,
        nonce {text} NOT NULL,
        made_by {text} NOT NULL,
        scanned_at_us {i64} NOT NULL,
        stored_at_us {i64} NOT NULL,
        is_offline {bool} NOT NULL,
        counts {bool} NOT NULL,
        reason {text},
        previous_at_us {i64},
        previous_gate {text},
        UNIQUE (event_id, nonce)
    ) {table};
    CREATE INDEX checkins_by_attendee ON checkins (attendee_id, scanned_at_us, nonce);
    CREATE INDEX checkins_by_event ON checkins (event_id, stored_at_us, id);",
    "DROP TABLE checkins;
    DROP TABLE gates;
    DROP TABLE attendees;
    DROP TABLE events;
    DROP TABLE event_keys;"
);
