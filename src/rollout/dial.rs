//! The dial of an experiment: who answers how much, as pilots read it.

use super::{Share, breaker::Mode};
use crate::telemetry::labels::{Experiment, Flag, Why};

/// The dial of one experiment. Read on every request, replaced as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    pub shares: Shares,
    /// The control answers everything, whatever the shares say.
    pub overridden: Option<Override>,
    pub breaker: Mode,
}

/// The flags of one experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Units that the candidate answers.
    pub candidate: Share,
    /// Units for which the candidate runs beside the control, unseen.
    pub shadow: Share,
}

/// Why the control answers everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Override {
    /// An operator or the autopilot killed the candidate.
    Killed,
    /// The state file of this node was damaged when it started.
    Damaged,
    /// No source of flags was ever read.
    NoFlags,
}

impl Override {
    pub(super) const fn why(self) -> Why {
        match self {
            Self::Killed => Why::Killed,
            Self::Damaged => Why::Damaged,
            Self::NoFlags => Why::NoFlags,
        }
    }
}

impl Shares {
    /// The lowest buckets, 0 to 100 percent each.
    #[must_use]
    pub fn percent(experiment: Experiment, candidate: u8, shadow: u8) -> Self {
        Self {
            candidate: Share::percent(candidate, flag_name(experiment, Flag::Candidate)),
            shadow: Share::percent(shadow, flag_name(experiment, Flag::Shadow)),
        }
    }
}

impl Dial {
    /// Before flags were read: control.
    #[must_use]
    pub fn unknown(experiment: Experiment) -> Self {
        Self {
            overridden: Some(Override::NoFlags),
            ..Self::percent(experiment, 0, 0)
        }
    }

    /// Local flags, 0 to 100 percent each.
    #[must_use]
    pub fn percent(experiment: Experiment, candidate: u8, shadow: u8) -> Self {
        Self {
            shares: Shares::percent(experiment, candidate, shadow),
            overridden: None,
            breaker: Mode::Auto,
        }
    }

    /// The candidate's percentage in force: 0 while overridden.
    #[must_use]
    pub fn effective_percent(&self) -> u8 {
        match self.overridden {
            Some(_) => 0,
            None => self.shares.candidate.percent_taken(),
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

/// A source of flags.
pub trait Flags: Send + Sync {
    /// The shares in memory; `None` before flags were read.
    fn shares(&self, experiment: Experiment) -> Option<Shares>;
}
