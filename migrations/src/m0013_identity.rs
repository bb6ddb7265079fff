//! Organizations that share an installation: sessions, invitations, keys with scopes, identities of other providers.
//!
//! The release before works on it: it reads and writes none of the new columns. Its keys are those without `org_id` and `scopes`:
//! they act in the default organization, with their user's whole role. A user without a password has the hash of one that
//! nobody knows, so that the release before refuses it as it refuses a wrong one.
//!
//! `epoch` grows when everything that was signed in before has to end: a session whose epoch is another one is over.
//! `source` says who decides a role: `local`, or `provider` (single sign-on). Columns of ids without a reference belong to rows that
//! outlive what they name, or are deleted with it by the statement that deletes it.

use crate::Sql;

pub const UP: &[Sql] = &[Sql::Both(
    "ALTER TABLE organizations ADD COLUMN business_code {uuid};
    ALTER TABLE users ADD COLUMN epoch {i64} NOT NULL DEFAULT 0;
    ALTER TABLE users ADD COLUMN has_password {bool} NOT NULL DEFAULT TRUE;
    ALTER TABLE memberships ADD COLUMN source {text} NOT NULL DEFAULT 'local';
    ALTER TABLE memberships ADD COLUMN joined_at_us {i64} NOT NULL DEFAULT 0;
    ALTER TABLE api_keys ADD COLUMN org_id {uuid};
    ALTER TABLE api_keys ADD COLUMN scopes {text};
    ALTER TABLE api_keys ADD COLUMN expires_at_us {i64};
    CREATE INDEX api_keys_by_org ON api_keys (org_id, created_at_us);
    ALTER TABLE audit_log ADD COLUMN org_id {uuid};
    ALTER TABLE audit_log ADD COLUMN via {text};
    CREATE INDEX audit_log_by_org ON audit_log (org_id, at_us, id);
    CREATE TABLE key_scope_uses (
        key_id {uuid} NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
        scope {text} NOT NULL,
        used_at_us {i64} NOT NULL,
        PRIMARY KEY (key_id, scope)
    ) {clustered};
    CREATE TABLE sessions (
        id {uuid} PRIMARY KEY NOT NULL,
        hash {bytes} NOT NULL UNIQUE,
        user_id {uuid} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        org_id {uuid} NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
        epoch {i64} NOT NULL,
        created_at_us {i64} NOT NULL,
        seen_at_us {i64} NOT NULL,
        expires_at_us {i64} NOT NULL,
        stepped_up_at_us {i64},
        how {text} NOT NULL,
        idp_sid {text},
        agent {text} NOT NULL,
        address {text}
    ) {table};
    CREATE INDEX sessions_by_user ON sessions (user_id, created_at_us);
    CREATE INDEX sessions_by_expiry ON sessions (expires_at_us);
    CREATE INDEX sessions_by_idp_sid ON sessions (idp_sid);
    CREATE TABLE invitations (
        id {uuid} PRIMARY KEY NOT NULL,
        org_id {uuid} NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
        role {text} NOT NULL,
        hash {bytes} NOT NULL UNIQUE,
        note {text} NOT NULL,
        made_by {text} NOT NULL,
        created_at_us {i64} NOT NULL,
        expires_at_us {i64} NOT NULL,
        accepted_at_us {i64},
        accepted_by {text}
    ) {table};
    CREATE INDEX invitations_by_org ON invitations (org_id, created_at_us);
    CREATE TABLE identities (
        issuer {text} NOT NULL,
        subject {text} NOT NULL,
        user_id {uuid} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        linked_at_us {i64} NOT NULL,
        PRIMARY KEY (issuer, subject)
    ) {clustered};
    CREATE INDEX identities_by_user ON identities (user_id);
    CREATE TABLE pending_sign_ins (
        hash {bytes} PRIMARY KEY NOT NULL,
        pending {text} NOT NULL,
        return_to {text} NOT NULL,
        created_at_us {i64} NOT NULL
    ) {table};
    CREATE TABLE used_logout_tokens (
        hash {bytes} PRIMARY KEY NOT NULL,
        until_us {i64} NOT NULL
    ) {table};",
)];

pub const DOWN: &[Sql] = &[Sql::Both(
    "DROP TABLE used_logout_tokens;
    DROP TABLE pending_sign_ins;
    DROP TABLE identities;
    DROP TABLE invitations;
    DROP TABLE sessions;
    DROP TABLE key_scope_uses;
    DROP INDEX audit_log_by_org;
    ALTER TABLE audit_log DROP COLUMN via;
    ALTER TABLE audit_log DROP COLUMN org_id;
    DELETE FROM api_keys WHERE scopes IS NOT NULL OR expires_at_us IS NOT NULL
        OR (org_id IS NOT NULL AND org_id <> {default_organization});
    DROP INDEX api_keys_by_org;
    ALTER TABLE api_keys DROP COLUMN expires_at_us;
    ALTER TABLE api_keys DROP COLUMN scopes;
    ALTER TABLE api_keys DROP COLUMN org_id;
    ALTER TABLE memberships DROP COLUMN joined_at_us;
    ALTER TABLE memberships DROP COLUMN source;
    ALTER TABLE users DROP COLUMN has_password;
    ALTER TABLE users DROP COLUMN epoch;
    ALTER TABLE organizations DROP COLUMN business_code;",
)];
