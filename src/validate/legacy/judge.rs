//! Whether two arms decided alike, and if not, about what.
//!
//! Invariant: what is kept of a verdict are names of fields, reasons and digests: nothing that was submitted.
//!
//! The labels are a closed set. Tolerated, an arm's freedom:
//!
//! | label | what differs |
//! |---|---|
//! | `wording` | only the messages of a refusal |
//! | `more fields` | both refuse; the candidate names all that the control does, and more |
//!
//! Mismatches:
//!
//! | label | what differs |
//! |---|---|
//! | `failure` | one arm failed, or both with errors of another kind |
//! | `lookalike refused` | the control takes a host that poses as another |
//! | `address refused` | the control takes an address that cannot be reached |
//! | `loop refused` | the control takes a spelling of our own codes' address |
//! | `refused` | the candidate refuses for anything else |
//! | `content accepted` | the candidate finds a symbol for what the control holds for too long |
//! | `accepted` | the candidate takes anything else that the control refuses |
//! | `fields` | both refuse; the candidate misses a field that the control names |
//! | `target` | both take the target, but write it differently |
//!
//! Concerns and the measured version are not compared: the control has none.

mod fact;
#[cfg(test)]
mod tests;

pub use fact::Fact;

use fact::Judged;

use crate::{
    kernel::Result,
    rollout::{Judge as Comparing, Match, Shown},
    validate::{Reason, Verdict},
};

/// Compares verdicts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judge;

impl Judge {
    /// What [`Match::Tolerated`] may hold.
    pub const TOLERATED: [&str; 2] = ["wording", "more fields"];
    /// What [`Match::Mismatch`] may hold.
    pub const MISMATCHES: [&str; 9] = [
        "failure",
        "lookalike refused",
        "address refused",
        "loop refused",
        "refused",
        "content accepted",
        "accepted",
        "fields",
        "target",
    ];
}

impl Comparing<Verdict> for Judge {
    type Fact = Fact;

    fn fact(&self, answer: &Result<Verdict>) -> Fact {
        Fact::of(answer)
    }

    fn judge(&self, control: &Fact, candidate: &Fact) -> Match {
        match (&control.0, &candidate.0) {
            (Ok(a), Ok(b)) => judged(a, b),
            (Err(a), Err(b)) if a == b => Match::Same,
            _ => Match::Mismatch("failure"),
        }
    }

    fn spoil(verdict: Verdict) -> Verdict {
        verdict.refused_instead()
    }

    fn show(&self, verdict: &Verdict) -> Shown {
        let lines = verdict
            .details
            .iter()
            .map(|d| format!("refused: {}: {}", d.field, d.message))
            .chain(verdict.is_accepted().then(|| "accepted".to_owned()))
            .chain(verdict.target.iter().map(|t| format!("target: {t}")))
            .chain(
                verdict
                    .concerns
                    .iter()
                    .map(|c| format!("concern: {}: {c}", c.field())),
            );
        Shown::text(lines.collect::<Vec<_>>().join("\n"))
    }
}

fn judged(control: &Judged, candidate: &Judged) -> Match {
    match (control.is_accepted(), candidate.is_accepted()) {
        (true, false) => Match::Mismatch(refused(candidate)),
        (false, true) => Match::Mismatch(accepted(control, candidate)),
        (true, true) if control.target == candidate.target => Match::Same,
        (true, true) => Match::Mismatch("target"),
        (false, false) => both_refused(control, candidate),
    }
}

/// By what the candidate says; if it has several reasons, they must all be of one kind.
fn refused(candidate: &Judged) -> &'static str {
    match candidate.reasons[..] {
        [Reason::Lookalike] => "lookalike refused",
        [Reason::Address] => "address refused",
        [Reason::Loop] => "loop refused",
        _ => "refused",
    }
}

fn accepted(control: &Judged, candidate: &Judged) -> &'static str {
    if candidate.has_version && control.fields == ["content"] {
        "content accepted"
    } else {
        "accepted"
    }
}

fn both_refused(control: &Judged, candidate: &Judged) -> Match {
    let named = |field| candidate.fields.contains(field);
    if !control.fields.iter().all(named) {
        return Match::Mismatch("fields");
    }
    if control.fields != candidate.fields {
        return Match::Tolerated("more fields");
    }
    if control.target != candidate.target {
        return Match::Mismatch("target");
    }
    if control.messages == candidate.messages {
        Match::Same
    } else {
        Match::Tolerated("wording")
    }
}
