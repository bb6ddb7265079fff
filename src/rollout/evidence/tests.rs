//! Numbers from the specification, and what each part promises.

use super::mixture::{EITHER, MORE, Mixture, ln_mean_exp};
use super::*;

mod properties;

const CLEAN: Run = Run {
    side: Side::Candidate,
    unit: 0,
    fault: false,
    slow: false,
    fallback_failed: false,
};

fn evidence() -> Evidence {
    let mut evidence = Evidence::new(0, Policy::default());
    evidence.dial(0, 5);
    evidence
}

fn side(is_candidate: bool) -> Side {
    [Side::Control, Side::Candidate][usize::from(is_candidate)]
}

/// A run of the candidate.
fn run(unit: u64, fault: bool) -> Run {
    Run {
        unit,
        fault,
        ..CLEAN
    }
}

fn errors(evidence: &Evidence) -> TestReading {
    evidence.reading(Test::Errors)
}

#[test]
fn a_clean_candidate_passes_after_69_349_and_3504_runs() {
    for (rate_max, runs) in [(0.05, 69), (0.01, 349), (0.001, 3_504)] {
        let mut pass = Pass::new(rate_max);
        for left in (1..=runs).rev() {
            assert_eq!(pass.needed(), left);
            pass.run(false);
        }
        assert!(pass.has_passed());
    }
}

#[test]
fn old_successes_cover_only_so_many_faults() {
    let mut pass = Pass::new(0.01);
    for _ in 0..1_000_000 {
        pass.run(false);
    }
    let faults = (0..100)
        .take_while(|_| {
            pass.run(true);
            pass.has_passed()
        })
        .count();
    assert!((3..15).contains(&faults), "{faults}");
}

#[test]
fn the_formula_is_the_specified_one() {
    let (share, tolerated) = (0.05, 1.0);
    let mut mixture = Mixture::new();
    let mut by_hand = [0.0_f64; 14];
    for nth in 0..200_i32 {
        let hit = nth % 3 == 0;
        mixture.step(hit, share, tolerated, &MORE);
        for (k, ln) in by_hand.iter_mut().enumerate() {
            let r = 1.25 * 2_f64.powf(f64::from(u32::try_from(k).unwrap()) / 2.0);
            let x = f64::from(u8::from(hit));
            *ln += x * (r / tolerated).ln()
                + ((1.0 - share + share * tolerated) / (1.0 - share + share * r)).ln();
        }
    }
    assert!((mixture.ln_e() - ln_mean_exp(&by_hand)).abs() < 1e-9);
}

#[test]
fn bets_are_fair() {
    // What one expects after a step is what one had: at the tolerated odds exactly, below them at most.
    for odds in [MORE, EITHER] {
        for share in [0.001, 0.05, 0.5, 0.99] {
            let after = |hit| {
                let mut mixture = Mixture::new();
                mixture.step(hit, share, 1.0, &odds);
                mixture.ln_e().exp()
            };
            let mean = share * after(true) + (1.0 - share) * after(false);
            assert!((mean - 1.0).abs() < 1e-9, "{mean}");
        }
    }
}

#[test]
fn one_unit_counts_once_for_both_sides_together() {
    let mut evidence = evidence();
    for nth in 0..1_000 {
        let run = Run {
            side: side(nth % 2 == 0),
            slow: true,
            ..run(7, true)
        };
        evidence.run(nth, &run);
    }
    assert_eq!(
        (errors(&evidence).events, errors(&evidence).candidate),
        (1, 1)
    );
    assert_eq!(evidence.reading(Test::Slow).events, 1);
    // Nor can it by failing where the control does not.
    assert!(evidence.reading(Test::Repeats).events <= 6);
    assert!(matches!(
        evidence.verdict(1_000, None),
        Verdict::Hold { .. }
    ));
}

/// Twenty units that fail half of the time in either arm; four of them sit in a canary of 5 %, for a month.
#[test]
fn the_same_bad_luck_every_day_is_not_counted_anew() {
    let mut evidence = evidence();
    let dice = |nth: u64, die: u64| super::units::mix(nth * 8 + die);
    for nth in 0..300_000_u64 {
        let unit = dice(nth, 0) % 400;
        let candidate = unit % 20 == 0 && unit < 380 || unit == 1;
        let flaky = unit < 61 && unit % 20 == 0 || (101..117).contains(&unit);
        let fault = flaky && dice(nth, 1) % 2 == 0;
        let run = Run {
            side: side(candidate),
            slow: fault,
            fallback_failed: fault && candidate && dice(nth, 2) % 2 == 0,
            ..run(unit, fault)
        };
        evidence.run(nth * 8_640, &run);
    }
    let readings = evidence.readings();
    assert!(
        readings.iter().all(|reading| reading.fired_ms.is_none()),
        "{readings:?}"
    );
    assert!(evidence.errors.epoch() >= 30);
}

#[test]
fn what_fails_in_both_arms_is_not_the_candidates() {
    let mut evidence = evidence();
    for unit in 0..10_000 {
        let run = Run {
            fallback_failed: true,
            ..run(unit, true)
        };
        evidence.run(unit, &run);
    }
    assert_eq!(errors(&evidence).events, 0);
    assert_eq!(evidence.reading(Test::ErrorsPass).events, 0);
}

#[test]
fn three_units_that_only_the_candidate_fails_are_a_no_go_and_two_are_not() {
    for (units, no_go) in [(2, false), (3, true)] {
        let mut evidence = evidence();
        for nth in 0..3_000 {
            let unit = nth % 100;
            let control = Run {
                side: Side::Control,
                ..run(1_000 + nth, false)
            };
            evidence.run(nth, &run(unit, unit < units));
            evidence.run(nth, &control);
        }
        let reading = evidence.reading(Test::Repeats);
        assert_eq!(reading.fired, no_go, "{reading}");
    }
}

#[test]
fn a_no_go_stays_and_says_which_numbers() {
    let mut evidence = evidence();
    for unit in 0..5_000 {
        let run = Run {
            side: side(unit % 20 == 0),
            ..run(unit, unit % 40 == 0 || unit % 400 == 1)
        };
        evidence.run(60_000 + unit, &run);
    }
    let text = evidence.verdict(0, None).to_string();
    let said = "no-go: errors: the candidate had 3 of 3 faults at 5 % of the traffic (E = 1365, threshold 159)";
    assert_eq!(text, said);
    evidence.dial(100_000, 0);
    let read: Evidence = serde_json::from_str(&serde_json::to_string(&evidence).unwrap()).unwrap();
    assert_eq!(read.verdict(1 << 40, Some(0)).to_string(), text);
}

#[test]
fn the_dial_is_a_stage_only_when_it_moves() {
    let mut evidence = evidence();
    evidence.run(1, &CLEAN);
    let before = evidence.clone();
    evidence.dial(9_000, 5);
    assert_eq!(evidence, before);
    evidence.dial(9_000, 255);
    assert_eq!(
        (evidence.traffic.percent, evidence.traffic.since_ms),
        (100, 9_000)
    );
}

#[test]
fn the_share_never_falls_below_the_dial_nor_at_once() {
    let mut traffic = Traffic::new(0);
    assert!(traffic.share(0, 30_000) <= 0.0);
    traffic.dial(0, 50, 30_000);
    for nth in 0..100_000 {
        traffic.count(nth, nth % 10 == 0, 300_000);
        assert!(traffic.share(nth, 30_000) >= 0.5);
    }
    traffic.dial(100_000, 5, 30_000);
    assert!(traffic.share(129_999, 30_000) >= 0.5);
    // Nothing is measured yet.
    assert!(traffic.share(130_000, 30_000) >= 1.0);
    for nth in 0..100 {
        traffic.count(130_000, nth % 20 == 0, 300_000);
    }
    assert!((traffic.share(130_000, 30_000) - 0.05).abs() < 1e-9);
    // Half of the fresh runs are the candidate's, whose cache is cold.
    for nth in 0..200 {
        traffic.count(130_000, nth % 2 == 0, 300_000);
    }
    assert!(traffic.share(130_000, 30_000) > 0.3);
}

#[test]
fn a_dial_at_either_end_forgives_strays_only() {
    for (percent, stray) in [(0, Side::Candidate), (100, Side::Control)] {
        let mut evidence = evidence();
        evidence.dial(0, percent);
        for unit in 0..10 {
            evidence.place(29_999, unit, stray);
        }
        assert_eq!(evidence.reading(Test::Split).events, 0);
        evidence.place(30_000, 0, stray);
        assert!(!evidence.reading(Test::Split).fired);
        for unit in 0..10 {
            evidence.place(30_000, unit, stray);
        }
        assert!(evidence.reading(Test::Split).fired);
    }
}

#[test]
fn epochs_come_with_time_or_when_the_memory_is_full() {
    let terms = Terms {
        alpha: 0.007,
        tolerated: 1.0,
        epoch_ms: 1_000,
    };
    let event = |unit| Event {
        unit: Some(unit),
        candidate: false,
        share: 0.05,
    };
    let mut trial = Trial::new();
    trial.event(5_000, &event(1), &terms);
    trial.event(5_999, &event(1), &terms);
    assert_eq!((trial.epoch(), trial.events), (1, 1));
    trial.event(6_000, &event(1), &terms);
    assert_eq!((trial.epoch(), trial.events), (2, 1));
    for unit in 0..5_000 {
        trial.event(6_000, &event(unit), &terms);
    }
    assert_eq!(trial.epoch(), 3);
    assert!(trial.sound(6_000));
}

#[test]
fn a_billion_requests_are_nothing_special() {
    let mut evidence = evidence();
    let json = serde_json::to_string(&evidence).unwrap();
    let runs = r#""clean":1000000000,"runs":1000000000"#;
    let stage = r#""stage":{"control":99000000000,"candidate":1000000000}"#;
    let billion = json.replace(r#""clean":0,"runs":0"#, runs);
    let billion = billion.replace(r#""stage":{"control":0,"candidate":0}"#, stage);
    assert_ne!(json, billion);
    evidence = serde_json::from_str(&billion).unwrap();
    evidence.check(0).unwrap();
    for unit in 0..100_000 {
        evidence.run(1 << 40, &run(unit, unit % 2 == 0));
    }
    for reading in evidence.readings() {
        assert!(reading.ln_e.is_finite(), "{reading}");
    }
}

#[test]
fn it_stays_small() {
    let mut evidence = evidence();
    for unit in 0..400_000 {
        let run = Run {
            side: side(unit % 20 == 0),
            slow: unit % 41 == 0,
            ..run(unit, unit % 37 == 0)
        };
        evidence.place(60_000, unit, run.side);
        evidence.run(60_000, &run);
    }
    let size = serde_json::to_string(&evidence).unwrap().len();
    assert!(size < 130_000, "{size}");
}

#[test]
fn a_verdict_is_plain_json_too() {
    let json = |evidence: &Evidence| serde_json::to_value(evidence.verdict(0, None)).unwrap();
    assert_eq!(
        json(&evidence()),
        serde_json::json!({"verdict": "hold", "needed": 349, "refused": 0, "why": {"kind": "faults", "fault_rate_max": 0.01}})
    );
}
