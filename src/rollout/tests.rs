//! Experiments between arms that do as they are told.

mod refusals;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use uuid::Uuid;

use super::{
    conformance::{SkippingClock, Stand, conforms},
    dial::flag_name,
    *,
};
use crate::{
    kernel::{Clock as _, Ctx, Error, Kind, Result, SharedClock},
    telemetry::labels::{ArmOutcome, Experiment as Name, Flag, ShadowResult, Side},
};

/// What an arm does with a question.
#[derive(Clone, Debug)]
enum Does {
    Says(u32),
    Refuses,
    Fails,
    Panics,
    Lacks,
    /// Beforehand.
    SaysItLacks,
    Recalls(u32),
}

/// Does what it is told for a question, and counts.
struct Told {
    does: Mutex<HashMap<u32, Does>>,
    runs: AtomicU32,
}

impl Told {
    fn new(does: &[(u32, Does)]) -> Arc<Self> {
        Arc::new(Self {
            does: Mutex::new(does.iter().cloned().collect()),
            runs: AtomicU32::new(0),
        })
    }

    fn runs(&self) -> u32 {
        self.runs.load(Ordering::Relaxed)
    }
}

struct Puppet(Arc<Told>);

impl Arm for Puppet {
    type In = u32;
    /// And whether from a memory.
    type Out = (u32, bool);

    async fn run(&self, _: &Ctx, question: &u32) -> Result<(u32, bool)> {
        self.0.runs.fetch_add(1, Ordering::Relaxed);
        let does = self.0.does.lock().unwrap().get(question).cloned();
        match does.unwrap_or(Does::Says(1)) {
            Does::Says(n) => Ok((n, false)),
            Does::Recalls(n) => Ok((n, true)),
            Does::Refuses => Err(Error::invalid("n", "no")),
            Does::Fails => Err(Error::internal("told to fail")),
            Does::Panics => panic!("told to panic"),
            Does::Lacks | Does::SaysItLacks => Err(Error::new(Kind::Unsupported, "told to lack")),
        }
    }

    fn supports(&self, question: &u32) -> bool {
        let does = self.0.does.lock().unwrap();
        !matches!(does.get(question), Some(Does::SaysItLacks))
    }

    fn recalls(&self, question: &u32) -> bool {
        let does = self.0.does.lock().unwrap();
        matches!(does.get(question), Some(Does::Recalls(_)))
    }
}

impl ReadOnly for Puppet {
    const NAME: &'static str = "puppet-1";

    fn unit(question: &u32) -> Unit {
        Unit::Id(Uuid::from_u128(u128::from(*question)))
    }
}

/// Tolerates a difference of one.
struct Strict;

impl Judge<(u32, bool)> for Strict {
    type Fact = Option<u32>;

    fn fact(&self, answer: &Result<(u32, bool)>) -> Option<u32> {
        answer.as_ref().ok().map(|a| a.0)
    }

    fn judge(&self, control: &Option<u32>, candidate: &Option<u32>) -> Match {
        match (control, candidate) {
            (a, b) if a == b => Match::Same,
            (Some(a), Some(b)) if a.abs_diff(*b) == 1 => Match::Tolerated("one"),
            _ => Match::Mismatch("number"),
        }
    }

    fn is_remembered(&self, answer: &(u32, bool)) -> bool {
        answer.1
    }

    fn spoil((n, remembered): (u32, bool)) -> (u32, bool) {
        (n + 100, remembered)
    }

    fn show(&self, answer: &(u32, bool)) -> Shown {
        Shown::text(answer.0.to_string())
    }
}

struct Rig {
    stand: Stand,
    control: Arc<Told>,
    candidate: Arc<Told>,
    experiment: Experiment<Puppet, FaultInjecting<Puppet>, Strict>,
}

fn rig(control: &[(u32, Does)], candidate: &[(u32, Does)]) -> Rig {
    let (control, candidate) = (Told::new(control), Told::new(candidate));
    let clock = Arc::<SkippingClock>::default();
    let shared: SharedClock = Arc::<SkippingClock>::clone(&clock);
    let policy = pilot::Policy {
        breaker: breaker::Policy::default(),
        evidence: evidence::Policy {
            settle_ms: 0,
            ..evidence::Policy::default()
        },
        objective_ms: 1000,
    };
    let shadow_capacity = pilot::ShadowCapacity::new(Arc::default(), 300).unwrap();
    let stand = Stand {
        pilot: Pilot::new(
            Name::Validate,
            policy,
            shadow_capacity,
            SharedClock::clone(&shared),
        ),
        injector: FaultInjector::new(shared),
        clock,
    };
    let arms = [&control, &candidate].map(|told| Puppet(Arc::clone(told)));
    let [control_arm, candidate_arm] = arms;
    let (injector, spoil) = (stand.injector.clone(), <Strict as Judge<_>>::spoil);
    let candidate_arm = FaultInjecting::new(candidate_arm, injector, spoil);
    let pilot = Arc::clone(&stand.pilot);
    Rig {
        experiment: Experiment::new(control_arm, candidate_arm, Strict, pilot),
        stand,
        control,
        candidate,
    }
}

impl Rig {
    async fn ask(&self, question: u32) -> (Result<(u32, bool)>, Option<&'static str>) {
        let id = Uuid::from_u128(u128::from(question));
        let ctx = Ctx::new(id, self.stand.clock.instant() + Duration::from_secs(9));
        let answer = self.experiment.run(&ctx, &question).await;
        let arm = ctx.trail.steps().first().map(|s| s.1);
        (answer, arm)
    }

    fn dial(&self, candidate: u8, shadow: u8) {
        self.stand.dial(candidate, shadow);
    }

    /// Asks, and waits for the end of the shadow.
    async fn shadow(&self, question: u32) -> ShadowResult {
        let before = self.stand.pilot.state().shadows;
        let ended = self.stand.shadows();
        self.ask(question).await.0.ok();
        self.stand.until_shadows(ended + 1).await;
        let after = self.stand.pilot.state().shadows;
        let twins = [ShadowResult::NoiseSame, ShadowResult::NoiseMismatch];
        let is_new = |r: &&ShadowResult| after[**r as usize] > before[**r as usize];
        let mut results = ShadowResult::ALL.iter().filter(|r| !twins.contains(r));
        *results.find(is_new).unwrap()
    }
}

#[tokio::test]
async fn puppets_conform() {
    let rig = rig(&[], &[]);
    conforms(&rig.experiment, &rig.stand, |n| n).await;
}

#[tokio::test]
async fn a_refusal_is_an_answer() {
    let rig = rig(&[], &[(1, Does::Refuses)]);
    rig.dial(100, 0);
    let (answer, side) = rig.ask(1).await;
    assert_eq!(answer.unwrap_err().kind(), Kind::Invalid);
    assert_eq!(side, Some("candidate"));
    assert_eq!(rig.control.runs(), 0);
}

#[tokio::test]
async fn a_control_that_fails_fails_as_it_always_did() {
    let rig = rig(&[(1, Does::Fails), (2, Does::Panics)], &[(1, Does::Fails)]);
    rig.dial(0, 0);
    assert_eq!(rig.ask(1).await.0.unwrap_err().kind(), Kind::Internal);
    rig.dial(100, 0);
    let (answer, side) = rig.ask(1).await;
    assert_eq!(answer.unwrap_err().kind(), Kind::Internal);
    assert_eq!(side, Some("control"));
    rig.dial(0, 0);
    let ctx = rig.stand.ctx(Duration::from_secs(9));
    let panics = || rig.stand.pilot.state().control.total.of(ArmOutcome::Panic);
    let before = panics();
    let run = std::panic::AssertUnwindSafe(rig.experiment.run(&ctx, &2));
    assert!(futures_util::FutureExt::catch_unwind(run).await.is_err());
    assert_eq!(panics(), before + 1);
}

#[tokio::test]
async fn shadows_are_compared_and_never_seen() {
    let control = [
        (4, Does::Fails),
        (5, Does::Refuses),
        (7, Does::Fails),
        (8, Does::Lacks),
    ];
    let candidate = [
        (1, Does::Says(2)),
        (2, Does::Says(9)),
        (3, Does::Panics),
        (5, Does::Refuses),
        (6, Does::Refuses),
        (7, Does::Fails),
    ];
    let rig = rig(&control, &candidate);
    rig.dial(0, 100);
    for (question, expected) in [
        (1, ShadowResult::Tolerated),
        (2, ShadowResult::Mismatch),
        (3, ShadowResult::CandidateFault),
        (4, ShadowResult::ControlFault),
        (5, ShadowResult::Same),
        (6, ShadowResult::Mismatch),
        (7, ShadowResult::BothFault),
        (9, ShadowResult::Same),
    ] {
        assert_eq!(rig.shadow(question).await, expected, "{question}");
    }
    let found = rig.stand.pilot.state().differences;
    let difference = |is_mismatch, count| pilot::Difference { is_mismatch, count };
    assert_eq!(found["one"], difference(false, 1));
    assert_eq!(found["number"], difference(true, 2));
    // The last mismatches can be looked at, newest first.
    let kept = rig.experiment.mismatches();
    let what: Vec<_> = kept.iter().map(|m| m.what).collect();
    assert_eq!(what, ["number"; 2]);
    let ctx = rig.stand.ctx(Duration::from_secs(9));
    let shown = async |i: usize, side| {
        let shown = rig.experiment.replay(&ctx, kept[i].id, side).await;
        shown.map(|s| String::from_utf8(s.bytes.to_vec()).unwrap())
    };
    assert_eq!(shown(1, Side::Control).await.unwrap(), "1");
    assert_eq!(shown(1, Side::Candidate).await.unwrap(), "9");
    let refused = shown(0, Side::Candidate).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Invalid);
    let unknown = rig.experiment.replay(&ctx, Uuid::max(), Side::Control);
    let unknown = unknown.await;
    assert_eq!(unknown.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn what_the_control_remembers_is_not_compared() {
    let rig = rig(&[(1, Does::Recalls(5))], &[]);
    rig.dial(0, 100);
    for _ in 0..10 {
        assert_eq!(rig.ask(1).await.0.unwrap(), (5, true));
    }
    assert_eq!(rig.candidate.runs(), 0);
    let control = rig.stand.pilot.state().control;
    assert_eq!(control.total.of(ArmOutcome::Remembered), 10);
}

#[tokio::test]
async fn some_shadows_ask_the_control_once_more() {
    let rig = rig(&[], &[]);
    rig.dial(0, 100);
    for question in 0..300 {
        rig.ask(question).await.0.unwrap();
    }
    rig.stand.until_shadows(300).await;
    let state = rig.stand.pilot.state();
    assert_eq!(state.shadows[ShadowResult::Same as usize], 300);
    let twins = state.shadows[ShadowResult::NoiseSame as usize];
    assert!((10..=60).contains(&twins), "{twins}");
    assert_eq!(rig.candidate.runs(), 300);
    assert_eq!(rig.control.runs(), 300 + u32::try_from(twins).unwrap());
}

/// If only those of the control were counted, the dial would look broken.
#[tokio::test]
async fn units_are_split_by_the_dial_also_while_the_breaker_is_open() {
    let rig = rig(&[], &[]);
    let dial = Dial::percent(Name::Validate, 50, 0);
    let breaker = breaker::Mode::Open;
    rig.stand.pilot.turn(Dial { breaker, ..dial });
    for question in 0..400 {
        assert_eq!(rig.ask(question).await.1, Some("control"));
    }
    let readings = rig.stand.pilot.readings();
    let mut splits = readings.iter();
    let split = splits.find(|r| r.test == evidence::Test::Split).unwrap();
    assert!(split.events > 300, "{split}");
    let percent = split.candidate * 100 / split.events;
    assert!((35..65).contains(&percent), "{split}");
    assert!(!split.fired);
}

#[tokio::test]
async fn a_spoilt_answer_is_found() {
    let rig = rig(&[], &[]);
    rig.dial(0, 100);
    rig.stand.inject(fault_injection::Fault::Wrong);
    assert_eq!(rig.shadow(1).await, ShadowResult::Mismatch);
}

/// 100 000 units: within the band in which 99.9 % of all fair splits lie, and raising a percentage only adds units.
#[test]
fn a_percentage_is_kept_and_units_stay_in() {
    for flag in [Flag::Candidate, Flag::Shadow] {
        let group = flag_name(Name::Render, flag);
        let units: Vec<String> = (0..100_000_u128)
            .map(|i| {
                let mut digest = [0; 32];
                let mixed = i.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c);
                digest[16..].copy_from_slice(&mixed.to_be_bytes());
                let unit = Unit::Digest(digest);
                unit.text(&mut [0; unit::TEXT_BYTES]).to_owned()
            })
            .collect();
        let mut before: Vec<bool> = vec![false; units.len()];
        for percent in [1_u8, 5, 25, 50, 99, 100] {
            let share = Share::percent(percent, group);
            let taken: Vec<bool> = units.iter().map(|u| share.takes(u)).collect();
            assert!(before.iter().zip(&taken).all(|(b, t)| !b || *t));
            let n = f64::from(u32::try_from(taken.iter().filter(|t| **t).count()).unwrap());
            let p = f64::from(percent) / 100.0;
            let band = 3.29 * (100_000.0 * p * (1.0 - p)).sqrt();
            assert!((n - 100_000.0 * p).abs() <= band, "{percent} %: {n}");
            before = taken;
        }
    }
}
