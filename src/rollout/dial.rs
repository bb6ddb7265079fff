//! What an experiment is set to, and where that comes from.

use super::{Share, breaker::Forced};
use crate::telemetry::labels::{Experiment, Flag, Why};

/// What one experiment is set to. Read on every request, replaced as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    /// Units that the candidate answers.
    pub candidate: Share,
    /// Units that it answers beside the control, which nobody sees.
    pub shadow: Share,
    /// Everything goes to the control, whatever the shares say.
    pub hold: Option<Hold>,
    pub breaker: Forced,
}

/// Why everything goes to the control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// An operator decided.
    Killed,
    /// What this node had learned could not be read when it started.
    Damaged,
    /// No source of flags was ever read.
    NoFlags,
}

impl Hold {
    pub(super) const fn why(self) -> Why {
        match self {
            Self::Killed => Why::Killed,
            Self::Damaged => Why::Damaged,
            Self::NoFlags => Why::NoFlags,
        }
    }
}

impl Dial {
    /// Before anything was read: control.
    #[must_use]
    pub fn unknown(experiment: Experiment) -> Self {
        Self {
            hold: Some(Hold::NoFlags),
            ..Self::percent(experiment, 0, 0)
        }
    }

    /// Local flags, 0 to 100 percent each.
    #[must_use]
    pub fn percent(experiment: Experiment, candidate: u8, shadow: u8) -> Self {
        Self {
            candidate: Share::percent(candidate, flag_name(experiment, Flag::Candidate)),
            shadow: Share::percent(shadow, flag_name(experiment, Flag::Shadow)),
            hold: None,
            breaker: Forced::No,
        }
    }
}

/// The name of a flag, on an Unleash server and in the hash that divides units.
#[must_use]
pub const fn flag_name(experiment: Experiment, flag: Flag) -> &'static str {
    match (experiment, flag) {
        (Experiment::Render, Flag::Candidate) => "qr.render.candidate",
        (Experiment::Render, Flag::Shadow) => "qr.render.shadow",
        (Experiment::Validate, Flag::Candidate) => "qr.validate.candidate",
        (Experiment::Validate, Flag::Shadow) => "qr.validate.shadow",
        (Experiment::Analytics, Flag::Candidate) => "qr.analytics.candidate",
        (Experiment::Analytics, Flag::Shadow) => "qr.analytics.shadow",
    }
}

/// The two shares of one experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flagged {
    pub candidate: Share,
    pub shadow: Share,
}

/// A source of flags, read beforehand.
pub trait Flags: Send + Sync {
    /// What is set, from memory; `None` before anything was read.
    fn flagged(&self, experiment: Experiment) -> Option<Flagged>;
}
