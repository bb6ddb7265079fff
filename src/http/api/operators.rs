//! What concerns everybody who uses this installation: who may look at it, and who may change it.

use poem::http::{HeaderMap, HeaderValue};

use crate::{
    auth::{Principal, Role},
    kernel::{Error, Kind, Result},
};

/// Looking is for analysts and above. `what`: in the plural.
pub fn may_look(who: &Principal, what: &str) -> Result<()> {
    match who.role {
        Role::Owner | Role::Admin | Role::Manager | Role::Analyst => Ok(()),
        Role::Member => Err(Error::new(
            Kind::Forbidden,
            format!("your role may not look at {what}"),
        )),
    }
}

/// Changing is for owners and admins, by themselves.
pub fn may_turn(who: &Principal, headers: &HeaderMap, what: &str) -> Result<()> {
    if !matches!(who.role, Role::Owner | Role::Admin) {
        return Err(Error::new(
            Kind::Forbidden,
            format!("your role may not change {what}"),
        ));
    }
    // A browser that knows the password would send it along with another site's form, too (Fetch Metadata).
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if matches!(site, Some(b"cross-site" | b"same-site")) {
        return Err(Error::new(
            Kind::Forbidden,
            format!("another site may not change {what} in your name"),
        ));
    }
    Ok(())
}
