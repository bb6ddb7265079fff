//! Access to resources of the whole installation: rollouts and caches.

use crate::{
    identity::{Operation, Principal},
    kernel::{Error, Kind, Result},
};

/// Refuses everybody but operators who may look. `what`: in the plural.
pub fn may_look(who: &Principal, what: &str) -> Result<()> {
    require(who, Operation::Look, &format!("look at {what}"))
}

/// Refuses everybody but operators who may change. `what`: in the plural.
pub fn may_change(who: &Principal, what: &str) -> Result<()> {
    require(who, Operation::Change, &format!("change {what}"))
}

fn require(who: &Principal, operation: Operation, what: &str) -> Result<()> {
    if who.may_operate(operation) {
        return Ok(());
    }
    let message = format!("your role may not {what}");
    Err(Error::new(Kind::Forbidden, message))
}
