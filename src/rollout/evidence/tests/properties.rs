//! What holds whatever comes: finite numbers, bounded memory, refusal of what cannot be.

use proptest::prelude::*;

use crate::rollout::evidence::units::{Sample, Seen};
use crate::rollout::evidence::{Evidence, Pair, Policy, Run, Side};

#[derive(Clone, Debug)]
enum Step {
    Dial(u8),
    Place(u64, bool),
    Run(u64, bool, [bool; 3]),
    Pair(Option<bool>, (bool, bool), Option<bool>),
    Noise(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => any::<u8>().prop_map(Step::Dial),
        5 => (0..500_u64, any::<bool>()).prop_map(|(unit, side)| Step::Place(unit, side)),
        9 => (0..500_u64, any::<bool>(), any::<[bool; 3]>()).prop_map(|(unit, side, facts)| Step::Run(unit, side, facts)),
        3 => (any::<Option<bool>>(), any::<(bool, bool)>(), any::<Option<bool>>())
            .prop_map(|(slower, faults, mismatch)| Step::Pair(slower, faults, mismatch)),
        2 => any::<bool>().prop_map(Step::Noise),
    ]
}

fn take(evidence: &mut Evidence, now: u64, step: &Step) {
    let side = |candidate| {
        if candidate {
            Side::Candidate
        } else {
            Side::Control
        }
    };
    match *step {
        Step::Dial(percent) => evidence.dial(now, percent),
        Step::Place(unit, candidate) => evidence.place(now, unit, side(candidate)),
        Step::Run(unit, candidate, [fault, slow, fallback_failed]) => evidence.run(
            now,
            &Run {
                side: side(candidate),
                unit,
                fault,
                slow,
                fallback_failed,
            },
        ),
        Step::Pair(slower, faults, mismatch) => evidence.pair(
            now,
            &Pair {
                slower,
                control_failed: faults.0,
                candidate_failed: faults.1,
                mismatch,
            },
        ),
        Step::Noise(mismatch) => evidence.noise(mismatch),
    }
}

fn finite(evidence: &Evidence, now: u64) {
    for reading in evidence.readings() {
        assert!(
            reading.ln_e.is_finite()
                && reading.ln_threshold.is_finite()
                && reading.expected.is_finite()
        );
        assert!(!reading.to_string().contains("NaN"));
    }
    for closed in [None, Some(0)] {
        let text = evidence.verdict(now, closed).to_string();
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_comes_the_numbers_are_finite_and_survive_a_restart(
        steps in prop::collection::vec((step(), 0..100_000_u64), 0..400),
        exponents in prop::array::uniform4(-8.9..-0.31_f64),
    ) {
        let [alpha, max, last, tolerated] = exponents.map(|x| 10_f64.powf(x));
        let policy = Policy {
            alpha: alpha.min(0.1),
            fault_rate_max: max,
            fault_rate_last_max: last,
            mismatch_rate_tolerated: tolerated,
            tolerated_ratio: 1.0 + 1_000.0 * tolerated,
            runs_min: 1,
            pairs_min: 1,
            ..Policy::default()
        };
        prop_assume!(policy.check().is_ok());
        let mut evidence = Evidence::new(0, policy);
        let mut now = 0;
        for (step, passed) in &steps {
            now += passed;
            take(&mut evidence, now, step);
            finite(&evidence, now);
        }
        evidence.check(now).unwrap();
        let json = serde_json::to_vec(&evidence).unwrap();
        let read: Evidence = serde_json::from_slice(&json).unwrap();
        // Reading a number back may move its last bit.
        for (read, kept) in read.readings().iter().zip(evidence.readings()) {
            prop_assert!((read.ln_e - kept.ln_e).abs() <= 1e-9 * (1.0 + kept.ln_e.abs()));
            prop_assert_eq!((read.fired, read.events, read.candidate), (kept.fired, kept.events, kept.candidate));
        }
    }

    #[test]
    fn a_state_that_was_tampered_with_is_refused_or_harmless(
        steps in prop::collection::vec(step(), 0..100),
        at in any::<prop::sample::Index>(),
        with in prop_oneof![
            Just("-1"), Just("1e308"), Just("1e999"), Just("18446744073709551615"), Just("null"), Just("{}"), Just("0"),
            Just("4294967295"), Just("1e-300"), Just("255"), Just("\"x\""), Just("[]"), Just("NaN"),
        ],
    ) {
        let mut evidence = Evidence::new(0, Policy::default());
        for step in &steps {
            take(&mut evidence, 100_000, step);
        }
        let json = serde_json::to_string(&evidence).unwrap();
        // Some number in it becomes something else.
        let starts: Vec<usize> = json
            .char_indices()
            .filter(|(place, c)| c.is_ascii_digit() && json[..*place].ends_with([':', ',', '[', '-']))
            .map(|(place, _)| place)
            .collect();
        let start = starts[at.index(starts.len())];
        let length = json[start..].find([',', ']', '}']).unwrap();
        let tampered = format!("{}{with}{}", &json[..start], &json[start + length..]);
        if let Ok(mut read) = serde_json::from_str::<Evidence>(&tampered)
            && read.check(100_000).is_ok()
        {
            for step in &steps {
                take(&mut read, 200_000, step);
                finite(&read, 200_000);
            }
        }
    }

    #[test]
    fn garbage_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(serde_json::from_slice::<Evidence>(&bytes).is_err());
    }

    #[test]
    fn no_unit_is_new_twice(units in prop::collection::vec(0..6_000_u64, 0..9_000)) {
        let (mut seen, mut sample) = (Seen::new(), Sample::new());
        let (mut known, mut sampled) = (std::collections::HashSet::new(), std::collections::HashSet::new());
        for unit in units {
            let full = seen.is_full();
            let new = seen.insert(unit);
            prop_assert!(full || new == known.insert(unit));
            prop_assert!(!sample.is_new(unit) || sampled.insert(unit));
        }
        prop_assert!(seen.sound() && sample.sound());
    }
}
