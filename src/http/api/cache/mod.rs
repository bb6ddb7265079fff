//! `/api/v2/qr/cache`, and the same under `/api/qr/cache`: what is remembered, how well, and no more of it.

pub mod clear;
pub mod stats;
pub mod warm;

use super::operators;
use crate::{identity::Principal, kernel::Result};

const WHAT: &str = "caches";

fn may_look(who: &Principal) -> Result<()> {
    operators::may_look(who, WHAT)
}

fn may_change(who: &Principal) -> Result<()> {
    operators::may_change(who, WHAT)
}
