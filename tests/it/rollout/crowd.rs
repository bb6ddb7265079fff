//! Clients that ask for something new all the time, until something is so.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use crate::support::Answer;

/// For what the slowest machine needs.
const PATIENCE: Duration = Duration::from_mins(1);

/// `workers` ask with ever new numbers, from `first` on, until `until` answers. What it answered, and all their answers with
/// their numbers.
pub async fn crowd<T, Asking>(
    workers: usize,
    first: u32,
    ask: impl Fn(u32) -> Asking + Clone + Send + 'static,
    until: impl AsyncFn() -> Option<T>,
) -> (T, Vec<(u32, Answer)>)
where
    Asking: Future<Output = Answer> + Send,
{
    let stop = Arc::new(AtomicBool::new(false));
    let next = Arc::new(AtomicU32::new(first));
    let workers: Vec<_> = (0..workers)
        .map(|_| {
            let (stop, next, ask) = (Arc::clone(&stop), Arc::clone(&next), ask.clone());
            tokio::spawn(async move {
                let mut answers = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    answers.push((n, ask(n).await));
                }
                answers
            })
        })
        .collect();
    let end = Instant::now() + PATIENCE;
    let found = loop {
        if let Some(found) = until().await {
            break found;
        }
        assert!(Instant::now() < end, "not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    stop.store(true, Ordering::Relaxed);
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await.unwrap());
    }
    (found, all)
}
