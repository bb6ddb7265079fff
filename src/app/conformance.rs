//! The experiments between the real arms, composed as the product composes them, pass the suite of every experiment.

use std::sync::Arc;

use uuid::Uuid;

use super::kit::Kit;
use crate::{
    analytics::{Question, Range},
    cache::Tiers,
    config::Config,
    kernel::{Clock as _, SharedClock, SystemClock},
    render::{Request, Spec},
    rollout::{
        Arm,
        conformance::{
            SkippingClock, Stand, conforms, only_the_candidate_answers,
            remembered_answers_are_not_compared,
        },
    },
    store::Store,
    validate::{Purpose, Submission},
};

/// Composes one experiment.
fn composed<E: Arm>(compose: impl FnOnce(&mut Kit<'_>) -> E) -> (E, Stand) {
    let settings = Config::load(None, []).unwrap();
    let clock = Arc::<SkippingClock>::default();
    let shared: SharedClock = Arc::<SkippingClock>::clone(&clock);
    let tiers = Tiers::start(&settings.redis, &shared).unwrap();
    let mut kit = Kit::new(&settings, &tiers, &shared).unwrap();
    let experiment = compose(&mut kit);
    let entry = kit.entries.pop().unwrap();
    let stand = Stand {
        pilot: Arc::clone(entry.experiment.pilot()),
        injector: entry.injector,
        clock,
    };
    (experiment, stand)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renderers_conform() {
    let (experiment, stand) = composed(|kit| super::render(kit, crate::render::Room::default()).0);
    let image = |n| {
        let spec = Spec::new(format!("https://example.com/{n}"));
        Arc::new(Request::new(spec).unwrap())
    };
    conforms(&experiment, &stand, image).await;
    remembered_answers_are_not_compared(&experiment, &stand, &image(u32::MAX)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn validators_conform() {
    let (experiment, stand) = composed(|kit| super::validate(kit).unwrap());
    let submission = |n| {
        Arc::new(Submission {
            purpose: Purpose::CreateDynamic,
            redirect_url: Some(format!("https://example.com/{n}")),
            ..Submission::default()
        })
    };
    conforms(&experiment, &stand, submission).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn analytics_conform() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::for_test(folder.path()).await;
    let (experiment, stand) = composed(|kit| super::analytics(kit, &store));
    let code_id = |n: u32| Uuid::from_u128(n.into());
    let (range, now) = (Range::Last30Days, SystemClock.now());
    let timeseries = |n| {
        let code_id = code_id(n);
        let question = Question::Timeseries {
            code_id,
            range,
            now,
        };
        Arc::new(question.at_end_of_day())
    };
    conforms(&experiment, &stand, timeseries).await;
    remembered_answers_are_not_compared(&experiment, &stand, &timeseries(u32::MAX)).await;
    // The control has no answer to this question.
    let summary = Question::Summary {
        code_id: code_id(0),
        range,
        now,
    };
    only_the_candidate_answers(&experiment, &stand, &Arc::new(summary.at_end_of_day())).await;
}
