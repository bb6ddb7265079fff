//! How long something takes beside something else.
//!
//! Invariant: the two take turns, so that whatever else the machine does meets both; the median of the turns counts.

use std::time::{Duration, Instant};

/// How much time a comparison may take.
#[derive(Clone, Copy)]
pub struct Budget {
    /// One turn runs at least this long, unless a single call does.
    pub turn: Duration,
    /// All turns of both together.
    pub total: Duration,
}

impl Budget {
    pub const FULL: Self = Self {
        turn: Duration::from_millis(1),
        total: Duration::from_millis(400),
    };
    pub const QUICK: Self = Self {
        turn: Duration::from_micros(250),
        total: Duration::from_millis(40),
    };
    const MIN_TURNS: u32 = 5;
    const MAX_TURNS: u32 = 301;
}

/// Nanoseconds per call of `ours` and of `peer`.
pub fn compare(budget: Budget, ours: &mut dyn FnMut(), peer: &mut dyn FnMut()) -> (f64, f64) {
    let (our_calls, our_turn) = calls_per_turn(budget.turn, ours);
    let (peer_calls, peer_turn) = calls_per_turn(budget.turn, peer);
    let (mut our_times, mut peer_times) = (Vec::new(), Vec::new());
    for _ in 0..turns(budget.total, our_turn + peer_turn) {
        our_times.push(run(ours, our_calls));
        peer_times.push(run(peer, peer_calls));
    }
    (
        per_call(our_times, our_calls),
        per_call(peer_times, peer_calls),
    )
}

/// Nanoseconds per call, where there is nobody to take turns with.
pub fn alone(budget: Budget, work: &mut dyn FnMut()) -> f64 {
    let (calls, turn) = calls_per_turn(budget.turn, work);
    let times = (0..turns(budget.total / 2, turn))
        .map(|_| run(work, calls))
        .collect();
    per_call(times, calls)
}

/// Doubles the calls until a turn is long enough. That also warms caches and tables.
fn calls_per_turn(turn: Duration, work: &mut dyn FnMut()) -> (u32, Duration) {
    run(work, 1);
    let mut calls = 1;
    loop {
        let took = run(work, calls);
        if took >= turn || calls >= 1 << 24 {
            return (calls, took);
        }
        calls *= 2;
    }
}

/// An odd number, so that the median is one of them.
fn turns(total: Duration, turn: Duration) -> u32 {
    let turns = total.as_nanos() / turn.as_nanos().max(1);
    let turns = u32::try_from(turns).unwrap_or(Budget::MAX_TURNS);
    turns.clamp(Budget::MIN_TURNS, Budget::MAX_TURNS) | 1
}

#[expect(
    clippy::disallowed_methods,
    reason = "measuring time is what this is for"
)]
fn run(work: &mut dyn FnMut(), calls: u32) -> Duration {
    let began = Instant::now();
    for _ in 0..calls {
        work();
    }
    began.elapsed()
}

fn per_call(mut times: Vec<Duration>, calls: u32) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e9 / f64::from(calls)
}
