//! The arm itself.

use super::{
    fields::{self, Findings},
    target,
};
use crate::{
    kernel::{Ctx, Result},
    rollout::{Arm, ReadOnly, Unit},
    validate::{self, Rules, Submission, Verdict},
};

/// Checks field by field. Takes some µs, so it runs where it is called.
pub struct Validator {
    rules: Rules,
}

impl Validator {
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self { rules }
    }

    fn verdict(&self, submission: &Submission) -> Verdict {
        let mut findings = Findings::default();
        let target = self.target(submission, &mut findings);
        fields::check(submission, &mut findings);
        Verdict {
            details: findings.0,
            target,
            ..Verdict::default()
        }
    }

    fn target(&self, submission: &Submission, findings: &mut Findings) -> Option<String> {
        let checked = match submission.target() {
            Ok(text) => target::check(&self.rules, text?),
            Err(fault) => Err(fault.message.into_owned()),
        };
        checked
            .map_err(|message| findings.add("redirect_url", message))
            .ok()
    }
}

impl Arm for Validator {
    type In = validate::In;
    type Out = Verdict;

    async fn run(&self, _ctx: &Ctx, input: &Self::In) -> Result<Verdict> {
        Ok(self.verdict(input))
    }
}

impl ReadOnly for Validator {
    const NAME: &'static str = "legacy-1";

    fn unit(submission: &Self::In) -> Unit {
        Unit::Digest(submission.digest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::{
        Purpose,
        cases::{self, submitted},
    };

    fn validator() -> Validator {
        Validator::new(Rules::new::<&str>("http://localhost:3002", &[], false).unwrap())
    }

    #[tokio::test]
    async fn a_target_belongs_to_a_dynamic_code() {
        cases::purposes(&validator(), false).await;
    }

    #[test]
    fn a_refusal_names_the_field() {
        let private = submitted(Purpose::CreateDynamic, Some("http://127.0.0.1"));
        let error = validator().verdict(&private).into_result().unwrap_err();
        assert_eq!(error.details()[0].field, "redirect_url");
        assert!(error.message().contains("loopback"), "{error}");
    }
}
