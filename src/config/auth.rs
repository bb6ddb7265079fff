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
    pub limits: Limits,
}

/// How often clients may ask; 0: no limit.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `LIMIT_SIGN_IN`: wrong passwords of one client in 10 minutes.
    pub sign_in: u32,
    /// `LIMIT_API`: requests of one key, or of all sessions of one user, in a minute.
    pub api: u32,
    /// `LIMIT_RENDER`: symbols for one client without credentials in a minute.
    pub render: u32,
    /// `LIMIT_RENDER_BURST`: of those, so many at once.
    pub render_burst: u32,
    /// `LIMIT_MISSES`: addresses `/r/…` of no code, for one client in a minute.
    pub misses: u32,
    /// `LIMIT_LINKS`: looks at invitations, starts of single sign-on and the like, of one client in a minute.
    pub links: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sign_in: 10,
            api: 600,
            render: 60,
            render_burst: 30,
            misses: 60,
            links: 60,
        }
    }
}

impl Limits {
    fn read(r: &mut Reader) -> Self {
        let default = Self::default();
        let mut limit = |name, default| r.read(name, default, number(0..=1_000_000));
        Self {
            sign_in: limit(name("auth.limit_sign_in", "LIMIT_SIGN_IN"), default.sign_in),
            api: limit(name("auth.limit_api", "LIMIT_API"), default.api),
            render: limit(name("auth.limit_render", "LIMIT_RENDER"), default.render),
            render_burst: limit(
                name("auth.limit_render_burst", "LIMIT_RENDER_BURST"),
                default.render_burst,
            ),
            misses: limit(name("auth.limit_misses", "LIMIT_MISSES"), default.misses),
            links: limit(name("auth.limit_links", "LIMIT_LINKS"), default.links),
        }
    }
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
            limits: Limits::read(r),
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
