//! `/api/rollout`: what the experiments are set to, what was learned, and the dial.

pub mod change;
pub mod events;
pub mod look;
pub mod mismatch;
mod report;

use super::operators;
use crate::{dials::By, identity::Principal, kernel::Result};

const WHAT: &str = "rollouts";

fn may_look(who: &Principal) -> Result<()> {
    operators::may_look(who, WHAT)
}

/// Turning the dial concerns everybody who uses this installation.
fn may_turn(who: &Principal) -> Result<()> {
    operators::may_turn(who, WHAT)
}

fn by(who: &Principal, reason: Option<String>) -> By {
    By {
        actor: who.name.clone(),
        reason: reason.filter(|r| !r.trim().is_empty()),
    }
}
