//! The arm: from a submission to a verdict.
//!
//! Invariant: the same submission always gets the same verdict, and no submission makes it panic.

use super::{Rules, Submission, Verdict, fields, target};
use crate::{
    kernel::{Ctx, Result},
    rollout::{Arm, ReadOnly, Unit},
    validate,
};

/// Checks every field, and says all that is wrong at once. Takes some µs, so it runs where it is called.
pub struct Checker {
    rules: Rules,
}

impl Checker {
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self { rules }
    }

    #[must_use]
    pub fn verdict(&self, submission: &Submission) -> Verdict {
        let mut verdict = Verdict::default();
        self.target(submission, &mut verdict);
        fields::check(submission, &mut verdict);
        verdict
    }

    fn target(&self, submission: &Submission, verdict: &mut Verdict) {
        let checked = submission.target().and_then(|text| {
            text.map(|text| target::check(&self.rules, text))
                .transpose()
        });
        match checked {
            Ok(None) => {}
            Ok(Some((target, concerns))) => {
                verdict.target = Some(target);
                verdict.concerns.extend(concerns);
            }
            Err(fault) => verdict.refuse("redirect_url", fault.reason, fault.message),
        }
    }
}

impl Arm for Checker {
    type In = validate::In;
    type Out = Verdict;

    async fn run(&self, _ctx: &Ctx, input: &Self::In) -> Result<Verdict> {
        Ok(self.verdict(input))
    }
}

impl ReadOnly for Checker {
    const NAME: &'static str = "rules-1";

    fn unit(submission: &Self::In) -> Unit {
        Unit::Digest(submission.digest())
    }
}

#[cfg(test)]
mod tests;
