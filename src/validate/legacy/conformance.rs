//! The experiment between the two validators does what every experiment must.

use std::sync::Arc;

use super::{Judge, Validator};
use crate::{
    rollout::conformance::{conforms, experiment},
    telemetry::labels::Experiment,
    validate::{Checker, Purpose, Rules, Submission},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn validators_conform() {
    let rules = || Rules::new::<&str>("http://localhost:3002", &[], false).unwrap();
    let arms = (Validator::new(rules()), Checker::new(rules()));
    let (experiment, stand) = experiment(Experiment::Validate, arms, Judge);
    let submission = Submission {
        purpose: Purpose::CreateDynamic,
        redirect_url: Some("https://example.com/a".to_owned()),
        ..Submission::default()
    };
    conforms(&experiment, &stand, &Arc::new(submission)).await;
}
