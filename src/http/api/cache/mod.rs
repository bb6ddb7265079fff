//! `/api/v2/qr/cache`, and the same under `/api/qr/cache`: statistics, clearing and warming.

pub mod clear;
pub mod stats;
pub mod warm;

use super::operators;
use crate::{identity::Principal, kernel::Result};

const WHAT: &str = "caches";

fn may_look(who: &Principal) -> Result<()> {
    operators::may_look(who, WHAT)
}

/// A cleared cache costs all users of this installation.
fn may_change(who: &Principal) -> Result<()> {
    operators::may_change(who, WHAT)
}
