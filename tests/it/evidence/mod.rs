//! Simulated rollouts: how often a healthy candidate is called a no-go, and how soon a bad one is.
//!
//! `EVIDENCE_ROLLOUTS` (default 40) healthy rollouts are played, half as many for each row of the table of detection
//! times, a tenth for the rest; from 100 on with rows that only inform. 2000 with an optimised build gave the figures of
//! docs/adr/0009-statistics.md; `--nocapture` prints them.
#![allow(clippy::pedantic, clippy::unwrap_used, clippy::print_stdout)]

mod healthy;
mod power;
mod silence;
mod world;

/// How many rollouts to play.
fn rollouts() -> usize {
    #[allow(clippy::disallowed_methods)] // A test has no config.
    let set = std::env::var("EVIDENCE_ROLLOUTS").ok();
    set.map_or(40, |text| text.parse().unwrap())
}

/// The results of `play` for seeds 0..count, on both cores.
fn each<T: Send>(count: usize, play: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let done = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if nth >= count {
                        return;
                    }
                    let result = play(nth as u64);
                    done.lock().unwrap().push(result);
                }
            });
        }
    });
    done.into_inner().unwrap()
}
