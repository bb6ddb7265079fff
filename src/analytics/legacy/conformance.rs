//! The experiment between counting anew and counting beforehand does what every experiment must.

use std::sync::Arc;

use uuid::Uuid;

use super::{Judge, Rows};
use crate::{
    analytics::{Question, Range, Rollups},
    kernel::{Clock as _, SystemClock},
    rollout::conformance::{conforms, experiment, only_the_candidate_answers},
    store::Store,
    telemetry::labels::Experiment,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn analytics_conform() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::for_test(folder.path()).await;
    let arms = (Rows::new(store.clone()), Rollups::new(store));
    let (experiment, stand) = experiment(Experiment::Analytics, arms, Judge);
    let question = Question::Timeseries {
        code_id: Uuid::nil(),
        range: Range::Last30Days,
        now: SystemClock.now(),
    };
    conforms(&experiment, &stand, &Arc::new(question)).await;

    // What only rollups can count is answered by them: while it would be compared, and after a kill, too.
    let summary = Arc::new(Question::Summary {
        code_id: Uuid::nil(),
        range: Range::Last30Days,
        now: SystemClock.now(),
    });
    only_the_candidate_answers(&experiment, &stand, &summary).await;
}
