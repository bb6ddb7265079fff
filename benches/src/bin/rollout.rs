//! What an experiment costs a call, and what a shadow costs the caller beside it. See `scripts/bench rollout`.
//!
//! Prints JSON lines. Turns alternate, so that whatever else the machine does meets all of them.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]

use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use qr_observatory::{
    kernel::{Clock as _, Ctx, Result, SharedClock, SystemClock},
    rollout::{
        Arm, Dial, Experiment, Judge, Match, Override, Pilot, ReadOnly, Shown, Unit, breaker,
        evidence,
        fault_injection::{FaultInjecting, FaultInjector},
        pilot::{Policy, ShadowCapacity},
    },
    telemetry::{Load, Recorder, labels},
};
use uuid::Uuid;

/// Works for so long, and answers.
struct Busy(Duration);

impl Arm for Busy {
    type In = u64;
    type Out = u64;

    async fn run(&self, _: &Ctx, question: &u64) -> Result<u64> {
        if !self.0.is_zero() {
            let start = Instant::now();
            while start.elapsed() < self.0 {
                std::hint::spin_loop();
            }
        }
        Ok(*question)
    }
}

impl ReadOnly for Busy {
    const NAME: &'static str = "busy-1";

    fn unit(question: &u64) -> Unit {
        let mut digest = [7; 32];
        digest[..8].copy_from_slice(&question.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        Unit::Digest(digest)
    }
}

struct Equal;

impl Judge<u64> for Equal {
    type Fact = Option<u64>;

    fn fact(&self, answer: &Result<u64>) -> Option<u64> {
        answer.as_ref().ok().copied()
    }

    fn judge(&self, control: &Option<u64>, candidate: &Option<u64>) -> Match {
        if control == candidate {
            Match::Same
        } else {
            Match::Mismatch("number")
        }
    }

    fn spoil(answer: u64) -> u64 {
        answer + 1
    }

    fn show(&self, answer: &u64) -> Shown {
        Shown::text(answer.to_string())
    }
}

type Tried = Experiment<Busy, FaultInjecting<Busy>, Equal>;

struct Bench {
    experiment: Tried,
    pilot: Arc<Pilot>,
    load: Arc<Load>,
}

fn bench(work: Duration) -> Bench {
    let clock: SharedClock = Arc::new(SystemClock);
    let load = Arc::new(Load::default());
    let policy = Policy {
        breaker: breaker::Policy::default(),
        evidence: evidence::Policy::default(),
        objective_ms: 50,
    };
    let shadow_capacity = ShadowCapacity::new(Arc::clone(&load), 4).unwrap();
    let pilot = Pilot::new(
        labels::Experiment::Render,
        policy,
        shadow_capacity,
        Arc::clone(&clock),
    );
    let candidate = FaultInjecting::new(Busy(work), FaultInjector::new(clock), Equal::spoil);
    let experiment = Experiment::new(Busy(work), candidate, Equal, Arc::clone(&pilot));
    Bench {
        experiment,
        pilot,
        load,
    }
}

fn dial(candidate: u8, shadow: u8) -> Dial {
    Dial::percent(labels::Experiment::Render, candidate, shadow)
}

fn ctx() -> Ctx {
    Ctx::new(Uuid::nil(), SystemClock.instant() + Duration::from_secs(10))
}

/// Nanoseconds per call: bare, and behind an experiment at each setting.
async fn cost() {
    const CALLS: u64 = 20_000;
    const TURNS: usize = 31;
    let bench = bench(Duration::ZERO);
    let bare = Busy(Duration::ZERO);
    let settings = [
        (
            "killed",
            Dial {
                overridden: Some(Override::Killed),
                ..dial(0, 0)
            },
        ),
        ("0 %", dial(0, 0)),
        ("5 %", dial(5, 0)),
        ("50 %", dial(50, 0)),
        ("100 %", dial(100, 0)),
    ];
    let mut times = vec![Vec::new(); settings.len() + 1];
    for turn in 0..TURNS as u64 {
        let ctx_bare = ctx();
        let start = Instant::now();
        for i in 0..CALLS {
            black_box(bare.run(&ctx_bare, &black_box(turn * CALLS + i)).await).unwrap();
        }
        times[0].push(start.elapsed().as_nanos() as f64 / CALLS as f64);
        for (n, (_, dial)) in settings.iter().enumerate() {
            bench.pilot.turn(dial.clone());
            let start = Instant::now();
            for i in 0..CALLS {
                // A request has a context of its own.
                let ctx = Ctx {
                    trail: Arc::default(),
                    ..ctx_bare.clone()
                };
                black_box(
                    bench
                        .experiment
                        .run(&ctx, &black_box(turn * CALLS + i))
                        .await,
                )
                .unwrap();
            }
            times[n + 1].push(start.elapsed().as_nanos() as f64 / CALLS as f64);
        }
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let bare = median(&mut times[0]);
    for (n, (name, _)) in settings.iter().enumerate() {
        let own = median(&mut times[n + 1]);
        println!(
            "{}",
            serde_json::json!({"bench": "experiment", "setting": name, "bare_ns": bare, "call_ns": own, "adds_ns": own - bare})
        );
    }
}

/// One caller at a steady rate; how long its calls take with and without a shadow beside each.
async fn shadow(saturated: bool, work: Duration, rate: u64) {
    const SECONDS: u64 = 2;
    const TURNS: usize = 8;
    let bench = bench(work);
    let stop = Arc::new(AtomicBool::new(false));
    let burners: Vec<_> = (0..if saturated { 2 } else { 0 })
        .map(|_| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })
        })
        .collect();
    let (load, stopped) = (Arc::clone(&bench.load), Arc::clone(&stop));
    let looking = std::thread::spawn(move || {
        while !stopped.load(Ordering::Relaxed) {
            load.look();
            std::thread::sleep(Duration::from_millis(250));
        }
    });
    let mut both = [Vec::new(), Vec::new()];
    let mut unit = 0;
    for turn in 0..TURNS * 2 {
        let shadowed = turn % 2;
        bench
            .pilot
            .turn(dial(0, if shadowed == 1 { 100 } else { 0 }));
        let mut ticks = tokio::time::interval(Duration::from_nanos(1_000_000_000 / rate));
        for _ in 0..rate * SECONDS {
            ticks.tick().await;
            unit += 1;
            let ctx = ctx();
            let start = Instant::now();
            black_box(bench.experiment.run(&ctx, &unit).await).unwrap();
            both[shadowed].push(start.elapsed().as_nanos() as f64 / 1000.0);
        }
    }
    stop.store(true, Ordering::Relaxed);
    for thread in burners.into_iter().chain([looking]) {
        thread.join().unwrap();
    }
    let at = |times: &mut Vec<f64>, q: f64| {
        times.sort_by(f64::total_cmp);
        times[((times.len() - 1) as f64 * q) as usize]
    };
    let state = bench.pilot.state();
    let [without, with] = &mut both;
    let mut line = serde_json::json!({
        "bench": "shadow", "saturated": saturated, "work_us": work.as_micros() as u64, "rate": rate, "calls": without.len(),
        "compared": state.shadows.iter().sum::<u64>(), "shed": state.shed,
    });
    for (name, q) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)] {
        let (a, b) = (at(without, q), at(with, q));
        line[format!("{name}_us")] = a.into();
        line[format!("{name}_shadowed_us")] = b.into();
        line[format!("{name}_ratio")] = (b / a).into();
    }
    println!("{line}");
}

fn main() {
    let _recorder = Recorder::install(true).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let on_a_worker = |work: fn() -> futures_util::future::BoxFuture<'static, ()>| {
        runtime.block_on(async move { tokio::spawn(work()).await.unwrap() });
    };
    on_a_worker(|| Box::pin(cost()));
    // The old renderer takes 400 µs for an ordinary address.
    on_a_worker(|| Box::pin(shadow(false, Duration::from_micros(100), 2000)));
    on_a_worker(|| Box::pin(shadow(false, Duration::from_micros(400), 1000)));
    on_a_worker(|| Box::pin(shadow(true, Duration::from_micros(100), 2000)));
}
