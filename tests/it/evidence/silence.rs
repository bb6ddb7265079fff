//! Absent data: hold, with how many more are needed; never go, and never no-go.

use qr_observatory::rollout::evidence::{Evidence, Run, Side, Verdict};

use super::world::{Crowd, evidence, plain};

const DAY_MS: u64 = 86_400_000;

fn run(side: Side, unit: u64) -> Run {
    Run {
        side,
        unit,
        fault: false,
        slow: false,
        fallback_failed: false,
    }
}

#[track_caller]
fn needed(evidence: &Evidence, now: u64, text: &str) -> u64 {
    let verdict = evidence.verdict(now, Some(0));
    let Verdict::Hold { needed, .. } = verdict else {
        panic!("{verdict}");
    };
    assert_eq!(verdict.to_string(), text);
    needed.unwrap()
}

#[test]
fn no_traffic_holds() {
    let mut evidence = evidence();
    assert_eq!(
        needed(
            &evidence,
            DAY_MS,
            "hold: the dial is at 0 %; about 349 more requests of the candidate without a fault are needed to show fewer than 1 % faults"
        ),
        349
    );
    evidence.dial(0, 5);
    let text = "hold: about 349 more requests of the candidate without a fault are needed to show fewer than 1 % faults";
    assert_eq!(needed(&evidence, 30 * DAY_MS, text), 349);
    evidence.dial(0, 50);
    let text = "hold: about 3504 more requests of the candidate without a fault are needed to show fewer than 0.1 % faults";
    assert_eq!(needed(&evidence, 30 * DAY_MS, text), 3_504);
}

#[test]
fn one_arm_without_traffic_holds() {
    // Only the control, with faults.
    let mut alone = evidence();
    alone.dial(0, 5);
    for nth in 0..20_000 {
        let fault = nth % 10 == 0;
        alone.run(
            nth * 1_000,
            &Run {
                fault,
                ..run(Side::Control, nth)
            },
        );
    }
    let text = "hold: about 349 more requests of the candidate without a fault are needed to show fewer than 1 % faults";
    assert_eq!(needed(&alone, DAY_MS, text), 349);
    // Only the candidate, without faults, and then with nothing but faults: nobody knows whose they are.
    let mut alone = evidence();
    alone.dial(0, 5);
    for nth in 0..20_000 {
        alone.run(nth * 1_000, &run(Side::Candidate, nth));
    }
    let text = "hold: 100 more requests of the control are needed in this stage, to compare with";
    assert_eq!(needed(&alone, DAY_MS, text), 100);
    for nth in 20_000..60_000 {
        alone.run(
            nth * 1_000,
            &Run {
                fault: true,
                ..run(Side::Candidate, nth)
            },
        );
    }
    assert!(matches!(
        alone.verdict(DAY_MS, Some(0)),
        Verdict::Hold {
            needed: Some(1..),
            ..
        }
    ));
}

#[test]
fn one_request_per_minute_holds_until_there_are_enough() {
    let crowd = Crowd::new(50, 1.1);
    let mut world = plain(7, &crowd, 50);
    world.control.fault_rate = 0.0;
    world.candidate.fault_rate = 0.0;
    world.step_ms = 60_000;
    world.shadowed = 1.0;
    let mut evidence = evidence();
    let mut before = u64::MAX;
    let first = world.play(&mut evidence, 20_000, |nth, evidence| {
        match evidence.verdict(nth * world.step_ms, Some(0)) {
            Verdict::Hold { needed, .. } => {
                let needed = needed.unwrap();
                assert!(needed >= 1 && needed <= before);
                before = needed;
                false
            }
            Verdict::Go { next, .. } => {
                assert_eq!(next, Some(100));
                true
            }
            Verdict::NoGo { reading } => panic!("{reading}"),
        }
    });
    // 3 504 requests of a candidate that gets about half.
    assert!((3_504..20_000).contains(&first), "{first}");
}

#[test]
fn a_new_stage_needs_data_of_its_own() {
    let crowd = Crowd::new(20_000, 0.0);
    let mut world = plain(7, &crowd, 5);
    world.control.fault_rate = 0.0;
    world.candidate.fault_rate = 0.0;
    world.shadowed = 0.2;
    let mut evidence = evidence();
    world.play(&mut evidence, 20_000, |_, _| false);
    let now = 20_000 * world.step_ms;
    let verdict = evidence.verdict(now, Some(0));
    assert!(
        matches!(verdict, Verdict::Go { next: Some(25), .. }),
        "{verdict}"
    );
    assert_eq!(
        evidence.verdict(now, None).to_string(),
        "hold: the breaker is not closed"
    );
    assert_eq!(
        evidence.verdict(now, Some(now)).to_string(),
        "hold: everything is fine, 10.0 more minutes of it are needed"
    );
    evidence.dial(now, 25);
    let text = "hold: 100 more requests of the candidate are needed in this stage";
    assert_eq!(needed(&evidence, now + DAY_MS, text), 100);
}

#[test]
fn without_shadows_it_is_unknown_whether_the_answers_agree() {
    let crowd = Crowd::new(20_000, 0.0);
    let mut evidence = evidence();
    let mut world = plain(7, &crowd, 5);
    world.candidate.fault_rate = 0.0;
    world.play(&mut evidence, 20_000, |_, _| false);
    let text = "hold: 1000 more shadow pairs are needed to know whether the answers agree";
    assert_eq!(needed(&evidence, DAY_MS, text), 1_000);
}
