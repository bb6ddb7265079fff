//! `/api/rollout`: the experiments' dials and evidence, and changes of the dials.

pub mod change;
pub mod events;
pub mod look;
pub mod mismatch;
mod report;

use crate::{dials::Author, identity::Caller};

fn by(who: &Caller, reason: Option<String>) -> Author {
    Author {
        actor: who.name().to_owned(),
        via: Some(who.shown_via()),
        reason: reason.filter(|r| !r.trim().is_empty()),
    }
}
