//! The experiment between the two validators does what every experiment must.

use std::sync::Arc;

use super::{Judge, Validator};
use crate::{
    rollout::conformance::{Unit, conforms, experiment},
    telemetry::labels::Experiment,
    validate::{Checker, Purpose, Rules, Submission, Verdict},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn validators_conform() {
    let rules = || Rules::new::<&str>("http://localhost:3002", &[], false).unwrap();
    let arms = (Validator::new(rules()), Checker::new(rules()));
    let unit = |submission: &Arc<Submission>| Unit::Digest(submission.digest());
    let (experiment, stand) = experiment(
        Experiment::Validate,
        arms,
        Judge,
        unit,
        Verdict::refused_instead,
    );
    let submission = Submission {
        purpose: Purpose::CreateDynamic,
        redirect_url: Some("https://example.com/a".to_owned()),
        ..Submission::default()
    };
    conforms(&experiment, &stand, &Arc::new(submission)).await;
}
