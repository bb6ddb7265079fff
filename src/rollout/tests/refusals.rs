//! Inputs that an arm refuses, or does not support: they show nothing of its work, but a difference is one.

use super::*;
use crate::rollout::{
    conformance::only_the_candidate_answers,
    evidence::{Test, TestReading, Verdict},
};

impl Rig {
    fn reading(&self, test: Test) -> TestReading {
        let readings = self.stand.pilot.readings();
        readings.into_iter().find(|r| r.test == test).unwrap()
    }
}

/// Questions 0 to 999 are refused by both arms.
fn refusing() -> Rig {
    let refused: Vec<(u32, Does)> = (0..1000).map(|n| (n, Does::Refuses)).collect();
    rig(&refused, &refused)
}

#[tokio::test]
async fn refused_requests_are_no_evidence() {
    let rig = refusing();
    rig.dial(25, 0);
    for n in 0..1000 {
        assert_eq!(rig.ask(n).await.0.unwrap_err().kind(), Kind::Invalid);
    }
    assert!((150..350).contains(&rig.candidate.runs()));
    assert_eq!(rig.reading(Test::ErrorsPass).events, 0);
    let verdict = rig.stand.pilot.verdict();
    let Verdict::Hold { needed, .. } = verdict else {
        panic!("{verdict}");
    };
    assert_eq!(needed, Some(349));
    let why = "; 1000 requests were refused (4xx), which shows nothing";
    assert!(verdict.to_string().ends_with(why), "{verdict}");
    // The next stage begins with none.
    rig.dial(50, 0);
    let verdict = rig.stand.pilot.verdict().to_string();
    assert!(!verdict.contains("refused"), "{verdict}");
    // Work in between counts, and faults in a row are not interrupted by refusals.
    rig.dial(100, 0);
    rig.ask(1001).await.0.unwrap();
    assert_eq!(rig.reading(Test::ErrorsPass).events, 1);
    for n in 2001..=2005 {
        rig.candidate.does.lock().unwrap().insert(n, Does::Fails);
        rig.ask(n).await.0.unwrap();
        rig.ask(n - 2000).await.0.unwrap_err();
    }
    assert_eq!(rig.stand.pilot.state().breaker.state, breaker::State::Open);
}

#[tokio::test]
async fn refusals_alike_are_no_agreement_and_one_sided_ones_a_difference() {
    let rig = refusing();
    rig.dial(0, 100);
    for n in 0..30 {
        rig.ask(n).await.0.unwrap_err();
    }
    rig.stand.until_shadows(30).await;
    let shadows = rig.stand.pilot.state().shadows;
    assert_eq!(shadows[ShadowResult::Same as usize], 30);
    assert!(shadows[ShadowResult::NoiseSame as usize] > 0);
    for test in [Test::Agreement, Test::Latency] {
        assert_eq!(rig.reading(test).events, 0, "{test:?}");
    }
    let set = |arm: &Told, n, does| arm.does.lock().unwrap().insert(n, does);
    set(&rig.candidate, 2000, Does::Refuses);
    set(&rig.control, 2001, Does::Refuses);
    for (n, found) in [
        (2000, ShadowResult::Mismatch),
        (2001, ShadowResult::Mismatch),
        (2002, ShadowResult::Same),
    ] {
        assert_eq!(rig.shadow(n).await, found, "{n}");
    }
    let agreement = rig.reading(Test::Agreement);
    assert_eq!((agreement.events, agreement.candidate), (3, 2));
}

#[tokio::test]
async fn what_only_the_candidate_can_do_it_does_past_percentages_shadows_and_kills() {
    // 1 and 2: the control finds out in its work. 3: it says so before.
    let rig = rig(
        &[(1, Does::Lacks), (2, Does::Lacks), (3, Does::SaysItLacks)],
        &[(2, Does::Lacks)],
    );
    for n in [1, 3] {
        only_the_candidate_answers(&rig.experiment, &rig.stand, &n).await;
    }
    for percent in [0, 100] {
        rig.dial(percent, 0);
        rig.ask(1).await.0.unwrap();
        let neither = rig.ask(2).await.0.unwrap_err();
        assert_eq!(neither.kind(), Kind::Unsupported, "{percent}");
    }
    // Only where the dial chose the candidate, for 1, is there anything to learn.
    assert_eq!(rig.reading(Test::ErrorsPass).events, 1);
    assert_eq!(rig.reading(Test::Agreement).events, 0);
}

#[tokio::test]
async fn faults_without_an_opponent_have_a_breaker_of_their_own() {
    let rig = rig(
        &[(1, Does::SaysItLacks), (2, Does::Lacks)],
        &[(1, Does::Fails), (2, Does::Fails)],
    );
    let main = || rig.stand.pilot.state().breaker.state;
    for _ in 0..5 {
        assert_eq!(rig.ask(1).await.0.unwrap_err().kind(), Kind::Internal);
    }
    assert_eq!(rig.ask(1).await.0.unwrap_err().kind(), Kind::Unavailable);
    assert_eq!(main(), breaker::State::Closed);
    // Its faults are no evidence, also where only the control's work shows that it cannot.
    rig.dial(100, 0);
    assert_eq!(rig.ask(2).await.0.unwrap_err().kind(), Kind::Internal);
    assert_eq!(rig.reading(Test::Errors).events, 0);
    assert_eq!(rig.reading(Test::ErrorsPass).events, 0);
    // After its wait, three probes.
    *rig.candidate.does.lock().unwrap() = HashMap::new();
    rig.stand.skip_wait(1);
    for _ in 0..4 {
        assert_eq!(rig.ask(1).await.1, Some("candidate"));
    }
    // The experiment's own breaker neither opens by them nor keeps them out.
    rig.stand.pilot.turn(Dial {
        breaker: breaker::Mode::Open,
        ..Dial::percent(Name::Validate, 100, 0)
    });
    rig.ask(1).await.0.unwrap();
    assert_eq!(main(), breaker::State::Open);
}
