//! `/api/rollout`: what the experiments are set to, what was learned, and the dial.

pub mod change;
pub mod events;
pub mod look;
pub mod mismatch;
mod report;

use poem::http::{HeaderMap, HeaderValue};

use crate::{
    app::rollout::By,
    auth::{Principal, Role},
    kernel::{Error, Kind, Result},
};

/// Looking is for analysts and above.
fn may_look(who: &Principal) -> Result<()> {
    match who.role {
        Role::Owner | Role::Admin | Role::Manager | Role::Analyst => Ok(()),
        Role::Member => Err(Error::new(
            Kind::Forbidden,
            "your role may not look at rollouts",
        )),
    }
}

/// Turning the dial concerns everybody who uses this installation.
fn may_turn(who: &Principal, headers: &HeaderMap) -> Result<()> {
    if !matches!(who.role, Role::Owner | Role::Admin) {
        return Err(Error::new(
            Kind::Forbidden,
            "your role may look at rollouts, but not change them",
        ));
    }
    // A browser that knows the password would send it along with another site's form, too (Fetch Metadata).
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if matches!(site, Some(b"cross-site" | b"same-site")) {
        return Err(Error::new(
            Kind::Forbidden,
            "another site may not change rollouts in your name",
        ));
    }
    Ok(())
}

fn by(who: &Principal, reason: Option<String>) -> By {
    By {
        actor: who.name.clone(),
        reason: reason.filter(|r| !r.trim().is_empty()),
    }
}
