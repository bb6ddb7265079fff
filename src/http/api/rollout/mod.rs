//! `/api/rollout`: the experiments' dials and evidence, and changes of the dials.

pub mod change;
pub mod events;
pub mod look;
pub mod mismatch;
mod report;

use super::operators;
use crate::{dials::Author, identity::Principal, kernel::Result};

const WHAT: &str = "rollouts";

fn may_look(who: &Principal) -> Result<()> {
    operators::may_look(who, WHAT)
}

fn may_change(who: &Principal) -> Result<()> {
    operators::may_change(who, WHAT)
}

fn by(who: &Principal, reason: Option<String>) -> Author {
    Author {
        actor: who.name.clone(),
        reason: reason.filter(|r| !r.trim().is_empty()),
    }
}
