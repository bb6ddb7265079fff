//! What concerns everybody who uses this installation: who may look at it, and who may change it.

use crate::{
    identity::{Principal, Role},
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

/// Changing is for owners and admins.
pub fn may_turn(who: &Principal, what: &str) -> Result<()> {
    if !matches!(who.role, Role::Owner | Role::Admin) {
        return Err(Error::new(
            Kind::Forbidden,
            format!("your role may not change {what}"),
        ));
    }
    Ok(())
}
