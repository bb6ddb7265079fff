//! Rollouts of a candidate that is worse: how many requests until it is a no-go, and by which test.

use qr_observatory::rollout::evidence::Verdict;

use super::world::{Arm, Crowd, World, evidence, plain};
use super::{each, rollouts};

/// Requests to a no-go (median, 95th percentile; those that never came count as the limit), and how many came.
fn detect<'a>(
    count: usize,
    limit: u64,
    test: &str,
    world: impl Fn(u64) -> World<'a> + Sync,
) -> (u64, u64, usize) {
    let mut runs = each(count, |seed| {
        let world = world(seed);
        let mut evidence = evidence();
        let mut fired = false;
        // What has fired stays so: looking at every eighth request finds it a little later, and far sooner.
        let nth = world.play(&mut evidence, limit, |nth, evidence| {
            fired = nth % 8 == 0 && matches!(evidence.verdict(0, None), Verdict::NoGo { .. });
            fired
        });
        if fired {
            let Verdict::NoGo { reading } = evidence.verdict(0, None) else {
                panic!("fired, and no no-go");
            };
            assert!(test.contains(reading.test.label()), "{reading}");
            if seed == 0 {
                println!("  {}", evidence.verdict(0, None));
            }
        }
        (nth, fired)
    });
    runs.sort_unstable();
    let came = runs.iter().filter(|(_, fired)| *fired).count();
    (runs[count / 2].0, runs[count * 95 / 100].0, came)
}

fn arm(fault_rate: f64) -> Arm {
    Arm {
        fault_rate,
        slow_rate: 0.0,
        broken_units: 0.0,
    }
}

/// The table of ROLLOUT.md: 5 % canary, every request another unit.
#[test]
fn faults_are_found_about_as_soon_as_promised() {
    // So many that hardly any comes twice.
    let crowd = Crowd::new(5_000_000, 0.0);
    let count = (rollouts() / 2).max(30);
    // With few rollouts the figures themselves wander.
    let slack = 1.0 + 2.0 / (count as f64).sqrt();
    for (from, to, median, p95) in [
        (0.001, 0.10, 526, 1_375),
        (0.01, 0.05, 2_770, 8_213),
        (0.001, 0.01, 9_256, 23_843),
    ] {
        let (m, p, came) = detect(count, 80_000, "errors", |seed| World {
            control: arm(from),
            candidate: arm(to),
            ..plain(seed, &crowd, 5)
        });
        println!("{from} -> {to}: median {m} (table {median}), p95 {p} ({p95}), {came} of {count}");
        let most = |table: u64| 1.25 * table as f64 * if count < 1_000 { slack } else { 1.0 };
        assert!((m as f64) < most(median) && (p as f64) < most(p95));
    }
}

#[test]
fn a_candidate_that_always_fails_for_some_units_is_found() {
    let count = (rollouts() / 10).max(6);
    fn broken(seed: u64, crowd: &Crowd, percent: u8, shadowed: f64) -> World<'_> {
        World {
            candidate: Arm {
                broken_units: 0.01,
                ..arm(0.001)
            },
            control: arm(0.001),
            shadowed,
            ..plain(seed, crowd, percent)
        }
    }
    let rows = [
        (2_000, 0.0, 50, 0.0),
        (20_000, 0.0, 5, 0.0),
        (20_000, 1.1, 5, 0.0),
        (2_000, 0.0, 5, 0.0),
        (2_000, 0.0, 25, 0.0),
        (2_000, 1.1, 25, 0.0),
        (2_000, 1.1, 50, 0.0),
        (2_000, 1.1, 5, 0.1),
    ];
    // The others are for the figures, not for a judgement.
    let rows = if rollouts() < 100 { &rows[..1] } else { &rows };
    for &(units, exponent, percent, shadowed) in rows {
        let crowd = Crowd::new(units, exponent);
        let (m, p, came) = detect(count, 100_000, "errors repeats", |seed| {
            broken(seed, &crowd, percent, shadowed)
        });
        println!(
            "fails for 1 % of {units} units, Zipf {exponent}, at {percent} %, {shadowed} shadowed: median {m}, p95 {p}, {came} of {count}"
        );
        // Fewer than three such units in the canary cannot decide, by design.
        assert!(percent < 50 || exponent > 0.0 || came * 10 >= count * 9);
    }
}

#[test]
fn a_slow_candidate_is_found_by_shadows_and_by_the_objective() {
    let crowd = Crowd::new(20_000, 1.1);
    let count = (rollouts() / 10).max(6);
    // Ten times slower: slower in 98 of 100 pairs, the rest is noise.
    let (m, p, came) = detect(count, 20_000, "latency", |seed| World {
        slower_rate: 0.98,
        shadowed: 0.05,
        ..plain(seed, &crowd, 5)
    });
    println!("10 x slower, a twentieth shadowed: median {m}, p95 {p}, {came} of {count}");
    assert!(came == count && p < 2_000);
    let (m, p, came) = detect(count, 20_000, "latency", |seed| World {
        slower_rate: 0.6,
        shadowed: 0.05,
        ..plain(seed, &crowd, 5)
    });
    println!(
        "slower in 60 % of pairs, a twentieth shadowed: median {m}, p95 {p}, {came} of {count}"
    );
    let slow = |slow_rate: f64| Arm {
        slow_rate,
        ..arm(0.001)
    };
    let (m, p, came) = detect(count, 40_000, "slow", |seed| World {
        control: slow(0.001),
        candidate: slow(0.5),
        ..plain(seed, &crowd, 5)
    });
    println!("half of its runs beyond the objective: median {m}, p95 {p}, {came} of {count}");
    assert!(came == count && p < 5_000);
}

#[test]
fn a_candidate_that_answers_otherwise_is_found() {
    let crowd = Crowd::new(20_000, 1.1);
    let count = (rollouts() / 10).max(6);
    let rows = [(0.02, 0.1), (0.2, 0.1), (0.02, 0.01), (0.2, 0.01)];
    let rows = if rollouts() < 100 { &rows[..2] } else { &rows };
    for &(mismatch_rate, noisy) in rows {
        let (m, p, came) = detect(count, 200_000, "agreement", |seed| World {
            mismatch_rate,
            noisy,
            shadowed: 1.0,
            ..plain(seed, &crowd, 5)
        });
        println!(
            "mismatch {mismatch_rate}, no noise, control twice in {noisy} of the shadows: median {m}, p95 {p}, {came} of {count}"
        );
        assert!(noisy < 0.1 || came == count);
    }
}

#[test]
fn a_dial_that_is_not_honoured_is_found() {
    let crowd = Crowd::new(200_000, 0.0);
    let count = (rollouts() / 10).max(6);
    // The evidence is told 5 %, the traffic is split at 10.
    let mut found = each(count, |seed| {
        let mut told = evidence();
        told.dial(0, 5);
        let mut dice = super::world::Dice::new(seed);
        (1..100_000_u64)
            .find(|nth| {
                let side = if dice.chance(0.1) {
                    qr_observatory::rollout::evidence::Side::Candidate
                } else {
                    qr_observatory::rollout::evidence::Side::Control
                };
                let unit = dice.next() % crowd.len() as u64;
                told.place(60_000 + nth, super::world::hash(seed, unit), side);
                matches!(told.verdict(0, None), Verdict::NoGo { .. })
            })
            .unwrap()
    });
    found.sort_unstable();
    println!("10 % instead of 5 %: median {} units", found[count / 2]);
    assert!(found[count - 1] < 5_000);
}
