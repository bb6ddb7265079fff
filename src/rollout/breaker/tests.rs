//! A breaker, step by step, and under whatever may happen.

use super::*;
use proptest::prelude::*;

const T: u64 = 1_000_000;

fn breaker() -> Breaker {
    Breaker::new(Policy::default(), T)
}

fn opened(b: &mut Breaker, now_ms: u64) -> Transition {
    let mut last = None;
    for _ in 0..5 {
        last = b.ran(now_ms, true);
    }
    last.unwrap()
}

#[test]
fn faults_in_a_row_open_it_and_a_success_starts_the_count_anew() {
    let mut b = breaker();
    for _ in 0..4 {
        assert_eq!(b.ran(T, true), None);
    }
    assert_eq!(b.ran(T, false), None);
    let t = opened(&mut b, T + 5);
    assert_eq!((t.to, t.reason), (State::Open, Reason::Consecutive));
    assert_eq!(b.admit(T + 6).0, Admission::Refused);
    assert_eq!(b.retry_in_ms(T + 6), Some(59_999));
    assert_eq!(b.closed_since_ms(), None);
}

#[test]
fn half_of_the_windows_runs_open_it_and_older_ones_do_not_count() {
    let mut b = breaker();
    for i in 0..19 {
        assert_eq!(b.ran(T + i, i % 2 == 0), None, "{i}");
    }
    // The 20th is the 10th fault of 20.
    assert_eq!(b.ran(T + 19, false), None);
    let t = b.ran(T + 20, true).unwrap();
    assert_eq!(t.reason, Reason::FaultRatio);

    let mut b = breaker();
    for i in 0..19 {
        b.ran(T + i, i % 2 == 0);
    }
    // Ten seconds later the first ones are forgotten.
    assert_eq!(b.ran(T + 10_000, true), None);
    assert_eq!(b.ran(T + 10_000, false), None);
}

#[test]
fn mismatches_open_it_above_a_minimum() {
    let mut b = breaker();
    for _ in 0..19 {
        assert_eq!(b.compared(T, true), None);
    }
    assert_eq!(b.compared(T, true).unwrap().reason, Reason::MismatchRatio);
    let mut b = breaker();
    for i in 0..200 {
        assert_eq!(b.compared(T, i % 3 == 0), None);
    }
}

#[test]
fn waits_grow_to_a_cap() {
    let mut b = breaker();
    opened(&mut b, T);
    let (mut now, mut waits) = (T, Vec::new());
    for _ in 0..7 {
        let wait = b.retry_in_ms(now).unwrap();
        waits.push(wait / 1000);
        assert_eq!(b.admit(now + wait - 1).0, Admission::Refused);
        now += wait;
        let (admission, transition) = b.admit(now);
        assert_eq!(admission, Admission::Probe);
        assert_eq!(transition.unwrap().to, State::HalfOpen);
        let t = b.probe_ended(now, Some(false)).unwrap();
        assert_eq!((t.to, t.reason), (State::Open, Reason::ProbeFailed));
    }
    assert_eq!(waits, [60, 120, 240, 480, 900, 900, 900]);
}

#[test]
fn three_good_probes_close_it_and_no_more_run() {
    let mut b = breaker();
    opened(&mut b, T);
    let now = T + 60_000;
    for _ in 0..3 {
        assert_eq!(b.admit(now).0, Admission::Probe);
    }
    assert_eq!(b.admit(now).0, Admission::Refused);
    // One client went away: its probe is free again.
    assert_eq!(b.probe_ended(now, None), None);
    assert_eq!(b.admit(now).0, Admission::Probe);
    assert_eq!(b.probe_ended(now, Some(true)), None);
    assert_eq!(b.probe_ended(now, Some(true)), None);
    let t = b.probe_ended(now + 7, Some(true)).unwrap();
    assert_eq!((t.to, t.reason), (State::Closed, Reason::ProbesPassed));
    assert_eq!(b.closed_since_ms(), Some(now + 7));
    // The next time it waits as if it had never been open.
    opened(&mut b, now + 8);
    assert_eq!(b.retry_in_ms(now + 8), Some(60_000));
}

#[test]
fn operators_have_the_last_word() {
    let mut b = breaker();
    assert_eq!(b.force(T, Mode::Open).unwrap().reason, Reason::Forced);
    assert_eq!(b.admit(T + 1_000_000_000).0, Admission::Refused);
    assert_eq!(b.retry_in_ms(T), None);
    assert_eq!(b.force(T, Mode::Closed).unwrap().to, State::Closed);
    for _ in 0..100 {
        assert_eq!(b.ran(T, true), None);
        assert_eq!(b.compared(T, true), None);
    }
    assert_eq!(b.admit(T).0, Admission::Closed);
    assert!(b.force(T, Mode::Auto).is_some());
    assert_eq!(b.force(T, Mode::Auto), None);
    assert_eq!(opened(&mut b, T).to, State::Open);
}

#[derive(Clone, Debug)]
enum Step {
    Admit,
    Ran(bool),
    Compared(bool),
    Ended(Option<bool>),
    Force(Mode),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let mode = prop_oneof![Just(Mode::Auto), Just(Mode::Open), Just(Mode::Closed)];
    prop_oneof![
        6 => Just(Step::Admit),
        6 => any::<bool>().prop_map(Step::Ran),
        2 => any::<bool>().prop_map(Step::Compared),
        4 => any::<Option<bool>>().prop_map(Step::Ended),
        1 => mode.prop_map(Step::Force),
        3 => (0_u64..100_000).prop_map(Step::Wait),
    ]
}

proptest! {
    /// Whatever happens: no more probes at once than allowed, none unless half open, and an open one opens up again.
    #[test]
    fn probes_are_bounded_and_it_never_sticks(steps in prop::collection::vec(step(), 0..200)) {
        let (mut b, mut now, mut probing) = (breaker(), T, 0_u32);
        for step in steps {
            match step {
                Step::Admit => match b.admit(now).0 {
                    Admission::Probe => {
                        probing += 1;
                        prop_assert_eq!(b.state(), State::HalfOpen);
                    }
                    Admission::Closed => prop_assert_eq!(b.state(), State::Closed),
                    Admission::Refused => prop_assert_ne!(b.state(), State::Closed),
                },
                Step::Ran(fault) => drop(b.ran(now, fault)),
                Step::Compared(bad) => drop(b.compared(now, bad)),
                Step::Ended(well) if probing > 0 => {
                    probing -= 1;
                    b.probe_ended(now, well);
                }
                Step::Ended(_) => {}
                Step::Force(mode) => drop(b.force(now, mode)),
                Step::Wait(ms) => now += ms,
            }
            prop_assert!(b.retry_in_ms(now).is_none_or(|ms| ms <= 900_000));
        }
        for _ in 0..probing {
            b.probe_ended(now, None);
        }
        b.force(now, Mode::Auto);
        let later = now + 900_000;
        prop_assert_ne!(b.admit(later).0, Admission::Refused);
    }
}
