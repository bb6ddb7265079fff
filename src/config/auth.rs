//! The first administrator.

use std::path::{Path, PathBuf};

use super::{
    Reader,
    reader::{name, number},
};
use crate::kernel::Secret;

#[derive(Clone, Debug)]
pub struct Auth {
    /// `ADMIN_USER`: name of the administrator that the first start creates.
    pub admin_user: String,
    /// `ADMIN_PASSWORD`: its password. Unset: generated on the first start. Set later: replaces the stored one.
    pub admin_password: Option<Secret>,
    /// Where a generated password is written, readable by the owner only.
    pub initial_password_file: PathBuf,
    /// `CREDENTIAL_TTL_MS`: how long a verified credential is remembered; also how long a revoked one may live on.
    pub credential_ttl_ms: u64,
}

impl Auth {
    pub(super) fn read(r: &mut Reader, data_dir: &Path) -> Self {
        Self {
            admin_user: r.read(
                name("auth.admin_user", "ADMIN_USER"),
                "admin".to_owned(),
                user_name,
            ),
            admin_password: r.read(name("auth.admin_password", "ADMIN_PASSWORD"), None, secret),
            initial_password_file: data_dir.join("initial-admin-password"),
            credential_ttl_ms: r.read(
                name("auth.credential_ttl_ms", "CREDENTIAL_TTL_MS"),
                60_000,
                number(0..=3_600_000),
            ),
        }
    }
}

/// A blank secret would open the door that it is meant to close.
pub(super) fn secret(value: &str) -> Result<Option<Secret>, String> {
    if value.is_empty() {
        Err("must not be blank; leave it out to have none".to_owned())
    } else {
        Ok(Some(value.into()))
    }
}

fn user_name(value: &str) -> Result<String, String> {
    // RFC 7617: a colon cannot be part of a Basic user-id.
    if value.is_empty() || value.contains(':') || value.chars().count() > 100 {
        Err("must have 1 to 100 characters and no colon".to_owned())
    } else {
        Ok(value.to_owned())
    }
}
